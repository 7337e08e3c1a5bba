select
  active.activity as activity,
  told.kind as kind,
  told.since as since,
  active.learners as learners,
  active.learners / active.people as share
from active
  left join (select activity, any(kind) as kind, min(day) as since from steps group by activity) as told
    on told.activity = active.activity
order by learners desc, activity
