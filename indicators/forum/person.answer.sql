select
  count() as count,
  countIf(action = 'posted') as posts,
  countIf(action = 'replied') as replies
from events
where object_kind in ('forum', 'discussion', 'chat') and action in ('viewed', 'posted', 'replied')
