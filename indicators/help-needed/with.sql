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
-- What at least half of those who did anything did, and three people at least.
done as (
  select learner, activity from steps group by learner, activity
),
shared as (
  select activity from done group by activity
  having uniqExact(learner) >= greatest(3, (select uniqExact(learner) from done) / 2)
),
tries as (
  select
    learner,
    object as activity,
    uniqExact(if(session = 0, toString(occurred_at), toString(session))) as attempts,
    max(score) as best,
    max(day) as last,
    max(action = 'passed' or ifNull(success, false)) as passed
  from events
  where action in ('submitted', 'passed', 'failed') and object_kind in ('quiz', 'assignment', 'package')
  group by learner, object
),
grades as (
  select learner, avg(best) as mean, count() as activities, max(last) as last
  from (
    select learner, object, max(toFloat64(score)) as best, max(day) as last
    from events
    where score is not null and action in ('scored', 'submitted', 'completed', 'passed', 'failed')
      and object_kind not in ('question', 'section', 'course', 'site')
    group by learner, object
  )
  group by learner
),
reasons as (
  select learner, 'never' as rule, 0. as value, 0. as reference, toInt64(0) as activity, null as since
  from presence where not seen
  union all
  select learner, 'away', dateDiff('day', last, {until:Date}), {p_away:Int32}, 0, last
  from presence where seen and dateDiff('day', last, {until:Date}) >= {p_away:Int32}
  union all
  select learner, 'slower', recent, round(usual, 1), 0, {until:Date} - 13
  from presence where recent > 0 and usual >= 3 and recent * 2 <= usual and dateDiff('day', last, {until:Date}) < {p_away:Int32}
  union all
  select learner, 'behind', uniqExactIf(activity, activity in (select activity from shared)) as value, (select count() from shared) as reference, 0, null
  from done
  group by learner
  having reference >= 4 and value * 3 < reference
  union all
  select learner, 'grades', round(mean * 100), activities, 0, last
  from grades where activities >= 2 and round(mean * 100) < {p_grade:Int32}
  union all
  select learner, 'retries', attempts, round(ifNull(best, 0) * 100), activity, last
  from tries where attempts >= {p_attempts:Int32} and not passed and ifNull(best, 0) * 100 < {p_grade:Int32}
)
