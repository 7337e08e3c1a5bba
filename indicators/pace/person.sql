select date, until, done, if({plan_weekly:UInt16} = 0, null, {plan_weekly:UInt16}) as plan
from weeks
order by date
