import { sql } from 'kysely'
import { z } from 'zod'
import type { Tx } from '#kernel/postgres'
import { readCursor, writeCursor } from '../cursors.ts'
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
  select i.id, i.mode, i.applied_at from directory.import i
  where i.source_id = ${sourceId} and i.state = 'applied' and i.mode <> 'rollback'
    and not exists (select from directory.import u where u.undoes = i.id and u.state = 'applied')`

/**
 * The records of a source that are still set aside: since its last full export, every one that no later import has
 * accepted. One that bears no identifier is held as long as that export is the last full one.
 */
const held = (sourceId: string) => sql`
  effective as materialized (${effective(sourceId)}),
  recent as materialized (
    select * from effective where applied_at >= coalesce(
      (select max(applied_at) from effective where mode = 'full'), '-infinity')
  ),
  held as materialized (
    select distinct on (q.kind, coalesce(q.external_id, q.id::text))
      q.id, q.kind, q.external_id, q.code, q.detail, q.file, q.line, q.import_id, r.applied_at
    from directory.quarantined_record q join recent r on r.id = q.import_id
    where not exists (
      select from directory.import_change c join recent l on l.id = c.import_id
      where c.kind = q.kind and c.external_id = q.external_id and l.applied_at > r.applied_at)
    order by q.kind, coalesce(q.external_id, q.id::text), r.applied_at desc
  )`

const place = z.tuple([z.string(), z.uuid()])

/** Records of a source still set aside, by kind, with the number of each reason and since when. */
export async function listHeldRecords(
  tx: Tx,
  sourceId: string,
  filter: { kind?: RecordKind | undefined; code?: string | undefined; after?: string | undefined; limit: number },
): Promise<{ reasons: { code: string; count: number }[]; records: HeldRecord[]; next: string | null }> {
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
    records: rows.slice(0, limit).map(({ id: _id, ...record }) => record),
    next: last ? writeCursor([last.kind, last.id]) : null,
  }
}
