import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import { keysOf, type PersonBody } from '../feeds/records.ts'
import { writeAffiliationsOf } from '../imports/import-affiliations.queries.ts'
import { insertRelationsOf } from '../imports/import-relations.queries.ts'

// Relations of people are of two kinds. What the present record of a feed states of the feed's current year is derived:
// it can be taken away and written anew from the records' bodies. The rest (former years, what was given by hand) is in
// these rows only: a merge moves it and remembers where it was.

/** Feeds, and the rows of a table that they state today: `x.source_id` and, where there is one, `x`'s year. */
const feed = sql`directory.source f`
const isDerived = sql`f.id = x.source_id and f.kind <> 'manual'`
const isOfGroup = sql`exists (select from directory.teaching_group g
  where g.id = x.teaching_group_id and g.school_year_id = f.school_year_id)`

const isPersonRecord = sql`r.kind in ('pupil', 'guardian', 'staff')`

/**
 * Makes people what their records say: names and other columns, whether they are gone, relations, affiliations, and the
 * affiliations of those related to them. Where several records speak, columns are those of the source of
 * the lowest priority number, and relations those of all. People without any record keep what they have.
 * @param between what to do while nothing derived is there: records and other rows are moved then.
 */
export async function rewritePeople(tx: Tx, ids: string[], between?: () => Promise<void>): Promise<void> {
  if (ids.length === 0) return
  const related = await sql<{ pupil_id: string; guardian_id: string }>`
    select pupil_id, guardian_id from directory.guardianship
    where pupil_id = any(${ids}::uuid[]) or guardian_id = any(${ids}::uuid[])`.execute(tx)
  const pupils = [...new Set([...ids, ...related.rows.map((row) => row.pupil_id)])]
  await removeDerived(tx, ids, pupils)
  await between?.()
  await insertRelationsOf(tx, ids, pupils)
  const after = await sql<{ guardian_id: string }>`
    select guardian_id from directory.guardianship where pupil_id = any(${ids}::uuid[])`.execute(tx)
  await writeAffiliationsOf(tx, [
    ...new Set([...ids, ...[...related.rows, ...after.rows].map((row) => row.guardian_id)]),
  ])
  await rewriteColumns(tx, ids)
}

async function removeDerived(tx: Tx, ids: string[], pupils: string[]): Promise<void> {
  const theirs = sql`x.person_id = any(${ids}::uuid[]) and ${isDerived}`
  await sql`delete from directory.enrolment x using ${feed}
    where ${theirs} and x.school_year_id = f.school_year_id`.execute(tx)
  await sql`delete from directory.membership x using ${feed} where ${theirs} and ${isOfGroup}`.execute(tx)
  await sql`delete from directory.teaching x using ${feed} where ${theirs} and ${isOfGroup}`.execute(tx)
  await sql`delete from directory.staff_function x using ${feed} where ${theirs}`.execute(tx)
  await sql`delete from directory.affiliation x using ${feed} where ${theirs}`.execute(tx)
  await sql`delete from directory.guardianship x using ${feed}
    where x.pupil_id = any(${pupils}::uuid[]) and ${isDerived}`.execute(tx)
}

const bodyColumns = {
  family_name: 'familyName',
  given_name: 'givenName',
  other_given_names: 'otherGivenNames',
  birth_family_name: 'birthFamilyName',
  title: 'title',
  born_on: 'bornOn',
  email: 'email',
  phone: 'phone',
  mobile: 'mobile',
  work_phone: 'workPhone',
  street: 'street',
  postal_code: 'postalCode',
  town: 'town',
  country: 'country',
} as const satisfies Record<string, keyof PersonBody>

