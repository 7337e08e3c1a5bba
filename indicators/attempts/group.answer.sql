with people as (
  select learner, activity, count() as tries, argMin(score, at) as first, max(score) as best
  from attempts
  group by learner, activity
)
select
  sum(tries) as count,
  uniqExact(learner) as learners,
  uniqExactIf(learner, tries > 1) as again,
  avgIf(people.first, tries > 1) as first,
  avgIf(people.best, tries > 1) as best,
  multiIf(
    again = 0, 'single',
    countIf(tries > 1 and people.first is not null) = 0, 'unscored',
    'again'
  ) as context
from people
