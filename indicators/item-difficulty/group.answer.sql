select
  count() as count,
  (select uniqExact(learner) from answers) as learners,
  countIf(share < 0.5) as hard
from (select question, avg(first_right) as share from answers group by question)
