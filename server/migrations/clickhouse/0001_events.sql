-- Uses of the workspace, without any direct identifier: the visitor is a keyed pseudonym of the tenant.
-- A row may be sent twice; the engine keeps one per event, and queries read it with `final`.
create table if not exists events_v1 (
  tenant_id UUID,
  occurred_at DateTime64(3, 'UTC'),
  event_id UUID,
  event LowCardinality(String),
  profile LowCardinality(String),
  method LowCardinality(String),
  visitor UInt64
)
engine = ReplacingMergeTree
partition by toYYYYMM(occurred_at)
order by (tenant_id, event, occurred_at, event_id);
