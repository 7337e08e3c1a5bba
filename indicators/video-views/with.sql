-- A view: a sitting in which the video played, however often. Half an hour without any event ends a sitting.
viewers as (
  select
    learner,
    object as video,
    arraySort(groupArray((toUnixTimestamp(occurred_at), action in ('played', 'paused', 'completed', 'watched')))) as told,
    arrayCount(
      sitting -> arrayExists(each -> tupleElement(each, 2), sitting),
      arraySplit((each, gap) -> gap > 1800, told, arrayDifference(arrayMap(each -> tupleElement(each, 1), told)))) as views,
    countIf(action = 'completed') > 0 as finished,
    countIf(action = 'downloaded') as downloads,
    max(day) as last
  from events
  where object_kind in ('video', 'audio') and object != 0
  group by learner, object
  having views > 0 or downloads > 0
)
