-- What each learner did each day per course, whatever it was: a third of the rows of learner_day_v1. Only what is learning.
create table if not exists learner_presence_v1 (
  tenant_id UUID,
  build UInt32,
  course Int64,
  day Date,
  learner Int64,
  events Int64
)
engine = SummingMergeTree(events)
partition by build
order by (tenant_id, build, course, day, learner)
-- Some weeks of many courses are read from small pieces.
settings non_replicated_deduplication_window = 10000, index_granularity = 1024;

-- What is there already; begun anew when this file is.
truncate table learner_presence_v1;

insert into learner_presence_v1
select tenant_id, build, course, day, learner, sum(events) as events
from learner_day_v1
where action not in ('', 'managed', 'enrolled', 'unenrolled', 'scored')
group by tenant_id, build, course, day, learner;

create materialized view if not exists learner_presence_mv_v1 to learner_presence_v1 as
select tenant_id, build, course, day, learner, sum(events) as events
from learner_day_v1
where action not in ('', 'managed', 'enrolled', 'unenrolled', 'scored')
group by tenant_id, build, course, day, learner;
