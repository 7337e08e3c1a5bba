select
  count() as count,
  any(whole) as shared_activities,
  countIf(tally.activities = 0) as none,
  if(shared_activities = 0, 'alone', 'shared') as context
from tally
