-- A person who comes several times in a week is one person of that week.
select
  if({p_step:String} = 'week', toMonday(day), day) as date,
  if({p_step:String} = 'week', least(toMonday(day) + 6, {until:Date}), day) as until,
  uniqExact(learner) as learners,
  if({enrolled:UInt32} = 0, null, least(1, learners / {enrolled:UInt32})) as share
from days
group by date, until
order by date
