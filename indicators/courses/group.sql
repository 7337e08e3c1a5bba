select
  course,
  uniqExact(learner) as learners,
  sum(events) as actions,
  max(day) as last
from days
where course != 0
group by course
order by learners desc, course
limit 1000
