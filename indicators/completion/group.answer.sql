-- Of all activities that somebody completed and all people, the share of pairs that are done.
with
  present as (select course, uniqExact(learner) as learners from days group by course),
  each as (
    select done.course as course, done.activity as activity, groupUniqArray(done.learner) as people,
      greatest(if({enrolled:UInt32} > 0, {enrolled:UInt32}, max(present.learners)), length(people)) as expected
    from done left join present on done.course = present.course
    group by done.course, done.activity
  )
select
  count() as count,
  uniqExactArray(people) as learners,
  if(count = 0, null, sum(length(people)) / sum(expected)) as share
from each
