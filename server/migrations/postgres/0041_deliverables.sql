-- What is to be handed over: the list as it was voted, version after version, and the course of each deliverable.
create table governance.deliverable_list (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  agreement_id uuid not null references governance.agreement,
  number integer not null check (number > 0),
  -- Raised by each saving: who saves over what they have not read is told so.
  revision integer not null check (revision > 0),
  state text not null check (state in ('draft', 'submitted', 'adopted', 'rejected')),
  content jsonb not null,
  -- Salt of the digest under which the journal keeps its words.
  salt bytea not null default decode(replace(gen_random_uuid()::text, '-', ''), 'hex'),
  saved_at timestamptz not null,
  saved_by uuid not null,
  submitted_at timestamptz check ((submitted_at is null) = (state = 'draft')),
  decided_on date,
  decision_id uuid references governance.decision,
  unique (agreement_id, number),
  check ((decided_on is not null) = (state in ('adopted', 'rejected')) and (decided_on is null) = (decision_id is null))
);
-- One at a time is prepared or awaits its vote.
create unique index on governance.deliverable_list (agreement_id) where state in ('draft', 'submitted');

create function governance.refuse_settled_list() returns trigger language plpgsql as $$
begin
  raise exception 'a list of deliverables that was decided, or awaits its vote, keeps its words';
end
$$;
create trigger settled_list before update on governance.deliverable_list for each row
  when (old.state in ('adopted', 'rejected') or (old.state = 'submitted' and old.content <> new.content))
  execute function governance.refuse_settled_list();

-- Each act in the course of a deliverable, under the list and the version of the agreement of that day.
create table governance.deliverable_act (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  agreement_id uuid not null references governance.agreement,
  deliverable text not null,
  position integer not null check (position > 0),
  act text not null check (act in ('deliver', 'beginTrial', 'endTrial', 'liftReservation', 'accept', 'handOver',
    'confirmHandOver', 'transfer')),
  content jsonb not null check (content ->> 'act' = act),
  list_id uuid not null references governance.deliverable_list,
  version_id uuid not null references governance.agreement_version,
  salt bytea not null default decode(replace(gen_random_uuid()::text, '-', ''), 'hex'),
  -- For which party; null for the manager, and for what follows from other acts, which nobody does.
  party text,
  person_id uuid check ((person_id is null) = (act in ('accept', 'transfer'))),
  recorded_at timestamptz not null,
  unique (agreement_id, deliverable, position)
);
-- Accepted once, transferred once.
create unique index on governance.deliverable_act (agreement_id, deliverable, act) where act in ('accept', 'transfer');

-- Files handed over with a delivery.
create table governance.delivery_paper (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  delivery_id uuid not null references governance.deliverable_act,
  name text not null,
  media_type text not null,
  size integer not null check (size > 0),
  sha256 bytea not null check (length(sha256) = 32),
  content bytea not null,
  added_at timestamptz not null,
  added_by uuid not null,
  unique (delivery_id, name)
);

do $$
declare
  each text;
begin
  foreach each in array array['deliverable_list', 'deliverable_act', 'delivery_paper'] loop
    execute format('alter table governance.%I enable row level security', each);
    execute format('alter table governance.%I force row level security', each);
    execute format('create policy tenant_isolation on governance.%I using (tenant_id = (select kernel.current_tenant()))', each);
    execute format('grant select, insert on governance.%I to preau_app', each);
  end loop;
end
$$;
grant update on governance.deliverable_list to preau_app;
