with
  people as (
    select learner from days
    union distinct
    select learner from done
    union distinct
    select arrayJoin({roster:Array(Int64)}) as learner
  )
select
  count() as count,
  (select uniqExact(activity) from done) as activities,
  countIf(learner not in (select learner from done)) as none
from people
