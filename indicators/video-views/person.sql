-- Seen: the hundredths of the video whose middle lies in a passage played.
with
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
    where object_kind in ('video', 'audio') and action in ('played', 'paused', 'seeked', 'completed', 'ended')
  )
  where opened in ('played', 'seeked', 'completed') and high > low
  union all
  select learner, object as video, position_from as low, position_to as high
  from events
  where object_kind in ('video', 'audio') and action = 'watched' and position_to > position_from
  union all
  -- Some players also tell what was seen without a gap: it fills the holes of traces that are lost.
  select learner, object as video, position_from as low, position_to as high
  from events
  where object_kind in ('video', 'audio') and action in ('paused', 'completed', 'ended') and position_to > position_from
),
sizes as (
  select object as video, max(length) / 100 as size from events where object_kind in ('video', 'audio') and length > 0 group by object
),
seen as (
  select
    video,
    uniqExact(arrayJoin(range(
      toUInt32(greatest(0, ceil(low / size - 0.5))),
      toUInt32(greatest(0, least(99, floor(high / size - 0.5)) + 1))))) / 100 as seen
  from passages join sizes on passages.video = sizes.video
  group by video
)
select
  viewers.video as video,
  viewers.views as views,
  if(viewers.video in (select video from sizes), seen.seen, null) as seen,
  viewers.last as last
from viewers left join seen on viewers.video = seen.video
order by last desc, video
limit 1000
