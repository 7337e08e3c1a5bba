select
  activity,
  row_number() over (partition by activity order by at) as attempt,
  toTimeZone(at, {zone:String}) as at,
  score
from attempts
order by activity, attempt
