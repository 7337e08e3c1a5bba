-- What each learner answered to each question; right as told, or else with all the points.
answers as (
  select
    learner,
    object as question,
    any(parent) as quiz,
    count() as tries,
    max(day) as last,
    argMin(ifNull(success, score >= 0.999), occurred_at) as first_right,
    max(ifNull(success, score >= 0.999)) as once_right
  from events
  where action = 'answered' and (success is not null or score is not null) and object != 0
    and ({p_quiz:Int64} = 0 or parent = {p_quiz:Int64})
  group by learner, object
)
