import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { readCursor, writeCursor } from '../cursors.ts'
import { preparePlanner } from '../imports/import-comparison.ts'
import type { RecordKind } from '../tables.ts'
import { z } from 'zod'

/** What two sources say of the records of one kind in one establishment. */
export interface ComparedEstablishment {
  /** Null for those without an establishment, or with one that only one source knows. */
  id: string | null
  name: string
  onlyLeft: number
  onlyRight: number
  both: number
  different: number
}

/** A record that only one of two sources holds, or that they hold otherwise. */
export interface ComparedRecord {
  left: { externalId: string; label: string } | null
  right: { externalId: string; label: string } | null
  establishment: { id: string; name: string } | null
  fields: { field: string; left: string; right: string }[]
}

export type ComparedView = 'left' | 'right' | 'different'

export interface Compared {
  left: string
  right: string
  kind: RecordKind
  /** One establishment of the workspace; undefined for all. */
  establishment?: string | undefined
}

// What a record refers to bears the identifiers of its own source: two sources never say the same there.
const references = [
  'classes',
  'declared',
  'enrolments',
  'establishment',
  'functions',
  'groups',
  'guardians',
  'mainClasses',
  'mentioned',
  'schoolYear',
  'teachings',
]

// The present records of one source, with the establishment of the workspace that each is filed under, and the keys by
// which those of another source may be the same. Names are compared by the search keys of whom they describe.
const side = (sourceId: string, { kind, establishment }: Compared) => sql`
  select r.external_id, r.subject_id, r.body - ${references}::text[] as body, o.id as establishment_id, o.name as establishment,
    directory.record_label(r.body) as label,
    case r.kind when 'establishment' then r.body->>'uai' when 'pupil' then r.body->>'ine'
      when 'class' then o.uai || ' ' || (r.body->>'code') when 'group' then o.uai || ' ' || (r.body->>'code')
      when 'subject' then r.external_id when 'mef' then r.external_id end as own_key,
    p.family_key || '|' || p.given_key || '|' || (r.body->>'bornOn') as name_key
  from directory.source_record r
  left join directory.source_record e on e.source_id = r.source_id and e.kind = 'establishment'
    and e.external_id = r.establishment_ref
  left join directory.organisation o on o.id = e.subject_id
  left join directory.person p on p.id = r.subject_id
  where r.source_id = ${sourceId} and r.kind = ${kind} and r.gone_on is null
    and (${establishment ?? null}::uuid is null or o.id = ${establishment ?? null}::uuid)`

// What two bodies say otherwise; capitals say nothing.
const differences = sql`case when l.body = r.body then '[]' else (
  select coalesce(jsonb_agg(f), '[]') from jsonb_array_elements(directory.changed_fields(l.body, r.body)) f
  where lower(coalesce(f->>'before', '')) <> lower(coalesce(f->>'after', ''))) end`

/**
 * The records of two sources side by side: the same person, establishment or class; else the same national number, UAI or
 * code; else, where both are only one, the same names and date of birth.
 */
const paired = (input: Compared) => sql`
  l as materialized (${side(input.left, input)}),
  r as materialized (${side(input.right, input)}),
  same as materialized (select l.external_id as a, r.external_id as b from l join r using (subject_id)),
  keyed as materialized (
    select min(l.external_id) as a, min(r.external_id) as b from l join r using (own_key)
    where not exists (select from same where a = l.external_id) and not exists (select from same where b = r.external_id)
    group by own_key having count(*) = 1
  ),
  named as materialized (
    select min(l.external_id) as a, min(r.external_id) as b from l join r using (name_key)
    where not exists (select from same where a = l.external_id) and not exists (select from same where b = r.external_id)
      and not exists (select from keyed where a = l.external_id) and not exists (select from keyed where b = r.external_id)
    group by name_key having count(*) = 1
  ),
  pairs as materialized (select * from same union all select * from keyed union all select * from named)`

