-- Tenths of the scale; grades below zero are in the first.
select
  tenth / 10 as low,
  (tenth + 1) / 10 as high,
  uniqExact(learner) as learners
from (select learner, toUInt8(least(floor(greatest(mean, 0) * 10), 9)) as tenth from people)
group by tenth
order by tenth
