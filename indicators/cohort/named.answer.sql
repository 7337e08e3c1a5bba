with (select count() from active) as whole,
tally as (
  select learner, uniqExactIf(activity, shared) as activities, if(max(told), {until:Date} - minIf(age, told), null) as last
  from (
    select learner, activity, activity in (select activity from active) as shared, age, true as told from recent
    union all
    select arrayJoin({roster:Array(Int64)}) as learner, toInt64(0) as activity, false as shared, 0 as age, false as told
  )
  group by learner
)
select
  count() as count,
  whole as shared,
  countIf(tally.activities = 0) as none,
  if(shared = 0, 'alone', 'shared') as context
from tally
