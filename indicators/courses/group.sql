with each as (
  select course, uniqExactState(learner) as people, sum(events) as actions, max(day) as last
  from days
  where course != 0
  group by course
)
select
  tupleElement(one, 1) as course,
  tupleElement(one, 2) as learners,
  tupleElement(one, 3) as actions,
  tupleElement(one, 4) as last,
  answer_count,
  answer_learners
from (
  select
    arrayJoin(groupArray((course, finalizeAggregation(people), actions, last))) as one,
    count() as answer_count,
    uniqExactMerge(people) as answer_learners
  from each
)
order by learners desc, course
limit 1000
