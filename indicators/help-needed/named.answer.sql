select
  uniqExact(learner) as count,
  length(people) as known,
  count() as reasons
from reasons
