-- Learning platforms that launch dashboards (LTI 1.3), and portals that frame one indicator.
create schema lti;
grant usage on schema lti to preau_app;

-- The keys by which this tool signs what it sends to platforms.
create table lti.signing_key (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  -- the `kid` of its JWK
  id uuid primary key,
  public_key json not null,
  -- sealed
  private_key text not null,
  created_at timestamptz not null,
  -- null: announced, not used to sign yet
  active_from timestamptz
);

create table lti.platform (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  name text not null check (length(name) between 1 and 100),
  -- as its registration says (`moodle`, `canvas`…); empty when nobody said
  product text not null,
  issuer text not null,
  client_id text not null,
  authorization_url text not null,
  token_url text not null,
  -- `aud` of what asks for a token, where it is not the address
  token_audience text,
  keys_url text not null,
  deployments text[] not null,
  -- the only origin whose pages may frame a launch of this platform
  frame_origin text not null,
  -- how its users lead to the actors of statements, and its courses to their activities
  identity_rule json not null,
  course_rule text not null,
  -- whether rosters, and grades, are read
  reads_members boolean not null,
  reads_grades boolean not null,
  registered_by text not null check (registered_by in ('link', 'hand')),
  created_at timestamptz not null,
  created_by uuid,
  withdrawn_at timestamptz
);
create unique index platform_client on lti.platform (tenant_id, issuer, client_id) where withdrawn_at is null;

-- Links by which a platform registers by itself, once.
create table lti.registration_link (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  token_digest bytea primary key,
  created_at timestamptz not null,
  created_by uuid,
  expires_at timestamptz not null,
  used_at timestamptz
);

-- A portal of the institution, whose server asks for what its pages frame.
create table lti.portal (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  name text not null check (length(name) between 1 and 100),
  origin text not null,
  secret_digest bytea not null,
  created_at timestamptz not null,
  created_by uuid,
  last_used_at timestamptz,
  withdrawn_at timestamptz
);

-- A launch, from the platform's announcement to the token of its page.
create table lti.launch (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  platform_id uuid references lti.platform on delete cascade,
  portal_id uuid references lti.portal on delete cascade,
  -- of the departure to the platform: each serves once
  state_digest bytea unique,
  nonce_digest bytea,
  target_link_uri text,
  -- what only the browser it began in holds; null for a portal, whose server vouches for its page
  browser_digest bytea,
  -- where the platform keeps it for us, when it offers to
  storage_target text,
  begun_at timestamptz not null,
  -- the platform's answer was taken
  answered_at timestamptz,
  -- 'accepted', or the code of why not
  outcome text,
  detail text,
  -- the two sides of who and where: as the platform says, and as statements say
  subject text,
  person_name text,
  role text,
  identifier text,
  learner bigint,
  context_id text,
  context_title text,
  course_iri text,
  course bigint,
  -- until the code is exchanged
  code_digest bytea,
  code_expires_at timestamptz,
  grant_body json
);
create index launch_recent on lti.launch (tenant_id, platform_id, begun_at);

-- What a platform asked to choose, until it is answered.
create table lti.deep_link (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  launch_id uuid primary key references lti.launch on delete cascade,
  -- of what the page answers with; made when it takes its token
  ticket_digest bytea unique,
  platform_id uuid not null references lti.platform on delete cascade,
  deployment_id text not null,
  return_url text not null,
  data text,
  expires_at timestamptz not null
);

-- Courses launched from, and the services of the platform that tell of them.
create table lti.course (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  platform_id uuid not null references lti.platform on delete cascade,
  course bigint not null,
  context_id text not null,
  -- the last link launched: a roster says more of its members when asked for one
  resource_link_id text,
  title text,
  iri text not null,
  members_url text,
  line_items_url text,
  launched_at timestamptz not null,
  read_at timestamptz,
  members integer,
  -- members whom the identity rule leads to nobody
  unidentified integer,
  grades integer,
  -- {code, status} of what could not be read
  failure json,
  primary key (platform_id, course)
);

do $$
declare
  each text;
begin
  foreach each in array array['signing_key', 'platform', 'registration_link', 'portal', 'launch', 'deep_link', 'course'] loop
    execute format('alter table lti.%I enable row level security', each);
    execute format('alter table lti.%I force row level security', each);
    execute format('create policy tenant_isolation on lti.%I using (tenant_id = (select kernel.current_tenant()))', each);
    execute format('grant select, insert, update, delete on lti.%I to preau_app', each);
  end loop;
end
$$;
