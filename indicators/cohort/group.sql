with tally as (
  select learner, uniqExactIf(activity, shared) as activities, if(max(told), maxIf(latest, told), null) as last
  from (
    select learner, activity, activity in (select activity from active) as shared, latest, true as told from recent
    union all
    select arrayJoin({roster:Array(Int64)}) as learner, toInt64(0) as activity, false as shared, {from:Date} as latest, false as told
  )
  group by learner
)
select activities, uniqExact(learner) as learners
from tally
group by activities
order by activities
