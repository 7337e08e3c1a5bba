select
  uniqExact(course) as count,
  uniqExact(learner) as learners
from days
where course != 0
