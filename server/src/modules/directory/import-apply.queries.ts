import { randomUUIDv7 } from 'node:crypto'
import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import { preparePlanner, type Step } from './import-diff.queries.ts'

/** What the steps below work on. */
export interface Application {
  importId: string
  sourceId: string
  academyCode: string
  exportedOn: Day
  /** Year in which the school year of the export starts. */
  schoolYear: number
  /** Whether nothing of this source had been applied before. */
  first: boolean
}

const staged = ({ importId }: Application) => sql`s.import_id = ${importId}` as RawBuilder<boolean>
const present = (application: Application) => sql`${staged(application)} and s.change <> 'removed'`
// Once records are accepted: no other one, of whatever source or identifier, describes the same.
const unknown = sql`not exists (select from directory.source_record r
  where r.subject_id = s.subject_id and r.gone_on is null)`
const isPerson = sql`s.kind in ('pupil', 'guardian', 'staff')`

// The school year of the export, made by the first step.
const yearId = ({ schoolYear }: Application) =>
  sql`(select id from directory.school_year where start_year = ${schoolYear} and tenant_id = kernel.current_tenant())`

// Accepted records of a kind under the identifiers of the feed: `accepted(…, 'class') as c`.
const accepted = ({ sourceId }: Application, kind: RawBuilder<unknown>) =>
  sql`directory.source_record a on a.source_id = ${sourceId} and a.kind = ${kind}`

const organisationColumns = {
  name: `s.body->>'name'`,
  level: `s.body->>'level'`,
  uai: `s.body->>'uai'`,
  siren: `s.body->>'siren'`,
  type_label: `s.body->>'typeLabel'`,
  street: `s.body->>'street'`,
  postal_code: `s.body->>'postalCode'`,
  town: `s.body->>'town'`,
  phone: `s.body->>'phone'`,
  email: `s.body->>'email'`,
}

const personColumns = {
  family_name: `s.body->>'familyName'`,
  given_name: `s.body->>'givenName'`,
  other_given_names: `s.body->>'otherGivenNames'`,
  birth_family_name: `s.body->>'birthFamilyName'`,
  title: `s.body->>'title'`,
  born_on: `(s.body->>'bornOn')::date`,
  email: `s.body->>'email'`,
  phone: `s.body->>'phone'`,
  mobile: `s.body->>'mobile'`,
  work_phone: `s.body->>'workPhone'`,
  street: `s.body->>'street'`,
  postal_code: `s.body->>'postalCode'`,
  town: `s.body->>'town'`,
  country: `s.body->>'country'`,
  family_key: 's.family_key',
  given_key: 's.given_key',
}

const namesOf = (columns: Record<string, string>) => sql.raw(Object.keys(columns).join(', '))
const valuesOf = (columns: Record<string, string>) => sql.raw(Object.values(columns).join(', '))
const settingsOf = (columns: Record<string, string>) =>
  sql.raw(
    Object.entries(columns)
      .map(([name, value]) => `${name} = ${value}`)
      .join(', '),
  )

/**
 * Makes the directory what the reviewed import says, in this order, in one transaction. Each statement handles all
 * records at once. Relations are written anew for the records that changed, and only for them.
 */
