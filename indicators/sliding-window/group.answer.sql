select
  activities as count,
  people as learners,
  days,
  if(activities >= {p_activities:Int32}, 'full', 'short') as context
from chosen
