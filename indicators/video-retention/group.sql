select
  tupleElement(chosen, 1) as video,
  slices.slice * size as low,
  (slices.slice + 1) * size as high,
  arrayCount(far -> far >= (slices.slice + 0.5) * size, furthest) as learners,
  learners / tupleElement(chosen, 2) as share,
  uniqExactIf(plays.learner, plays.times > 0) as seen
from slices left join plays on plays.slice = slices.slice
group by slices.slice
order by low
