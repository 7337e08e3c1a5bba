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
  multiIf(tally.activities = 0, 'none', tally.activities = whole, 'all', tally.activities * 2 < whole, 'some', 'most') as part,
  min(multiIf(tally.activities = 0, 0, tally.activities = whole, whole, tally.activities * 2 < whole, 1, intDiv(whole + 1, 2))) as low,
  uniqExact(learner) as learners
from tally
group by part
order by low
