-- Whoever left the course since may have been active in it: never more than all.
select
  uniqExact(learner) as learners,
  learners as count,
  greatest({enrolled:UInt32}, learners) as enrolled,
  if({enrolled:UInt32} = 0, null, learners / enrolled) as share,
  if({enrolled:UInt32} = 0, 'open', 'enrolled') as context
from days
