-- An activity counts once, in the week it was first done.
weeks as (
  select
    greatest(week, {from:Date}) as date,
    least(week + 6, {until:Date}) as until,
    countIf(done.activity != 0) as done
  from (select arrayJoin(arrayMap(n -> toMonday({from:Date}) + 7 * n, range(toUInt32(intDiv(toMonday({until:Date}) - toMonday({from:Date}), 7) + 1)))) as week) as calendar
    left join (select activity, toMonday(min(day)) as week from steps group by activity) as done on done.week = calendar.week
  group by week
)
