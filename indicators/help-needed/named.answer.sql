select
  uniqExact(learner) as count,
  (select count() from presence) as people,
  count() as reasons
from reasons
