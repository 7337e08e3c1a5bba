select
  video,
  low,
  high,
  arrayCount(spans -> arrayExists(span -> tupleElement(span, 2) >= middle, spans), people) as learners,
  learners / viewers as share,
  arrayCount(each -> each > 0, times) as seen
from slices
order by low
