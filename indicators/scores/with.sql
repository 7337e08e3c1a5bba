-- What each learner did, and how many days before the end of the period for the last time: read once.
(
  select groupArray((learner, activity, age))
  from (
    select learner, activity, toUInt16({until:Date} - max(day)) as age
    from steps
    group by learner, activity
  )
) as pairs,
done as (
  select tupleElement(pair, 1) as learner, tupleElement(pair, 2) as activity, tupleElement(pair, 3) as age
  from (select arrayJoin(pairs) as pair)
),
-- Windows that end with the period, from fifteen days to all of it: their people, and how many make an activity active.
lengths as (
  select
    arrayJoin(range(
      toUInt32(least(15, dateDiff('day', {from:Date}, {until:Date}) + 1)),
      toUInt32(dateDiff('day', {from:Date}, {until:Date}) + 2))) as days,
    arrayCount(age -> age < days, (select groupArray(age) from (select min(age) as age from done group by learner))) as people,
    toUInt64(greatest({p_learners:Int32}, ceil(people * {p_share:Int32} / 100))) as enough
),
-- An activity is active in a window when the learner in the place of `enough` did it in there.
ranked as (
  select age, row_number() over (partition by activity order by age) as place from done
),
-- The shortest window with enough active activities; the whole period when there is none.
(
  select (days, people, enough, activities)
  from (
    select
      lengths.days as days,
      any(lengths.people) as people,
      any(lengths.enough) as enough,
      countIf(ranked.place > 0 and ranked.age < lengths.days) as activities
    from lengths left join ranked on ranked.place = lengths.enough
    group by lengths.days
  )
  order by activities >= {p_activities:Int32} desc, if(activities >= {p_activities:Int32}, days, 0 - days)
  limit 1
) as chosen,
recent as (
  select
    tupleElement(pair, 1) as learner,
    tupleElement(pair, 2) as activity,
    tupleElement(pair, 3) as age,
    tupleElement(frame, 2) as people,
    tupleElement(frame, 3) as enough
  from (select chosen as frame, arrayJoin(pairs) as pair)
  where age < tupleElement(frame, 1)
),
active as (
  select activity, uniqExact(learner) as learners, any(recent.people) as people
  from recent
  group by activity
  having learners >= any(recent.enough)
),
-- What each learner did of the active activities, against all of it.
(
  select (groupArray(activity), groupArray(active.learners)) from active
) as shared,
points as (
  select
    learner,
    countIf(weight > 0) as activities,
    any(known) as shared_activities,
    any(all_weights) as whole,
    round((2 * sum(weight) - whole) / whole, 4) as score
  from (
    select
      learner,
      arrayElement(tupleElement(list, 2), indexOf(tupleElement(list, 1), activity)) as weight,
      length(tupleElement(list, 1)) as known,
      arraySum(tupleElement(list, 2)) as all_weights
    from (
      select shared as list, learner, activity
      from (
        select learner, activity from recent
        union all
        select arrayJoin({roster:Array(Int64)}) as learner, toInt64(0) as activity
      )
    )
  )
  where all_weights > 0
  group by learner
)
