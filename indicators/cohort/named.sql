with tally as (
  select learner, uniqExactIf(activity, shared) as activities, if(max(told), maxIf(latest, told), null) as last
  from (
    select learner, activity, activity in (select activity from active) as shared, latest, true as told from recent
    union all
    select arrayJoin({roster:Array(Int64)}) as learner, toInt64(0) as activity, false as shared, {from:Date} as latest, false as told
  )
  group by learner
)
select
  learner,
  activities,
  if((select count() from active) = 0, null, activities / (select count() from active)) as share,
  last
from tally
order by activities, last, learner
