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
  whole as count,
  uniqExact(learner) as learners,
  countIf(tally.activities * 2 >= count and count > 0) as most,
  tupleElement(chosen, 1) as days
from tally
