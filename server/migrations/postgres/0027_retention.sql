-- What the register of processing says of each purpose, and what was deleted when its time was over.
alter table insight.retention
  -- null: until somebody decides
  alter months drop not null,
  -- in the institution's words
  add legal_basis text check (length(legal_basis) <= 2000);

create table insight.retention_run (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  purpose text not null check (purpose in ('events', 'looks', 'launches', 'statements')),
  -- what was older is gone
  cutoff date not null,
  -- rows; of events none is counted: whole parts are written anew
  removed integer,
  ran_at timestamptz not null
);
create index retention_run_order on insight.retention_run (tenant_id, ran_at);

alter table insight.retention_run enable row level security;
alter table insight.retention_run force row level security;
create policy tenant_isolation on insight.retention_run using (tenant_id = (select kernel.current_tenant()));
grant select, insert, delete on insight.retention_run to preau_app;
