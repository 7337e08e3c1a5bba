-- The video asked for, or else the one that most people played. Whoever stopped or jumped in it played it, even when the
-- trace of that is lost.
(
  select video
  from (
    select object as video, uniqExact(learner) as viewers
    from events
    where object_kind in ('video', 'audio') and ({p_video:Int64} = 0 or object = {p_video:Int64})
      and (action in ('played', 'paused', 'seeked', 'completed', 'watched') or (action = 'ended' and position_to > position_from))
    group by object
    order by viewers desc, video
    limit 1
  )
) as chosen,
-- What each of its people did there, in order, read once: where a passage would begin at, and where it would end.
viewings as (
  select
    learner,
    any(object) as video,
    maxIf(length, played) as size,
    max(played) as viewer,
    arraySort(groupArrayIf((
      session,
      occurred_at,
      multiIf(action = 'played', 2, action = 'seeked', 1, 0),
      action in ('played', 'seeked', 'completed'),
      toFloat64(ifNull(position, nan)),
      toFloat64(ifNull(if(action = 'seeked', position_from, position), nan))
    ), action in ('played', 'paused', 'seeked', 'completed', 'ended'))) as marks,
    -- Some players also tell what was seen without a gap: it fills the holes of traces that are lost.
    groupArrayIf(
      (toFloat64(assumeNotNull(position_from)), toFloat64(assumeNotNull(position_to))),
      action in ('watched', 'paused', 'completed', 'ended') and ifNull(position_to > position_from, false)) as whole
  from (
    select *,
      action in ('played', 'paused', 'seeked', 'completed', 'watched')
        or (action = 'ended' and ifNull(position_to > position_from, false)) as played
    from events
    where object_kind in ('video', 'audio') and object = chosen
      and action in ('played', 'paused', 'seeked', 'completed', 'watched', 'ended')
  )
  group by learner
),
-- A passage begins where playing or a jump lands, and ends where the next event of the session says.
passages as (
  select video, size, viewer,
    arrayConcat(
      arrayMap(
        step -> (tupleElement(tupleElement(step, 1), 5), tupleElement(tupleElement(step, 2), 6)),
        arrayFilter(
          step -> tupleElement(tupleElement(step, 1), 4) and tupleElement(tupleElement(step, 1), 1) = tupleElement(tupleElement(step, 2), 1)
            and tupleElement(tupleElement(step, 2), 6) > tupleElement(tupleElement(step, 1), 5),
          arrayZip(arrayPopBack(marks), arrayPopFront(marks)))),
      whole) as spans
  from viewings
),
-- One row, or none: who played which passages, and twenty slices, of which one is watched when its middle is.
film as (
  select
    any(passages.video) as video,
    countIf(viewer) as viewers,
    greatest(ifNull(max(passages.size), 0), max(arrayMax(arrayMap(span -> tupleElement(span, 2), spans)))) / 20 as size,
    groupArrayIf(spans, notEmpty(spans)) as people
  from passages
  having size > 0 and notEmpty(people)
),
slices as (
  select
    video,
    viewers,
    size,
    slice * size as low,
    (slice + 1) * size as high,
    (slice + 0.5) * size as middle,
    people,
    arrayMap(spans -> arrayCount(span -> tupleElement(span, 1) <= middle and tupleElement(span, 2) >= middle, spans), people) as times
  from (select *, arrayJoin(range(20)) as slice from film)
)
