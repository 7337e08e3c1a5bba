select
  if({p_step:String} = 'week', greatest(toMonday(day), {from:Date}), day) as date,
  if({p_step:String} = 'week', least(toMonday(day) + 6, {until:Date}), day) as until,
  sum(events) as actions,
  uniqExact(day) as days
from days
group by date, until
order by date
