-- Learning dashboards: how far the projection is, who is behind a pseudonym, who looks, what is shown, what people ask.
alter table identity.granted_right drop constraint granted_right_right_name_check,
  add check (right_name in
    ('directory.import', 'directory.administer', 'instance.operate', 'resources.assign', 'records.administer',
     'insight.view', 'insight.administer'));

-- Projections of the record store into the analytics. One is read; another may be filling beside it. Those of all tenants are
-- counted together: rows of the analytics that have the same number are of one tenant.
create sequence insight.projection_build as integer;
grant usage on sequence insight.projection_build to preau_app;
create table insight.projection (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  build integer primary key default nextval('insight.projection_build'),
  state text not null check (state in ('filling', 'read', 'left')),
  -- version of the rules that say what statements mean
  rules integer not null,
  -- all that was stored until this moment (records.statement.seq) is in
  cursor bigint not null,
  -- a batch on its way ends here: after a crash it is sent again with the same bounds, and kept once
  pending_until bigint,
  -- one more when learners that were known may be others, or forgotten
  identities integer not null default 0,
  statements bigint not null default 0,
  started_at timestamptz not null,
  updated_at timestamptz not null,
  -- why the last batch could not be sent
  failure text
);
create unique index projection_read on insight.projection (tenant_id) where state = 'read';

-- The identity map: who is behind a pseudonym. Several identifiers of one person lead to one learner.
create table insight.learner (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  -- as records tells who an agent is: account|home page|name, mbox|…
  identifier text not null,
  learner bigint not null,
  -- the last name told
  name text,
  -- the person of the directory, when somebody said so
  person_id uuid,
  -- why this identifier leads to this learner: its own pseudonym, or who tied it
  origin text not null check (origin in ('own', 'launch', 'administrator')),
  first_seen_at timestamptz not null,
  primary key (tenant_id, identifier)
);
create index learner_pseudonym on insight.learner (tenant_id, learner);
create index learner_person on insight.learner (tenant_id, person_id) where person_id is not null;

-- Identifiers that lead to another learner than before: what a projection holds of them has still to follow.
create table insight.learner_move (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id bigint primary key generated always as identity,
  build integer not null references insight.projection on delete cascade,
  identifier text not null,
  from_learner bigint not null,
  to_learner bigint not null
);
create index learner_move_identifier on insight.learner_move (tenant_id, build, identifier);

-- Courses and activities that events speak of: keys as in records.activity.
create table insight.learning_object (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  key bigint not null,
  iri text not null,
  kind text not null,
  -- by language
  name json not null,
  course bigint not null,
  parent bigint not null,
  primary key (tenant_id, key)
);
create index learning_object_course on insight.learning_object (tenant_id, course);
create index learning_object_kind on insight.learning_object (tenant_id, kind);

-- Who takes part in a course, as its platform says: the denominators, and the names a teacher may see.
create table insight.enrolment (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  course bigint not null,
  learner bigint not null,
  role text not null check (role in ('student', 'teacher', 'other')),
  name text,
  -- the platform that said so
  origin uuid not null,
  active boolean not null,
  seen_at timestamptz not null,
  primary key (tenant_id, course, learner, origin)
);

-- Several courses that somebody answers for.
create table insight.programme (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  name text not null check (length(name) between 1 and 200),
  created_at timestamptz not null,
  unique (tenant_id, name)
);
create table insight.programme_course (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  programme_id uuid not null references insight.programme on delete cascade,
  course bigint not null,
  primary key (programme_id, course)
);
create table insight.programme_head (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  programme_id uuid not null references insight.programme on delete cascade,
  person_id uuid not null,
  primary key (programme_id, person_id)
);

-- Who looks without an account: what a learning platform launched. Only the digest of the token is kept.
create table insight.launch (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  token_digest bytea primary key,
  viewer json not null,
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index launch_end on insight.launch (expires_at);

-- What an institution shows to whom, when it is not what comes with the product.
create table insight.dashboard (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  audience text not null check (audience in ('student', 'teacher', 'programme', 'institution')),
  items json not null,
  updated_at timestamptz not null,
  updated_by uuid,
  primary key (tenant_id, audience)
);
create table insight.indicator_setting (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  indicator text not null,
  enabled boolean not null,
  updated_at timestamptz not null,
  updated_by uuid,
  primary key (tenant_id, indicator)
);

-- Who saw somebody by name, for that person to read.
create table insight.look (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  learner bigint not null,
  course bigint not null,
  indicator text not null,
  -- who looked: a learner of the identity map, or a person of the directory
  viewer_learner bigint,
  viewer_person_id uuid,
  viewer_name text,
  looked_at timestamptz not null
);
create index look_learner on insight.look (tenant_id, learner, looked_at);

-- Learners who object to being counted; honoured at each question.
create table insight.objection (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  learner bigint not null,
  since timestamptz not null,
  primary key (tenant_id, learner)
);

-- What a learner set themselves to do in a course.
create table insight.plan (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  course bigint not null,
  learner bigint not null,
  -- activities to complete each week
  weekly integer not null check (weekly between 1 and 200),
  since date not null,
  until date,
  primary key (tenant_id, course, learner)
);

-- What became of a flag raised about a learner: seen to, or not meant.
create table insight.follow_up (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  course bigint not null,
  learner bigint not null,
  rule text not null,
  decision text not null check (decision in ('followed', 'dismissed')),
  note text,
  decided_at timestamptz not null,
  decided_by_learner bigint,
  decided_by_person_id uuid,
  -- the flag stays away until then
  until timestamptz
);
create index follow_up_course on insight.follow_up (tenant_id, course, learner);

-- Persons whose traces were erased: the receipt, by digest of what they asked with.
create table insight.erasure (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  identifier_digest bytea not null,
  mode text not null check (mode in ('erase', 'unlink')),
  asked_at timestamptz not null,
  asked_by uuid,
  finished_at timestamptz,
  receipt json
);

-- How long things are kept, by purpose, in months.
create table insight.retention (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  purpose text not null check (purpose in ('events', 'looks', 'launches', 'statements')),
  months integer not null check (months between 1 and 240),
  updated_at timestamptz not null,
  updated_by uuid,
  primary key (tenant_id, purpose)
);

do $$
declare
  each text;
begin
  foreach each in array array['projection', 'learner', 'learner_move', 'learning_object', 'enrolment', 'programme', 'programme_course',
    'programme_head', 'launch', 'dashboard', 'indicator_setting', 'look', 'objection', 'plan', 'follow_up', 'erasure', 'retention'] loop
    execute format('alter table insight.%I enable row level security', each);
    execute format('alter table insight.%I force row level security', each);
    execute format('create policy tenant_isolation on insight.%I using (tenant_id = (select kernel.current_tenant()))', each);
    execute format('grant select, insert, update, delete on insight.%I to preau_app', each);
  end loop;
end
$$;
