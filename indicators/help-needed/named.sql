-- Those with most reasons first.
select
  learner,
  tupleElement(reason, 1) as rule,
  tupleElement(reason, 2) as activity,
  tupleElement(reason, 3) as value,
  tupleElement(reason, 4) as reference,
  tupleElement(reason, 5) as since,
  answer_count,
  answer_known,
  answer_reasons
from (
  select
    tupleElement(person, 1) as learner,
    arrayJoin(tupleElement(person, 2)) as reason,
    length(tupleElement(person, 2)) as reasons_of_learner,
    answer_count,
    answer_known,
    answer_reasons
  from (
    select
      arrayJoin(groupArrayIf((learner, reasons), notEmpty(reasons))) as person,
      countIf(notEmpty(reasons)) as answer_count,
      sum(known) as answer_known,
      sum(length(reasons)) as answer_reasons
    from (
      select
        learner,
        groupArrayIf((rule, activity, value, reference, since), rule != '') as reasons,
        countIf(rule in ('', 'never', 'away', 'slower')) as known
      from told
      group by learner
    )
  )
)
order by reasons_of_learner desc, learner, rule, activity
