select
  tupleElement(chosen, 1) as video,
  slices.slice * size as low,
  (slices.slice + 1) * size as high,
  sum(plays.times) as times
from slices left join plays on plays.slice = slices.slice
group by slices.slice
order by low
