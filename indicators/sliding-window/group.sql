select activity, kind, since, learners, learners / (select people from chosen) as share
from active
order by learners desc, activity
