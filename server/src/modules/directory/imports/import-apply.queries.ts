import { randomUUIDv7 } from 'node:crypto'
import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { keysOf } from '../feeds/records.ts'
import { noteAffiliated, writeAffiliations } from './import-affiliations.queries.ts'
import { type Application, isPerson, present, sameRecord, staged, yearId, yearIds } from './import-application.ts'
import { preparePlanner, type Step } from './import-comparison.ts'
import { insertRelations, removeRelations } from './import-relations.queries.ts'
import { proposeRenamings } from './import-renamings.queries.ts'
import { listSchoolYears } from '../school-years.ts'

// Once records are accepted: no other one, of whatever source or identifier, describes the same.
const unknown = sql`not exists (select from directory.source_record k
  where k.subject_id = s.subject_id and k.gone_on is null)`

const organisationColumns = {
  name: `b.body->>'name'`,
  level: `b.body->>'level'`,
  uai: `b.body->>'uai'`,
  siren: `b.body->>'siren'`,
  type_label: `b.body->>'typeLabel'`,
  street: `b.body->>'street'`,
  postal_code: `b.body->>'postalCode'`,
  town: `b.body->>'town'`,
  phone: `b.body->>'phone'`,
  email: `b.body->>'email'`,
}

const personColumns = {
  family_name: `b.body->>'familyName'`,
  given_name: `b.body->>'givenName'`,
  other_given_names: `b.body->>'otherGivenNames'`,
  birth_family_name: `b.body->>'birthFamilyName'`,
  title: `b.body->>'title'`,
  born_on: `(b.body->>'bornOn')::date`,
  email: `b.body->>'email'`,
  phone: `b.body->>'phone'`,
  mobile: `b.body->>'mobile'`,
  work_phone: `b.body->>'workPhone'`,
  street: `b.body->>'street'`,
  postal_code: `b.body->>'postalCode'`,
  town: `b.body->>'town'`,
  country: `b.body->>'country'`,
  family_key: 'b.family_key',
  given_key: 'b.given_key',
}

const codeColumns: Record<string, Record<string, string>> = {
  subject: { name: `b.body->>'name'` },
  mef: {
    name: `b.body->>'name'`,
    attached_to: `b.body->>'attachedTo'`,
    statistical_code: `b.body->>'statisticalCode'`,
  },
}

const namesOf = (columns: Record<string, string>) => sql.raw(Object.keys(columns).join(', '))
const valuesOf = (columns: Record<string, string>) => sql.raw(Object.values(columns).join(', '))
const settingsOf = (columns: Record<string, string>) =>
  sql.raw(
    Object.entries(columns)
      .map(([name, value]) => `${name} = ${value}`)
      .join(', '),
  )

/** A step that only concerns records accepted before. */
const ofKnown =
  (step: Step<Application>): Step<Application> =>
  async (tx, application) => {
    if (application.anyKnown) await step(tx, application)
  }

/** Of several records that describe the same, the one that speaks for it comes first. */
const bySource = sql`r.subject_id, o.priority, r.kind desc, r.external_id`

/**
 * Makes the directory what the reviewed import says, in this order, in one transaction. Each statement handles all
 * records at once. Relations are written anew for the records that changed, and only for them.
 */
