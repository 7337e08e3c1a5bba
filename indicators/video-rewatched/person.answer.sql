select
  countIf(arraySum(slices.times) > 1) as count,
  any(slices.video) as video,
  max(arraySum(slices.times)) as most
from slices
