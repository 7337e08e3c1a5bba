select
  slot / 2 - 1 as low,
  (slot + 1) / 2 - 1 as high,
  uniqExact(learner) as learners
from (select learner, least(3, floor((score + 1) * 2)) as slot from points)
group by slot
order by slot
