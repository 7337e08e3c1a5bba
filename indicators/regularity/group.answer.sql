-- Regular: present in three weeks of four, at least.
with
  intDiv(toMonday({until:Date}) - toMonday({from:Date}), 7) + 1 as all_weeks
select
  count() as learners,
  countIf(people.weeks > 0) as count,
  all_weeks as weeks,
  countIf(people.weeks * 4 >= all_weeks * 3) as regular,
  if(count = 0, 0, sum(people.days) / sum(people.weeks)) as days
from people
