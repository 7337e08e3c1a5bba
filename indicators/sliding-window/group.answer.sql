select
  tupleElement(frame, 4) as count,
  tupleElement(frame, 2) as learners,
  tupleElement(frame, 1) as days,
  if(count >= {p_activities:Int32}, 'full', 'short') as context
from (select chosen as frame)
