-- Accounts, sign-in, sessions, rights.
create schema identity;
grant usage on schema identity to preau_app;

create table identity.account (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  person_id uuid not null unique,
  -- collation "C": the unique index then also finds the logins that start alike
  login text collate "C" not null check (login = lower(login) and length(login) between 3 and 64),
  -- argon2id in PHC form; null until activated with a password
  password_hash text,
  state text not null default 'inactive' check (state in ('inactive', 'active', 'blocked')),
  created_at timestamptz not null default now(),
  activated_at timestamptz,
  password_changed_at timestamptz,
  unique (tenant_id, login)
);

-- A one-use code that opens an account: first activation, or a new password when it was lost.
create table identity.access_code (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  account_id uuid not null references identity.account on delete cascade,
  purpose text not null check (purpose in ('activation', 'reset')),
  code_hash bytea not null,
  issued_at timestamptz not null default now(),
  issued_by uuid,
  expires_at timestamptz not null,
  used_at timestamptz,
  -- when a newer code took its place
  replaced_at timestamptz,
  unique (tenant_id, code_hash)
);
create index access_code_account on identity.access_code (account_id);

create table identity.session (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  account_id uuid not null references identity.account on delete cascade,
  -- SHA-256 of the cookie's token: a copy of the table opens no session
  token_hash bytea not null unique,
  method text not null check (method in ('password', 'code', 'federation')),
  device text,
  created_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  expires_at timestamptz not null,
  -- {slug, idToken}: kept to end the session at the identity provider too
  provider_session jsonb
);
create index session_account on identity.session (account_id);
create index session_expiry on identity.session (expires_at);

-- The identity a federation gives to an account's holder.
create table identity.federated_identity (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  account_id uuid not null references identity.account on delete cascade,
  issuer text not null,
  subject text not null,
  linked_at timestamptz not null default now(),
  last_used_at timestamptz,
  unique (tenant_id, issuer, subject)
);
create index federated_identity_account on identity.federated_identity (account_id);

-- A sign-in that left for an identity provider and is expected back, once.
create table identity.federation_request (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  state_hash bytea primary key,
  provider text not null,
  nonce text not null,
  code_verifier text not null,
  return_to text not null,
  expires_at timestamptz not null
);

-- OIDC identity providers an operator declared.
create table identity.provider (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  slug text not null check (slug ~ '^[a-z0-9-]{1,40}$'),
  name text not null,
  issuer text not null,
  client_id text not null,
  client_secret text,
  scope text not null default 'openid profile',
  -- claim that holds the person's references in the directory: `{AAF}academy|…|jointure`
  reference_claim text not null,
  -- records its references point at: an academy may give a pupil and a member of staff the same identifier
  record_kinds text[] not null default '{pupil,guardian,staff}',
  unique (tenant_id, slug)
);

-- Failed attempts by login, to slow guessing down; the login only as a digest.
create table identity.sign_in_failure (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  login_hash bytea not null,
  failures integer not null,
  last_failure_at timestamptz not null,
  primary key (tenant_id, login_hash)
);

-- What a person may do beyond what their functions give, where, and for how long.
create table identity.granted_right (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  person_id uuid not null,
  right_name text not null check (right_name in ('directory.import', 'directory.administer', 'instance.operate')),
  -- perimeter: an establishment, a territory or a partner; null for the whole tenant
  organisation_id uuid,
  starts_on date not null,
  ends_on date,
  granted_by uuid,
  granted_at timestamptz not null default now(),
  withdrawn_at timestamptz,
  withdrawn_by uuid
);
create index granted_right_person on identity.granted_right (person_id);

-- The accounts a demonstration tells everyone, password included; empty in any other tenant.
create table identity.demonstration_account (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  account_id uuid primary key references identity.account on delete cascade,
  position integer not null,
  profile text not null,
  password text not null
);

-- Who holds a session, with the rights of the day: every request asks, so it is one round trip, transaction included.
-- `zone` is the tenant's: rights begin and end with its days.
create function identity.find_session(tenant uuid, token bytea, at timestamptz, zone text)
returns table (session_id uuid, account_id uuid, person_id uuid, last_seen_at timestamptz, rights jsonb)
language plpgsql as $$
#variable_conflict use_column
begin
  perform set_config('preau.tenant', tenant::text, true);
  return query
    select s.id, a.id, a.person_id, s.last_seen_at, coalesce((
        select jsonb_agg(jsonb_build_object('right', g.right_name, 'organisationId', g.organisation_id))
        from identity.granted_right g
        where g.person_id = a.person_id and g.withdrawn_at is null and g.starts_on <= (at at time zone zone)::date
          and (g.ends_on is null or g.ends_on >= (at at time zone zone)::date)), '[]')
    from identity.session s join identity.account a on a.id = s.account_id
    where s.token_hash = token and s.expires_at > at and a.state <> 'blocked';
end
$$;

do $$
declare
  each regclass;
begin
  for each in select c.oid::regclass from pg_class c
    where c.relnamespace = 'identity'::regnamespace and c.relkind in ('r', 'p')
  loop
    execute format('alter table %s enable row level security', each);
    execute format('alter table %s force row level security', each);
    execute format('create policy tenant_isolation on %s using (tenant_id = (select kernel.current_tenant()))', each);
  end loop;
end
$$;
grant select, insert, update, delete on all tables in schema identity to preau_app;
