select
  learner,
  activities,
  if(whole = 0, null, activities / whole) as share,
  last
from tally
order by activities, last, learner
