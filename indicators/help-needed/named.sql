-- Those with most reasons first.
select
  learner,
  rule,
  activity,
  value,
  reference,
  since
from (select *, count() over (partition by learner) as reasons_of_learner from told where rule != '')
order by reasons_of_learner desc, learner, rule, activity
