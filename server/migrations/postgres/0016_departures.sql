-- What is no more, for systems that are told of changes only: who left an establishment, which class ended, who left a
-- class. Identifiers and roles, no names; swept after a while (departureDays).

-- Since when someone belongs or teaches there; null: since before it was noted.
alter table directory.affiliation add column since timestamptz;
alter table directory.affiliation alter column since set default now();
alter table directory.teaching add column since timestamptz;
alter table directory.teaching alter column since set default now();

create table directory.former_affiliation (
  tenant_id uuid not null default kernel.current_tenant(),
  person_id uuid not null,
  organisation_id uuid not null,
  profile text not null,
  ended_at timestamptz not null default now(),
  primary key (person_id, organisation_id, profile)
);
create index former_affiliation_end on directory.former_affiliation (tenant_id, ended_at);

create table directory.former_group (
  tenant_id uuid not null default kernel.current_tenant(),
  id uuid primary key,
  establishment_id uuid not null,
  school_year_id uuid not null,
  kind text not null,
  code text not null,
  name text not null,
  ended_at timestamptz not null default now()
);
create index former_group_end on directory.former_group (tenant_id, ended_at);

-- A pupil or a teacher of a class or group.
create table directory.former_member (
  tenant_id uuid not null default kernel.current_tenant(),
  person_id uuid not null,
  teaching_group_id uuid not null,
  role text not null check (role in ('pupil', 'teacher')),
  establishment_id uuid not null,
  source_id uuid not null,
  subject_codes text[] not null default '{}',
  ended_at timestamptz not null default now(),
  primary key (person_id, teaching_group_id, role)
);
create index former_member_end on directory.former_member (tenant_id, ended_at);

-- When an establishment began to show a year, and when it showed another instead: its classes came and went with it.
create table directory.year_showing (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  establishment_id uuid not null references directory.organisation on delete cascade,
  school_year_id uuid not null references directory.school_year on delete cascade,
  shown_at timestamptz,
  hidden_at timestamptz,
  primary key (establishment_id, school_year_id)
);

-- Rows that are written anew leave a trace too: readers pass over those of what is there.
create function directory.note_former_affiliations() returns trigger language plpgsql as $$
begin
  insert into directory.former_affiliation (tenant_id, person_id, organisation_id, profile)
    select r.tenant_id, r.person_id, r.organisation_id, r.profile from removed r
    order by r.person_id, r.organisation_id, r.profile
    on conflict (person_id, organisation_id, profile) do update set ended_at = excluded.ended_at;
  return null;
end
$$;

-- Of the year that is shown: nobody was told of others.
create function directory.note_former_groups() returns trigger language plpgsql as $$
begin
  insert into directory.former_group (tenant_id, id, establishment_id, school_year_id, kind, code, name)
    select r.tenant_id, r.id, r.establishment_id, r.school_year_id, r.kind, r.code, r.name
    from removed r join directory.shown_year y using (establishment_id, school_year_id)
    order by r.id
    on conflict (id) do update set establishment_id = excluded.establishment_id,
      school_year_id = excluded.school_year_id, kind = excluded.kind, code = excluded.code, name = excluded.name,
      ended_at = excluded.ended_at;
  return null;
end
$$;

-- Classes that are shown, and those that this transaction takes away with their members.
create view directory.told_group with (security_invoker = true) as
  select g.id, g.establishment_id from directory.teaching_group g
  join directory.shown_year y using (establishment_id, school_year_id)
  union all select f.id, f.establishment_id from directory.former_group f where f.ended_at = now()
    and not exists (select from directory.teaching_group g where g.id = f.id);
grant select on directory.told_group to preau_app;

create function directory.note_former_pupils() returns trigger language plpgsql as $$
begin
  insert into directory.former_member (tenant_id, person_id, teaching_group_id, role, establishment_id, source_id)
    select r.tenant_id, r.person_id, r.teaching_group_id, 'pupil', g.establishment_id, r.source_id
    from removed r join directory.told_group g on g.id = r.teaching_group_id
    order by r.person_id, r.teaching_group_id
    on conflict (person_id, teaching_group_id, role) do update set ended_at = excluded.ended_at;
  return null;
end
$$;

create function directory.note_former_teachers() returns trigger language plpgsql as $$
begin
  insert into directory.former_member
      (tenant_id, person_id, teaching_group_id, role, establishment_id, source_id, subject_codes)
    select r.tenant_id, r.person_id, r.teaching_group_id, 'teacher', g.establishment_id, r.source_id, r.subject_codes
    from removed r join directory.told_group g on g.id = r.teaching_group_id
    order by r.person_id, r.teaching_group_id
    on conflict (person_id, teaching_group_id, role) do update
      set ended_at = excluded.ended_at, source_id = excluded.source_id, subject_codes = excluded.subject_codes;
  return null;
end
$$;

-- By their names they come before `remove_references`, which takes the members of a class away.
do $$
declare
  relation record;
  event text;
begin
  for relation in select * from (values ('affiliation', 'affiliations'), ('teaching_group', 'groups'),
    ('membership', 'pupils'), ('teaching', 'teachers')) as r (name, what)
  loop
    -- A row given to another person is one that ended; a class keeps its identifier.
    foreach event in array case when relation.name = 'teaching_group' then array['delete'] else array['delete', 'update'] end
    loop
      execute format('create trigger note_former_on_%1$s after %1$s on directory.%2$I referencing old table as removed
        for each statement execute function directory.note_former_%3$s()', event, relation.name, relation.what);
    end loop;
  end loop;
end
$$;

do $$
declare
  each text;
begin
  foreach each in array array['former_affiliation', 'former_group', 'former_member', 'year_showing'] loop
    execute format('alter table directory.%I enable row level security', each);
    execute format('alter table directory.%I force row level security', each);
    execute format('create policy tenant_isolation on directory.%I using (tenant_id = (select kernel.current_tenant()))',
      each);
    execute format('grant select, insert, update, delete on directory.%I to preau_app', each);
  end loop;
end
$$;
