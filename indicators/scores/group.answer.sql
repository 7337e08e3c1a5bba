select
  any(shared_activities) as count,
  uniqExact(learner) as learners,
  countIf(score > 0) as positive
from points