const compared = (input: Compared) => sql`
  ${paired(input)},
  compared as materialized (
    select l.external_id as a, r.external_id as b, l.label as a_label, r.label as b_label,
      coalesce(l.establishment_id, r.establishment_id) as establishment_id,
      coalesce(l.establishment, r.establishment) as establishment,
      case when p.a is null then '[]' else ${differences} end as fields
    from l left join pairs p on p.a = l.external_id full join r on r.external_id = p.b
  )`

/** How much two sources differ on one kind of records, by establishment, where they differ most first. At most 1,000. */
export async function compareEstablishments(tx: Tx, input: Compared): Promise<ComparedEstablishment[]> {
  await preparePlanner(tx, { bulk: input.establishment === undefined })
  const { rows } = await sql<ComparedEstablishment>`with ${compared(input)}
    select establishment_id as id, coalesce(max(establishment), '') as name,
      count(*) filter (where b is null) as "onlyLeft", count(*) filter (where a is null) as "onlyRight",
      count(*) filter (where a is not null and b is not null) as both,
      count(*) filter (where fields <> '[]') as different
    from compared group by establishment_id
    order by count(*) filter (where a is null or b is null or fields <> '[]') desc, 2, 1 limit 1000`.execute(tx)
  return rows
}

const place = z.tuple([z.string()])

/** The records that only one of two sources holds, or that differ, by identifier. */
export async function compareRecords(
  tx: Tx,
  input: Compared & { view: ComparedView; after?: string | undefined; limit: number },
): Promise<{ records: ComparedRecord[]; next: string | null }> {
  await preparePlanner(tx, { bulk: input.establishment === undefined })
  const [after] = input.after === undefined ? [null] : readCursor(place, input.after)
  const wanted = {
    left: sql`b is null`,
    right: sql`a is null`,
    different: sql`fields <> '[]'`,
  }[input.view]
  const { rows } = await sql<ComparedRow>`with ${compared(input)}
    select *, coalesce(a, b) as place from compared
    where ${wanted} and (${after}::text is null or coalesce(a, b) > ${after})
    order by coalesce(a, b) limit ${input.limit + 1}`.execute(tx)
  return toPage(rows, input.limit)
}

interface ComparedRow {
  a: string | null
  b: string | null
  a_label: string
  b_label: string
  establishment_id: string | null
  establishment: string
  fields: { field: string; before: unknown; after: unknown }[]
  place: string
}

function toPage(rows: ComparedRow[], limit: number): { records: ComparedRecord[]; next: string | null } {
  const last = rows.length > limit ? rows[limit - 1] : undefined
  return {
    records: rows.slice(0, limit).map((row) => ({
      left: row.a === null ? null : { externalId: row.a, label: row.a_label },
      right: row.b === null ? null : { externalId: row.b, label: row.b_label },
      establishment: row.establishment_id === null ? null : { id: row.establishment_id, name: row.establishment },
      fields: row.fields.map(({ field, before, after: other }) => ({
        field,
        left: toText(before),
        right: toText(other),
      })),
    })),
    next: last ? writeCursor([last.place]) : null,
  }
}

const toText = (value: unknown) =>
  value === null || value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)

// Of comparisons that are computed in the background, and kept.

/** Up to so many records of both sources, a comparison takes a second or so. */
const atOnce = 30_000

/** How many records two sources hold of a kind, as far as it matters: null when few enough to be compared at once. */
export async function countLarge(tx: Tx, { left, right, kind }: Compared): Promise<number | null> {
  const present = sql`from directory.source_record
    where source_id in (${left}, ${right}) and kind = ${kind} and gone_on is null`
  const { rows } = await sql<{ large: boolean }>`
    select count(*) > ${atOnce} as large from (select ${present} limit ${atOnce + 1}) first`.execute(tx)
  if (!rows[0]?.large) return null
  const all = await sql<{ count: number }>`select count(*) as count ${present}`.execute(tx)
  return all.rows[0]?.count ?? 0
}

