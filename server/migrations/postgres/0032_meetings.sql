-- Meetings: who was invited, who sat when, the papers, the minutes.
alter table governance.meeting
  -- What was found when it was convened: each check with its article, its dates and whether it was met.
  add convening jsonb,
  -- Ended for want of a quorum: a second convening may follow.
  add without_quorum boolean not null default false,
  add cancelled_at timestamptz,
  add cancel_reason text,
  -- Salt of the digests under which the journal keeps what it holds of this meeting.
  add salt bytea not null default decode(replace(gen_random_uuid()::text, '-', ''), 'hex');
-- One second convening of each.
create unique index on governance.meeting (second_of) where state <> 'cancelled';

alter table governance.agenda_item
  -- What was said, in short, for the minutes.
  add gist text not null default '';

-- Salt of the digest under which the journal keeps a decision's words: without it nobody can guess them back.
alter table governance.decision
  add salt bytea not null default decode(replace(gen_random_uuid()::text, '-', ''), 'hex');

create table governance.invitation (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  meeting_id uuid not null references governance.meeting,
  representative_id uuid not null references governance.representative,
  role text not null check (role in ('chair', 'required', 'informed')),
  answer text not null default 'awaited' check (answer in ('awaited', 'accepted', 'declined', 'delegated')),
  -- The deputy asked to sit instead; only of who delegated.
  delegated_to uuid references governance.representative check ((delegated_to is null) = (answer <> 'delegated')),
  answered_at timestamptz,
  invited_at timestamptz not null,
  unique (meeting_id, representative_id)
);
-- A deputy sits for one holder at a time.
create unique index on governance.invitation (meeting_id, delegated_to) where delegated_to is not null;
create index on governance.invitation (representative_id);

create table governance.paper (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  agenda_item_id uuid not null references governance.agenda_item,
  name text not null,
  media_type text not null,
  size integer not null check (size > 0),
  sha256 bytea not null check (length(sha256) = 32),
  content bytea not null,
  added_at timestamptz not null,
  added_by uuid
);
create index on governance.paper (agenda_item_id);

-- Who sat from when to when. Entries made by mistake are struck, not removed.
create table governance.attendance (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  meeting_id uuid not null references governance.meeting,
  party text not null,
  representative_id uuid not null references governance.representative,
  arrived_at timestamptz not null,
  left_at timestamptz check (left_at >= arrived_at),
  struck_at timestamptz,
  recorded_at timestamptz not null,
  recorded_by uuid
);
create index on governance.attendance (meeting_id);
create unique index on governance.attendance (meeting_id, representative_id) where left_at is null and struck_at is null;

-- A party away represented by another.
create table governance.proxy (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  meeting_id uuid not null references governance.meeting,
  from_party text not null,
  to_party text not null check (to_party <> from_party),
  starts_at timestamptz not null,
  ends_at timestamptz check (ends_at >= starts_at),
  recorded_at timestamptz not null,
  recorded_by uuid
);
create unique index on governance.proxy (meeting_id, from_party) where ends_at is null;

-- A party that takes no part in an item in which it has an interest.
create table governance.recusal (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  agenda_item_id uuid not null references governance.agenda_item,
  party text not null,
  recorded_at timestamptz not null,
  recorded_by uuid,
  primary key (agenda_item_id, party)
);

-- Each correction that was taken in makes a new version; the one approved is the last.
create table governance.minutes (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  meeting_id uuid not null references governance.meeting,
  version integer not null check (version > 0),
  content jsonb not null,
  -- SHA-256 of the canonical JSON of the content, salted by the meeting: what the journal holds.
  digest bytea not null check (length(digest) = 32),
  written_at timestamptz not null,
  written_by uuid,
  primary key (meeting_id, version)
);

create table governance.minutes_correction (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  meeting_id uuid not null references governance.meeting,
  text text not null,
  asked_at timestamptz not null,
  asked_by uuid not null,
  state text not null default 'asked' check (state in ('asked', 'accepted', 'refused')),
  answered_at timestamptz,
  answer text
);
create index on governance.minutes_correction (meeting_id);

create table governance.minutes_approval (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  meeting_id uuid primary key references governance.meeting,
  version integer not null,
  agenda_item_id uuid not null unique references governance.agenda_item,
  approved_at timestamptz not null,
  approved_by uuid,
  foreign key (meeting_id, version) references governance.minutes
);

create function governance.refuse_approved_minutes() returns trigger language plpgsql as $$
begin
  if exists (select from governance.minutes_approval where meeting_id = new.meeting_id) then
    raise exception 'approved minutes never change';
  end if;
  return new;
end
$$;
create trigger minutes_approved before insert on governance.minutes
  for each row execute function governance.refuse_approved_minutes();

do $$
declare
  each text;
begin
  foreach each in array array['invitation', 'paper', 'attendance', 'proxy', 'recusal', 'minutes', 'minutes_correction',
    'minutes_approval'] loop
    execute format('alter table governance.%I enable row level security', each);
    execute format('alter table governance.%I force row level security', each);
    execute format('create policy tenant_isolation on governance.%I using (tenant_id = (select kernel.current_tenant()))', each);
    execute format('grant select, insert on governance.%I to preau_app', each);
  end loop;
end
$$;
grant update on governance.invitation, governance.attendance, governance.proxy, governance.minutes_correction to preau_app;
grant delete on governance.paper, governance.recusal to preau_app;
