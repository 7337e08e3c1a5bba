-- Done once is done: later visits do not undo it.
done as (
  select course, learner, object as activity, any(object_kind) as kind, toDate(min(occurred_at), {zone:String}) as first
  from events
  where (action in ('completed', 'passed') or completed = true)
    and ifNull(completed, true)
    and object != 0
    and object_kind not in ('question', 'section', 'discussion', 'message', 'site')
  group by course, learner, activity
)
