select learner, score, activities
from points
order by score, learner
