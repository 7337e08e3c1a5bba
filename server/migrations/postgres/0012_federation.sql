-- Identity providers of every protocol, what is known of them, and whether they work.
alter table identity.provider
  add protocol text not null default 'oidc' check (protocol in ('oidc', 'saml', 'cas')),
  -- what its specification asks beyond the protocol
  add profile text not null default 'generic'
    check (profile in ('generic', 'eduConnect', 'agents', 'franceConnect', 'proConnect', 'renater')),
  -- of the protocol: {metadataUrl, metadata, metadataCertificates, unsolicited}
  add options jsonb not null default '{}',
  alter client_id drop not null,
  -- null: it knows nobody of the directory, whoever comes by it links it to their account themselves
  alter reference_claim drop not null;

-- The territories and establishments whose people sign in by a provider; none: everyone's.
create table identity.provider_scope (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  provider_id uuid not null references identity.provider on delete cascade,
  organisation_id uuid not null,
  primary key (provider_id, organisation_id)
);

alter table identity.federation_request
  -- the account to link, when whoever left was signed in
  add account_id uuid references identity.account on delete cascade,
  -- the identity provider chosen among those of a federation
  add entity_id text;

alter table identity.federated_identity
  add provider text,
  -- another identity of the same person at the same provider took its place: it opens nothing any more
  add replaced_at timestamptz;

alter table identity.session
  -- SHA-256 of what the provider calls the session or the person when it asks to end it
  add provider_key bytea;
create index session_provider_key on identity.session (provider_key) where provider_key is not null;

-- Someone between two pages: back from a provider, choosing among several people, asked to confirm, or signing out.
create table identity.arrival (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  ticket_hash bytea primary key,
  kind text not null check (kind in ('answer', 'choice', 'link', 'signOut')),
  provider text not null,
  issuer text not null,
  subject text not null,
  -- what the provider said: {references, displayName, session}
  proven jsonb not null,
  session_key bytea,
  -- whom they may sign in as
  person_ids uuid[] not null default '{}',
  -- the departure it answers, bound to a browser; null for a sign-in begun at the provider
  state_hash bytea,
  account_id uuid references identity.account on delete cascade,
  return_to text not null,
  expires_at timestamptz not null
);

create schema saml;
create schema federation;
grant usage on schema saml, federation to preau_app;

-- The keys by which this workspace signs and opens SAML messages.
create table saml.service_key (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  certificate text not null,
  -- sealed
  private_key text not null,
  created_at timestamptz not null,
  -- null: announced, not used to sign yet
  active_from timestamptz
);

-- Identity providers described by SAML metadata: one, or the thousands of a federation.
create table saml.entity (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  provider_id uuid not null,
  entity_id text not null,
  name text not null,
  search_key text not null,
  -- [{binding, location, responseLocation}]
  sign_on jsonb not null,
  sign_out jsonb not null,
  certificates text[] not null,
  wants_signed_requests boolean not null,
  primary key (tenant_id, provider_id, entity_id)
);

-- The last reading of a provider's metadata.
create table saml.metadata_state (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  provider_id uuid primary key,
  tried_at timestamptz not null,
  refreshed_at timestamptz,
  -- after it, what was read opens nothing
  valid_until timestamptz,
  entities integer not null default 0,
  -- code of what went wrong at the last try
  failure text
);

-- Messages that serve once.
create table saml.used_message (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  message_hash bytea not null,
  expires_at timestamptz not null,
  primary key (tenant_id, message_hash)
);
create index used_message_expiry on saml.used_message (expires_at);

-- Whether a provider works, as measured.
create table federation.provider_state (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  provider_id uuid primary key,
  state text not null check (state in ('up', 'degraded', 'down')),
  since timestamptz not null,
  checked_at timestamptz not null,
  latency_ms integer,
  -- probes failed one after the other
  failed_probes integer not null default 0,
  reason text
);

-- What was measured and what people met, by hour; nobody can be told from it.
create table federation.provider_hour (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  provider_id uuid not null,
  hour timestamptz not null,
  probes integer not null default 0,
  failed_probes integer not null default 0,
  slow_probes integer not null default 0,
  latency_ms bigint not null default 0,
  signed_in integer not null default 0,
  -- given up, unknown to the directory: the provider did its part
  refused integer not null default 0,
  -- unreachable, or an answer that cannot be trusted
  failed integer not null default 0,
  primary key (provider_id, hour)
);

do $$
declare
  each regclass;
begin
  for each in select c.oid::regclass from pg_class c
    where c.relkind in ('r', 'p') and (c.relnamespace in ('federation'::regnamespace, 'saml'::regnamespace)
      or c.oid in ('identity.provider_scope'::regclass, 'identity.arrival'::regclass))
  loop
    execute format('alter table %s enable row level security', each);
    execute format('alter table %s force row level security', each);
    execute format('create policy tenant_isolation on %s using (tenant_id = (select kernel.current_tenant()))', each);
    execute format('grant select, insert, update, delete on %s to preau_app', each);
  end loop;
end
$$;
