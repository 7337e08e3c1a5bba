select
  tupleElement(chosen, 4) as count,
  tupleElement(chosen, 2) as learners,
  tupleElement(chosen, 1) as days,
  if(count >= {p_activities:Int32}, 'full', 'short') as context
