select
  viewers as count,
  viewers as learners,
  video,
  if(size > 0, (select count() from furthest where high >= 10 * (select size from scale)) / viewers, null) as half,
  if(size > 0, (select count() from furthest where high >= 19 * (select size from scale)) / viewers, null) as whole
from scale
