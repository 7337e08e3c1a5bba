select count() as count, countIf(days > 1) as again
from (select object, uniqExact(day) as days from events where object_kind in ('document', 'file', 'page', 'link') and action in ('viewed', 'launched', 'downloaded') group by object)
