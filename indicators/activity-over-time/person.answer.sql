-- What is usual: the weeks before the last seven days, since the first action of the period.
select
  uniqExact(day) as count,
  uniqExactIf(day, day > {until:Date} - 7) as recent,
  if(count = recent, 0, uniqExactIf(day, day <= {until:Date} - 7) / (dateDiff('day', min(day), {until:Date} - 7) + 1) * 7) as usual
from days
