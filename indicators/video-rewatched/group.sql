select
  tupleElement(chosen, 1) as video,
  slices.slice * size as low,
  (slices.slice + 1) * size as high,
  uniqExactIf(plays.learner, plays.times > 1) as learners,
  if(uniqExactIf(plays.learner, plays.times > 0) = 0, 0, learners / uniqExactIf(plays.learner, plays.times > 0)) as share
from slices left join plays on plays.slice = slices.slice
group by slices.slice
order by low
