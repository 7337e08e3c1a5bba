-- Deltas, roll-back and several sources for one person.

-- Which source speaks for a person or an establishment that several know: the one of the lowest number.
alter table directory.source
  add priority smallint not null generated always as (array_position(
    array['aaf2d', 'aaf1d', 'siecle', 'sts', 'onde', 'oneroster', 'supann', 'csv', 'manual'], kind)) stored,
  -- of its last applied import: what it says of other years is history
  add school_year_id uuid references directory.school_year;

alter table directory.import
  -- whether nothing of its source was present before it was applied
  add first boolean not null default false,
  -- of a roll-back: the import that it undoes
  add undoes uuid references directory.import,
  -- year in which the school year it speaks of starts
  add school_year integer;

-- What a changed record was before, beside the fields of its body: what a roll-back puts back.
alter table directory.import_change
  add former_hash bytea,
  add former_ref text,
  add former_gone_on date;

-- Whether other present records describe the same person; known when the import is applied.
alter table directory.staged_record add shared boolean not null default false;

-- The role that migrates is bound by row-level security too, unless it is a superuser.
alter table directory.source no force row level security;
alter table directory.import no force row level security;
alter table directory.enrolment no force row level security;
alter table directory.school_year no force row level security;
update directory.source s set school_year_id = (
  select y.id from directory.school_year y
  where exists (select from directory.enrolment e where e.source_id = s.id and e.school_year_id = y.id)
  order by y.start_year desc limit 1);
update directory.import i set first = true where state = 'applied' and not exists (
  select from directory.import e where e.source_id = i.source_id and e.state = 'applied' and e.applied_at < i.applied_at);
update directory.import set school_year = extract(year from exported_on)::int
  - case when extract(month from exported_on) < 9 then 1 else 0 end where exported_on is not null;
-- read + derived = added + modified + removed + unchanged + quarantined + ignored
update directory.import set counts = (
  select coalesce(jsonb_object_agg(kind, of || jsonb_build_object('derived', of->'removed')), '{}')
  from jsonb_each(counts) as c (kind, of));
alter table directory.source force row level security;
alter table directory.import force row level security;
alter table directory.enrolment force row level security;
alter table directory.school_year force row level security;

-- Classes come and go with every import, people never: whoever puts someone in a class keeps it there until they have
-- finished, as a foreign key would, and nobody needs to lock whole tables to remove one.
create or replace function directory.check_references() returns trigger language plpgsql as $$
declare
  reference text;
  missing text;
begin
  foreach reference in array tg_argv loop
    -- `column > table`
    if split_part(reference, ' > ', 2) = 'teaching_group' then
      execute format('select from directory.teaching_group g where g.id in (select a.%I from added a) for key share',
        split_part(reference, ' > ', 1));
    end if;
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

create or replace function directory.remove_references() returns trigger language plpgsql as $$
declare
  reference text;
begin
  if not exists (select from removed) then
    return null;
  end if;
  foreach reference in array tg_argv loop
    -- `table < column`; the lock makes rows added meanwhile by others wait for their check
    if tg_table_name <> 'teaching_group' then
      execute format('lock table directory.%I in share row exclusive mode', split_part(reference, ' < ', 1));
    end if;
    execute format('delete from directory.%1$I where %2$I in (select id from removed)',
      split_part(reference, ' < ', 1), split_part(reference, ' < ', 2));
  end loop;
  return null;
end
$$;
