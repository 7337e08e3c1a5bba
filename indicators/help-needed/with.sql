-- The days of each learner; those of the roster who never came have none.
presence as (
  select
    learner,
    max(came) as seen,
    maxIf(day, came) as last,
    uniqExactIf(day, came and day > {until:Date} - 14) as recent,
    uniqExactIf(day, came and day <= {until:Date} - 14) / greatest(1, dateDiff('day', {from:Date}, {until:Date} - 13)) * 14 as usual
  from (
    select learner, day, true as came from days
    union all
    select arrayJoin({roster:Array(Int64)}) as learner, {from:Date} as day, false as came
  )
  group by learner
),
-- What each learner did of what at least half of those who did anything did, and three people at least: read once.
progress as (
  select
    tupleElement(doer, 1) as learner,
    arrayCount(activity -> has(shared, activity), tupleElement(doer, 2)) as activities,
    length(shared) as whole
  from (
    select
      arrayFilter(
        (activity, people) -> people >= greatest(3, length(doers) / 2),
        tupleElement(tallies, 1), tupleElement(tallies, 2)) as shared,
      arrayJoin(doers) as doer
    from (
      select groupArray((learner, activities)) as doers, sumMap(activities, arrayMap(activity -> 1, activities)) as tallies
      from (select learner, groupUniqArray(activity) as activities from steps group by learner)
    )
  )
),
marks as (
  select
    learner,
    object as activity,
    max(if(object_kind in ('quiz', 'assignment', 'package'), true, false)) as repeatable,
    -- When, whether it was handed in, whether it tells an outcome. Of an assignment, as the attempts of their own indicator.
    arraySort(groupArrayIf(
      (occurred_at, action = 'submitted', action != 'submitted' or score is not null),
      object_kind = 'assignment' and action != 'completed')) as told,
    greatest(
      uniqExactIf(
        if(session = 0, toUnixTimestamp64Milli(occurred_at), session),
        object_kind != 'assignment' and action in ('submitted', 'passed', 'failed')),
      arrayCount(
        attempt -> arrayExists(each -> tupleElement(each, 3), attempt),
        arraySplit(
          (each, before) -> tupleElement(each, 2) and tupleElement(before, 3),
          told, arrayResize(arrayPushFront(told, told[1]), length(told))))) as attempts,
    max(toFloat64(score)) as best,
    max(day) as last,
    max(action = 'failed') as failed,
    max(action = 'passed' or (action = 'submitted' and ifNull(success, false))) as passed
  from events
  where action in ('scored', 'submitted', 'completed', 'passed', 'failed')
    and object_kind not in ('question', 'section', 'course', 'site')
  group by learner, object
),
-- Of each learner, what came of all that was marked, and where attempts did not help.
results as (
  select
    learner,
    round(avg(best) * 100) as mean,
    count(best) as grades,
    maxIf(marks.last, best is not null) as latest,
    groupArrayIf(
      (if(best is null, 'failures', 'retries'), activity, toFloat64(attempts), round(ifNull(best, 0) * 100), marks.last),
      repeatable and attempts >= {p_attempts:Int32} and not passed
        and ifNull(best * 100 < {p_grade:Int32}, failed)) as retries
  from marks
  group by learner
),
-- One row at least for each who is known; without a rule when there is no reason in their days.
told as (
  select
    learner,
    multiIf(
      not seen, 'never',
      away >= {p_away:Int32}, 'away',
      recent > 0 and usual >= 3 and recent * 2 <= usual, 'slower',
      '') as rule,
    toInt64(0) as activity,
    multiIf(rule = 'never', 0, rule = 'away', away, recent) as value,
    multiIf(rule = 'never', 0, rule = 'away', {p_away:Int32}, round(usual, 1)) as reference,
    multiIf(rule = 'never', null, rule = 'away', last, {until:Date} - 13) as since
  from (select learner, seen, last, recent, usual, dateDiff('day', last, {until:Date}) as away from presence)
  union all
  select learner, 'behind' as rule, toInt64(0), activities as value, whole as reference, null
  from progress
  where whole >= 4 and activities * 3 < whole
  union all
  select
    learner,
    tupleElement(reason, 1),
    tupleElement(reason, 2),
    tupleElement(reason, 3),
    tupleElement(reason, 4),
    tupleElement(reason, 5)
  from (
    select
      learner,
      arrayJoin(arrayConcat(
        if(grades >= 2 and mean < {p_grade:Int32}, [('grades', toInt64(0), assumeNotNull(mean), toFloat64(grades), latest)], []),
        retries)) as reason
    from results
  )
)
