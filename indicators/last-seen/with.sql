-- Those of the roster who never came have no last day.
people as (
  select learner, if(max(came), maxIf(day, came), null) as last, dateDiff('day', last, {until:Date}) as days
  from (
    select learner, day, true as came from days
    union all
    select arrayJoin({roster:Array(Int64)}) as learner, {from:Date} as day, false as came
  )
  group by learner
)
