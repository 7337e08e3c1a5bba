select learner, mean, lowest, activities, latest
from people
order by mean, learner
