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
  learner,
  activities,
  if(whole = 0, null, activities / whole) as share,
  last
from tally
order by activities, last, learner
