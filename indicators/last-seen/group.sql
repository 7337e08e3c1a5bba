with gaps as (
  select
    multiIf(people.days is null, 'never', people.days < 3, 'now', people.days < 7, 'week', people.days < 14, 'fortnight', people.days < 30, 'month', 'older') as gap,
    min(multiIf(people.days is null, null, people.days < 3, 0, people.days < 7, 3, people.days < 14, 7, people.days < 30, 14, 30)) as days,
    uniqExact(learner) as learners
  from people
  group by gap
)
select
  tupleElement(each, 1) as gap,
  tupleElement(each, 2) as days,
  tupleElement(each, 3) as learners,
  answer_count,
  answer_learners,
  answer_recent
from (
  select
    arrayJoin(groupArray((gap, days, learners))) as each,
    sumIf(learners, gap != 'never') as answer_count,
    sum(learners) as answer_learners,
    sumIf(learners, gap in ('now', 'week')) as answer_recent
  from gaps
)
order by days is null, days
