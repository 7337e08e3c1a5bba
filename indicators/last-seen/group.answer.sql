select
  countIf(last is not null) as count,
  count() as learners,
  countIf(days < 7) as recent
from people
