select
  object as document,
  any(object_kind) as kind,
  count() as opens,
  min(day) as first,
  max(day) as last
from events
where object_kind in ('document', 'file', 'page', 'link') and action in ('viewed', 'launched', 'downloaded')
group by object
order by last desc, document
limit 1000
