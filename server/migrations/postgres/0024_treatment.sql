-- Sources whose statements are kept without saying who, and without what people wrote.
alter table records.source
  add treatment text not null default 'whole' check (treatment in ('whole', 'pseudonymised'));

-- What makes pseudonyms of agents, one key a tenant: without it a pseudonym leads to nobody.
create table records.pseudonym_key (
  tenant_id uuid primary key default kernel.current_tenant() references kernel.tenant,
  key bytea not null check (length(key) = 32),
  -- of the accounts that stand for agents: the address of the workspace when the key was made
  home_page text not null
);

alter table records.pseudonym_key enable row level security;
alter table records.pseudonym_key force row level security;
create policy tenant_isolation on records.pseudonym_key
  using (tenant_id = (select kernel.current_tenant()));
grant select, insert on records.pseudonym_key to preau_app;
