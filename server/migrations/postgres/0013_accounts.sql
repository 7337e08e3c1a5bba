-- The life of accounts: letters, first steps, consents, history of sign-ins, compromised and temporary accounts.
alter table identity.account
  -- given by the holder to be reached; the directory's own comes from its feeds
  add contact_email text check (length(contact_email) <= 254),
  -- end of the first journey: what had to be read was read
  add welcomed_at timestamptz,
  -- somebody else may have used it: its password opens nothing any more, a code is needed
  add compromised_at timestamptz,
  -- the holder has since been told, after signing in again
  add compromise_told_at timestamptz;

alter table identity.granted_right
  -- an instance is operated whole
  add constraint granted_right_whole check (right_name <> 'instance.operate' or organisation_id is null) not valid;
create index granted_right_organisation on identity.granted_right (organisation_id) where withdrawn_at is null;

-- How long things last here; a tenant without a row has the values of the defaults.
create table identity.policy (
  tenant_id uuid primary key default kernel.current_tenant() references kernel.tenant,
  -- days during which someone who left the directory may still sign in
  leaver_grace_days integer not null default 30 check (leaver_grace_days between 0 and 400),
  -- months for which sign-ins are remembered
  sign_in_memory_months integer not null default 13 check (sign_in_memory_months between 1 and 13)
);

-- Attempts to sign in to an account, shown to its holder. No address: where it came from is not kept.
create table identity.sign_in (
  tenant_id uuid not null default kernel.current_tenant(),
  id uuid primary key,
  account_id uuid not null references identity.account on delete cascade,
  attempted_at timestamptz not null,
  method text not null check (method in ('password', 'code', 'federation')),
  device text,
  outcome text not null check (outcome in ('opened', 'wrongPassword', 'blocked', 'left'))
);
create index sign_in_account on identity.sign_in (account_id, attempted_at desc, id desc);
create index sign_in_time on identity.sign_in (tenant_id, attempted_at);

-- A set of letters asked for at once. The codes are written sealed, for a key that only the asker was given.
create table identity.letter_batch (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  establishment_id uuid not null,
  -- what was asked: {classId, profile, everyone}
  scope jsonb not null,
  created_by uuid not null,
  created_at timestamptz not null,
  public_key bytea not null,
  -- {personId, profile, classes, children}, in the order of the letters
  people jsonb not null,
  total integer not null,
  done integer not null default 0,
  -- people left out, counted by the reason's code
  skipped jsonb not null default '{}',
  state text not null default 'running' check (state in ('running', 'ready', 'taken', 'expired', 'refused')),
  ended_at timestamptz
);
create index letter_batch_establishment on identity.letter_batch (establishment_id, created_at desc);

create table identity.letter_part (
  tenant_id uuid not null default kernel.current_tenant(),
  batch_id uuid not null references identity.letter_batch on delete cascade,
  position integer not null,
  sealed bytea not null,
  primary key (batch_id, position)
);

-- Texts that people read at their first sign-in, by version; published ones never change.
create table identity.consent_text (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  slug text not null check (slug ~ '^[a-z0-9-]{1,40}$'),
  version integer not null check (version > 0),
  -- read: to be read and acknowledged; choice: yes or no, changeable
  kind text not null check (kind in ('read', 'choice')),
  audience text not null check (audience in ('pupil', 'guardian', 'staff')),
  -- levels of the establishments it is for; empty: all
  levels text[] not null default '{}',
  -- answered once for each child
  per_child boolean not null default false,
  -- {fr: {title, body}, en: {title, body}}; paragraphs are parted by an empty line
  wording jsonb not null,
  published_at timestamptz not null,
  unique (tenant_id, slug, version)
);

-- Each answer with its text and its day; the latest counts, the former ones are kept.
create table identity.consent_answer (
  tenant_id uuid not null default kernel.current_tenant(),
  id uuid primary key,
  text_id uuid not null references identity.consent_text,
  person_id uuid not null,
  -- the child it is about
  child_id uuid,
  accepted boolean not null,
  answered_at timestamptz not null
);
create index consent_answer_person on identity.consent_answer (person_id, text_id, answered_at desc);
create index consent_answer_child on identity.consent_answer (child_id, text_id, answered_at desc) where child_id is not null;

-- Someone here for a time: a trainee, a replacement.
create table identity.temporary_stay (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  person_id uuid not null,
  establishment_id uuid not null,
  profile text not null,
  reason text not null check (reason in ('replacement', 'trainee', 'intervention')),
  starts_on date not null,
  ends_on date not null check (ends_on >= starts_on),
  created_by uuid,
  created_at timestamptz not null,
  -- when its place was taken away
  ended_at timestamptz
);
create index temporary_stay_establishment on identity.temporary_stay (establishment_id, ends_on);
create index temporary_stay_open on identity.temporary_stay (tenant_id, ends_on) where ended_at is null;
create index temporary_stay_person on identity.temporary_stay (person_id);

do $$
declare
  each text;
begin
  foreach each in array array['policy', 'sign_in', 'letter_batch', 'letter_part', 'consent_text', 'consent_answer',
    'temporary_stay']
  loop
    execute format('alter table identity.%I enable row level security', each);
    execute format('alter table identity.%I force row level security', each);
    execute format('create policy tenant_isolation on identity.%I using (tenant_id = (select kernel.current_tenant()))', each);
    execute format('grant select, insert, update, delete on identity.%I to preau_app', each);
  end loop;
end
$$;
-- An answer given is never rewritten.
revoke update, delete on identity.consent_answer from preau_app;
revoke update, delete on identity.consent_text from preau_app;
