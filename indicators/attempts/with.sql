-- A finished attempt: something handed in, passed or failed. What bears one session is one attempt; what is handed in again
-- of an assignment before it is marked is the same one, and the mark that follows is of it.
attempts as (
  select
    learner,
    activity,
    kind,
    tupleElement(arrayLast(each -> tupleElement(each, 2), attempt), 1) as at,
    round(toFloat64(tupleElement(arrayLast(each -> isNotNull(tupleElement(each, 4)), attempt), 4)), 4) as score
  from (
    select
      learner,
      activity,
      kind,
      arrayJoin(if(
        kind = 'assignment',
        arraySplit(
          (each, before) -> not tupleElement(each, 3) and (tupleElement(before, 3) or isNotNull(tupleElement(before, 4))),
          told, arrayResize(arrayPushFront(told, told[1]), length(told))),
        [told])) as attempt
    from (
      -- When, whether it was done by the learner, whether it is its outcome, the score.
      select
        learner,
        object as activity,
        any(object_kind) as kind,
        arraySort(groupArray((occurred_at, action != 'scored', action != 'submitted', score))) as told
      from events
      where object_kind in ('quiz', 'assignment', 'package')
        and (action in ('submitted', 'passed', 'failed') or (action = 'scored' and object_kind = 'assignment'))
      group by
        learner,
        object,
        if(object_kind = 'assignment', 0, session),
        if(session = 0 and object_kind != 'assignment', occurred_at, toDateTime64(0, 3, 'UTC'))
    )
  )
  where arrayExists(each -> tupleElement(each, 2), attempt)
)
