-- What people say of files that say nothing of themselves: which establishment, what the columns of CSV files hold.
alter table directory.import
  -- {kind, uai, description}, each only if it was said
  add given jsonb not null default '{}';

-- What the columns of files held, by their headers: the next file of the same headers is read by itself.
create table directory.csv_mapping (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  -- SHA-256 of the sorted headers, without accents nor case
  header_key text not null check (header_key ~ '^[0-9a-f]{64}$'),
  source text not null,
  -- {kind, columns, profile}
  mapping jsonb not null,
  described_at timestamptz not null default now(),
  described_by uuid,
  primary key (tenant_id, header_key)
);
alter table directory.csv_mapping enable row level security;
alter table directory.csv_mapping force row level security;
create policy tenant_isolation on directory.csv_mapping using (tenant_id = (select kernel.current_tenant()));
grant select, insert, update, delete on directory.csv_mapping to preau_app;
