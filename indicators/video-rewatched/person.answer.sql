select
  countIf(plays.times > 1) as count,
  tupleElement(chosen, 1) as video,
  max(plays.times) as most
from plays
