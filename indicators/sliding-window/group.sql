select activity, kind, since, learners, learners / tupleElement(chosen, 2) as share
from active
order by learners desc, activity
