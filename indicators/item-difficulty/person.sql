select
  question,
  quiz,
  multiIf(first_right, 'first', once_right, 'later', 'open') as outcome,
  tries as answers,
  last
from answers
order by once_right, first_right, last desc, question
limit 1000
