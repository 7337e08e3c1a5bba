-- Tenants, the role that serves requests, and the audit trail.
create schema kernel;

-- Requests run under this role: it owns nothing, so row-level security always applies to it.
do $$
declare
  -- 'set' (may become the role) is a privilege of its own since PostgreSQL 16
  may_become text := case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end;
begin
  if not exists (select from pg_roles where rolname = 'preau_app') then
    create role preau_app nologin;
  end if;
  if not pg_has_role(current_user, 'preau_app', may_become) then
    execute format('grant preau_app to %I', current_user);
  end if;
exception when insufficient_privilege then
  raise exception 'the role % may neither create nor use the role preau_app', current_user
    using hint = format('As administrator: create role preau_app nologin; grant preau_app to %I;', current_user);
end
$$;

-- The registry of tenants belongs to no tenant: it is read before one is known.
create table kernel.tenant (
  id uuid primary key,
  slug text not null unique check (slug ~ '^[a-z0-9-]{1,40}$'),
  name text not null,
  host text unique check (host = lower(host)),
  time_zone text not null,
  accent text not null check (accent ~ '^#[0-9a-f]{6}$'),
  demonstration boolean not null default false,
  created_at timestamptz not null default now()
);

-- The tenant of the current transaction; null outside of one, and then every policy refuses.
create function kernel.current_tenant() returns uuid language sql stable parallel safe
  return nullif(current_setting('preau.tenant', true), '')::uuid;

create table kernel.audit_entry (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  recorded_at timestamptz not null default now(),
  actor_person_id uuid,
  action text not null,
  subject_kind text not null,
  subject_id uuid,
  detail jsonb not null default '{}',
  request_id text
);
create index audit_entry_time on kernel.audit_entry (tenant_id, recorded_at desc);
create index audit_entry_subject on kernel.audit_entry (subject_id, recorded_at desc);
alter table kernel.audit_entry enable row level security;
alter table kernel.audit_entry force row level security;
create policy tenant_isolation on kernel.audit_entry using (tenant_id = (select kernel.current_tenant()));

create function kernel.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end
$$;
create trigger append_only before update or delete on kernel.audit_entry
  for each row execute function kernel.refuse_change();
create trigger append_only_truncate before truncate on kernel.audit_entry
  for each statement execute function kernel.refuse_change();

grant usage on schema kernel to preau_app;
grant select on kernel.tenant to preau_app;
grant select, insert on kernel.audit_entry to preau_app;
