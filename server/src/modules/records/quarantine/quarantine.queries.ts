import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import type { XapiVersion } from '../model/statement.ts'
import type { RepairName } from './statement-repairs.ts'
import type { Treatment } from '../treatment/treatments.ts'
import { tables } from '../tables.ts'

export const quarantineStates = ['waiting', 'stored', 'dropped'] as const
export type QuarantineState = (typeof quarantineStates)[number]

/** A statement that broke a rule, as its source sent it. */
export interface FaultyStatement {
  id: string
  sourceId: string
  credentialId: string
  version: XapiVersion
  receivedAt: Date
  body: string
  /** The first fault: where, and what. */
  pointer: string
  reason: string
  repairs: RepairName[]
}

/** The same, with what became of it. */
export interface QuarantinedStatement extends Omit<FaultyStatement, 'body'> {
  /** Name of its source. */
  source: string
  /** Null once dropped. */
  body: string | null
  receivedTimes: number
  state: QuarantineState
  decidedAt: Date | null
  /** Person; null when it was repaired as it arrived. */
  decidedBy: string | null
  corrected: boolean
  note: string | null
}

/** A source, what is kept of its statements, and how many of them broke a rule. */
export interface Source {
  id: string
  name: string
  lenient: boolean
  treatment: Treatment
  waiting: number
  stored: number
  dropped: number
}

export async function listSources(tx: Tx): Promise<Source[]> {
  const inState = (state: QuarantineState) => sql<number>`count(q.id) filter (where q.state = ${state})::integer`
  return tables(tx)
    .selectFrom('records.source as s')
    .leftJoin('records.quarantined_statement as q', 'q.source_id', 's.id')
    .select([
      's.id',
      's.name',
      's.lenient',
      's.treatment',
      inState('waiting').as('waiting'),
      inState('stored').as('stored'),
      inState('dropped').as('dropped'),
    ])
    .groupBy(['s.id', 's.name', 's.lenient', 's.treatment'])
    .orderBy('s.name')
    .execute()
}

/** @returns false when there is no such source. */
export async function updateLeniency(tx: Tx, sourceId: string, lenient: boolean): Promise<boolean> {
  const { numUpdatedRows } = await tables(tx)
    .updateTable('records.source')
    .set({ lenient })
    .where('id', '=', sourceId)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

export async function isLenient(tx: Tx, sourceId: string): Promise<boolean> {
  const row = await tables(tx)
    .selectFrom('records.source')
    .select('lenient')
    .where('id', '=', sourceId)
    .executeTakeFirst()
  return row?.lenient === true
}

/** How many statements of a source wait, counted to a limit. */
export async function countWaiting(tx: Tx, sourceId: string, limit: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::integer as count from (
      select from records.quarantined_statement
      where tenant_id = (select kernel.current_tenant()) and source_id = ${sourceId} and state = 'waiting' limit ${limit}
    ) waiting`.execute(tx)
  return rows[0]?.count ?? 0
}

/**
 * Sets statements aside; one that came before is counted once more.
 * @returns the identifiers of those of which another statement was set aside under the same one.
 */
export async function insertFaulty(tx: Tx, statements: readonly FaultyStatement[]): Promise<string[]> {
  const rows = await tables(tx)
    .insertInto('records.quarantined_statement')
    .values(
      statements.map((each) => ({
        id: each.id,
        source_id: each.sourceId,
        credential_id: each.credentialId,
        version: each.version,
        received_at: each.receivedAt,
        body: each.body,
        pointer: each.pointer,
        reason: each.reason,
        repairs: each.repairs,
        decided_at: null,
        decided_by: null,
        note: null,
      })),
    )
    .onConflict((conflict) =>
      conflict
        .columns(['tenant_id', 'id'])
        .doUpdateSet({ received_times: sql`quarantined_statement.received_times + 1` })
        // What was dropped stays so, whatever its text was.
        .where(sql<boolean>`coalesce(quarantined_statement.body = excluded.body, true)`),
    )
    .returning('id')
    .execute()
  const kept = new Set(rows.map(({ id }) => id))
  return statements.map(({ id }) => id).filter((id) => !kept.has(id))
}

export interface QuarantineFilter {
  state: QuarantineState
  sourceId?: string | undefined
  /** Those after it, in the order listed. */
  after?: { receivedAt: Date; id: string } | undefined
  limit: number
}

/** The oldest first. */
export function listQuarantined(
  tx: Tx,
  { state, sourceId, after, limit }: QuarantineFilter,
): Promise<QuarantinedStatement[]> {
  let query = selectQuarantined(tx).where('q.state', '=', state)
  if (sourceId !== undefined) query = query.where('q.source_id', '=', sourceId)
  if (after) query = query.where(sql<boolean>`(q.received_at, q.id) > (${after.receivedAt}, ${after.id}::uuid)`)
  return query.orderBy('q.received_at').orderBy('q.id').limit(limit).execute()
}

export function findQuarantined(tx: Tx, id: string): Promise<QuarantinedStatement | undefined> {
  return selectQuarantined(tx).where('q.id', '=', id).executeTakeFirst()
}

function selectQuarantined(tx: Tx) {
  return tables(tx)
    .selectFrom('records.quarantined_statement as q')
    .innerJoin('records.source as s', 's.id', 'q.source_id')
    .select([
      'q.id',
      'q.source_id as sourceId',
      's.name as source',
      'q.credential_id as credentialId',
      sql<XapiVersion>`q.version`.as('version'),
      'q.received_at as receivedAt',
      'q.received_times as receivedTimes',
      'q.body',
      'q.pointer',
      'q.reason',
      sql<RepairName[]>`q.repairs`.as('repairs'),
      sql<QuarantineState>`q.state`.as('state'),
      'q.decided_at as decidedAt',
      'q.decided_by as decidedBy',
      'q.corrected',
      'q.note',
    ])
}

export interface Decision {
  state: 'stored' | 'dropped'
  /** Person; null when it was repaired as it arrived. */
  by: string | null
  at: Date
  corrected?: boolean
  repairs?: RepairName[]
  note?: string
}

/** Decides on statements that wait. @returns how many did. */
export async function decideQuarantined(tx: Tx, ids: readonly string[], decision: Decision): Promise<number> {
  const { state, by, at, corrected = false, repairs, note = null } = decision
  const { numUpdatedRows } = await tables(tx)
    .updateTable('records.quarantined_statement')
    .set({
      state,
      decided_at: at,
      decided_by: by,
      corrected,
      note,
      ...(repairs && { repairs }),
      ...(state === 'dropped' && { body: null }),
    })
    .where('id', 'in', ids)
    .where('state', '=', 'waiting')
    .executeTakeFirst()
  return Number(numUpdatedRows)
}
