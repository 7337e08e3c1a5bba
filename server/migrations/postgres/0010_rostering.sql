-- Rostering with others: the export of the directory for the GAR; OneRoster, served to clients and fetched from services.

-- The GAR's "responsable d'affectation": whoever gives out digital resources in an establishment.
alter table identity.granted_right drop constraint granted_right_right_name_check,
  add check (right_name in ('directory.import', 'directory.administer', 'instance.operate', 'resources.assign'));

-- When the source last said something else of it: systems that are told of changes ask for what came since.
alter table directory.source_record add column changed_at timestamptz not null default now();

create schema gar;
grant usage on schema gar to preau_app;

-- What a tenant agreed with the GAR; without a row, nothing is exported.
create table gar.setting (
  tenant_id uuid primary key default kernel.current_tenant() references kernel.tenant,
  -- the identifier of the workspace, which names the files
  id_ent text not null check (id_ent ~ '^[A-Za-z0-9-]{1,40}$'),
  nightly boolean not null default true,
  retention_days integer not null default 30 check (retention_days between 1 and 400)
);

-- Under which name the GAR knows a person: drawn at random, told to nobody else, the same for ever.
create table gar.pseudonym (
  tenant_id uuid not null default kernel.current_tenant(),
  person_id uuid primary key,
  identifier uuid not null default gen_random_uuid()
);

create table gar.export (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  degree text not null check (degree in ('1D', '2D')),
  state text not null check (state in ('running', 'ready', 'failed', 'expired')),
  started_at timestamptz not null,
  ended_at timestamptz,
  -- null: the nightly job or a command
  started_by uuid,
  archive text,
  bytes bigint,
  md5 text,
  -- {files, nodes, GAREleve, GAREnseignant, …}: how many of each element
  counts jsonb not null default '{}',
  -- what could not be exported, counted by reason
  left_out jsonb not null default '{}',
  -- a stable code, when it failed
  failure text
);
create unique index export_running on gar.export (tenant_id, degree) where state = 'running';
create index export_time on gar.export (tenant_id, started_at desc, id desc);

create schema oneroster;
grant usage on schema oneroster to preau_app;

-- Systems that may read a part of the directory by the rostering service, in their own name.
create table oneroster.client (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  name text not null check (length(name) between 1 and 100),
  -- SHA-256 of a secret of 256 random bits, shown once
  secret_hash bytea not null,
  -- perimeter; null for the whole tenant
  organisation_id uuid,
  scopes text[] not null check (cardinality(scopes) > 0),
  -- whether it is told e-mail addresses and telephone numbers
  contact_details boolean not null default false,
  created_at timestamptz not null,
  created_by uuid,
  last_used_at timestamptz,
  withdrawn_at timestamptz,
  withdrawn_by uuid
);

create table oneroster.access_token (
  tenant_id uuid not null default kernel.current_tenant(),
  token_hash bytea primary key,
  client_id uuid not null references oneroster.client on delete cascade,
  scopes text[] not null,
  expires_at timestamptz not null
);
create index access_token_client on oneroster.access_token (client_id, expires_at);

-- Rostering services of others that the directory is fed from.
create table oneroster.connection (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  -- names the source of its imports
  name text not null check (length(name) between 1 and 60),
  service_url text not null,
  token_url text not null,
  client_id text not null,
  sealed_secret text not null,
  nightly boolean not null default true,
  created_at timestamptz not null,
  created_by uuid,
  fetched_at timestamptz,
  -- a stable code, and the HTTP status if one was answered; null when the last fetch went well
  failure jsonb,
  import_id uuid,
  unique (tenant_id, name)
);

do $$
declare
  each text;
begin
  foreach each in array array['gar.setting', 'gar.pseudonym', 'gar.export', 'oneroster.client', 'oneroster.access_token',
    'oneroster.connection']
  loop
    execute format('alter table %s enable row level security', each);
    execute format('alter table %s force row level security', each);
    execute format('create policy tenant_isolation on %s using (tenant_id = (select kernel.current_tenant()))', each);
    execute format('grant select, insert, update, delete on %s to preau_app', each);
  end loop;
end
$$;
