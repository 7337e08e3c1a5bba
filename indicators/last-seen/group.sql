select
  multiIf(people.days is null, 'never', people.days < 3, 'now', people.days < 7, 'week', people.days < 14, 'fortnight', people.days < 30, 'month', 'older') as gap,
  min(multiIf(people.days is null, null, people.days < 3, 0, people.days < 7, 3, people.days < 14, 7, people.days < 30, 14, 30)) as days,
  uniqExact(learner) as learners
from people
group by gap
order by days is null, days
