-- People, organisations, classes, relations, and the feeds they come from.
--
-- Tables of a million rows and more do not check their tenant against the registry, row by row: row-level security
-- accepts the tenant of the transaction and no other, and that one comes from the registry.
create schema directory;
grant usage on schema directory to preau_app;

create table directory.school_year (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  -- Year in which it starts: 2026 for 2026-2027 (1 September to 31 August).
  start_year integer not null check (start_year between 2000 and 2100),
  starts_on date not null,
  ends_on date not null check (ends_on > starts_on),
  unique (tenant_id, start_year)
);

-- A territory, a partner (public body) or an establishment (école, collège, lycée, component).
create table directory.organisation (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  kind text not null check (kind in ('territory', 'partner', 'establishment')),
  name text not null,
  -- partner: region, department, municipality, academicAuthority, university, agency, syndicate
  partner_kind text,
  -- establishment: primary, lowerSecondary, upperSecondary, higher
  level text check (level in ('primary', 'lowerSecondary', 'upperSecondary', 'higher')),
  uai text check (uai ~ '^[0-9]{7}[A-Z]$'),
  siren text,
  -- national code of a territory or partner (INSEE department, academy code…)
  code text,
  -- territory → the partner that answers for it; establishment → its territory
  parent_id uuid references directory.organisation,
  academy_code text,
  type_label text,
  street text,
  postal_code text,
  town text,
  phone text,
  email text,
  gone_on date,
  check ((kind = 'partner') = (partner_kind is not null)),
  unique (tenant_id, uai)
);
create index organisation_parent on directory.organisation (parent_id);
create index organisation_kind on directory.organisation (tenant_id, kind, name);

create table directory.person (
  tenant_id uuid not null default kernel.current_tenant(),
  id uuid primary key,
  family_name text not null,
  given_name text not null,
  other_given_names text,
  birth_family_name text,
  title text,
  born_on date,
  email text,
  phone text,
  mobile text,
  work_phone text,
  street text,
  postal_code text,
  town text,
  country text,
  -- lower case, no accent, words parted by one space (toSearchKey); collation C so that a prefix is a range of an index
  family_key text collate "C" not null,
  given_key text collate "C" not null,
  -- further words of compound names ("de la fontaine", "marie claire"), to be found by them too
  family_second text collate "C" generated always as (nullif(split_part(family_key, ' ', 2), '')) stored,
  family_third text collate "C" generated always as (nullif(split_part(family_key, ' ', 3), '')) stored,
  given_second text collate "C" generated always as (nullif(split_part(given_key, ' ', 2), '')) stored,
  -- day from which no source knows the person any more; null while present
  gone_on date
);
-- Every name index starts with the tenant, which row-level security compares, and ends with what orders the results.
create index person_family on directory.person (tenant_id, family_key, given_key, id) where gone_on is null;
create index person_given on directory.person (tenant_id, given_key, family_key, id) where gone_on is null;
create index person_family_second on directory.person (tenant_id, family_second, family_key, given_key, id)
  where gone_on is null and family_second is not null;
create index person_family_third on directory.person (tenant_id, family_third, family_key, given_key, id)
  where gone_on is null and family_third is not null;
create index person_given_second on directory.person (tenant_id, given_second, family_key, given_key, id)
  where gone_on is null and given_second is not null;

-- A class (division) or a group of pupils of one establishment in one school year.
create table directory.teaching_group (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  establishment_id uuid not null references directory.organisation,
  school_year_id uuid not null references directory.school_year,
  kind text not null check (kind in ('class', 'group')),
  code text not null,
  name text not null,
  unique (establishment_id, school_year_id, kind, code)
);