export const applicationSteps: Step<Application>[] = [
  preparePlanner,

  (tx, { schoolYear }) =>
    sql`insert into directory.school_year (id, start_year, starts_on, ends_on)
      values (${randomUUIDv7()}, ${schoolYear}, ${`${schoolYear}-09-01`}, ${`${schoolYear + 1}-08-31`})
      on conflict (tenant_id, start_year) do nothing`.execute(tx),

  // The history, while the former state of each record is still there.
  (tx, application) =>
    sql`insert into directory.import_change
      (import_id, kind, external_id, change, label, establishment_ref, fields)
    select s.import_id, s.kind, s.external_id, s.change,
      directory.record_label(case when s.change = 'removed' then r.body else s.body end), s.establishment_ref,
      case when s.change = 'modified' then directory.changed_fields(r.body, s.body) else '[]' end
    from directory.staged_record s
    left join directory.source_record r
      on r.source_id = ${application.sourceId} and r.kind = s.kind and r.external_id = s.external_id
    where ${staged(application)} and not (${application.first} and s.change = 'added')`.execute(tx),

  (tx, application) =>
    sql`insert into directory.organisation
      (id, kind, academy_code, ${namesOf(organisationColumns)})
    select s.subject_id, 'establishment', ${application.academyCode}, ${valuesOf(organisationColumns)}
    from directory.staged_record s where ${present(application)} and s.kind = 'establishment'
    on conflict (id) do update set gone_on = null, academy_code = excluded.academy_code,
      ${sql.raw(
        Object.keys(organisationColumns)
          .map((name) => `${name} = excluded.${name}`)
          .join(', '),
      )}`.execute(tx),

  (tx, application) => acceptRecords(tx, application, sql`s.kind = 'establishment'`),

  async (tx, application) => {
    await sql`insert into directory.teaching_group (id, establishment_id, school_year_id, kind, code, name)
      select s.subject_id, a.subject_id, ${yearId(application)}, s.kind, s.body->>'code', s.body->>'name'
      from directory.staged_record s
      join ${accepted(application, sql`'establishment'`)} and a.external_id = s.establishment_ref
      where ${present(application)} and s.kind in ('class', 'group')
      on conflict (establishment_id, school_year_id, kind, code) do update set name = excluded.name`.execute(tx)
    // A class that was there under its own code keeps its identifier.
    await sql`update directory.staged_record s set subject_id = g.id
      from directory.source_record a
      join directory.teaching_group g on g.establishment_id = a.subject_id
      where ${present(application)} and a.source_id = ${application.sourceId} and a.kind = 'establishment'
        and a.external_id = s.establishment_ref and g.kind = s.kind and g.code = s.body->>'code'
        and g.school_year_id = ${yearId(application)} and g.id <> s.subject_id`.execute(tx)
  },

  (tx, application) =>
    sql`insert into directory.person (id, ${namesOf(personColumns)})
    select s.subject_id, ${valuesOf(personColumns)}
    from directory.staged_record s where ${present(application)} and not s.known and ${isPerson}`.execute(tx),

  (tx, application) =>
    sql`update directory.person p set gone_on = null, ${settingsOf(personColumns)}
    from directory.staged_record s
    where ${present(application)} and s.known and ${isPerson} and p.id = s.subject_id`.execute(tx),

  (tx, application) => acceptRecords(tx, application, sql`s.kind <> 'establishment'`),

  async (tx, application) => {
    for (const kind of ['subject', 'mef']) {
      const table = sql.table(`directory.${kind}`)
      await sql`insert into ${table} (source_id, code, name)
        select ${application.sourceId}, s.external_id, s.body->>'name'
        from directory.staged_record s where ${present(application)} and s.kind = ${kind}
        on conflict (source_id, code) do update set name = excluded.name`.execute(tx)
      await sql`delete from ${table} t using directory.staged_record s
        where ${staged(application)} and s.change = 'removed' and s.kind = ${kind}
          and t.source_id = ${application.sourceId} and t.code = s.external_id`.execute(tx)
    }
  },

  removeRelations,

  (tx, application) =>
    sql`with links as materialized (
      select s.subject_id, e.* from directory.staged_record s
      cross join lateral jsonb_to_recordset(s.body->'enrolments') as e
        (establishment text, mef text, level text, regime text, status text, "enteredOn" date, "leftOn" date)
      where ${present(application)} and s.kind = 'pupil'
    )
    insert into directory.enrolment (person_id, establishment_id, school_year_id, source_id,
      mef_code, level_label, regime, status, entered_on, left_on)
    select l.subject_id, a.subject_id, ${yearId(application)}, ${application.sourceId},
      l.mef, l.level, l.regime, l.status, l."enteredOn", l."leftOn"
    from links l join ${accepted(application, sql`'establishment'`)} and a.external_id = l.establishment
    on conflict do nothing`.execute(tx),

  (tx, application) =>
    sql`with links as materialized (
      select s.subject_id, m.kind, m.ref from directory.staged_record s
      cross join lateral (
        select 'class' as kind, ref from jsonb_array_elements_text(s.body->'classes') ref
        union all select 'group', ref from jsonb_array_elements_text(s.body->'groups') ref
      ) m
      where ${present(application)} and s.kind = 'pupil'
    )
    insert into directory.membership (person_id, teaching_group_id, source_id)
    select l.subject_id, a.subject_id, ${application.sourceId}
    from links l join ${accepted(application, sql`l.kind`)} and a.external_id = l.ref
    on conflict do nothing`.execute(tx),

  (tx, application) =>
    sql`with links as materialized (
      select s.subject_id, g.* from directory.staged_record s
      cross join lateral jsonb_to_recordset(s.body->'guardians') as g
        (id text, link text, legal text, financial boolean, contact boolean, pays boolean)
      where ${present(application)} and s.kind = 'pupil'
    )
    insert into directory.guardianship
      (pupil_id, guardian_id, source_id, link_code, legal_status, financial, contact, pays)
    select l.subject_id, a.subject_id, ${application.sourceId}, l.link, l.legal, l.financial, l.contact, l.pays
    from links l join ${accepted(application, sql`'guardian'`)} and a.external_id = l.id
    on conflict do nothing`.execute(tx),

  (tx, application) =>
    sql`with links as materialized (
      select s.subject_id, f.* from directory.staged_record s
      cross join lateral jsonb_to_recordset(s.body->'functions') as f (establishment text, code text, label text,
        "disciplineCode" text, "disciplineLabel" text, profile text)
      where ${present(application)} and s.kind = 'staff'
    )
    insert into directory.staff_function (person_id, organisation_id, source_id,
      code, label, discipline_code, discipline_label, profile)
    select l.subject_id, a.subject_id, ${application.sourceId},
      l.code, l.label, l."disciplineCode", l."disciplineLabel", l.profile
    from links l join ${accepted(application, sql`'establishment'`)} and a.external_id = l.establishment`.execute(tx),

  (tx, application) =>
    sql`with links as materialized (
      select s.subject_id, t.* from directory.staged_record s
      cross join lateral jsonb_to_recordset(s.body->'teachings') as t
        (kind text, ref text, subjects text[], main boolean)
      where ${present(application)} and s.kind = 'staff'
    )
    insert into directory.teaching (person_id, teaching_group_id, source_id, subject_codes, main_teacher)
    select l.subject_id, a.subject_id, ${application.sourceId}, l.subjects, l.main
    from links l join ${accepted(application, sql`l.kind`)} and a.external_id = l.ref
    on conflict do nothing`.execute(tx),

  // What no source knows any more: gone, and back under the same identifier if a later export holds it again.
  async (tx, application) => {
    await sql`update directory.person p set gone_on = ${application.exportedOn}
      from directory.staged_record s
      where ${staged(application)} and s.change = 'removed' and ${isPerson} and p.id = s.subject_id and ${unknown}`.execute(
      tx,
    )
    await sql`update directory.organisation o set gone_on = ${application.exportedOn}
      from directory.staged_record s
      where ${staged(application)} and s.change = 'removed' and s.kind = 'establishment' and o.id = s.subject_id
        and ${unknown}`.execute(tx)
  },

  // Affiliations follow from relations that other records hold too: all those of the source are compared.
  (tx, application) =>
    sql`with desired as materialized (
      select person_id, establishment_id as organisation_id, 'pupil' as profile from directory.enrolment
      where source_id = ${application.sourceId} and school_year_id = ${yearId(application)}
      union select g.guardian_id, e.establishment_id, 'guardian' from directory.guardianship g
      join directory.enrolment e on e.person_id = g.pupil_id and e.school_year_id = ${yearId(application)}
      where g.source_id = ${application.sourceId} and g.legal_status <> 'none'
      union select person_id, organisation_id, profile from directory.staff_function
      where source_id = ${application.sourceId}
      union select t.person_id, g.establishment_id, 'teacher' from directory.teaching t
      join directory.teaching_group g on g.id = t.teaching_group_id and g.school_year_id = ${yearId(application)}
      where t.source_id = ${application.sourceId}
    ), dropped as (
      delete from directory.affiliation a where a.source_id = ${application.sourceId} and not exists (
        select from desired d where d.person_id = a.person_id and d.organisation_id = a.organisation_id
          and d.profile = a.profile)
    )
    insert into directory.affiliation (person_id, organisation_id, profile, source_id)
    select person_id, organisation_id, profile, ${application.sourceId} from desired d
    where not exists (select from directory.affiliation a where a.person_id = d.person_id
      and a.organisation_id = d.organisation_id and a.profile = d.profile)
    -- Both indexes then grow at a few places, not everywhere.
    order by person_id`.execute(tx),
]

