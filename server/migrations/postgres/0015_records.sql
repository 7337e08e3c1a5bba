-- The record store (xAPI 1.0.3 and 2.0): statements, documents, what may send and read them.
create schema records;
grant usage on schema records to preau_app;

-- Whoever says what may send and read records.
alter table identity.granted_right drop constraint granted_right_right_name_check,
  add check (right_name in
    ('directory.import', 'directory.administer', 'instance.operate', 'resources.assign', 'records.administer'));

-- Where records come from: a learning platform, a tool, another store.
create table records.source (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  name text not null check (length(name) between 1 and 200),
  created_at timestamptz not null,
  unique (tenant_id, name)
);

-- What a source, or a reader, shows at each request: a key and a secret of 256 random bits, of which only the digest is kept.
create table records.credential (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  source_id uuid not null references records.source,
  key text not null,
  secret_digest bytea not null,
  -- scopes of xAPI: statements/write, statements/read, statements/read/mine, state, define, profile, all/read, all
  scopes text[] not null check (cardinality(scopes) > 0),
  created_at timestamptz not null,
  created_by uuid,
  withdrawn_at timestamptz,
  withdrawn_by uuid,
  -- to the hour, so that a busy source does not write at each request
  last_used_at timestamptz,
  unique (tenant_id, key)
);

-- Access tokens given for a credential (OAuth 2 client credentials).
create table records.access_token (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  digest bytea primary key,
  credential_id uuid not null references records.credential,
  scopes text[] not null,
  expires_at timestamptz not null
);
create index access_token_end on records.access_token (expires_at);

-- Never changed, never deleted but by erasure. Keys are 64 bits of a SHA-256 over tenant, kind and value: a key is of one
-- tenant, so that no index needs the tenant beside it.
create table records.statement (
  -- no foreign key, which would look the tenant up for each row: the policy accepts the current tenant only
  tenant_id uuid not null default kernel.current_tenant(),
  -- `stored` of the body, in microseconds since 1970, and by that the order of arrival: no two of a tenant are equal. The
  -- projection and forwarding go by it
  seq bigint not null,
  id uuid not null,
  credential_id uuid,
  actor bigint not null,
  verb bigint not null,
  -- the object's, when it is an activity
  activity bigint,
  -- the object's, when it is an agent or a group
  object_agent bigint,
  registration uuid,
  -- the statement that the object refers to
  referred_id uuid,
  authority bigint not null,
  -- what is served, as text: JSON is kept as it was written
  body text not null,
  primary key (tenant_id, id)
);
create unique index statement_seq on records.statement (tenant_id, seq);
create index statement_actor on records.statement (actor, seq);
create index statement_verb on records.statement (verb, seq);
create index statement_activity on records.statement (activity, seq) where activity is not null;
create index statement_object_agent on records.statement (object_agent, seq) where object_agent is not null;
create index statement_registration on records.statement (registration, seq) where registration is not null;
create index statement_referred on records.statement (tenant_id, referred_id) where referred_id is not null;
create index statement_referring on records.statement (tenant_id, seq) where referred_id is not null;
create index statement_authority on records.statement (authority, seq);

-- Agents and activities elsewhere in statements, and members of the groups that act or are acted on. Rows of their own rather
-- than an array in the statement: an index of arrays gives no order, and row-level security lets no query use it.
create table records.mention (
  tenant_id uuid not null default kernel.current_tenant(),
  key bigint not null,
  seq bigint not null,
  primary key (key, seq)
);

-- Statements that refer to one that refers to another: hardly any, and all that lists have to follow further than one step.
create table records.reference (
  tenant_id uuid not null default kernel.current_tenant(),
  id uuid not null,
  target_id uuid not null,
  primary key (tenant_id, id)
);
create index reference_target on records.reference (tenant_id, target_id);

-- Which statements are voided: looked up when reading, so that a voiding may come before what it voids.
create table records.voiding (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  target_id uuid not null,
  statement_id uuid not null,
  primary key (tenant_id, target_id)
);

-- Contents of attachments, each kept once whatever the number of statements that speak of it.
create table records.attachment (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  sha2 text not null,
  content_type text not null,
  content bytea not null,
  stored_at timestamptz not null,
  primary key (tenant_id, sha2)
);

-- What statements said of activities, merged: the latest word on each.
create table records.activity (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  key bigint primary key,
  iri text not null,
  -- not jsonb, which refuses some of what JSON allows: NUL, half a surrogate pair
  definition json not null,
  updated_at timestamptz not null
);

-- Documents of the State, Activity Profile and Agent Profile resources.
create table records.document (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  kind text not null check (kind in ('state', 'activity_profile', 'agent_profile')),
  -- keys as of statements; null where the kind has none
  activity bigint,
  activity_iri text,
  agent bigint,
  -- canonical: kind of identifier and value
  agent_identifier text,
  registration uuid,
  name text not null,
  content_type text not null,
  content bytea not null,
  etag text not null,
  updated_at timestamptz not null,
  unique nulls not distinct (tenant_id, kind, activity, agent, registration, name),
  check ((kind <> 'agent_profile') = (activity is not null)),
  check ((kind <> 'activity_profile') = (agent is not null))
);

do $$
declare
  each text;
begin
  foreach each in array array['source', 'credential', 'access_token', 'statement', 'mention', 'reference', 'voiding', 'attachment', 'activity', 'document'] loop
    execute format('alter table records.%I enable row level security', each);
    execute format('alter table records.%I force row level security', each);
    execute format('create policy tenant_isolation on records.%I using (tenant_id = (select kernel.current_tenant()))',
      each);
    execute format('grant select, insert, update, delete on records.%I to preau_app', each);
  end loop;
end
$$;
