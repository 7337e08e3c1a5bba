select
  count() as count,
  countIf(people.weeks = 0) as absent
from people