async function rewriteColumns(tx: Tx, ids: string[]): Promise<void> {
  // Of people whom no source knows any more, the last that one did.
  const { rows } = await sql<{ id: string; body: PersonBody; gone_on: Day | null }>`
    select distinct on (r.subject_id) r.subject_id as id, r.body, r.gone_on
    from directory.source_record r join directory.source f on f.id = r.source_id
    where r.subject_id = any(${ids}::uuid[]) and ${isPersonRecord}
    order by r.subject_id, r.gone_on desc nulls first, f.priority, r.kind desc, r.external_id, f.id`.execute(tx)
  const people = rows.map(({ id, body, gone_on }) => {
    const { familyKey, givenKey } = keysOf(body)
    const columns = Object.entries(bodyColumns).map(([column, field]) => [column, body[field] ?? null])
    return { ...Object.fromEntries(columns), id, gone_on, family_key: familyKey, given_key: givenKey }
  })
  const settings = [...Object.keys(bodyColumns), 'family_key', 'given_key'].map((name) => `${name} = b.${name}`)
  await sql`update directory.person p set gone_on = b.gone_on,
      archived_on = case when b.gone_on is not null then p.archived_on end, ${sql.raw(settings.join(', '))}
    from jsonb_populate_recordset(null::directory.person, ${JSON.stringify(people)}::jsonb) b
    where p.id = b.id`.execute(tx)
}

/** What becomes one, under its merge: `from ${pairs} m`. */
export interface MergedPair {
  mergeId: string
  keptId: string
  mergedId: string
}

const listPairs = (pairs: MergedPair[]) =>
  sql`unnest(${pairs.map((pair) => pair.mergeId)}::uuid[], ${pairs.map((pair) => pair.keptId)}::uuid[],
    ${pairs.map((pair) => pair.mergedId)}::uuid[]) as m (merge_id, kept_id, merged_id)`

// The tables that hold people, by the column that does and those that make a row unique beside it.
const relations = [
  { table: 'affiliation', column: 'person_id', beside: ['organisation_id', 'profile'] },
  { table: 'enrolment', column: 'person_id', beside: ['establishment_id', 'school_year_id'] },
  { table: 'membership', column: 'person_id', beside: ['teaching_group_id'] },
  { table: 'teaching', column: 'person_id', beside: ['teaching_group_id'] },
  {
    table: 'staff_function',
    column: 'person_id',
    beside: ['organisation_id', 'source_id', 'code', 'discipline_code', 'label'],
  },
  { table: 'guardianship', column: 'pupil_id', beside: ['guardian_id'] },
  { table: 'guardianship', column: 'guardian_id', beside: ['pupil_id'] },
] as const

const same = (beside: readonly string[], left: string, right: string) =>
  sql.raw(beside.map((name) => `${left}.${name} is not distinct from ${right}.${name}`).join(' and '))

