import { sql } from 'kysely'
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

interface Compared {
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

/**
 * The records of two sources side by side: the same person, establishment or class; else the same national number, UAI or
 * code; else, where both are only one, the same names and date of birth.
 */
const compared = (input: Compared) => sql`
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
  pairs as materialized (select * from same union all select * from keyed union all select * from named),
  compared as materialized (
    select l.external_id as a, r.external_id as b, l.label as a_label, r.label as b_label,
      coalesce(l.establishment_id, r.establishment_id) as establishment_id,
      coalesce(l.establishment, r.establishment) as establishment,
      case when p.a is null then '[]' when l.body = r.body then '[]' else (
        select coalesce(jsonb_agg(f), '[]') from jsonb_array_elements(directory.changed_fields(l.body, r.body)) f
        where lower(coalesce(f->>'before', '')) <> lower(coalesce(f->>'after', ''))) end as fields
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
  const { rows } = await sql<{
    a: string | null
    b: string | null
    a_label: string
    b_label: string
    establishment_id: string | null
    establishment: string
    fields: { field: string; before: unknown; after: unknown }[]
    place: string
  }>`with ${compared(input)}
    select *, coalesce(a, b) as place from compared
    where ${wanted} and (${after}::text is null or coalesce(a, b) > ${after})
    order by coalesce(a, b) limit ${input.limit + 1}`.execute(tx)
  const last = rows.length > input.limit ? rows[input.limit - 1] : undefined
  return {
    records: rows.slice(0, input.limit).map((row) => ({
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
