-- Fifths of the scale; grades below zero are in the first.
select
  fifth / 5 as low,
  (fifth + 1) / 5 as high,
  uniqExact(learner) as learners
from (select learner, toUInt8(least(floor(greatest(mean, 0) * 5), 4)) as fifth from people)
group by fifth
order by fifth
