-- The video asked for, or else the one that most people played: which, by how many, how long. Whoever stopped or jumped
-- in it played it, even when the trace of that is lost.
(
  select (video, viewers, size)
  from (
    select object as video, uniqExact(learner) as viewers, ifNull(max(length), 0) as size
    from events
    where object_kind in ('video', 'audio') and ({p_video:Int64} = 0 or object = {p_video:Int64})
      and (action in ('played', 'paused', 'seeked', 'completed', 'watched') or (action = 'ended' and position_to > position_from))
    group by object
    order by viewers desc, video
    limit 1
  )
) as chosen,
-- A passage begins where playing or a jump lands, and ends where the next of these events says.
passages as (
  select learner, low, high
  from (
    select
      learner,
      action as opened,
      position as low,
      lead(if(action = 'seeked', position_from, position)) over (
        partition by learner, object, session
        order by occurred_at, multiIf(action = 'played', 2, action = 'seeked', 1, 0)
      ) as high
    from events
    where object_kind in ('video', 'audio') and action in ('played', 'paused', 'seeked', 'completed', 'ended') and object = tupleElement(chosen, 1)
  )
  where opened in ('played', 'seeked', 'completed') and high > low
  union all
  select learner, position_from as low, position_to as high
  from events
  where object_kind in ('video', 'audio') and action = 'watched' and position_to > position_from and object = tupleElement(chosen, 1)
),
-- One row, or none: who played which passages, and twenty slices, of which one is watched when its middle is.
film as (
  select
    any(tupleElement(chosen, 1)) as video,
    any(tupleElement(chosen, 2)) as viewers,
    greatest(any(tupleElement(chosen, 3)), max(far)) / 20 as size,
    groupArray(spans) as people
  from (
    select learner, max(high) as far, groupArray((assumeNotNull(low), assumeNotNull(high))) as spans
    from passages
    group by learner
  )
  having size > 0
),
slices as (
  select
    video,
    viewers,
    slice * size as low,
    (slice + 1) * size as high,
    (slice + 0.5) * size as middle,
    people,
    arrayMap(spans -> arrayCount(span -> tupleElement(span, 1) <= middle and tupleElement(span, 2) >= middle, spans), people) as times
  from (select *, arrayJoin(range(20)) as slice from film)
)
