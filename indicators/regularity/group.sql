-- Nobody is told apart by their very number of weeks: none, less than half of them, half, three in four.
with
  intDiv(toMonday({until:Date}) - toMonday({from:Date}), 7) + 1 as all_weeks,
  presences as (
    select
      multiIf(people.weeks = 0, 'never', people.weeks * 4 >= all_weeks * 3, 'regular', people.weeks * 2 >= all_weeks, 'often', 'seldom') as presence,
      min(multiIf(people.weeks = 0, 0, people.weeks * 4 >= all_weeks * 3, ceil(all_weeks * 3 / 4), people.weeks * 2 >= all_weeks, ceil(all_weeks / 2), 1)) as low,
      uniqExact(learner) as learners,
      sum(people.days) as whole_days,
      sum(people.weeks) as whole_weeks
    from people
    group by presence
  )
select
  tupleElement(each, 1) as presence,
  tupleElement(each, 2) as low,
  tupleElement(each, 3) as learners,
  answer_count,
  answer_learners,
  all_weeks as answer_weeks,
  answer_regular,
  answer_days
from (
  select
    arrayJoin(groupArray((presence, low, learners))) as each,
    sumIf(learners, presence != 'never') as answer_count,
    sum(learners) as answer_learners,
    sumIf(learners, presence = 'regular') as answer_regular,
    if(answer_count = 0, 0, sum(whole_days) / sum(whole_weeks)) as answer_days
  from presences
)
order by low
