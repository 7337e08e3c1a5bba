select
  uniqExact(object) as count,
  uniqExact(learner) as learners,
  countIf(action = 'downloaded') as downloads
from events
where object_kind in ('document', 'file', 'page', 'link') and action in ('viewed', 'launched', 'downloaded')
