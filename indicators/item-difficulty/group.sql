select
  question,
  any(answers.quiz) as quiz,
  uniqExact(learner) as learners,
  avg(first_right) as share,
  sum(tries) as answers
from answers
group by question
order by share, learners desc, question
limit 1000
