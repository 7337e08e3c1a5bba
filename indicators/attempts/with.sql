-- A finished attempt: something handed in, passed or failed. What bears one session is one attempt.
attempts as (
  select
    learner,
    object as activity,
    any(object_kind) as kind,
    max(occurred_at) as at,
    round(toFloat64(argMax(score, occurred_at)), 4) as score
  from events
  where action in ('submitted', 'passed', 'failed') and object_kind in ('quiz', 'assignment', 'package')
  group by learner, object, session, if(session = 0, occurred_at, toDateTime64(0, 3, 'UTC'))
)