-- Who belongs where, as what: derived from enrolments, functions and guardianships; the base of visibility.
create table directory.affiliation (
  tenant_id uuid not null default kernel.current_tenant(),
  person_id uuid not null,
  organisation_id uuid not null,
  profile text not null check (profile in
    ('pupil', 'guardian', 'teacher', 'head', 'schoolLife', 'documentation', 'staff', 'localAuthority')),
  -- the feed it is derived from, which alone may take it away; null for what was given by hand
  source_id uuid,
  primary key (person_id, organisation_id, profile)
);
create index affiliation_organisation on directory.affiliation (organisation_id, profile, person_id) include (tenant_id);
-- Searching the few heads or supervisors of a territory; pupils, guardians and teachers are found by name.
create index affiliation_profile on directory.affiliation (profile, person_id) include (tenant_id)
  where profile in ('head', 'schoolLife', 'documentation', 'staff', 'localAuthority');

create table directory.enrolment (
  tenant_id uuid not null default kernel.current_tenant(),
  person_id uuid not null,
  establishment_id uuid not null,
  school_year_id uuid not null,
  source_id uuid not null,
  mef_code text,
  level_label text,
  regime text,
  status text,
  entered_on date,
  left_on date,
  primary key (person_id, establishment_id, school_year_id)
);
create index enrolment_establishment on directory.enrolment (establishment_id, school_year_id);

create table directory.membership (
  tenant_id uuid not null default kernel.current_tenant(),
  person_id uuid not null,
  teaching_group_id uuid not null,
  source_id uuid not null,
  primary key (person_id, teaching_group_id)
);
create index membership_group on directory.membership (teaching_group_id, person_id);

create table directory.teaching (
  tenant_id uuid not null default kernel.current_tenant(),
  person_id uuid not null,
  teaching_group_id uuid not null,
  source_id uuid not null,
  subject_codes text[] not null default '{}',
  main_teacher boolean not null default false,
  primary key (person_id, teaching_group_id)
);
create index teaching_by_group on directory.teaching (teaching_group_id);

-- "function" of a member of staff in an establishment (code of the academic information system).
create table directory.staff_function (
  tenant_id uuid not null default kernel.current_tenant(),
  person_id uuid not null,
  organisation_id uuid not null,
  source_id uuid not null,
  code text not null,
  label text,
  discipline_code text,
  discipline_label text,
  profile text not null
);
create index staff_function_person on directory.staff_function (person_id);
create index staff_function_organisation on directory.staff_function (organisation_id);

create table directory.guardianship (
  tenant_id uuid not null default kernel.current_tenant(),
  pupil_id uuid not null,
  guardian_id uuid not null,
  source_id uuid not null,
  -- relation code of the feed, as written (old generation 1–7, new 10–90)
  link_code text not null,
  -- legal: legal representative; inCharge: person in charge of the child; none
  legal_status text not null check (legal_status in ('legal', 'inCharge', 'none')),
  pays boolean not null default false,
  contact boolean not null default false,
  financial boolean not null default false,
  primary key (pupil_id, guardian_id)
);
create index guardianship_guardian on directory.guardianship (guardian_id);

create table directory.subject (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  source_id uuid not null,
  code text not null,
  name text not null,
  primary key (source_id, code)
);

-- Module élémentaire de formation: what a pupil is taught, on 11 digits.
create table directory.mef (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  source_id uuid not null,
  code text not null,
  name text not null,
  primary key (source_id, code)
);

-- Where records come from: one per academy and feed; `manual` for what people typed in.
create table directory.source (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  kind text not null check (kind in ('aaf2d', 'manual')),
  academy_code text,
  name text not null,
  -- share of vanishing records, in basis points, above which an import stops and asks: {"class": 800, …}
  thresholds jsonb not null default '{}',
  unique (tenant_id, kind, academy_code)
);

-- The last accepted state of each record of each source, under the source's own identifier.
create table directory.source_record (
  tenant_id uuid not null default kernel.current_tenant(),
  source_id uuid not null,
  kind text not null check (kind in ('establishment', 'class', 'group', 'subject', 'mef', 'pupil', 'guardian', 'staff')),
  external_id text not null,
  -- the person, organisation, class or group it describes; no meaning for subjects and MEFs
  subject_id uuid not null,
  hash bytea not null,
  body jsonb not null,
  -- identifier of the establishment it is filed under in a diff; null when none
  establishment_ref text,
  -- day of the export that no longer held it; kept so that one who comes back is the same person
  gone_on date,
  primary key (source_id, kind, external_id)
);
create index source_record_subject on directory.source_record (subject_id);

