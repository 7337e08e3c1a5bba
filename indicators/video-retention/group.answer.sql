-- To the end: within a twentieth.
select
  ifNull(sum(film.viewers), 0) as count,
  count as learners,
  any(film.video) as video,
  any(arrayCount(spans -> arrayExists(span -> tupleElement(span, 2) >= 10 * size, spans), people)) / nullIf(count, 0) as half,
  any(arrayCount(spans -> arrayExists(span -> tupleElement(span, 2) >= 19 * size, spans), people)) / nullIf(count, 0) as whole
from film
