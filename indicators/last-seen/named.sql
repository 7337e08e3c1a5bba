select learner, last, days
from people
order by last is not null, last, learner
