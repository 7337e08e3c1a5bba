-- The catalogue of applications shown on people's home page.
create schema applications;
grant usage on schema applications to preau_app;

create table applications.application (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  slug text not null check (slug ~ '^[a-z0-9-]{1,40}$'),
  name text not null,
  description text not null,
  url text not null,
  -- learning, orientation, communication, administration…
  category text not null,
  -- profiles it is meant for; empty: everyone
  profiles text[] not null default '{}',
  position integer not null default 0,
  unique (tenant_id, slug)
);
alter table applications.application enable row level security;
alter table applications.application force row level security;
create policy tenant_isolation on applications.application using (tenant_id = (select kernel.current_tenant()));
grant select, insert, update, delete on applications.application to preau_app;
