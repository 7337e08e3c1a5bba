select
  sum(events) as count,
  uniqExact(learner) as learners,
  if(learners = 0, 0, count / learners) as each
from days
