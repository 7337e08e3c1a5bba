select
  ifNull(tupleElement(chosen, 2), 0) as count,
  count as learners,
  tupleElement(chosen, 1) as video,
  if(size > 0, arrayCount(far -> far >= 10 * size, furthest) / count, null) as half,
  if(size > 0, arrayCount(far -> far >= 19 * size, furthest) / count, null) as whole
