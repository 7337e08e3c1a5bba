-- Statements that break a rule, of sources that are let do so: repaired, or set aside until somebody decides.
alter table records.source
  add lenient boolean not null default false;

create table records.quarantined_statement (
  tenant_id uuid not null default kernel.current_tenant(),
  -- the statement's own, or the one that its source was answered: it is stored under it
  id uuid not null,
  source_id uuid not null references records.source,
  credential_id uuid not null references records.credential,
  version text not null check (version in ('1.0.3', '2.0.0')),
  received_at timestamptz not null,
  -- how often the source sent the very same
  received_times integer not null default 1,
  -- as it was sent; null once dropped
  body text,
  -- the first fault: where, and what
  pointer text not null,
  reason text not null,
  repairs text[] not null,
  state text not null default 'waiting' check (state in ('waiting', 'stored', 'dropped')),
  decided_at timestamptz,
  -- null: repaired as it arrived
  decided_by uuid,
  -- by hand, before it was stored
  corrected boolean not null default false,
  -- why it was dropped
  note text,
  primary key (tenant_id, id),
  check ((state = 'waiting') = (decided_at is null)),
  check ((body is null) = (state = 'dropped'))
);
create index quarantined_statement_order on records.quarantined_statement (tenant_id, state, received_at, id);
create index quarantined_statement_source on records.quarantined_statement (tenant_id, source_id, state);

alter table records.quarantined_statement enable row level security;
alter table records.quarantined_statement force row level security;
create policy tenant_isolation on records.quarantined_statement
  using (tenant_id = (select kernel.current_tenant()));
grant select, insert, update, delete on records.quarantined_statement to preau_app;