/** Takes away vanished classes, and the relations of this year of people who changed or left, to be written anew. */
async function removeRelations(tx: Tx, application: Application): Promise<void> {
  // Before any relation is touched: the deletion locks the tables of those who are in classes. Classes of years before
  // stay, as history.
  await sql`delete from directory.teaching_group g using directory.staged_record s
    where ${staged(application)} and s.change = 'removed' and s.kind in ('class', 'group') and g.id = s.subject_id
      and g.school_year_id = ${yearId(application)} and ${unknown}`.execute(tx)
  const { rows } = await sql`select from directory.staged_record s
    where ${staged(application)} and s.known and ${isPerson} limit 1`.execute(tx)
  if (rows.length === 0) return
  const theirs = sql`${staged(application)} and s.known and x.source_id = ${application.sourceId}`
  const ofYear = sql`x.teaching_group_id = g.id and g.school_year_id = ${yearId(application)}`
  await sql`delete from directory.enrolment x using directory.staged_record s
    where ${theirs} and s.kind = 'pupil' and x.person_id = s.subject_id
      and x.school_year_id = ${yearId(application)}`.execute(tx)
  await sql`delete from directory.membership x using directory.staged_record s, directory.teaching_group g
    where ${theirs} and s.kind = 'pupil' and x.person_id = s.subject_id and ${ofYear}`.execute(tx)
  await sql`delete from directory.teaching x using directory.staged_record s, directory.teaching_group g
    where ${theirs} and s.kind = 'staff' and x.person_id = s.subject_id and ${ofYear}`.execute(tx)
  await sql`delete from directory.staff_function x using directory.staged_record s
    where ${theirs} and s.kind = 'staff' and x.person_id = s.subject_id`.execute(tx)
  await sql`delete from directory.guardianship x using directory.staged_record s
    where ${theirs} and s.kind = 'pupil' and x.pupil_id = s.subject_id`.execute(tx)
  await sql`delete from directory.guardianship x using directory.staged_record s
    where ${theirs} and s.kind = 'guardian' and s.change = 'removed' and x.guardian_id = s.subject_id`.execute(tx)
}

/** Remembers the accepted state of records, under the identifiers of the feed. */
async function acceptRecords(tx: Tx, application: Application, which: RawBuilder<unknown>): Promise<void> {
  const { sourceId } = application
  const same = sql`r.source_id = ${sourceId} and r.kind = s.kind and r.external_id = s.external_id`
  await sql`insert into directory.source_record
      (source_id, kind, external_id, subject_id, hash, body, establishment_ref)
    select ${sourceId}, s.kind, s.external_id, s.subject_id, s.hash, s.body, s.establishment_ref
    from directory.staged_record s where ${present(application)} and not s.known and ${which}`.execute(tx)
  await sql`update directory.source_record r set
      subject_id = s.subject_id, hash = s.hash, body = s.body, establishment_ref = s.establishment_ref, gone_on = null
    from directory.staged_record s where ${present(application)} and s.known and ${same} and ${which}`.execute(tx)
  await sql`update directory.source_record r set gone_on = ${application.exportedOn}
    from directory.staged_record s
    where ${staged(application)} and s.change = 'removed' and ${same} and ${which}`.execute(tx)
}
