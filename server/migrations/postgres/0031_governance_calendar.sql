-- The calendar of an agreement: the reviews that were done, who was told of what, and the addresses calendars read.
create table governance.review_done (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  agreement_id uuid not null references governance.agreement,
  -- Key of the review in the agreement, and first day of the period it is of.
  review text not null,
  period_from date not null,
  done_on date not null,
  note text not null default '',
  recorded_at timestamptz not null,
  recorded_by uuid,
  primary key (agreement_id, review, period_from)
);

-- What somebody is told of; once for each matter, however often the calendar is looked at.
create table governance.notice (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  agreement_id uuid not null references governance.agreement,
  person_id uuid not null,
  -- The entry of the calendar and its state: late is another matter than due.
  matter text not null,
  entry jsonb not null,
  made_at timestamptz not null,
  read_at timestamptz,
  -- When the calendar did not say so any more.
  settled_at timestamptz,
  unique (agreement_id, person_id, matter)
);
create index on governance.notice (person_id) where settled_at is null and read_at is null;

-- A calendar program cannot sign in: it reads an address that nobody can guess, and that its owner may withdraw.
create table governance.calendar_feed (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  agreement_id uuid not null references governance.agreement,
  person_id uuid not null,
  token_hash bytea not null check (length(token_hash) = 32),
  created_at timestamptz not null,
  -- One address a person: a new one takes the place of the former, which answers no more.
  primary key (agreement_id, person_id),
  unique (tenant_id, token_hash)
);

do $$
declare
  each text;
begin
  foreach each in array array['review_done', 'notice', 'calendar_feed'] loop
    execute format('alter table governance.%I enable row level security', each);
    execute format('alter table governance.%I force row level security', each);
    execute format('create policy tenant_isolation on governance.%I using (tenant_id = (select kernel.current_tenant()))', each);
    execute format('grant select, insert, delete on governance.%I to preau_app', each);
  end loop;
end
$$;
grant update on governance.notice, governance.calendar_feed to preau_app;