/** The last imports applied of two sources. */
export async function findBasis(tx: Tx, { left, right }: Compared): Promise<string> {
  const { rows } = await sql<{ basis: string }>`
    select string_agg(id::text, ' ' order by source_id) as basis from (
      select distinct on (source_id) source_id, id from directory.import
      where source_id in (${left}, ${right}) and state = 'applied' order by source_id, applied_at desc, id desc) i`.execute(
    tx,
  )
  return rows[0]?.basis ?? ''
}

/** Notes which records of two sources are the same, and which only one holds. */
export async function keepPairs(tx: Tx, id: string, input: Compared): Promise<void> {
  await preparePlanner(tx, { bulk: true })
  await sql`with ${paired(input)}
    insert into directory.compared_record
      (comparison_id, view, place, left_id, right_id, left_label, right_label, establishment_id, establishment)
    select ${id}, case when r.external_id is null then 'left' when l.external_id is null then 'right' else 'same' end,
      coalesce(l.external_id, r.external_id), l.external_id, r.external_id, l.label, r.label,
      coalesce(l.establishment_id, r.establishment_id), coalesce(l.establishment, r.establishment)
    from l left join pairs p on p.a = l.external_id full join r on r.external_id = p.b`.execute(tx)
}

const bodyOf = (sourceId: string, kind: RecordKind, externalId: RawBuilder<unknown>) => sql`
  select r.body - ${references}::text[] as body from directory.source_record r
  where r.source_id = ${sourceId} and r.kind = ${kind} and r.external_id = ${externalId}`

/** Looks at what some more pairs say otherwise. @returns the last one looked at; undefined when there are no more. */
export async function keepDifferences(
  tx: Tx,
  id: string,
  input: Compared,
  page: { after: string; limit: number },
): Promise<{ last: string; count: number } | undefined> {
  await preparePlanner(tx, { bulk: true })
  const { rows } = await sql<{ last: string | null; count: number }>`
    with page as materialized (
      select place, left_id, right_id from directory.compared_record
      where comparison_id = ${id} and view = 'same' and place > ${page.after} order by place limit ${page.limit}
    ), found as materialized (
      -- Each looked up by its identifier, whatever the planner thinks of tables just filled.
      select page.place, ${differences} as fields from page
      cross join lateral (${bodyOf(input.left, input.kind, sql`page.left_id`)} offset 0) l
      cross join lateral (${bodyOf(input.right, input.kind, sql`page.right_id`)} offset 0) r
    ), noted as (
      update directory.compared_record c set view = 'different', fields = f.fields from found f
      where c.comparison_id = ${id} and c.view = 'same' and c.place = f.place and f.fields <> '[]'
    )
    select max(place) as last, count(*) as count from page`.execute(tx)
  const [found] = rows
  return found?.last ? { last: found.last, count: found.count } : undefined
}

/** As `compareEstablishments`, of what was kept. */
export async function listKeptEstablishments(tx: Tx, id: string): Promise<ComparedEstablishment[]> {
  const { rows } = await sql<ComparedEstablishment>`
    select establishment_id as id, coalesce(max(establishment), '') as name,
      count(*) filter (where view = 'left') as "onlyLeft", count(*) filter (where view = 'right') as "onlyRight",
      count(*) filter (where view in ('same', 'different')) as both,
      count(*) filter (where view = 'different') as different
    from directory.compared_record where comparison_id = ${id} group by establishment_id
    order by count(*) filter (where view <> 'same') desc, 2, 1 limit 1000`.execute(tx)
  return rows
}

/** As `compareRecords`, of what was kept. */
export async function listKeptRecords(
  tx: Tx,
  id: string,
  { view, after, limit }: { view: ComparedView; after?: string | undefined; limit: number },
): Promise<{ records: ComparedRecord[]; next: string | null }> {
  const [from] = after === undefined ? [''] : readCursor(place, after)
  const { rows } = await sql<ComparedRow>`
    select left_id as a, right_id as b, left_label as a_label, right_label as b_label, establishment_id, establishment,
      fields, place
    from directory.compared_record where comparison_id = ${id} and view = ${view} and place > ${from}
    order by place limit ${limit + 1}`.execute(tx)
  return toPage(rows, limit)
}
