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
-- What each learner did, and what at least half of those who did anything did, and three people at least.
doers as (
  select learner, groupUniqArray(activity) as activities from steps group by learner
),
(
  select groupArray(activity)
  from (
    select arrayJoin(activities) as activity, everybody
    from (select activities, count() over () as everybody from doers)
    group by activity, everybody
    having count() >= greatest(3, everybody / 2)
  )
) as shared,
marks as (
  select
    learner,
    object as activity,
    max(if(object_kind in ('quiz', 'assignment', 'package'), true, false)) as repeatable,
    uniqExactIf(if(session = 0, toUnixTimestamp64Milli(occurred_at), session), action in ('submitted', 'passed', 'failed')) as attempts,
    max(toFloat64(score)) as best,
    max(day) as last,
    max(action = 'passed' or (action = 'submitted' and ifNull(success, false))) as passed
  from events
  where action in ('scored', 'submitted', 'completed', 'passed', 'failed')
    and object_kind not in ('question', 'section', 'course', 'site')
  group by learner, object
),
reasons as (
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
  where rule != ''
  union all
  select learner, 'behind' as rule, 0, countIf(has(list, activity)) as value, any(length(list)) as reference, null
  from (select learner, arrayJoin(activities) as activity, shared as list from doers)
  group by learner
  having reference >= 4 and value * 3 < reference
  union all
  select learner, 'grades' as rule, 0, round(avg(best) * 100) as value, countIf(best is not null) as reference, max(marks.last)
  from marks
  where best is not null
  group by learner
  having reference >= 2 and value < {p_grade:Int32}
  union all
  select learner, 'retries' as rule, activity, attempts, round(ifNull(best, 0) * 100), last
  from marks
  where repeatable and attempts >= {p_attempts:Int32} and not passed and ifNull(best, 0) * 100 < {p_grade:Int32}
)
