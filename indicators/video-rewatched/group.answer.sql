select
  uniqExactIf(plays.learner, plays.times > 1) as learners,
  learners as count,
  tupleElement(chosen, 1) as video
from plays