create table directory.import (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  -- null until the feed's header has told where it comes from
  source_id uuid references directory.source,
  state text not null check (state in
    ('staging', 'ready', 'refused', 'applying', 'applied', 'abandoned', 'interrupted')),
  -- whether its files were received and are kept, so that it can be read again
  uploaded boolean not null default false,
  created_at timestamptz not null default now(),
  created_by uuid,
  -- date written in the feed's own header
  exported_on date,
  files jsonb not null default '[]',
  progress jsonb not null default '{}',
  -- counts per kind: read, added, modified, removed, unchanged, quarantined, ignored
  counts jsonb not null default '{}',
  -- links left out of otherwise good records, counted per reason
  warnings jsonb not null default '{}',
  -- what needs an explicit acceptance, each {code, kind, removed, total, limit}
  alerts jsonb not null default '[]',
  -- why it was refused or interrupted: {code, file, line, column, detail}
  refusal jsonb,
  -- rows of directory.staged_record that the diff left; another number later means that they were lost
  staged_count integer,
  staged_at timestamptz,
  applied_at timestamptz,
  applied_by uuid
);
create index import_source on directory.import (source_id, created_at desc);

-- Records set aside, each with its reason; they keep their previous state until mended.
create table directory.quarantined_record (
  tenant_id uuid not null default kernel.current_tenant(),
  id uuid primary key,
  import_id uuid not null references directory.import on delete cascade,
  kind text not null,
  external_id text,
  file text not null,
  line integer not null,
  code text not null,
  detail text not null
);
create index quarantined_record_import on directory.quarantined_record (import_id, kind);

