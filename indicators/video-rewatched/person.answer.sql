select
  countIf(plays.times > 1) as count,
  any(scale.video) as video,
  max(plays.times) as most
from scale left join plays on plays.learner != 0
