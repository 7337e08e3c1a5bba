-- What learners did, one row a statement, without any direct identifier: learners are keyed pseudonyms of the tenant,
-- activities the keys of records.activity. A statement that nobody understood has no `action`; it is counted all the same.
-- Rows are only ever added: what is voided, or moved to another learner, is added once more with the opposite sign. A batch
-- sent twice is kept once (insert_deduplication_token), here and in what adds up from here.
create table if not exists learning_event_v1 (
  tenant_id UUID,
  -- which projection of the store, of one tenant: a rebuilding one fills beside the one that is read
  build UInt32,
  -- the course's activity; 0 when none is told
  course Int64,
  -- told by the statement, within 2000 to 2099; the moment of storing when what it tells cannot be
  occurred_at DateTime64(3, 'UTC'),
  -- in the tenant's zone
  day Date,
  -- 0 when the actor is not one person
  learner Int64,
  statement_id UUID,
  -- moment of storing, as in records.statement
  seq Int64,
  source_id UUID,
  dialect LowCardinality(String),
  verb LowCardinality(String),
  action LowCardinality(String),
  object Int64,
  object_kind LowCardinality(String),
  -- the activity that holds the object below its course: the quiz of a question, the forum of a discussion; 0 for none
  parent Int64,
  -- what ties events of one sitting: a video session, an attempt; 0 for none
  session Int64,
  -- from -1 to 1
  score Nullable(Float32),
  success Nullable(Bool),
  completed Nullable(Bool),
  -- from 0 to 1
  progress Nullable(Float32),
  -- duration told, in seconds
  seconds Nullable(Float32),
  -- in a video or a sound, in seconds
  position Nullable(Float32),
  position_from Nullable(Float32),
  position_to Nullable(Float32),
  length Nullable(Float32),
  -- 1, or -1 for a row that takes another back
  sign Int8,
  -- tells without reading that nothing was taken back
  index corrections sign type minmax granularity 1
)
engine = MergeTree
-- By arrival, which no source can choose: a told date could make any number of partitions.
partition by (build, toYYYYMM(fromUnixTimestamp64Micro(seq, 'UTC')))
order by (tenant_id, build, course, day, learner, occurred_at)
settings non_replicated_deduplication_window = 10000;

-- What each learner did each day, per course and action.
create table if not exists learner_day_v1 (
  tenant_id UUID,
  build UInt32,
  course Int64,
  day Date,
  learner Int64,
  action LowCardinality(String),
  events Int64
)
engine = SummingMergeTree(events)
partition by build
order by (tenant_id, build, course, day, learner, action)
settings non_replicated_deduplication_window = 10000;

create materialized view if not exists learner_day_mv_v1 to learner_day_v1 as
select tenant_id, build, course, day, learner, action, sum(toInt64(sign)) as events
from learning_event_v1
group by tenant_id, build, course, day, learner, action;

-- How many statements of each source and verb were understood, and by which dialect.
create table if not exists statement_day_v1 (
  tenant_id UUID,
  build UInt32,
  source_id UUID,
  verb LowCardinality(String),
  dialect LowCardinality(String),
  action LowCardinality(String),
  -- of arrival, UTC
  day Date,
  statements Int64
)
engine = SummingMergeTree(statements)
partition by build
order by (tenant_id, build, source_id, verb, dialect, action, day)
settings non_replicated_deduplication_window = 10000;

create materialized view if not exists statement_day_mv_v1 to statement_day_v1 as
select tenant_id, build, source_id, verb, dialect, action, toDate(fromUnixTimestamp64Micro(seq, 'UTC')) as day,
  sum(toInt64(sign)) as statements
from learning_event_v1
group by tenant_id, build, source_id, verb, dialect, action, day;
