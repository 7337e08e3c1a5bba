-- The consortium's money: one ledger in double entry, and what its entries come from.

-- A party's account of one nature. Debits are positive, credits negative.
create table governance.account (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  agreement_id uuid not null references governance.agreement,
  party text not null,
  nature text not null check (nature in ('bank', 'sharedCommitment', 'individualCommitment', 'commitmentOffset', 'sharedCost',
    'individualCost', 'regularisation', 'reinvoicing', 'receivable', 'advance', 'advanceCommitment', 'staffContribution')),
  unique (agreement_id, party, nature),
  unique (agreement_id, id)
);

create table governance.ledger_entry (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  agreement_id uuid not null references governance.agreement,
  number bigint not null check (number > 0),
  kind text not null,
  label text not null,
  currency text not null default 'EUR' check (currency = 'EUR'),
  -- The day it counts for; the moment it was written down.
  effective_on date not null,
  recorded_at timestamptz not null,
  recorded_by uuid,
  -- First day of the exercise that holds the effective date.
  exercise date not null check (exercise <= effective_on),
  -- What it rests on: the decision, the version of the agreement, the sharing key of that version.
  decision_id uuid references governance.decision,
  version_id uuid not null references governance.agreement_version,
  sharing_key text,
  -- Order, bill, claim, advance… it comes from.
  subject_kind text,
  subject_id uuid,
  -- A mistake is undone by its reverse, once.
  reverses_id uuid unique references governance.ledger_entry check (reverses_id <> id),
  unique (agreement_id, number),
  unique (agreement_id, id)
);
create index on governance.ledger_entry (agreement_id, exercise);
create index on governance.ledger_entry (subject_id);

create table governance.posting (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  agreement_id uuid not null,
  entry_id uuid not null,
  position smallint not null check (position >= 0),
  account_id uuid not null,
  amount_cents bigint not null check (amount_cents <> 0),
  primary key (entry_id, position),
  foreign key (agreement_id, entry_id) references governance.ledger_entry (agreement_id, id),
  foreign key (agreement_id, account_id) references governance.account (agreement_id, id)
);
create index on governance.posting (account_id);

create trigger append_only before update or delete on governance.ledger_entry
  for each row execute function kernel.refuse_change();
create trigger append_only_truncate before truncate on governance.ledger_entry
  for each statement execute function kernel.refuse_change();
create trigger append_only before update or delete on governance.posting
  for each row execute function kernel.refuse_change();
create trigger append_only_truncate before truncate on governance.posting
  for each statement execute function kernel.refuse_change();

-- An exercise whose balance was approved takes no entry any more, whatever its date of recording.
create table governance.closed_exercise (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  agreement_id uuid not null references governance.agreement,
  starts_on date not null,
  ends_on date not null check (ends_on > starts_on),
  decision_id uuid not null references governance.decision,
  approved_at timestamptz not null,
  approved_by uuid,
  primary key (agreement_id, starts_on)
);

create function governance.refuse_closed_exercise() returns trigger language plpgsql as $$
begin
  if exists (select from governance.closed_exercise
      where agreement_id = new.agreement_id and new.effective_on between starts_on and ends_on) then
    raise exception 'the exercise of % is closed', new.effective_on using errcode = 'check_violation', constraint = 'exercise_open';
  end if;
  return new;
end
$$;
create trigger exercise_open before insert on governance.ledger_entry
  for each row execute function governance.refuse_closed_exercise();

-- Checked when the transaction ends, whatever wrote the rows.
create function governance.check_entry() returns trigger language plpgsql as $$
begin
  if (select sum(amount_cents) is distinct from 0 or count(*) < 2 from governance.posting where entry_id = new.id) then
    raise exception 'entry % does not sum to zero', new.number using errcode = 'check_violation', constraint = 'entry_balanced';
  end if;
  if new.reverses_id is not null and (
    exists (select from governance.ledger_entry where id = new.reverses_id and reverses_id is not null)
    or exists (select from governance.posting where entry_id in (new.id, new.reverses_id)
      group by account_id having sum(amount_cents) <> 0)
  ) then
    raise exception 'entry % does not undo the entry it reverses', new.number
      using errcode = 'check_violation', constraint = 'entry_reversed';
  end if;
  return null;
end
$$;
create constraint trigger entry_balanced after insert on governance.ledger_entry deferrable initially deferred
  for each row execute function governance.check_entry();

-- What was written stays as it was: a posting comes with its entry, in the same transaction.
create function governance.refuse_late_posting() returns trigger language plpgsql as $$
begin
  if exists (select from added join governance.ledger_entry e on e.id = added.entry_id
      where e.xmin::text::bigint <> (pg_current_xact_id()::text::bigint & 4294967295)) then
    raise exception 'a posting comes with its entry' using errcode = 'insufficient_privilege';
  end if;
  return null;
end
$$;
create trigger with_its_entry after insert on governance.posting referencing new table as added
  for each statement execute function governance.refuse_late_posting();

