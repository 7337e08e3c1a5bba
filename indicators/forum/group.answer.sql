select
  countIf(action in ('posted', 'replied')) as count,
  countIf(action = 'replied') as replies,
  uniqExactIf(learner, action in ('posted', 'replied')) as writers,
  uniqExact(learner) as learners
from events
where object_kind in ('forum', 'discussion', 'chat') and action in ('viewed', 'posted', 'replied')
