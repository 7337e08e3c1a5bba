-- Nobody is told apart by their very number of weeks: none, less than half of them, half, three in four.
with
  intDiv(toMonday({until:Date}) - toMonday({from:Date}), 7) + 1 as all_weeks
select
  multiIf(people.weeks = 0, 'never', people.weeks * 4 >= all_weeks * 3, 'regular', people.weeks * 2 >= all_weeks, 'often', 'seldom') as presence,
  min(multiIf(people.weeks = 0, 0, people.weeks * 4 >= all_weeks * 3, ceil(all_weeks * 3 / 4), people.weeks * 2 >= all_weeks, ceil(all_weeks / 2), 1)) as low,
  uniqExact(learner) as learners
from people
group by presence
order by low
