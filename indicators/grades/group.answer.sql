select
  count() as learners,
  learners as count,
  if(count = 0, null, avg(people.mean)) as mean,
  if(count = 0, null, quantileExactInclusive(0.5)(people.mean)) as median
from people
