import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { type Application, present, staged, yearIds } from './import-application.ts'

/** Where relations are read: records with their `subject_id` and `body`, their source, and the school year they are of. */
interface Statements {
  /** A select of subject_id, body, kind, source_id, place (which comes first when two state the same). */
  records: RawBuilder<unknown>
  source: RawBuilder<unknown>
  year: RawBuilder<unknown>
  order: RawBuilder<unknown>
}

const theYear = (year: RawBuilder<unknown>) =>
  sql`(select y.id from directory.school_year y
    where y.start_year = ${year} and y.tenant_id = kernel.current_tenant())`

/** What the import states, of people whom no other record describes. */
const ofImport = (application: Application): Statements => ({
  records: sql`select s.subject_id, s.body, s.kind, 0 as place, null::uuid as source_id from directory.staged_record s
    where ${present(application)} and not s.shared`,
  source: sql`${application.sourceId}`,
  year: theYear(sql`${application.schoolYear}::int`),
  order: sql``,
})

/** What all feeds state of some people, the first source first. @param people a condition on `r.subject_id`. */
const ofAllSources = (people: RawBuilder<unknown>): Statements => ({
  records: sql`select r.subject_id, r.body, r.kind, r.source_id,
      row_number() over (order by o.priority, r.source_id, r.external_id) as place
    from directory.source_record r join directory.source o on o.id = r.source_id
    where r.gone_on is null and o.kind <> 'manual' and ${people}`,
  source: sql`l.source_id`,
  year: theYear(sql`l.year`),
  order: sql`order by l.place`,
})

// An accepted record under the identifiers of a link's source: `join ${accepted(…)} and a.external_id = …`.
const accepted = ({ source }: Statements, kind: RawBuilder<unknown>) =>
  sql`directory.source_record a on a.source_id = ${source} and a.kind = ${kind}`

function insertFunctions(tx: Tx, from: Statements): Promise<unknown> {
  return sql`with links as materialized (
    select s.subject_id, s.source_id, s.place, f.* from (${from.records}) s
    cross join lateral jsonb_to_recordset(s.body->'functions') as f (establishment text, code text, label text,
      "disciplineCode" text, "disciplineLabel" text, profile text)
    where s.kind = 'staff'
  )
  insert into directory.staff_function (person_id, organisation_id, source_id,
    code, label, discipline_code, discipline_label, profile)
  select l.subject_id, a.subject_id, ${from.source},
    l.code, l.label, l."disciplineCode", l."disciplineLabel", l.profile
  from links l join ${accepted(from, sql`'establishment'`)} and a.external_id = l.establishment`.execute(tx)
}

function insertGuardianships(tx: Tx, from: Statements): Promise<unknown> {
  return sql`with links as materialized (
    select s.subject_id, s.source_id, s.place, g.* from (${from.records}) s
    cross join lateral jsonb_to_recordset(s.body->'guardians') as g
      (id text, link text, legal text, financial boolean, contact boolean, pays boolean)
    where s.kind = 'pupil'
  )
  insert into directory.guardianship
    (pupil_id, guardian_id, source_id, link_code, legal_status, financial, contact, pays)
  select l.subject_id, a.subject_id, ${from.source}, l.link, l.legal, l.financial, l.contact, l.pays
  from links l join ${accepted(from, sql`'guardian'`)} and a.external_id = l.id
    and a.gone_on is null and a.subject_id <> l.subject_id
  ${from.order} on conflict do nothing`.execute(tx)
}

const inserts: ((tx: Tx, from: Statements) => Promise<unknown>)[] = [
  (tx, from) =>
    sql`with links as materialized (
      select s.subject_id, s.source_id, s.place, (s.body->>'schoolYear')::int as year, e.* from (${from.records}) s
      cross join lateral jsonb_to_recordset(s.body->'enrolments') as e
        (establishment text, mef text, level text, "levelCode" text, regime text, status text, "enteredOn" date, "leftOn" date)
      where s.kind = 'pupil'
    )
    insert into directory.enrolment (person_id, establishment_id, school_year_id, source_id,
      mef_code, level_label, level_code, regime, status, entered_on, left_on)
    select l.subject_id, a.subject_id, ${from.year}, ${from.source},
      l.mef, l.level, l."levelCode", l.regime, l.status, l."enteredOn", l."leftOn"
    from links l join ${accepted(from, sql`'establishment'`)} and a.external_id = l.establishment
    ${from.order} on conflict do nothing`.execute(tx),

  (tx, from) =>
    sql`with links as materialized (
      select s.subject_id, s.source_id, s.place, m.kind, m.ref from (${from.records}) s
      cross join lateral (
        select 'class' as kind, ref from jsonb_array_elements_text(s.body->'classes') ref
        union all select 'group', ref from jsonb_array_elements_text(s.body->'groups') ref
      ) m
      where s.kind = 'pupil'
    )
    insert into directory.membership (person_id, teaching_group_id, source_id)
    select l.subject_id, a.subject_id, ${from.source}
    from links l join ${accepted(from, sql`l.kind`)} and a.external_id = l.ref
    ${from.order} on conflict do nothing`.execute(tx),

  insertGuardianships,

  insertFunctions,

  (tx, from) =>
    sql`with links as materialized (
      select s.subject_id, s.source_id, s.place, t.* from (${from.records}) s
      cross join lateral jsonb_to_recordset(s.body->'teachings') as t
        (kind text, ref text, subjects text[], main boolean)
      where s.kind = 'staff'
    )
    insert into directory.teaching (person_id, teaching_group_id, source_id, subject_codes, main_teacher)
    select l.subject_id, a.subject_id, ${from.source}, l.subjects, l.main
    from links l join ${accepted(from, sql`l.kind`)} and a.external_id = l.ref
    ${from.order} on conflict do nothing`.execute(tx),
]