-- What an applied import changed, for its history: one row a changed record (none for a first load's additions).
create table directory.import_change (
  tenant_id uuid not null default kernel.current_tenant(),
  import_id uuid not null references directory.import on delete cascade,
  kind text not null,
  external_id text not null,
  change text not null check (change in ('added', 'modified', 'removed')),
  label text not null,
  establishment_ref text,
  -- of a modified record: [{field, before, after}]
  fields jsonb not null default '[]',
  primary key (import_id, kind, external_id)
);
create index import_change_establishment on directory.import_change (import_id, establishment_ref, kind, external_id);

-- How much an import changes in each establishment; written with the diff and kept.
create table directory.import_establishment (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  import_id uuid not null references directory.import on delete cascade,
  establishment_ref text not null,
  kind text not null,
  name text not null,
  added integer not null,
  modified integer not null,
  removed integer not null,
  primary key (import_id, establishment_ref, kind)
);

-- The records of an import under review, one partition an import (dropped when it ends); once the diff is made it holds
-- what changes, and nothing else. Partitions are unlogged: a crash of the server empties them, which the number of rows
-- tells, and the import is then run again.
create table directory.staged_record (
  tenant_id uuid not null,
  import_id uuid not null,
  kind text not null,
  -- null when the record bears none
  external_id text,
  -- added until the diff finds another: modified, removed, quarantined, ignored
  change text not null default 'added',
  -- whether directory.source_record knows it, present or gone
  known boolean not null default false,
  -- identifier of what it describes: a new one until the diff finds that it exists
  subject_id uuid not null,
  establishment_ref text,
  -- number of the file in directory.import.files, from 0, and line of the record
  file smallint not null,
  line integer not null,
  hash bytea not null,
  body jsonb not null,
  -- search keys of a person's names
  family_key text,
  given_key text
) partition by list (import_id);

-- The fields in which two states of a record differ: [{field, before, after}].
create function directory.changed_fields(before jsonb, after jsonb) returns jsonb language sql immutable parallel safe
  return (
    select coalesce(
      jsonb_agg(jsonb_build_object('field', key, 'before', b.value, 'after', a.value) order by key), '[]')
    from jsonb_each(before) b full join jsonb_each(after) a using (key)
    where a.value is distinct from b.value
  );

-- What people call a record: a person's name, or that of an establishment, a class, a subject.
create function directory.record_label(body jsonb) returns text language sql immutable parallel safe
  return coalesce(body->>'name', (body->>'familyName') || ' ' || (body->>'givenName'), '');

-- References of the relations between people, organisations and classes. Foreign keys would look up and lock each row by
-- itself, which is more than half of the time of an import; these triggers check all rows of a statement at once. They
-- look through row-level security, as foreign keys do not: a row refers to rows of its own tenant only.
create function directory.check_references() returns trigger language plpgsql as $$
declare
  reference text;
  missing text;
begin
  foreach reference in array tg_argv loop
    -- `column > table`
    execute format('select a.%1$I from added a where not exists (select from directory.%2$I p where p.id = a.%1$I) limit 1',
      split_part(reference, ' > ', 1), split_part(reference, ' > ', 2)) into missing;
    if missing is not null then
      raise foreign_key_violation using message = format('%s.%s: nothing has the identifier %s',
        tg_table_name, reference, missing);
    end if;
  end loop;
  return null;
end
$$;

-- What refers to a deleted row goes with it. The lock makes rows added meanwhile by others wait for their check.
create function directory.remove_references() returns trigger language plpgsql as $$
declare
  reference text;
begin
  if not exists (select from removed) then
    return null;
  end if;
  foreach reference in array tg_argv loop
    -- `table < column`
    execute format('lock table directory.%I in share row exclusive mode', split_part(reference, ' < ', 1));
    execute format('delete from directory.%1$I where %2$I in (select id from removed)',
      split_part(reference, ' < ', 1), split_part(reference, ' < ', 2));
  end loop;
  return null;
end
$$;

do $$
declare
  relation record;
  event text;
begin
  for relation in select * from (values
    ('affiliation', $a$'person_id > person', 'organisation_id > organisation'$a$),
    ('enrolment',
      $a$'person_id > person', 'establishment_id > organisation', 'school_year_id > school_year'$a$),
    ('membership', $a$'person_id > person', 'teaching_group_id > teaching_group'$a$),
    ('teaching', $a$'person_id > person', 'teaching_group_id > teaching_group'$a$),
    ('staff_function', $a$'person_id > person', 'organisation_id > organisation'$a$),
    ('guardianship', $a$'pupil_id > person', 'guardian_id > person'$a$)) as r (name, refs)
  loop
    foreach event in array array['insert', 'update'] loop
      execute format('create trigger check_references_on_%1$s after %1$s on directory.%2$I
        referencing new table as added for each statement execute function directory.check_references(%3$s)',
        event, relation.name, relation.refs);
    end loop;
  end loop;
end
$$;
create trigger remove_references after delete on directory.person referencing old table as removed
  for each statement execute function directory.remove_references('affiliation < person_id', 'enrolment < person_id',
    'guardianship < guardian_id', 'guardianship < pupil_id', 'membership < person_id', 'staff_function < person_id',
    'teaching < person_id');
create trigger remove_references after delete on directory.teaching_group referencing old table as removed
  for each statement execute function directory.remove_references('membership < teaching_group_id',
    'teaching < teaching_group_id');

do $$
declare
  each regclass;
begin
  for each in select c.oid::regclass from pg_class c
    where c.relnamespace = 'directory'::regnamespace and c.relkind in ('r', 'p')
  loop
    execute format('alter table %s enable row level security', each);
    execute format('alter table %s force row level security', each);
    execute format('create policy tenant_isolation on %s using (tenant_id = (select kernel.current_tenant()))', each);
  end loop;
end
$$;
grant select, insert, update, delete on all tables in schema directory to preau_app;
-- Marked as gone, never deleted: what refers to them needs no more than the check above.
revoke delete on directory.organisation, directory.school_year, directory.source from preau_app;
