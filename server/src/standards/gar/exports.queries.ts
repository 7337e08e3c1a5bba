import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { type Degree, type ExportState, tables } from './tables.ts'

export interface GarSetting {
  idEnt: string
  nightly: boolean
  retentionDays: number
}

/** Undefined while nothing was agreed with the GAR. */
export function findSetting(tx: Tx): Promise<GarSetting | undefined> {
  return tables(tx)
    .selectFrom('gar.setting')
    .select(['id_ent as idEnt', 'nightly', 'retention_days as retentionDays'])
    .executeTakeFirst()
}

export async function saveSetting(tx: Tx, setting: GarSetting): Promise<void> {
  const values = { id_ent: setting.idEnt, nightly: setting.nightly, retention_days: setting.retentionDays }
  await tables(tx)
    .insertInto('gar.setting')
    .values(values)
    .onConflict((conflict) => conflict.column('tenant_id').doUpdateSet(values))
    .execute()
}

/** The GAR's identifiers of people, by person; drawn for those who had none. */
export async function findOrCreatePseudonyms(tx: Tx, personIds: string[]): Promise<Map<string, string>> {
  await sql`insert into gar.pseudonym (person_id) select unnest(${personIds}::uuid[]) on conflict do nothing`.execute(
    tx,
  )
  const rows = await tables(tx)
    .selectFrom('gar.pseudonym')
    .select(['person_id', 'identifier'])
    .where('person_id', '=', sql<string>`any(${personIds}::uuid[])`)
    .execute()
  return new Map(rows.map((row) => [row.person_id, row.identifier]))
}

/** Forgets the identifiers of people who are deleted. */
export async function deletePseudonyms(tx: Tx, personIds: string[]): Promise<void> {
  await tables(tx)
    .deleteFrom('gar.pseudonym')
    .where('person_id', '=', sql<string>`any(${personIds}::uuid[])`)
    .execute()
}

/** One export, as the history shows it. */
export interface GarExport {
  id: string
  degree: Degree
  state: ExportState
  startedAt: Date
  endedAt: Date | null
  startedBy: string | null
  archive: string | null
  bytes: number | null
  md5: string | null
  counts: Record<string, number>
  leftOut: Record<string, number>
  failure: string | null
}

const columns = [
  'id',
  'degree',
  'state',
  'started_at as startedAt',
  'ended_at as endedAt',
  'started_by as startedBy',
  'archive',
  'bytes',
  'md5',
  'counts',
  'left_out as leftOut',
  'failure',
] as const

/** Newest first. @param after the last one of the page before. */
export async function listExports(
  tx: Tx,
  { after, limit }: { after?: string | undefined; limit: number },
): Promise<{ exports: GarExport[]; next: string | null }> {
  let query = tables(tx)
    .selectFrom('gar.export')
    .select(columns)
    .orderBy('id', 'desc')
    .limit(limit + 1)
  if (after !== undefined) query = query.where('id', '<', after)
  const rows = await query.execute()
  return { exports: rows.slice(0, limit), next: rows.length > limit ? (rows[limit - 1]?.id ?? null) : null }
}

export function findExport(tx: Tx, id: string): Promise<GarExport | undefined> {
  return tables(tx).selectFrom('gar.export').select(columns).where('id', '=', id).executeTakeFirst()
}

/** Notes that an export begins. @returns false when one of this degree is running. */
export async function startExport(
  tx: Tx,
  input: { id: string; degree: Degree; startedAt: Date; startedBy: string | null },
): Promise<boolean> {
  const { id, degree, startedAt, startedBy } = input
  const inserted = await tables(tx)
    .insertInto('gar.export')
    .values({ id, degree, state: 'running', started_at: startedAt, started_by: startedBy })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'degree']).where('state', '=', 'running').doNothing())
    .executeTakeFirst()
  return inserted.numInsertedOrUpdatedRows === 1n
}

/** Ends exports that nobody runs any more: their program died. */
export async function endLostExports(tx: Tx, before: Date, now: Date): Promise<void> {
  await tables(tx)
    .updateTable('gar.export')
    .set({ state: 'failed', failure: 'interrupted', counts: '{}', ended_at: now })
    .where('state', '=', 'running')
    .where('started_at', '<', before)
    .execute()
}

/** Notes what a running export has written so far. */
export async function noteProgress(tx: Tx, id: string, counts: Record<string, number>): Promise<void> {
  await tables(tx)
    .updateTable('gar.export')
    .set({ counts: JSON.stringify(counts) })
    .where('id', '=', id)
    .where('state', '=', 'running')
    .execute()
}

export async function endExport(
  tx: Tx,
  id: string,
  result:
    | { failure: string; endedAt: Date }
    | {
        archive: string
        bytes: number
        md5: string
        counts: Record<string, number>
        leftOut: Record<string, number>
        endedAt: Date
      },
): Promise<void> {
  const { endedAt } = result
  const values =
    'failure' in result
      ? { state: 'failed' as const, failure: result.failure, counts: '{}' }
      : {
          state: 'ready' as const,
          archive: result.archive,
          bytes: result.bytes,
          md5: result.md5,
          counts: JSON.stringify(result.counts),
          left_out: JSON.stringify(result.leftOut),
        }
  await tables(tx)
    .updateTable('gar.export')
    .set({ ...values, ended_at: endedAt })
    .where('id', '=', id)
    .where('state', '=', 'running')
    .execute()
}

/** Marks as expired the archives older than a day, to be removed. @returns their exports. */
export async function expireExports(tx: Tx, before: Date): Promise<string[]> {
  const rows = await tables(tx)
    .updateTable('gar.export')
    .set({ state: 'expired' })
    .where('state', '=', 'ready')
    .where('started_at', '<', before)
    .returning('id')
    .execute()
  return rows.map((row) => row.id)
}
