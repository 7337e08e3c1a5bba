select
  greatest(toMonday(day), {from:Date}) as date,
  least(toMonday(day) + 6, {until:Date}) as until,
  countIf(action = 'posted') as posts,
  countIf(action = 'replied') as replies,
  countIf(action = 'viewed') as reads
from events
where object_kind in ('forum', 'discussion', 'chat') and action in ('viewed', 'posted', 'replied')
group by date, until
order by date
