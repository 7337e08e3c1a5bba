-- Who asks to join a consortium, who leaves it, who is made to: step by step, with what was reckoned.
create table governance.membership_act (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  agreement_id uuid not null references governance.agreement,
  kind text not null check (kind in ('joining', 'leaving', 'termination')),
  party text not null,
  -- Of who asks to join: the agreement does not know it yet.
  name text,
  party_kind text,
  reason text not null,
  -- Last step taken of those the agreement lists; `refused`, or `recorded` for a departure.
  state text not null check (state in ('request', 'examination', 'approval', 'deliberationOfEveryMember', 'amendmentSigned',
    'refused', 'recorded')),
  notified_on date not null,
  -- Of a departure: last day of the notice, last day as a member.
  notice_ends_on date check (notice_ends_on >= notified_on),
  last_day date check (last_day >= notice_ends_on),
  article text not null,
  decision_id uuid references governance.decision,
  -- The amendment that followed.
  version_id uuid references governance.agreement_version,
  recorded_at timestamptz not null,
  recorded_by uuid not null,
  check ((kind = 'joining') = (last_day is null)),
  check ((kind = 'joining') = (name is not null))
);
-- A party joins once at a time, and leaves once.
create unique index on governance.membership_act (agreement_id, party)
  where kind = 'joining' and state not in ('refused', 'amendmentSigned');
create unique index on governance.membership_act (agreement_id, party) where kind <> 'joining';

create table governance.membership_step (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  act_id uuid not null references governance.membership_act,
  position integer not null check (position > 0),
  step text not null,
  version_id uuid not null references governance.agreement_version,
  person_id uuid,
  note text not null,
  recorded_at timestamptz not null,
  primary key (act_id, position)
);

-- What the deliberative body of each member decided about who asks to join.
create table governance.membership_deliberation (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  act_id uuid not null references governance.membership_act,
  party text not null,
  adopted boolean not null,
  deliberated_on date not null,
  reference text not null,
  recorded_by uuid not null,
  recorded_at timestamptz not null,
  primary key (act_id, party)
);

do $$
declare
  each text;
begin
  foreach each in array array['membership_act', 'membership_step', 'membership_deliberation'] loop
    execute format('alter table governance.%I enable row level security', each);
    execute format('alter table governance.%I force row level security', each);
    execute format('create policy tenant_isolation on governance.%I using (tenant_id = (select kernel.current_tenant()))', each);
    execute format('grant select, insert on governance.%I to preau_app', each);
  end loop;
end
$$;
grant update (state, decision_id, version_id) on governance.membership_act to preau_app;
