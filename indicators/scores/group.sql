with points as (
  select
    learner,
    uniqExactIf(activity, weight > 0) as activities,
    (select sum(active.learners) from active) as whole,
    if(whole = 0, 0, round((2 * sum(weight) - whole) / whole, 4)) as score
  from (
    select recent.learner as learner, recent.activity as activity, active.learners as weight
    from recent left join active on recent.activity = active.activity
    union all
    select arrayJoin({roster:Array(Int64)}) as learner, toInt64(0) as activity, toUInt64(0) as weight
  )
  group by learner
  having whole > 0
)
select
  slot / 2 - 1 as low,
  (slot + 1) / 2 - 1 as high,
  uniqExact(learner) as learners
from (select learner, least(3, floor((score + 1) * 2)) as slot from points)
group by slot
order by slot
