-- School years beside one another, what becomes of classes from one to the next, and what becomes of people who left.

-- preparing: feeds of it may be imported, administrators look at it; current: what everyone sees; closed: history.
alter table directory.school_year
  add state text check (state in ('preparing', 'current', 'closed')),
  -- day from which it becomes current by itself, where its classes have come
  add switch_on date,
  add switched_at timestamptz;
alter table directory.school_year no force row level security;
update directory.school_year y set switch_on = starts_on, state = case
  when exists (select from directory.school_year later where later.tenant_id = y.tenant_id
    and later.starts_on > y.starts_on and later.starts_on <= current_date) then 'closed'
  when starts_on <= current_date or not exists (select from directory.school_year earlier
    where earlier.tenant_id = y.tenant_id and earlier.starts_on < y.starts_on) then 'current'
  else 'preparing' end;
alter table directory.school_year force row level security;
alter table directory.school_year alter state set not null, alter switch_on set not null;
create unique index school_year_current on directory.school_year (tenant_id) where state = 'current';

-- Whoever brings a year (a feed, a command) states no state: the first one is current, later ones are prepared.
create function directory.place_school_year() returns trigger language plpgsql as $$
declare
  present integer;
begin
  select start_year into present from directory.school_year where state = 'current' and tenant_id = new.tenant_id;
  new.state := coalesce(new.state, case when present is null or present = new.start_year then 'current'
    when new.start_year > present then 'preparing' else 'closed' end);
  new.switch_on := coalesce(new.switch_on, new.starts_on);
  return new;
end
$$;
create trigger place_school_year before insert on directory.school_year
  for each row execute function directory.place_school_year();

-- The year an establishment shows when it is not the tenant's: it opened the next one before the others, or its feed of
-- the next one has not come yet.
alter table directory.organisation add school_year_id uuid references directory.school_year;

create view directory.shown_year with (security_invoker = true) as
  select o.tenant_id, o.id as establishment_id, coalesce(o.school_year_id, y.id) as school_year_id
  from directory.organisation o
  left join directory.school_year y on y.tenant_id = o.tenant_id and y.state = 'current'
  where o.kind = 'establishment';
grant select on directory.shown_year to preau_app;

-- The class or group of the next year that takes up what people shared in one of this year, and what was decided so.
create table directory.class_succession (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  predecessor_id uuid not null references directory.teaching_group on delete cascade,
  successor_id uuid not null references directory.teaching_group on delete cascade check (successor_id <> predecessor_id),
  -- sameCode: it bears the same code; pupils: the pupils of the one are in the other; manual: somebody said so
  reason text not null check (reason in ('sameCode', 'pupils', 'manual')),
  -- pupils of the predecessor who were in the successor when it was decided, in basis points
  share integer not null check (share between 0 and 10000),
  state text not null check (state in ('confirmed', 'refused')),
  -- null: by rule, at the switch
  decided_by uuid,
  decided_at timestamptz not null,
  -- when other modules were told: once the establishment shows the year of the successor
  announced_at timestamptz,
  primary key (predecessor_id, successor_id)
);
create index class_succession_successor on directory.class_succession (successor_id);

-- present → gone (no source knows them) → archived (out of everyone's sight, no sign-in) → deleted.
alter table directory.person add archived_on date, add check (archived_on is null or gone_on is not null);
create index person_gone on directory.person (tenant_id, gone_on, id) where gone_on is not null;

-- Whoever a source knows again is the same person again, out of the archives.
create function directory.leave_archives() returns trigger language plpgsql as $$
begin
  new.archived_on := null;
  return new;
end
$$;
create trigger leave_archives before update on directory.person for each row
  when (new.gone_on is null and old.archived_on is not null) execute function directory.leave_archives();

-- Days after leaving; one row a tenant, the defaults when there is none.
create table directory.leaver_policy (
  tenant_id uuid primary key default kernel.current_tenant() references kernel.tenant,
  archive_after_days integer not null check (archive_after_days between 1 and 3650),
  delete_after_days integer not null check (delete_after_days between 1 and 3650),
  changed_at timestamptz not null,
  changed_by uuid,
  check (delete_after_days >= archive_after_days)
);

-- Whose data a procedure needs: they are neither archived nor deleted while it stands.
create table directory.legal_hold (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  person_id uuid primary key,
  -- a reference to the procedure, never its content
  reason text not null check (length(reason) between 1 and 200),
  placed_at timestamptz not null,
  placed_by uuid
);

-- What each night did, or would have done: {archived, deleted, held}.
create table directory.leaver_run (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  ran_at timestamptz not null,
  -- stopped: it would have deleted more people at once than a night should; someone looks, then runs it by hand
  state text not null check (state in ('done', 'stopped')),
  counts jsonb not null,
  run_by uuid
);
create index leaver_run_time on directory.leaver_run (tenant_id, ran_at desc);

do $$
declare
  each text;
begin
  foreach each in array array['class_succession', 'leaver_policy', 'legal_hold', 'leaver_run'] loop
    execute format('alter table directory.%I enable row level security', each);
    execute format('alter table directory.%I force row level security', each);
    execute format('create policy tenant_isolation on directory.%I using (tenant_id = (select kernel.current_tenant()))',
      each);
    execute format('grant select, insert, update, delete on directory.%I to preau_app', each);
  end loop;
end
$$;
