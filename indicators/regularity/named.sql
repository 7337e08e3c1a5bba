select learner, weeks, days, last
from people
order by weeks, days, learner
