-- The video asked for, or else the one that most people played.
chosen as (
  select object as video, uniqExact(learner) as viewers, max(length) as told_length
  from events
  where object_kind in ('video', 'audio') and action in ('played', 'watched') and ({p_video:Int64} = 0 or object = {p_video:Int64})
  group by object
  order by viewers desc, video
  limit 1
),
-- A passage begins where playing or a jump lands, and ends where the next of these events says.
passages as (
  select learner, video, low, high
  from (
    select
      learner,
      object as video,
      action as opened,
      position as low,
      lead(if(action = 'seeked', position_from, position)) over (
        partition by learner, object, session
        order by occurred_at, multiIf(action = 'played', 2, action = 'seeked', 1, 0)
      ) as high
    from events
    where object_kind in ('video', 'audio') and action in ('played', 'paused', 'seeked', 'completed', 'ended') and object = (select video from chosen)
  )
  where opened in ('played', 'seeked', 'completed') and high > low
  union all
  select learner, object as video, position_from as low, position_to as high
  from events
  where object_kind in ('video', 'audio') and action = 'watched' and position_to > position_from and object = (select video from chosen)
),
-- Twenty slices; one is watched when its middle is.
scale as (
  select
    any(chosen.video) as video,
    any(chosen.viewers) as viewers,
    greatest(any(ifNull(chosen.told_length, 0)), ifNull(max(passages.high), 0)) / 20 as size
  from chosen left join passages on passages.video = chosen.video
),
slices as (
  select arrayJoin(range(20)) as slice, video, viewers, size from scale where size > 0
),
plays as (
  select
    learner,
    arrayJoin(range(
      toUInt32(greatest(0, ceil(low / size - 0.5))),
      toUInt32(greatest(0, least(19, floor(high / size - 0.5)) + 1)))) as slice,
    count() as times
  from passages join scale on passages.video = scale.video
  where size > 0
  group by learner, slice
)
