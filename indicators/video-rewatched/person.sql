select
  video,
  tupleElement(slice, 1) as low,
  tupleElement(slice, 2) as high,
  tupleElement(slice, 3) as times,
  answer_count,
  video as answer_video,
  answer_most
from (
  select
    any(slices.video) as video,
    arrayJoin(groupArray((slices.low, slices.high, arraySum(slices.times)))) as slice,
    countIf(arraySum(slices.times) > 1) as answer_count,
    max(arraySum(slices.times)) as answer_most
  from slices
)
order by low
