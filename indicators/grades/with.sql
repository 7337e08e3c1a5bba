-- One grade for each person and activity, however many attempts. Questions are no activity of their own: their quiz is.
grades as (
  select
    learner,
    object as activity,
    any(object_kind) as kind,
    count() as given,
    toDate(max(occurred_at), {zone:String}) as last,
    round(multiIf(
      {p_keep:String} = 'first', argMin(toFloat64(score), occurred_at),
      {p_keep:String} = 'last', argMax(toFloat64(score), occurred_at),
      max(toFloat64(score))), 4) as grade
  from events
  where score is not null
    and action in ('scored', 'submitted', 'completed', 'passed', 'failed')
    and object_kind not in ('question', 'section', 'course', 'site')
    and ({p_activity:Int64} = 0 or object = {p_activity:Int64})
  group by learner, activity
),
people as (
  select learner, round(avg(grade), 4) as mean, min(grade) as lowest, count() as activities, max(last) as latest
  from grades
  group by learner
)
