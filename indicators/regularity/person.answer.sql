select
  uniqExact(day) as count,
  uniqExact(toMonday(day)) as active,
  intDiv(toMonday({until:Date}) - toMonday({from:Date}), 7) + 1 as weeks
from days
