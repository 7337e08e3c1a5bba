with (
  select (groupArray(activity), groupArray(active.learners)) from active
) as shared,
points as (
  select
    learner,
    countIf(weight > 0) as activities,
    any(known) as shared_activities,
    any(all_weights) as whole,
    round((2 * sum(weight) - whole) / whole, 4) as score
  from (
    select
      learner,
      arrayElement(tupleElement(list, 2), indexOf(tupleElement(list, 1), activity)) as weight,
      length(tupleElement(list, 1)) as known,
      arraySum(tupleElement(list, 2)) as all_weights
    from (
      select shared as list, learner, activity
      from (
        select learner, activity from recent
        union all
        select arrayJoin({roster:Array(Int64)}) as learner, toInt64(0) as activity
      )
    )
  )
  where all_weights > 0
  group by learner
)
select
  slot / 2 - 1 as low,
  (slot + 1) / 2 - 1 as high,
  uniqExact(learner) as learners
from (select learner, least(3, floor((score + 1) * 2)) as slot from points)
group by slot
order by slot
