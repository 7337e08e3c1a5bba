-- To the end: within a twentieth.
select
  video,
  low,
  high,
  arrayCount(spans -> arrayExists(span -> tupleElement(span, 2) >= middle, spans), people) as learners,
  learners / viewers as share,
  arrayCount(each -> each > 0, times) as seen,
  viewers as answer_count,
  viewers as answer_learners,
  video as answer_video,
  arrayCount(far -> far >= 10 * size, ends) / nullIf(viewers, 0) as answer_half,
  arrayCount(far -> far >= 19 * size, ends) / nullIf(viewers, 0) as answer_whole
from (
  select *, arrayMap(spans -> arrayMax(arrayMap(span -> tupleElement(span, 2), spans)), people) as ends
  from slices
)
order by low
