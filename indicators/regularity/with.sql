-- Those of the roster who never came count too.
people as (
  select
    learner,
    uniqExactIf(toMonday(day), came) as weeks,
    uniqExactIf(day, came) as days,
    if(weeks = 0, null, maxIf(day, came)) as last
  from (
    select learner, day, true as came from days
    union all
    select arrayJoin({roster:Array(Int64)}) as learner, {from:Date} as day, false as came
  )
  group by learner
)
