with people as (
  select learner, action, day from events where object_kind in ('forum', 'discussion', 'chat') and action in ('viewed', 'posted', 'replied')
  union all
  select arrayJoin({roster:Array(Int64)}) as learner, '' as action, {from:Date} as day
)
select
  learner,
  countIf(action = 'posted') as posts,
  countIf(action = 'replied') as replies,
  countIf(action = 'viewed') as reads,
  if(posts + replies + reads = 0, null, maxIf(day, action != '')) as last
from people
group by learner
order by posts + replies, reads, learner
