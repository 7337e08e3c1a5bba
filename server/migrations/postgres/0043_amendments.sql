-- A version proposed to the vote: its file as it is voted on, and the version it was written from.
create table governance.amendment (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  agreement_id uuid not null references governance.agreement,
  number integer not null check (number > 0),
  based_on integer not null check (based_on > 0),
  valid_from date not null,
  source text not null,
  -- Why, in the words of who proposes it.
  reason text not null,
  -- Stale: adopted after another version had come in between; it made none.
  state text not null default 'proposed' check (state in ('proposed', 'withdrawn', 'adopted', 'rejected', 'stale')),
  decision_id uuid references governance.decision,
  version_id uuid references governance.agreement_version,
  proposed_at timestamptz not null,
  proposed_by uuid not null,
  settled_at timestamptz,
  unique (agreement_id, number),
  check ((state = 'proposed') = (settled_at is null)),
  check ((state = 'adopted') = (version_id is not null))
);

alter table governance.amendment enable row level security;
alter table governance.amendment force row level security;
create policy tenant_isolation on governance.amendment using (tenant_id = (select kernel.current_tenant()));
grant select, insert on governance.amendment to preau_app;
grant update (state, decision_id, version_id, settled_at) on governance.amendment to preau_app;