/** Writes the relations of this year anew, of people who changed; a step for each table. */
export const insertRelations = inserts.map((insert) => async (tx: Tx, application: Application) => {
  if (application.preparing && insert === insertFunctions) return
  await insert(tx, ofImport(application))
  if (!application.anyShared) return
  const shared = sql`select s.subject_id from directory.staged_record s where ${staged(application)} and s.shared`
  await insert(tx, ofAllSources(sql`r.subject_id in (${shared})`))
})

/**
 * Writes what all feeds state of some people, once nothing of it is there.
 * @param pupils those whose guardians are written: the people themselves and the children they answer for.
 */
export async function insertRelationsOf(tx: Tx, ids: string[], pupils: string[]): Promise<void> {
  for (const insert of inserts) {
    const whose = insert === insertGuardianships ? pupils : ids
    await insert(tx, ofAllSources(sql`r.subject_id = any(${whose}::uuid[])`))
  }
}

/** Takes away the relations of people who changed or left, to be written anew; those of years before stay, as history. */
export async function removeRelations(tx: Tx, application: Application): Promise<void> {
  const { sourceId, preparing } = application
  await removeTheirs(tx, {
    preparing,
    // Whose relations: those of the source.
    owned: sql`s.known and not s.shared and x.source_id = ${sourceId} and ${staged(application)}`,
    sources: sql``,
    ofYear: (column) => sql`${column} in (${yearIds(application)})`,
  })
  if (!application.anyShared) return
  // Of whomever several records describe: what each source says of the school year it speaks of.
  await removeTheirs(tx, {
    preparing,
    owned: sql`s.shared and o.id = x.source_id and o.kind <> 'manual' and ${staged(application)}`,
    sources: sql`, directory.source o`,
    ofYear: (column) => sql`(${column} = o.school_year_id
      or x.source_id = ${sourceId} and ${column} in (${yearIds(application)}))`,
  })
}

interface Removal {
  preparing: boolean
  owned: RawBuilder<unknown>
  sources: RawBuilder<unknown>
  ofYear: (column: RawBuilder<unknown>) => RawBuilder<unknown>
}

async function removeTheirs(tx: Tx, { preparing, owned, sources, ofYear }: Removal): Promise<void> {
  const ofTheirGroups = sql`x.teaching_group_id = g.id and ${ofYear(sql`g.school_year_id`)}`
  await sql`delete from directory.enrolment x using directory.staged_record s ${sources}
    where ${owned} and s.kind = 'pupil' and x.person_id = s.subject_id and ${ofYear(sql`x.school_year_id`)}`.execute(tx)
  await sql`delete from directory.membership x using directory.staged_record s, directory.teaching_group g ${sources}
    where ${owned} and s.kind = 'pupil' and x.person_id = s.subject_id and ${ofTheirGroups}`.execute(tx)
  await sql`delete from directory.teaching x using directory.staged_record s, directory.teaching_group g ${sources}
    where ${owned} and s.kind = 'staff' and x.person_id = s.subject_id and ${ofTheirGroups}`.execute(tx)
  await sql`delete from directory.guardianship x using directory.staged_record s ${sources}
    where ${owned} and s.kind = 'pupil' and x.pupil_id = s.subject_id
      and not (${preparing} and s.change = 'removed')`.execute(tx)
  if (preparing) return
  await sql`delete from directory.staff_function x using directory.staged_record s ${sources}
    where ${owned} and s.kind = 'staff' and x.person_id = s.subject_id`.execute(tx)
  await sql`delete from directory.guardianship x using directory.staged_record s ${sources}
    where ${owned} and s.kind = 'guardian' and s.change = 'removed' and not s.shared
      and x.guardian_id = s.subject_id`.execute(tx)
}
