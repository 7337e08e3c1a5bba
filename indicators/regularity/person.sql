-- Every week of the period has its bar, empty ones too.
with weeks as (
  select arrayJoin(arrayMap(n -> toMonday({from:Date}) + 7 * n, range(toUInt32(intDiv(toMonday({until:Date}) - toMonday({from:Date}), 7) + 1)))) as week
)
select
  greatest(week, {from:Date}) as date,
  least(week + 6, {until:Date}) as until,
  uniqExactIf(days.day, days.events > 0) as days
from weeks left join days on toMonday(days.day) = weeks.week
group by week
order by week
