select
  uniqExactIf(plays.learner, plays.times > 1) as learners,
  learners as count,
  any(scale.video) as video
from scale left join plays on plays.learner != 0
