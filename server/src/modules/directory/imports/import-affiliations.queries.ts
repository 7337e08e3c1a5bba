import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { type Application, isPerson, present, staged } from './import-application.ts'

// Affiliations follow from relations, those that other records hold too: a mother's from her children's schools.

// What affiliations follow from in bodies. Someone whose record changes otherwise keeps theirs, unless other records
// describe them too: what all of these state is then written anew.
const tyingFields = ['schoolYear', 'enrolments', 'guardians', 'functions', 'teachings']

/**
 * Notes, while the former relations are still there, whose affiliations may change: people who come, leave, or change in
 * what these follow from, and guardians of such pupils. In bulk, all those of the source are compared instead.
 */
export async function noteAffiliated(tx: Tx, application: Application): Promise<void> {
  await sql`create temporary table affiliated (id uuid primary key) on commit drop`.execute(tx)
  if (application.bulk) return
  await sql`with concerned as materialized (
      select s.subject_id, s.kind, s.known from directory.staged_record s
      where ${staged(application)} and ${isPerson} and (s.change <> 'modified' or s.shared or exists (
        select from directory.import_change c, jsonb_array_elements(c.fields) f
        where c.import_id = s.import_id and c.kind = s.kind and c.external_id = s.external_id
          and f->>'field' = any(${tyingFields}::text[])))
    )
    insert into affiliated
    select subject_id from concerned
    union select g.guardian_id from concerned s join directory.guardianship g on g.pupil_id = s.subject_id
    where s.kind = 'pupil' and s.known`.execute(tx)
}

/** Makes affiliations follow from the relations as they are now. */
export async function writeAffiliations(tx: Tx, application: Application): Promise<void> {
  if (application.bulk) {
    await compareAll(tx, application)
    // Gone, yet enrolled where a former year is still shown.
    if (application.anyKnown) {
      await sql`insert into affiliated select s.subject_id from directory.staged_record s
      where ${staged(application)} and s.change = 'removed' and ${isPerson} on conflict do nothing`.execute(tx)
    }
  } else {
    await sql`insert into affiliated select g.guardian_id from directory.staged_record s
      join affiliated a on a.id = s.subject_id
      join directory.guardianship g on g.pupil_id = s.subject_id
      where ${present(application)} and s.kind = 'pupil' on conflict do nothing`.execute(tx)
  }
  await sql`analyze affiliated`.execute(tx)
  const { rows } = await sql`select from affiliated limit 1`.execute(tx)
  if (rows.length > 0) await writeOfAffiliated(tx)
}

/** Writes those that the source states, and notes who may have lost one: another source may state it too. */
async function compareAll(tx: Tx, application: Application): Promise<void> {
  const { sourceId } = application
  await sql`with desired as materialized (
      select person_id, establishment_id as organisation_id, 'pupil' as profile from directory.enrolment
      join directory.shown_year using (establishment_id, school_year_id) where source_id = ${sourceId}
      union select g.guardian_id, e.establishment_id, 'guardian' from directory.guardianship g
      join directory.enrolment e on e.person_id = g.pupil_id
      join directory.shown_year using (establishment_id, school_year_id)
      where g.source_id = ${sourceId} and g.legal_status <> 'none'
      union select person_id, organisation_id, profile from directory.staff_function where source_id = ${sourceId}
      union select t.person_id, g.establishment_id, 'teacher' from directory.teaching t
      join directory.teaching_group g on g.id = t.teaching_group_id
      join directory.shown_year using (establishment_id, school_year_id)
      where t.source_id = ${sourceId}
    ), dropped as (
      insert into affiliated select distinct a.person_id from directory.affiliation a
      where a.source_id = ${sourceId} and not exists (select from desired d
        where d.person_id = a.person_id and d.organisation_id = a.organisation_id and d.profile = a.profile)
    )
    insert into directory.affiliation (person_id, organisation_id, profile, source_id)
    select person_id, organisation_id, profile, ${sourceId} from desired d
    where not exists (select from directory.affiliation a where a.person_id = d.person_id
      and a.organisation_id = d.organisation_id and a.profile = d.profile)
    -- Both indexes then grow at a few places, not everywhere.
    order by person_id`.execute(tx)
}

/** Makes the affiliations of some people follow from their relations as they are now, whatever sources state them. */
export async function writeAffiliationsOf(tx: Tx, ids: string[]): Promise<void> {
  await sql`create temporary table if not exists affiliated (id uuid primary key) on commit drop`.execute(tx)
  await sql`truncate affiliated`.execute(tx)
  await sql`insert into affiliated select unnest(${ids}::uuid[]) on conflict do nothing`.execute(tx)
  await writeOfAffiliated(tx)
}

/** The affiliations of the people noted, from all sources, in the school year that each establishment shows. */
async function writeOfAffiliated(tx: Tx): Promise<void> {
  // By steps, so that the planner looks up what these people have, and does not begin with all enrolments.
  await sql`with present as materialized (
      select c.id from affiliated c join directory.person p on p.id = c.id and p.gone_on is null
    ), children as materialized (
      select g.guardian_id, g.pupil_id from present c
      join directory.guardianship g on g.guardian_id = c.id and g.legal_status <> 'none'
      join directory.person p on p.id = g.pupil_id and p.gone_on is null
    ), enrolled as materialized (
      select c.id as person_id, 'pupil' as profile, e.establishment_id, e.school_year_id, e.source_id
      from present c join directory.enrolment e on e.person_id = c.id
      union all select c.guardian_id, 'guardian', e.establishment_id, e.school_year_id, e.source_id
      from children c join directory.enrolment e on e.person_id = c.pupil_id
    ), desired as materialized (
      select person_id, establishment_id as organisation_id, profile, source_id
      from enrolled join directory.shown_year using (establishment_id, school_year_id)
      union select f.person_id, f.organisation_id, f.profile, f.source_id
      from present c join directory.staff_function f on f.person_id = c.id
      join directory.source o on o.id = f.source_id and o.kind <> 'manual'
      union select t.person_id, g.establishment_id, 'teacher', t.source_id
      from present c join directory.teaching t on t.person_id = c.id
      join directory.teaching_group g on g.id = t.teaching_group_id
      join directory.shown_year using (establishment_id, school_year_id)
    ), dropped as (
      delete from directory.affiliation a using affiliated c
      where a.person_id = c.id and a.source_id is not null and not exists (select from desired d
        where d.person_id = a.person_id and d.organisation_id = a.organisation_id and d.profile = a.profile)
    )
    insert into directory.affiliation (person_id, organisation_id, profile, source_id)
    select distinct on (person_id, organisation_id, profile) person_id, organisation_id, profile, d.source_id
    from desired d
    where not exists (select from directory.affiliation a where a.person_id = d.person_id
      and a.organisation_id = d.organisation_id and a.profile = d.profile)
    order by person_id, organisation_id, profile, d.source_id`.execute(tx)
}