-- Sums by account and exercise, which nothing but this keeps: a balance is read in the same time however long the ledger.
create table governance.account_total (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  account_id uuid not null references governance.account,
  exercise date not null,
  amount_cents bigint not null,
  postings bigint not null,
  primary key (account_id, exercise)
);
create function governance.add_to_totals() returns trigger language plpgsql security definer
set search_path = pg_catalog as $$
begin
  insert into governance.account_total as kept (tenant_id, account_id, exercise, amount_cents, postings)
  select added.tenant_id, added.account_id, e.exercise, sum(added.amount_cents), count(*)
  from added join governance.ledger_entry e on e.id = added.entry_id
  group by 1, 2, 3 order by 2, 3
  on conflict (account_id, exercise) do update
    set amount_cents = kept.amount_cents + excluded.amount_cents, postings = kept.postings + excluded.postings;
  return null;
end
$$;
create trigger totals after insert on governance.posting referencing new table as added
  for each statement execute function governance.add_to_totals();

-- The same request sent twice is done once: what it made is answered again.
create table governance.money_request (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  agreement_id uuid not null references governance.agreement,
  key uuid not null,
  -- Of what was asked: another request under the same key is refused.
  digest bytea not null,
  subject_id uuid not null,
  primary key (agreement_id, key)
);

-- A service that members order: shared, its cost divided among those who order it; or individual, each paying its own.
create table governance.offer (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  agreement_id uuid not null references governance.agreement,
  label text not null,
  sharing_key text not null,
  pricing text not null check (pricing in ('perPupil', 'fixed')),
  price_cents bigint not null check (price_cents > 0),
  effective_on date not null,
  -- When the orders of a shared service were gathered and its cost divided.
  closed_at timestamptz,
  created_at timestamptz not null,
  created_by uuid
);

create table governance.service_order (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  agreement_id uuid not null references governance.agreement,
  number text not null,
  label text not null,
  scope text not null check (scope in ('shared', 'individual')),
  -- `placed`: a member's part of a shared service, waiting to be gathered; it commits nothing yet.
  state text not null check (state in ('placed', 'committed', 'settled')),
  -- Member that ordered; null for what all or several share.
  party text,
  offer_id uuid references governance.offer,
  -- Order into which a member's was gathered.
  gathered_in uuid references governance.service_order,
  decision_id uuid references governance.decision,
  change_id uuid,
  version_id uuid not null references governance.agreement_version,
  sharing_key text not null,
  head_count_id uuid references governance.head_count,
  amount_cents bigint not null check (amount_cents >= 0),
  effective_on date not null,
  created_at timestamptz not null,
  created_by uuid,
  unique (agreement_id, number)
);
create index on governance.service_order (change_id);
create unique index on governance.service_order (offer_id, party) where party is not null;

-- Who bears what of an order, with the weight that says so.
create table governance.order_part (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  order_id uuid not null references governance.service_order,
  party text not null,
  weight bigint not null check (weight >= 0),
  cents bigint not null,
  primary key (order_id, party)
);

-- The establishments a member ordered for, with their pupils on the day of the head-count.
create table governance.order_line (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  order_id uuid not null references governance.service_order,
  uai text not null,
  name text not null,
  pupils integer not null check (pupils >= 0),
  primary key (order_id, uai)
);

-- New shares of an order's cost; posts the difference once it is voted.
create table governance.regularisation (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  agreement_id uuid not null references governance.agreement,
  order_id uuid not null references governance.service_order,
  label text not null,
  state text not null default 'proposed' check (state in ('proposed', 'adopted', 'rejected')),
  version_id uuid not null references governance.agreement_version,
  sharing_key text not null,
  head_count_id uuid references governance.head_count,
  amount_cents bigint not null check (amount_cents >= 0),
  effective_on date not null,
  decision_id uuid references governance.decision,
  proposed_at timestamptz not null,
  proposed_by uuid,
  decided_at timestamptz
);
create table governance.regularisation_part (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  regularisation_id uuid not null references governance.regularisation,
  party text not null,
  weight bigint not null check (weight >= 0),
  before_cents bigint not null,
  after_cents bigint not null,
  primary key (regularisation_id, party)
);
create unique index on governance.regularisation (order_id) where state = 'proposed';

-- What is taken off an order whose expected results were missed: proposed, then posted.
create table governance.price_reduction (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  agreement_id uuid not null references governance.agreement,
  order_id uuid not null references governance.service_order,
  label text not null,
  amount_cents bigint not null check (amount_cents > 0),
  state text not null default 'proposed' check (state in ('proposed', 'posted', 'withdrawn')),
  effective_on date not null,
  decision_id uuid references governance.decision,
  proposed_at timestamptz not null,
  settled_at timestamptz
);

-- What the holder asks a member to pay.
create table governance.bill (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  agreement_id uuid not null references governance.agreement,
  number text not null,
  party text not null,
  amount_cents bigint not null check (amount_cents > 0),
  lines jsonb not null,
  issued_on date not null,
  due_on date not null check (due_on >= issued_on),
  created_at timestamptz not null,
  created_by uuid,
  unique (agreement_id, number)
);

