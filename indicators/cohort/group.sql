select
  multiIf(tally.activities = 0, 'none', tally.activities = whole, 'all', tally.activities * 2 < whole, 'some', 'most') as part,
  min(multiIf(tally.activities = 0, 0, tally.activities = whole, whole, tally.activities * 2 < whole, 1, intDiv(whole + 1, 2))) as low,
  uniqExact(learner) as learners
from tally
group by part
order by low
