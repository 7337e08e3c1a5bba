-- Changes of the service: each from its request to what its results were, step by step; and what the crisis body decides.
create table governance.change (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  agreement_id uuid not null references governance.agreement,
  number integer not null check (number > 0),
  title text not null,
  need text not null,
  requested_by text not null,
  requester_id uuid not null,
  requested_at timestamptz not null,
  -- What its qualification rests on; the last follows from the others by the agreement in force that day.
  paid boolean,
  whole_establishment boolean,
  technical_frame boolean,
  separable_to text,
  structuring boolean,
  -- The representative who commits the party that alone will pay.
  committed_by uuid references governance.representative,
  committed_at timestamptz,
  state text not null check (state in ('requested', 'qualified', 'submitted', 'advised', 'scheduled', 'adopted', 'rejected',
    'ordered', 'delivered', 'accepted', 'reduced', 'rolledBack', 'withdrawn')),
  decision_id uuid references governance.decision,
  in_favour text[],
  order_id uuid,
  unique (agreement_id, number),
  check (state in ('requested', 'withdrawn') or structuring is not null)
);

-- Each step as it was taken, by whom, under which version of the agreement.
create table governance.change_step (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  change_id uuid not null references governance.change,
  position integer not null check (position > 0),
  step text not null,
  to_state text not null,
  version_id uuid not null references governance.agreement_version,
  -- Null for what a vote did.
  person_id uuid,
  party text,
  note text not null,
  recorded_at timestamptz not null,
  primary key (change_id, position)
);

-- Each saving is a version; one that was submitted is what is voted on.
create table governance.change_sheet (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  change_id uuid not null references governance.change,
  number integer not null check (number > 0),
  content jsonb not null,
  amount_cents bigint not null check (amount_cents >= 0),
  written_by uuid not null,
  recorded_at timestamptz not null,
  submitted_at timestamptz,
  unique (change_id, number)
);

create table governance.change_opinion (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  change_id uuid not null references governance.change,
  sheet_id uuid not null references governance.change_sheet,
  party text not null,
  opinion text not null check (opinion in ('favourable', 'reservations', 'unfavourable', 'silence')),
  text text not null,
  recorded_by uuid not null,
  recorded_at timestamptz not null,
  unique (sheet_id, party)
);

-- Measured once, against what the sheet expects.
create table governance.change_acceptance (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  change_id uuid primary key references governance.change,
  results jsonb not null,
  met boolean not null,
  reduction_cents bigint not null check (reduction_cents >= 0 and (met = false or reduction_cents = 0)),
  recorded_by uuid not null,
  recorded_at timestamptz not null
);

-- Up to how much a party agrees to pay for what the crisis body decided; the last said holds.
create table governance.crisis_consent (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  decision_id uuid not null references governance.decision,
  position integer not null check (position > 0),
  party text not null,
  ceiling_cents bigint not null check (ceiling_cents >= 0),
  representative_id uuid not null references governance.representative,
  recorded_at timestamptz not null,
  unique (decision_id, party, position)
);

-- Who was told of what the crisis body decided, and since when they know.
create table governance.crisis_notice (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  decision_id uuid not null references governance.decision,
  party text not null,
  person_id uuid not null,
  made_at timestamptz not null,
  read_at timestamptz,
  primary key (decision_id, party, person_id)
);

create table governance.crisis_cost (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  decision_id uuid not null references governance.decision,
  party text not null,
  label text not null,
  amount_cents bigint not null check (amount_cents > 0),
  consent_id uuid not null references governance.crisis_consent,
  order_id uuid not null,
  recorded_by uuid not null,
  recorded_at timestamptz not null
);
create index on governance.crisis_cost (decision_id);

create function governance.refuse_submitted_sheet() returns trigger language plpgsql as $$
begin
  raise exception 'a submitted configuration sheet is not changed';
end
$$;
create trigger submitted_sheet before update on governance.change_sheet
  for each row when (old.submitted_at is not null) execute function governance.refuse_submitted_sheet();

do $$
declare
  each text;
begin
  foreach each in array array['change', 'change_step', 'change_sheet', 'change_opinion', 'change_acceptance',
    'crisis_consent', 'crisis_cost', 'crisis_notice'] loop
    execute format('alter table governance.%I enable row level security', each);
    execute format('alter table governance.%I force row level security', each);
    execute format('create policy tenant_isolation on governance.%I using (tenant_id = (select kernel.current_tenant()))', each);
    execute format('grant select, insert on governance.%I to preau_app', each);
  end loop;
end
$$;
grant update on governance.change to preau_app;
grant update (read_at) on governance.crisis_notice to preau_app;
grant update (submitted_at) on governance.change_sheet to preau_app;
