-- What the analytics need from the truth: the key that turns a person into a pseudonym.
create schema insight;
grant usage on schema insight to preau_app;

-- One key a tenant. Analytics hold pseudonyms only: without this row they say nothing about anybody.
create table insight.pseudonym_key (
  tenant_id uuid primary key default kernel.current_tenant() references kernel.tenant,
  key bytea not null check (length(key) = 32),
  created_at timestamptz not null default now()
);
alter table insight.pseudonym_key enable row level security;
alter table insight.pseudonym_key force row level security;
create policy tenant_isolation on insight.pseudonym_key using (tenant_id = (select kernel.current_tenant()));
grant select, insert on insight.pseudonym_key to preau_app;
