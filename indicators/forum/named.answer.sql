with people as (
  select learner, action from events where object_kind in ('forum', 'discussion', 'chat') and action in ('viewed', 'posted', 'replied')
  union all
  select arrayJoin({roster:Array(Int64)}) as learner, '' as action
)
select
  uniqExact(learner) as count,
  uniqExactIf(learner, action in ('posted', 'replied')) as writers,
  count - uniqExactIf(learner, action != '') as silent
from people
