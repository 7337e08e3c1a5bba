select
  slices.video as video,
  slices.slice * slices.size as low,
  (slices.slice + 1) * slices.size as high,
  sum(plays.times) as times
from slices left join plays on plays.slice = slices.slice
group by slices.video, slices.slice, slices.size
order by low