-- Money a party puts at the disposal of the holder, in instalments; and what was spent of it.
create table governance.advance (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  agreement_id uuid not null references governance.agreement,
  party text not null,
  label text not null,
  amount_cents bigint not null check (amount_cents > 0),
  decision_id uuid references governance.decision,
  created_at timestamptz not null,
  created_by uuid,
  closed_at timestamptz
);
create table governance.instalment (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  advance_id uuid not null references governance.advance,
  due_on date not null,
  amount_cents bigint not null check (amount_cents > 0),
  received_on date
);
create table governance.expense (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  advance_id uuid not null references governance.advance,
  post text not null,
  -- Days in hundredths: 12.25 days are 1225.
  days_hundredths bigint not null check (days_hundredths > 0),
  daily_rate_cents bigint not null check (daily_rate_cents > 0),
  mark_up_basis_points integer not null check (mark_up_basis_points between 0 and 10000),
  amount_cents bigint not null check (amount_cents > 0),
  effective_on date not null,
  -- Reference of the supporting document, without which nothing is spent, and its SHA-256 when the file was given.
  document text not null check (document <> ''),
  document_sha256 text check (document_sha256 ~ '^[0-9a-f]{64}$'),
  state text not null default 'committed' check (state in ('committed', 'paid', 'refused')),
  reason text,
  created_at timestamptz not null,
  created_by uuid
);
create index on governance.expense (advance_id);

-- Staff time a party contributes: claimed each half-year, person by person.
create table governance.staff_claim (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  agreement_id uuid not null references governance.agreement,
  number text not null,
  party text not null,
  starts_on date not null,
  ends_on date not null check (ends_on > starts_on),
  state text not null default 'submitted' check (state in ('submitted', 'approved', 'refused', 'paid')),
  -- How its cost is shared; null when the holder bears it.
  sharing_key text,
  environment_basis_points integer not null,
  staff_cents bigint not null check (staff_cents >= 0),
  environment_cents bigint not null check (environment_cents >= 0),
  exceptional_cents bigint not null check (exceptional_cents >= 0),
  reason text,
  created_at timestamptz not null,
  created_by uuid,
  decided_at timestamptz,
  unique (agreement_id, number)
);
create unique index on governance.staff_claim (agreement_id, party, starts_on) where state <> 'refused';
create table governance.staff_claim_line (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  claim_id uuid not null references governance.staff_claim,
  position smallint not null,
  -- The function, or initials: as the claimant tells its staff apart.
  post text not null,
  share_basis_points integer not null check (share_basis_points between 1 and 10000),
  annual_cents bigint not null check (annual_cents > 0),
  months integer not null check (months > 0),
  amount_cents bigint not null,
  primary key (claim_id, position)
);
-- Exceptional costs and travel, which are agreed to before they are claimed.
create table governance.exceptional_cost (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  agreement_id uuid not null references governance.agreement,
  party text not null,
  kind text not null check (kind in ('travel', 'exceptional')),
  label text not null,
  amount_cents bigint not null check (amount_cents > 0),
  state text not null default 'asked' check (state in ('asked', 'approved', 'refused')),
  claim_id uuid references governance.staff_claim,
  asked_at timestamptz not null,
  asked_by uuid,
  decided_at timestamptz
);

do $$
declare
  each text;
begin
  foreach each in array array['account', 'ledger_entry', 'posting', 'closed_exercise', 'account_total', 'money_request', 'offer',
    'service_order', 'order_part', 'order_line', 'regularisation', 'regularisation_part', 'price_reduction', 'bill', 'advance',
    'instalment', 'expense', 'staff_claim', 'staff_claim_line', 'exceptional_cost'] loop
    execute format('alter table governance.%I enable row level security', each);
    execute format('alter table governance.%I force row level security', each);
    execute format('create policy tenant_isolation on governance.%I using (tenant_id = (select kernel.current_tenant()))', each);
    execute format('grant select on governance.%I to preau_app', each);
    if each <> 'account_total' then
      execute format('grant insert on governance.%I to preau_app', each);
    end if;
  end loop;
end
$$;
grant update (closed_at) on governance.offer, governance.advance to preau_app;
grant update (state, gathered_in) on governance.service_order to preau_app;
grant update (state, decision_id, decided_at) on governance.regularisation to preau_app;
grant update (state, settled_at, decision_id) on governance.price_reduction to preau_app;
grant update (received_on) on governance.instalment to preau_app;
grant update (state, reason) on governance.expense to preau_app;
grant update (state, reason, decided_at) on governance.staff_claim to preau_app;
grant update (state, claim_id, decided_at) on governance.exceptional_cost to preau_app;
-- A head-count that nothing rests on may be taken back; what rests on it refers to it, and keeps it.
grant delete on governance.head_count, governance.head_count_line to preau_app;
