select
  any(whole) as count,
  uniqExact(learner) as learners,
  countIf(tally.activities * 2 >= whole and whole > 0) as most,
  (select tupleElement(chosen, 1)) as days
from tally