export const applicationSteps: Step<Application>[] = [
  preparePlanner,

  async (tx, application) => {
    const { schoolYear } = application
    await sql`insert into directory.school_year (id, start_year, starts_on, ends_on)
      values (${randomUUIDv7()}, ${schoolYear}, ${`${schoolYear}-09-01`}, ${`${schoolYear + 1}-08-31`})
      on conflict (tenant_id, start_year) do nothing`.execute(tx)
    application.preparing = (await listSchoolYears(tx)).some(
      (year) => year.startYear === schoolYear && year.state === 'preparing',
    )
    await sql`update directory.source set school_year_id = ${yearId(application)}
      where id = ${application.sourceId}`.execute(tx)
  },

  followMerges,

  // The history, while the former state of each record is still there.
  (tx, application) =>
    sql`insert into directory.import_change (import_id, kind, external_id, change, label, establishment_ref, fields,
      former_hash, former_ref, former_gone_on)
    select s.import_id, s.kind, s.external_id, s.change,
      directory.record_label(case when s.change = 'removed' then r.body else s.body end), s.establishment_ref,
      case when s.known and s.change <> 'removed' then directory.changed_fields(r.body, s.body) else '[]' end,
      r.hash, r.establishment_ref, r.gone_on
    from directory.staged_record s
    left join directory.source_record r on ${sameRecord(application)}
    where ${staged(application)} and not (${application.first} and s.change = 'added')`.execute(tx),

  noteAffiliated,

  // Two establishments may exchange their UAI in one feed: neither bears one meanwhile.
  async (tx, application) => {
    if (application.anyKnown) {
      await sql`update directory.organisation o set uai = null from directory.staged_record s
        where ${present(application)} and s.kind = 'establishment' and s.known and o.id = s.subject_id
          and o.uai <> s.body->>'uai'`.execute(tx)
    }
    await sql`insert into directory.organisation (id, kind, academy_code, ${namesOf(organisationColumns)})
      select b.subject_id, 'establishment', ${application.academyCode}, ${valuesOf(organisationColumns)}
      from directory.staged_record b where b.import_id = ${application.importId} and b.change <> 'removed'
        and b.kind = 'establishment'
      on conflict (id) do nothing`.execute(tx)
  },

  (tx, application) => acceptRecords(tx, application, sql`s.kind = 'establishment'`),

  async (tx, application) => {
    await sql`update directory.organisation p
    set gone_on = null, academy_code = coalesce(b.academy_code, p.academy_code), ${settingsOf(organisationColumns)}
    from (
      select distinct on (r.subject_id) r.subject_id, r.body, o.academy_code
      from directory.source_record r join directory.source o on o.id = r.source_id
      where r.gone_on is null and r.kind = 'establishment' and r.subject_id in (
        select s.subject_id from directory.staged_record s where ${staged(application)} and s.kind = 'establishment')
      order by r.subject_id, r.body ? 'mentioned', o.priority, r.external_id
    ) b
    where p.id = b.subject_id and not (b.body ? 'mentioned' and p.name <> p.uai)`.execute(tx)
    // Of one that is only named, nothing else is said than that it is there.
    await sql`update directory.organisation p set gone_on = null from directory.staged_record s
      where ${present(application)} and s.kind = 'establishment' and p.id = s.subject_id and p.gone_on is not null`.execute(
      tx,
    )
  },

  // A new establishment is in the territory of all those of its level and département, where they share one.
  (tx, application) =>
    sql`update directory.organisation p set parent_id = n.territories[1]
    from (
      select o.level, substr(o.uai, 1, 3) as department, array_agg(distinct o.parent_id) as territories
      from directory.organisation o where o.kind = 'establishment' and o.parent_id is not null group by 1, 2
    ) n
    where p.kind = 'establishment' and p.parent_id is null and p.level = n.level and substr(p.uai, 1, 3) = n.department
      and cardinality(n.territories) = 1 and p.id in (
        select s.subject_id from directory.staged_record s where ${present(application)} and s.kind = 'establishment')`.execute(
      tx,
    ),

  async (tx, application) => {
    await sql`insert into directory.teaching_group (id, establishment_id, school_year_id, kind, code, name)
      select s.subject_id, a.subject_id, ${yearId(application)}, s.kind, s.body->>'code', s.body->>'name'
      from directory.staged_record s
      join directory.source_record a on a.source_id = ${application.sourceId} and a.kind = 'establishment'
        and a.external_id = s.establishment_ref
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

  ofKnown(proposeRenamings),

  (tx, application) =>
    sql`insert into directory.person (id, ${namesOf(personColumns)})
    select b.subject_id, ${valuesOf(personColumns)} from directory.staged_record b
    where b.import_id = ${application.importId} and b.change <> 'removed' and not b.known
      and b.kind in ('pupil', 'guardian', 'staff')`.execute(tx),

  ofKnown((tx, application) =>
    sql`update directory.person p set gone_on = null, ${settingsOf(personColumns)} from directory.staged_record b
    where b.import_id = ${application.importId} and b.change <> 'removed' and b.known and not b.shared
      and b.kind in ('pupil', 'guardian', 'staff') and p.id = b.subject_id`.execute(tx),
  ),

  (tx, application) => acceptRecords(tx, application, sql`s.kind <> 'establishment'`),

  async (tx, application) => {
    if (application.anyShared) await updateSharedPeople(tx, application)
  },

  async (tx, application) => {
    for (const [kind, columns] of Object.entries(codeColumns)) {
      const table = sql.table(`directory.${kind}`)
      const excluded = Object.fromEntries(Object.keys(columns).map((name) => [name, `excluded.${name}`]))
      await sql`insert into ${table} (source_id, code, ${namesOf(columns)})
        select ${application.sourceId}, b.external_id, ${valuesOf(columns)}
        from (select * from directory.staged_record s where ${present(application)} and s.kind = ${kind}) b
        on conflict (source_id, code) do update set ${settingsOf(excluded)}`.execute(tx)
      if (!application.anyKnown) continue
      await sql`delete from ${table} t using directory.staged_record s
        where ${staged(application)} and s.change = 'removed' and s.kind = ${kind}
          and t.source_id = ${application.sourceId} and t.code = s.external_id`.execute(tx)
    }
  },

  ofKnown(removeRelations),

  ...insertRelations,

  // What no source knows any more: gone, and back under the same identifier if a later export holds it again.
  ofKnown(async (tx, application) => {
    if (application.preparing) return
    await sql`update directory.person p set gone_on = r.gone_on
      from directory.staged_record s join directory.source_record r on ${sameRecord(application)}
      where ${staged(application)} and s.change = 'removed' and ${isPerson} and p.id = s.subject_id and ${unknown}`.execute(
      tx,
    )
    await sql`update directory.organisation o set gone_on = r.gone_on
      from directory.staged_record s join directory.source_record r on ${sameRecord(application)}
      where ${staged(application)} and s.change = 'removed' and s.kind = 'establishment' and o.id = s.subject_id
        and ${unknown}`.execute(tx)
  }),

  writeAffiliations,

  ofKnown(removeClasses),
]

/**
 * Since the import was read, two people may have been found to be one: records follow. Tells which people other present
 * records describe too: what those state of them counts as much.
 */
async function followMerges(tx: Tx, application: Application): Promise<void> {
  const { rows } =
    await sql`select from directory.staged_record s where ${staged(application)} and s.known limit 1`.execute(tx)
  application.anyKnown = rows.length > 0
  if (!application.anyKnown) return
  await sql`update directory.staged_record s set subject_id = r.subject_id
    from directory.source_record r
    where ${staged(application)} and s.known and ${isPerson} and ${sameRecord(application)}
      and r.subject_id <> s.subject_id`.execute(tx)
  const { numAffectedRows } = await sql`update directory.staged_record s set shared = true
    where ${staged(application)} and s.known and ${isPerson} and exists (select from directory.source_record r
      where r.subject_id = s.subject_id and r.gone_on is null
        and (r.source_id, r.kind, r.external_id) <> (${application.sourceId}::uuid, s.kind, s.external_id))`.execute(tx)
  application.anyShared = Number(numAffectedRows ?? 0) > 0
}

/** Remembers the accepted state of records, under the identifiers of the feed. */
async function acceptRecords(tx: Tx, application: Application, which: RawBuilder<unknown>): Promise<void> {
  const { sourceId, undoes } = application
  await sql`insert into directory.source_record
      (source_id, kind, external_id, subject_id, hash, body, establishment_ref)
    select ${sourceId}, s.kind, s.external_id, s.subject_id, s.hash, s.body, s.establishment_ref
    from directory.staged_record s where ${present(application)} and not s.known and ${which}`.execute(tx)
  if (!application.anyKnown) return
  await sql`update directory.source_record r set
      subject_id = s.subject_id, hash = s.hash, body = s.body, establishment_ref = s.establishment_ref, gone_on = null,
      changed_at = now()
    from directory.staged_record s
    where ${present(application)} and s.known and ${sameRecord(application)} and ${which}`.execute(tx)
  if (!undoes) {
    await sql`update directory.source_record r set gone_on = ${application.exportedOn}, changed_at = now()
      from directory.staged_record s
      where ${staged(application)} and s.change = 'removed' and ${sameRecord(application)} and ${which}`.execute(tx)
    return
  }
  // A roll-back takes away what had come back: it is gone since it first was, as it then was.
  await sql`update directory.source_record r set gone_on = coalesce(c.former_gone_on, ${application.exportedOn}),
      changed_at = now(), hash = coalesce(c.former_hash, r.hash),
      establishment_ref = coalesce(c.former_ref, r.establishment_ref),
      body = (r.body - array(select f->>'field' from jsonb_array_elements(c.fields) f))
        || (select coalesce(jsonb_object_agg(f->>'field', f->'before'), '{}')
          from jsonb_array_elements(c.fields) f where f->'before' <> 'null')
    from directory.staged_record s left join directory.import_change c
      on c.import_id = ${undoes.id} and c.kind = s.kind and c.external_id = s.external_id
    where ${staged(application)} and s.change = 'removed' and ${sameRecord(application)} and ${which}`.execute(tx)
}

/** People whom several records describe are as the first of their sources says. */
async function updateSharedPeople(tx: Tx, application: Application): Promise<void> {
  const { rows } = await sql<{ id: string; body: { familyName: string; givenName: string } }>`
    select distinct on (r.subject_id) r.subject_id as id, r.body
    from directory.source_record r join directory.source o on o.id = r.source_id
    where r.gone_on is null and r.kind in ('pupil', 'guardian', 'staff') and r.subject_id in (
      select s.subject_id from directory.staged_record s where ${staged(application)} and s.shared)
    order by ${bySource}`.execute(tx)
  for (let start = 0; start < rows.length; start += 1000) {
    const people = rows.slice(start, start + 1000).map(({ id, body }) => {
      const { familyKey, givenKey } = keysOf(body)
      return { id, body, family_key: familyKey, given_key: givenKey }
    })
    await sql`update directory.person p set gone_on = null, ${settingsOf(personColumns)}
      from jsonb_to_recordset(${JSON.stringify(people)}::jsonb) as b
        (id uuid, body jsonb, family_key text, given_key text)
      where p.id = b.id`.execute(tx)
  }
}

/** Takes away vanished classes, nobody being in them any more. Classes of years before stay, as history. */
async function removeClasses(tx: Tx, application: Application): Promise<void> {
  await sql`delete from directory.teaching_group g using directory.staged_record s
    where ${staged(application)} and s.change = 'removed' and s.kind in ('class', 'group') and g.id = s.subject_id
      and g.school_year_id in (${yearIds(application)}) and ${unknown}`.execute(tx)
  const { undoes, schoolYear, sourceId } = application
  if (!undoes || undoes.schoolYear === schoolYear) return
  // Those of the year that is undone: their records describe classes of the year before again.
  await sql`delete from directory.teaching_group g using directory.school_year y
    where y.id = g.school_year_id and y.start_year = ${undoes.schoolYear}
      and g.establishment_id in (select a.subject_id from directory.source_record a
        where a.source_id = ${sourceId} and a.kind = 'establishment')
      and not exists (select from directory.source_record r where r.subject_id = g.id and r.gone_on is null)
      and not exists (select from directory.membership m where m.teaching_group_id = g.id)
      and not exists (select from directory.teaching t where t.teaching_group_id = g.id)`.execute(tx)
}
