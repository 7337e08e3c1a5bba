select
  object as document,
  any(object_kind) as kind,
  uniqExact(learner) as learners,
  count() as opens,
  countIf(action = 'downloaded') as downloads
from events
where object_kind in ('document', 'file', 'page', 'link') and action in ('viewed', 'launched', 'downloaded')
group by object
order by learners desc, opens desc, document
limit 1000
