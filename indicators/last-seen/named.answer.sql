select
  count() as count,
  countIf(days >= 7) as away,
  countIf(last is null) as never
from people