/** Waits for imports that are being applied and makes them wait; merges and undoings come one after the other. */
export async function lockForMerge(tx: Tx, ids: string[]): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('directory.merge ' || kernel.current_tenant(), 0))`.execute(
    tx,
  )
  await sql`select from directory.source where id in (
      select source_id from directory.source_record where subject_id = any(${ids}::uuid[]))
    order by id for no key update`.execute(tx)
}

/** Gives the records of merged people to those kept, and remembers which they were. */
export async function moveRecords(tx: Tx, pairs: MergedPair[]): Promise<void> {
  await sql`insert into directory.merge_record (merge_id, source_id, kind, external_id)
    select m.merge_id, r.source_id, r.kind, r.external_id
    from ${listPairs(pairs)} join directory.source_record r on r.subject_id = m.merged_id
    where ${isPersonRecord}`.execute(tx)
  await sql`update directory.source_record r set subject_id = m.kept_id, changed_at = now()
    from ${listPairs(pairs)} where r.subject_id = m.merged_id and ${isPersonRecord}`.execute(tx)
}

/** Gives the rows that no record states to those kept, and remembers each. Derived rows must be gone. */
export async function moveRows(tx: Tx, pairs: MergedPair[]): Promise<void> {
  for (const { table, column, beside } of relations) {
    const name = sql.table(`directory.${table}`)
    const own = sql.ref(column)
    await sql`with moved as (
        delete from ${name} x using ${listPairs(pairs)} where x.${own} = m.merged_id
        returning m.merge_id, m.kept_id, to_jsonb(x) as former,
          exists (select from ${name} k where k.${own} = m.kept_id and ${same(beside, 'k', 'x')}) as doubled
      ), journal as (
        insert into directory.merge_row (merge_id, relation, former, doubled)
        select merge_id, ${`${table}.${column}`}, former, doubled from moved
      )
      insert into ${name}
      select (jsonb_populate_record(null::${name}, former || jsonb_build_object(${sql.lit(column)}, kept_id))).*
      from moved
      where not doubled and ${table === 'guardianship' ? sql`former->>${beside[0]} <> kept_id::text` : sql`true`}
      on conflict do nothing`.execute(tx)
  }
}

/** Gives records back to the people they described, unless they described another since. */
export async function returnRecords(tx: Tx, pairs: MergedPair[]): Promise<void> {
  await sql`update directory.source_record r set subject_id = m.merged_id, changed_at = now()
    from ${listPairs(pairs)} join directory.merge_record j on j.merge_id = m.merge_id
    where r.source_id = j.source_id and r.kind = j.kind and r.external_id = j.external_id
      and r.subject_id = m.kept_id`.execute(tx)
}

/**
 * Gives rows back that no record states: those remembered which are still there, and the history that feeds of the
 * returned records wrote since the merge, where no other record of the same feed and kind stays behind.
 */
export async function returnRows(tx: Tx, pairs: MergedPair[]): Promise<void> {
  for (const { table, column, beside } of relations.toReversed()) {
    const name = sql.table(`directory.${table}`)
    const own = sql.ref(column)
    await sql`with journal as (
        select m.kept_id, j.former, j.doubled, (jsonb_populate_record(null::${name}, j.former)).*
        from ${listPairs(pairs)} join directory.merge_row j on j.merge_id = m.merge_id
        where j.relation = ${`${table}.${column}`}
      ), taken as (
        delete from ${name} x using journal j
        where not j.doubled and x.${own} = j.kept_id and ${same(beside, 'x', 'j')}
        returning j.former
      )
      insert into ${name}
      select (jsonb_populate_record(null::${name}, former)).* from (
        select former from taken
        union all select j.former from journal j
        where j.doubled and exists (select from ${name} x where x.${own} = j.kept_id and ${same(beside, 'x', 'j')})
      ) back on conflict do nothing`.execute(tx)
  }
  for (const [table, kind] of [
    ['enrolment', 'pupil'],
    ['membership', 'pupil'],
    ['teaching', 'staff'],
  ] as const) {
    await sql`update ${sql.table(`directory.${table}`)} x set person_id = m.merged_id
      from ${listPairs(pairs)}
      where x.person_id = m.kept_id
        and exists (select from directory.source_record r
          where r.subject_id = m.merged_id and r.source_id = x.source_id and r.kind = ${kind})
        and not exists (select from directory.source_record r
          where r.subject_id = m.kept_id and r.source_id = x.source_id and r.kind = ${kind})`.execute(tx)
  }
}

/** Whoever became one of these people, directly or by way of others. */
export async function listMergedInto(tx: Tx, ids: string[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    with recursive way (id) as (
      select id from directory.person where merged_into = any(${ids}::uuid[])
      union select p.id from way w join directory.person p on p.merged_into = w.id
    )
    select id from way`.execute(tx)
  return rows.map(({ id }) => id)
}

/** The person that each of these became, through all merges; themselves where there was none. */
export async function findKept(tx: Tx, ids: string[]): Promise<Map<string, string>> {
  const { rows } = await sql<{ id: string; kept_id: string }>`
    with recursive way (id, at, next) as (
      select id, id, merged_into from directory.person where id = any(${ids}::uuid[])
      union all select w.id, p.id, p.merged_into from way w join directory.person p on p.id = w.next
    )
    select id, at as kept_id from way where next is null`.execute(tx)
  return new Map(rows.map((row) => [row.id, row.kept_id]))
}
