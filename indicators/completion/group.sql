-- Of those enrolled, or else of those who did something in the course; never less than those who completed it.
with
  present as (select course, uniqExact(learner) as learners from days group by course)
select
  done.activity as activity,
  any(done.kind) as kind,
  uniqExact(done.learner) as learners,
  learners / greatest(if({enrolled:UInt32} > 0, {enrolled:UInt32}, max(present.learners)), learners) as share
from done left join present on done.course = present.course
group by done.course, done.activity
order by learners desc, activity
limit 1000
