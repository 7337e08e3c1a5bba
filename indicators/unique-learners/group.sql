-- A person who comes several times in a week is one person of that week. Whoever left the course since may have been active
-- in it: never more than all.
with steps_of_time as (
  select
    if({p_step:String} = 'week', toMonday(day), day) as date,
    if({p_step:String} = 'week', least(toMonday(day) + 6, {until:Date}), day) as until,
    uniqExactState(learner) as people
  from days
  group by date, until
)
select
  tupleElement(each, 1) as date,
  tupleElement(each, 2) as until,
  tupleElement(each, 3) as learners,
  if({enrolled:UInt32} = 0, null, least(1, learners / {enrolled:UInt32})) as share,
  answer_learners,
  answer_learners as answer_count,
  greatest({enrolled:UInt32}, answer_learners) as answer_enrolled,
  if({enrolled:UInt32} = 0, null, answer_learners / answer_enrolled) as answer_share,
  if({enrolled:UInt32} = 0, 'open', 'enrolled') as answer_context
from (
  select
    arrayJoin(groupArray((date, until, finalizeAggregation(people)))) as each,
    uniqExactMerge(people) as answer_learners
  from steps_of_time
)
order by date
