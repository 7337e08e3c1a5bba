-- Every bar stands for whole days of the learners' own zone.
select
  if({p_step:String} = 'week', toMonday(day), day) as date,
  if({p_step:String} = 'week', least(toMonday(day) + 6, {until:Date}), day) as until,
  sum(events) as actions,
  uniqExact(learner) as learners
from days
group by date, until
order by date
