with (
  select groupArray(activity) from active
) as shared,
tally as (
  select
    learner,
    countIf(has(list, activity)) as activities,
    any(length(list)) as whole,
    if(max(told), {until:Date} - minIf(age, told), null) as last
  from (
    select shared as list, learner, activity, age, told
    from (
      select learner, activity, age, true as told from recent
      union all
      select arrayJoin({roster:Array(Int64)}) as learner, toInt64(0) as activity, 0 as age, false as told
    )
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
