select weeks, uniqExact(learner) as learners
from people
group by weeks
order by weeks
