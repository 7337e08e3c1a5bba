-- Every bar stands for whole days of the learners' own zone.
with bars as (
  select
    if({p_step:String} = 'week', toMonday(day), day) as date,
    if({p_step:String} = 'week', least(toMonday(day) + 6, {until:Date}), day) as until,
    sum(events) as actions,
    uniqExactState(learner) as people
  from days
  group by date, until
)
select
  tupleElement(bar, 1) as date,
  tupleElement(bar, 2) as until,
  tupleElement(bar, 3) as actions,
  tupleElement(bar, 4) as learners,
  answer_count,
  answer_learners,
  answer_count / answer_learners as answer_each
from (
  select
    arrayJoin(groupArray((date, until, actions, finalizeAggregation(people)))) as bar,
    sum(actions) as answer_count,
    uniqExactMerge(people) as answer_learners
  from bars
)
order by date
