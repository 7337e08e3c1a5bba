-- The consortium: its agreements, who sits for whom, its meetings, what was decided, and the journal that proves it.
create schema governance;
grant usage on schema governance to preau_app;

alter table identity.granted_right drop constraint if exists granted_right_right_name_check;
alter table identity.granted_right
  add constraint granted_right_right_name_check check (right_name in ('directory.import', 'directory.administer',
    'instance.operate', 'resources.assign', 'records.administer', 'insight.view', 'insight.administer',
    'governance.administer'));

create table governance.agreement (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  slug text not null check (slug ~ '^[a-z][a-z0-9-]*$'),
  created_at timestamptz not null,
  unique (tenant_id, slug)
);

-- An amendment is a new version; no version is ever changed.
create table governance.agreement_version (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  agreement_id uuid not null references governance.agreement,
  number integer not null check (number > 0),
  valid_from date not null,
  -- As it was read, checked; the file as it was given.
  content jsonb not null,
  source text not null,
  -- Why, in the words of who brought it; the decision that adopted it, if one did.
  reason text not null,
  decision_id uuid,
  recorded_at timestamptz not null,
  recorded_by uuid,
  unique (agreement_id, number)
);

-- A person who sits for a party in a body. Several holders and deputies of one party are told apart by their rank alone:
-- any deputy of the party may sit for any holder of it, one at a time.
create table governance.representative (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  agreement_id uuid not null references governance.agreement,
  body text not null,
  party text not null,
  person_id uuid not null,
  rank text not null check (rank in ('holder', 'deputy')),
  starts_on date not null,
  -- Last day, included; null for no end.
  ends_on date check (ends_on >= starts_on),
  recorded_at timestamptz not null,
  recorded_by uuid
);
create index on governance.representative (agreement_id, body, party);
create index on governance.representative (tenant_id, person_id);

-- How many pupils each party answers for, on a day, by establishment: the one source of quorums, orders and shares.
create table governance.head_count (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  agreement_id uuid not null references governance.agreement,
  counted_on date not null,
  source text not null,
  recorded_at timestamptz not null,
  recorded_by uuid,
  unique (agreement_id, counted_on)
);

create table governance.head_count_line (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  head_count_id uuid not null references governance.head_count,
  party text not null,
  uai text not null,
  name text not null,
  pupils integer not null check (pupils >= 0),
  primary key (head_count_id, uai)
);

create table governance.meeting (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  agreement_id uuid not null references governance.agreement,
  body text not null,
  title text not null,
  starts_at timestamptz not null,
  ends_at timestamptz not null check (ends_at > starts_at),
  place text not null default '',
  urgent boolean not null default false,
  -- The meeting without quorum of which this is the second convening.
  second_of uuid references governance.meeting,
  state text not null default 'draft' check (state in ('draft', 'convened', 'open', 'closed', 'cancelled')),
  convened_at timestamptz,
  opened_at timestamptz,
  closed_at timestamptz,
  -- SEQUENCE of its invitation (RFC 5545): raised by each change that those invited must hear of.
  sequence integer not null default 0,
  chair_id uuid references governance.representative,
  secretary_id uuid,
  created_at timestamptz not null,
  created_by uuid
);
create index on governance.meeting (agreement_id, body, starts_at);

create table governance.agenda_item (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  meeting_id uuid not null references governance.meeting,
  position integer not null,
  title text not null,
  text text not null default '',
  kind text not null check (kind in ('information', 'discussion', 'opinion', 'decision', 'minutes')),
  -- Key of the ballot rule by which it is put to the vote; null for what is not.
  ballot_rule text,
  -- What it is about, in its own table: a change, a request to join, a regularisation, the minutes of a meeting.
  subject_kind text,
  subject_id uuid,
  created_at timestamptz not null
);
create unique index on governance.agenda_item (meeting_id, position);

-- What was decided or advised; the verdict holds each step with its figure and its article.
create table governance.decision (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  agreement_id uuid not null references governance.agreement,
  version_id uuid not null references governance.agreement_version,
  -- `2026-014`: of the agreement, in the order they were made.
  number text not null,
  kind text not null check (kind in ('decision', 'opinion', 'crisis')),
  body text not null,
  meeting_id uuid references governance.meeting,
  agenda_item_id uuid references governance.agenda_item,
  title text not null,
  text text not null,
  outcome text not null check (outcome in ('adopted', 'rejected', 'none')),
  verdict jsonb,
  decided_at timestamptz not null,
  -- What is to be done, by when, and what became of it.
  due_on date,
  done_at timestamptz,
  done_note text,
  subject_kind text,
  subject_id uuid,
  unique (agreement_id, number)
);
create unique index on governance.decision (agenda_item_id);

-- Append-only, and the leaves of a Merkle tree in this order (RFC 6962): only salted digests of what is personal.
create table governance.journal_entry (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  agreement_id uuid not null references governance.agreement,
  seq bigint not null check (seq >= 0),
  kind text not null,
  subject_id uuid not null,
  -- Canonical JSON (RFC 8785), the very bytes that are hashed.
  content text not null,
  leaf_hash bytea not null check (length(leaf_hash) = 32),
  recorded_at timestamptz not null,
  primary key (agreement_id, seq)
);
create index on governance.journal_entry (subject_id);

do $$
declare
  each text;
begin
  foreach each in array array['agreement', 'agreement_version', 'representative', 'head_count', 'head_count_line', 'meeting',
    'agenda_item', 'decision', 'journal_entry'] loop
    execute format('alter table governance.%I enable row level security', each);
    execute format('alter table governance.%I force row level security', each);
    execute format('create policy tenant_isolation on governance.%I using (tenant_id = (select kernel.current_tenant()))', each);
    execute format('grant select, insert on governance.%I to preau_app', each);
  end loop;
end
$$;
grant update on governance.representative, governance.meeting, governance.decision to preau_app;
grant update, delete on governance.agenda_item to preau_app;
