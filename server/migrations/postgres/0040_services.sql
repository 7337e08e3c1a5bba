-- Public digital services under an agreement: the course of each, and the impact dossiers on which it is decided whether it
-- goes on, changes or stops.
create table governance.service (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  agreement_id uuid not null references governance.agreement,
  number integer not null check (number > 0),
  name text not null,
  -- The problem it solves, and for whom.
  purpose text not null,
  audience text not null,
  owner_party text not null,
  began_on date not null,
  -- As the last step of its course left them.
  phase text not null,
  stopped boolean not null default false,
  registered_at timestamptz not null,
  registered_by uuid,
  unique (agreement_id, number)
);

create table governance.impact_dossier (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  service_id uuid not null references governance.service,
  number integer not null check (number > 0),
  state text not null check (state in ('draft', 'submitted', 'adopted', 'rejected', 'withdrawn')),
  -- The journal holds a digest of its words under this salt, never the words.
  salt bytea not null default decode(replace(gen_random_uuid()::text, '-', ''), 'hex'),
  begun_at timestamptz not null,
  begun_by uuid,
  submitted_at timestamptz,
  submitted_by uuid,
  decision_id uuid references governance.decision,
  unique (service_id, number),
  check ((state in ('adopted', 'rejected')) = (decision_id is not null)),
  check (state in ('draft', 'withdrawn') or submitted_at is not null)
);
create unique index one_pending_dossier on governance.impact_dossier (service_id) where state in ('draft', 'submitted');

-- Each saving is a version; the last one when it was submitted is what is voted on.
create table governance.impact_dossier_version (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  dossier_id uuid not null references governance.impact_dossier,
  number integer not null check (number > 0),
  content jsonb not null,
  written_by uuid not null,
  recorded_at timestamptz not null,
  primary key (dossier_id, number)
);

-- What the orders that a dossier names came to in the ledger on the day it was submitted.
create table governance.impact_dossier_order (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  dossier_id uuid not null references governance.impact_dossier,
  order_id uuid not null references governance.service_order,
  committed_cents bigint not null,
  paid_cents bigint not null,
  primary key (dossier_id, order_id)
);

-- The course of a service, each step under which version of the agreement, by which decision.
create table governance.service_step (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  service_id uuid not null references governance.service,
  position integer not null check (position > 0),
  kind text not null check (kind in ('begun', 'continued', 'changed', 'stopped')),
  -- Null for the first.
  from_phase text,
  phase text not null,
  dossier_id uuid references governance.impact_dossier,
  decision_id uuid references governance.decision,
  version_id uuid not null references governance.agreement_version,
  -- Null for what a vote did.
  person_id uuid,
  note text not null,
  due_on date,
  recorded_at timestamptz not null,
  primary key (service_id, position),
  check ((kind = 'begun') = (decision_id is null))
);

create function governance.refuse_frozen_dossier() returns trigger language plpgsql as $$
begin
  if (select state from governance.impact_dossier where id = new.dossier_id) <> 'draft' then
    raise exception 'an impact dossier is not written any more once it is submitted';
  end if;
  return new;
end
$$;
create trigger frozen_dossier before insert on governance.impact_dossier_version
  for each row execute function governance.refuse_frozen_dossier();
create trigger frozen_dossier before insert on governance.impact_dossier_order
  for each row execute function governance.refuse_frozen_dossier();

do $$
declare
  each text;
begin
  foreach each in array array['service', 'impact_dossier', 'impact_dossier_version', 'impact_dossier_order', 'service_step'] loop
    execute format('alter table governance.%I enable row level security', each);
    execute format('alter table governance.%I force row level security', each);
    execute format('create policy tenant_isolation on governance.%I using (tenant_id = (select kernel.current_tenant()))', each);
    execute format('grant select, insert on governance.%I to preau_app', each);
  end loop;
end
$$;
grant update (phase, stopped) on governance.service to preau_app;
grant update (state, submitted_at, submitted_by, decision_id) on governance.impact_dossier to preau_app;
