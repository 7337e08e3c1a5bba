-- The last week of the period, and those before it.
select
  argMax(done, date) as count,
  {plan_weekly:UInt16} as plan,
  countIf(done >= {plan_weekly:UInt16}) as met,
  count() as weeks,
  if(weeks = 1, 0, (sum(done) - count) / (weeks - 1)) as usual,
  if({plan_weekly:UInt16} = 0, 'open', 'plan') as context
from weeks
