select
  uniqExact(learner) as count,
  (select count() from presence) as known,
  count() as reasons
from reasons
