with
  (select uniqExact(activity) from done) as activities,
  people as (
    select learner from days
    union distinct
    select learner from done
    union distinct
    select arrayJoin({roster:Array(Int64)}) as learner
  )
select
  people.learner as learner,
  uniqExactIf(done.activity, done.activity != 0) as completed,
  if(activities = 0, null, completed / activities) as share,
  if(completed = 0, null, maxIf(done.first, done.activity != 0)) as last
from people left join done on people.learner = done.learner
group by people.learner
order by completed, learner
