-- Of those enrolled, or else of those who did something in the course; never less than those who completed it.
with
  present as (select course, uniqExact(learner) as learners from days group by course),
  each as (
    select done.course as course, done.activity as activity, any(done.kind) as kind, groupUniqArray(done.learner) as people,
      greatest(if({enrolled:UInt32} > 0, {enrolled:UInt32}, max(present.learners)), length(people)) as expected
    from done left join present on done.course = present.course
    group by done.course, done.activity
  )
select
  tupleElement(one, 1) as activity,
  tupleElement(one, 2) as kind,
  tupleElement(one, 3) as learners,
  learners / tupleElement(one, 4) as share,
  answer_count,
  answer_learners,
  answer_share
from (
  select
    arrayJoin(groupArray((activity, kind, length(people), expected))) as one,
    count() as answer_count,
    uniqExactArray(people) as answer_learners,
    sum(length(people)) / sum(expected) as answer_share
  from each
)
order by learners desc, activity
limit 1000
