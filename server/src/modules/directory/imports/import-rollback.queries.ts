import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import type { ChangeKind, RecordKind } from '../tables.ts'

// Undoing an import, as long as it is the last one of its source: what it changed is put back as it was.

/** An import as the rules of what comes next need it. */
export interface LastApplied {
  id: string
  exported_on: Day | null
  mode: 'full' | 'delta'
  first: boolean
  school_year: number | null
}

const undone = (alias: string): RawBuilder<unknown> => sql`exists (select from directory.import u
  where u.undoes = ${sql.ref(`${alias}.id`)} and u.state = 'applied')`

/** The applied import that undid another one, a row `alias` of directory.import. */
export const undoneBy = (alias: string): RawBuilder<string | null> =>
  sql`(select u.id from directory.import u where u.undoes = ${sql.ref(`${alias}.id`)} and u.state = 'applied' limit 1)`

/** Whether an import, a row `alias` of directory.import, is the last one of its source that stands. */
export const isUndoable = (alias: string): RawBuilder<boolean> => {
  const row = (column: string) => sql.ref(`${alias}.${column}`)
  return sql`(${row('state')} = 'applied' and ${row('mode')} <> 'rollback' and ${row('id')} = (
    select l.id from directory.import l where l.source_id = ${row('source_id')} and l.state = 'applied'
      and l.mode <> 'rollback' and not ${undone('l')} order by l.applied_at desc, l.id desc limit 1))`
}

/** The last import of a source that stands: applied, not undone since. */
export async function findLastApplied(tx: Tx, sourceId: string, before?: string): Promise<LastApplied | undefined> {
  const { rows } =
    await sql<LastApplied>`select i.id, i.exported_on, i.mode, i.first, i.school_year from directory.import i
    where i.source_id = ${sourceId} and i.state = 'applied' and i.mode <> 'rollback' and not ${undone('i')}
      and (${before ?? null}::uuid is null
        or (i.applied_at, i.id) < (select b.applied_at, b.id from directory.import b where b.id = ${before ?? null}))
    order by i.applied_at desc, i.id desc limit 1`.execute(tx)
  return rows[0]
}

/** Year in which the school year that a source speaks of starts; undefined before its first applied import. */
export async function findSourceYear(tx: Tx, sourceId: string): Promise<number | undefined> {
  const { rows } = await sql<{ year: number }>`select y.start_year as year from directory.source s
    join directory.school_year y on y.id = s.school_year_id where s.id = ${sourceId}`.execute(tx)
  return rows[0]?.year
}

/**
 * Whether a full export comes too late: its source spoke of a later year, which is current or over. It would make people
 * leave who are in their new classes.
 */
export async function isYearOver(tx: Tx, sourceId: string, schoolYear: number): Promise<boolean> {
  const { rows } = await sql`select from directory.source s join directory.school_year y on y.id = s.school_year_id
    where s.id = ${sourceId} and y.start_year > ${schoolYear} and y.state <> 'preparing'`.execute(tx)
  return rows.length > 0
}

export const yearOver = 'It is of a school year that is over: its source already gave the next one, which has begun.'

/** A record as an import found it, and as it left it. */
export interface FormerRecord {
  kind: RecordKind
  external_id: string
  change: ChangeKind
  /** As it was: of a removed record, what is kept of it. */
  body: Record<string, unknown>
  establishment_ref: string | null
  hash: string | null
}

/** What an import changed, some at a time, by kind and identifier: each record as it was before. */
export async function listFormerRecords(
  tx: Tx,
  input: { importId: string; sourceId: string; limit: number; after?: { kind: RecordKind; external_id: string } },
): Promise<FormerRecord[]> {
  const { importId, sourceId, limit, after } = input
  const { rows } = await sql<FormerRecord & { fields: { field: string; before: unknown }[] }>`
    select c.kind, c.external_id, c.change, c.fields, r.body, encode(coalesce(c.former_hash, r.hash), 'hex') as hash,
      coalesce(c.former_ref, r.establishment_ref) as establishment_ref
    from directory.import_change c
    join directory.source_record r on r.source_id = ${sourceId} and r.kind = c.kind and r.external_id = c.external_id
    where c.import_id = ${importId} and (${after?.kind ?? null}::text is null
      or (c.kind, c.external_id) > (${after?.kind ?? null}, ${after?.external_id ?? null}))
    order by c.kind, c.external_id limit ${limit}`.execute(tx)
  return rows.map(({ fields, ...row }) => ({ ...row, body: putBack(row.body, fields) }))
}

/** A body with some fields as they were before; those that were not there go. */
export function putBack(
  body: Record<string, unknown>,
  fields: { field: string; before: unknown }[],
): Record<string, unknown> {
  const former = new Map(Object.entries(body))
  for (const { field, before } of fields) {
    if (before === null) former.delete(field)
    else former.set(field, before)
  }
  return Object.fromEntries(former)
}
