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
(
  select groupArray((learner, assumeNotNull(low), assumeNotNull(high)))
  from (
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
  )
) as told,
passages as (
  select tupleElement(each, 1) as learner, tupleElement(each, 2) as low, tupleElement(each, 3) as high
  from (select arrayJoin(told) as each)
),
-- Twenty slices; one is watched when its middle is.
greatest(ifNull(tupleElement(chosen, 3), 0), arrayMax(arrayPushBack(arrayMap(each -> tupleElement(each, 3), told), 0))) / 20 as size,
slices as (
  select arrayJoin(if(size > 0, range(20), range(0))) as slice
),
plays as (
  select
    learner,
    arrayJoin(range(
      toUInt32(greatest(0, ceil(low / size - 0.5))),
      toUInt32(greatest(0, least(19, floor(high / size - 0.5)) + 1)))) as slice,
    count() as times
  from passages
  group by learner, slice
)
