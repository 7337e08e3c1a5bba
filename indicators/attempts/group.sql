with people as (
  select learner, activity, any(kind) as kind, count() as tries, argMin(score, at) as first, max(score) as best
  from attempts
  group by learner, activity
)
select
  activity,
  any(people.kind) as kind,
  uniqExact(learner) as learners,
  sum(tries) as attempts,
  countIf(tries > 1) as again,
  avg(people.first) as first,
  avg(people.best) as best
from people
group by activity
order by learners desc, attempts desc, activity
