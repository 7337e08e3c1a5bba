import { sql } from 'kysely'
import { z } from 'zod'
import type { Tx } from '#kernel/postgres'
import { readCursor, writeCursor } from '../cursors.ts'
import type { RefusedRecord } from '../feeds/refused-records.ts'
import type { RecordKind } from '../tables.ts'

/** A record of a source that is still set aside. */
export interface HeldRecord {
  kind: RecordKind
  externalId: string | null
  code: string
  detail: string
  file: string
  line: number
  /** The import that last set it aside. */
  importId: string
  /** When it was set aside first, without having been good in between; ISO 8601. */
  since: string
}

/** The imports of a source that count: applied, and not undone since. */
const effective = (sourceId: string) => sql`
  select i.id, i.mode, i.retry, i.applied_at from directory.import i
  where i.source_id = ${sourceId} and i.state = 'applied' and i.mode <> 'rollback'
    and not exists (select from directory.import u where u.undoes = i.id and u.state = 'applied')`

/**
 * The records of a source that are still set aside: since its last full export, every one that no later import has
 * accepted, nor has tried again. One that bears no identifier is held as long as that export is the last full one.
 */
const held = (sourceId: string) => sql`
  effective as materialized (${effective(sourceId)}),
  recent as materialized (
    select * from effective where applied_at >= coalesce(
      (select max(applied_at) from effective where mode = 'full'), '-infinity')
  ),
  held as materialized (
    select distinct on (q.kind, coalesce(q.external_id, q.id::text))
      q.id, q.kind, q.external_id, q.code, q.detail, q.file, q.line, q.import_id, r.applied_at, q.refused
    from directory.quarantined_record q join recent r on r.id = q.import_id
    where not exists (
      select from directory.import_change c join recent l on l.id = c.import_id
      where c.kind = q.kind and c.external_id = q.external_id and l.applied_at > r.applied_at)
      -- Tried again: it is now what became of it then.
      and (q.refused is null
        or not exists (select from recent l where l.retry and l.applied_at > r.applied_at))
    order by q.kind, coalesce(q.external_id, q.id::text), r.applied_at desc
  )`

const place = z.tuple([z.string(), z.uuid()])

/** Records of a source still set aside, by kind, with the number of each reason and since when. */
export async function listHeldRecords(
  tx: Tx,
  sourceId: string,
  filter: { kind?: RecordKind | undefined; code?: string | undefined; after?: string | undefined; limit: number },
): Promise<{
  reasons: { code: string; count: number }[]
  retryable: number
  records: HeldRecord[]
  next: string | null
}> {
  const { kind = null, code = null, limit } = filter
  const [afterKind, afterId] = filter.after === undefined ? [null, null] : readCursor(place, filter.after)
  const reasons = await sql<{ code: string; count: number }>`
    with ${held(sourceId)} select code, count(*) as count from held group by code order by code`.execute(tx)
  const { rows } = await sql<HeldRecord & { id: string }>`
    with ${held(sourceId)}, page as materialized (
      select * from held
      where (${kind}::text is null or kind = ${kind}) and (${code}::text is null or code = ${code})
        and (${afterKind}::text is null or (kind, id) > (${afterKind}, ${afterId}::uuid))
      order by kind, id limit ${limit + 1}
    )
    select p.id, p.kind, p.external_id as "externalId", p.code, p.detail, p.file, p.line, p.import_id as "importId",
      to_char((
        select min(e.applied_at) from directory.quarantined_record q join effective e on e.id = q.import_id
        where (q.id = p.id or q.kind = p.kind and q.external_id = p.external_id)
          and e.applied_at > coalesce((
            select max(g.applied_at) from effective g
            where g.applied_at < p.applied_at and (
              g.mode = 'full' and not exists (
                select from directory.quarantined_record o
                where o.import_id = g.id and o.kind = p.kind and o.external_id = p.external_id)
              or exists (
                select from directory.import_change c
                where c.import_id = g.id and c.kind = p.kind and c.external_id = p.external_id
                  and c.change <> 'removed'))), '-infinity')
      ) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as since
    from page p order by p.kind, p.id`.execute(tx)
  const last = rows.length > limit ? rows[limit - 1] : undefined
  return {
    reasons: reasons.rows,
    retryable: await countRefused(tx, sourceId),
    records: rows.slice(0, limit).map(({ id: _id, ...record }) => record),
    next: last ? writeCursor([last.kind, last.id]) : null,
  }
}

/** How many of the records of a source still set aside can be read again. */
export async function countRefused(tx: Tx, sourceId: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    with ${held(sourceId)} select count(*) as count from held where refused is not null`.execute(tx)
  return rows[0]?.count ?? 0
}

/** The names of the files that they came in. */
export async function listRefusedFiles(tx: Tx, sourceId: string): Promise<string[]> {
  const { rows } = await sql<{ file: string }>`
    with ${held(sourceId)} select distinct file from held where refused is not null order by file`.execute(tx)
  return rows.map(({ file }) => file)
}

/** A record as it was kept when it was set aside. */
export interface RefusedRow {
  id: string
  kind: RecordKind
  externalId: string | null
  file: string
  line: number
  refused: RefusedRecord
}

/** Records of a source still set aside that can be read again: its establishments, or all the others. */
export async function listRefused(
  tx: Tx,
  sourceId: string,
  { establishments, after, limit }: { establishments: boolean; after?: string | undefined; limit: number },
): Promise<RefusedRow[]> {
  const { rows } = await sql<RefusedRow>`
    with ${held(sourceId)}
    select id, kind, external_id as "externalId", file, line, refused from held
    where refused is not null and (kind = 'establishment') = ${establishments}
      and (${after ?? null}::uuid is null or id > ${after ?? null}::uuid)
    order by id limit ${limit}`.execute(tx)
  return rows
}

/**
 * Forgets the refused records that nothing can bring back to be tried: a full export or a trial came after them, and is
 * past undoing; or their own import was never applied.
 */
export async function forgetRefused(tx: Tx): Promise<void> {
  await sql`
    with kept as materialized (
      select distinct import_id from directory.quarantined_record where refused is not null
    ), effective as materialized (
      select i.id, i.source_id, i.mode, i.retry, i.applied_at from directory.import i
      where i.state = 'applied' and i.mode <> 'rollback'
        and i.source_id in (select o.source_id from directory.import o join kept k on k.import_id = o.id)
        and not exists (select from directory.import u where u.undoes = i.id and u.state = 'applied')
    ), settled as (
      select e.source_id, max(e.applied_at) as applied_at from effective e
      where (e.mode = 'full' or e.retry)
        and exists (select from effective l where l.source_id = e.source_id and l.applied_at > e.applied_at)
      group by e.source_id
    )
    update directory.quarantined_record q set refused = null
    from kept k join directory.import i on i.id = k.import_id
    left join settled s on s.source_id = i.source_id
    where q.import_id = k.import_id and q.refused is not null
      and (i.state in ('abandoned', 'refused') or i.state = 'applied' and i.applied_at < s.applied_at)`.execute(tx)
}
