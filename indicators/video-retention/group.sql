select
  slices.video as video,
  slices.slice * slices.size as low,
  (slices.slice + 1) * slices.size as high,
  arrayCount(each -> each >= (slices.slice + 0.5) * slices.size, (select groupArray(furthest.high) from furthest)) as learners,
  learners / slices.viewers as share,
  uniqExactIf(plays.learner, plays.times > 0) as seen
from slices left join plays on plays.slice = slices.slice
group by slices.video, slices.slice, slices.size, slices.viewers
order by low
