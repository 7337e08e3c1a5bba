import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import type { XapiVersion } from '#modules/records'
import type { Refusal } from './store-client.ts'
import { type ForwardingFailure, tables } from './tables.ts'

/** What of the store is sent on; an empty list takes all. */
export interface ForwardingFilter {
  verbs: string[]
  activities: string[]
  sourceIds: string[]
}

/** Another store that statements are sent on to; its secret stays where it is. */
export interface Forwarding extends ForwardingFilter {
  id: string
  name: string
  endpoint: string
  key: string
  version: XapiVersion
  /** Moment until which everything was sent, refused or not wanted: microseconds since 1970. */
  cursor: number
  sent: number
  refused: number
  paused: boolean
  attempts: number
  failure: ForwardingFailure | null
  nextTryAt: Date
  sentAt: Date | null
  createdAt: Date
}

/** Those of the tenant, by name. */
export function listForwardings(tx: Tx): Promise<Forwarding[]> {
  return selectForwardings(tx).orderBy('name').execute()
}

export function findForwarding(tx: Tx, id: string): Promise<Forwarding | undefined> {
  return selectForwardings(tx).where('f.id', '=', id).executeTakeFirst()
}

function selectForwardings(tx: Tx) {
  return tables(tx)
    .selectFrom('xapi.forwarding as f')
    .select([
      'f.id',
      'f.name',
      'f.endpoint',
      'f.key',
      'f.version',
      'f.verbs',
      'f.activities',
      'f.source_ids as sourceIds',
      'f.cursor',
      'f.sent',
      'f.paused',
      'f.attempts',
      'f.failure',
      'f.next_try_at as nextTryAt',
      'f.sent_at as sentAt',
      'f.created_at as createdAt',
      sql<number>`(select count(*) from xapi.forwarding_refusal r where r.forwarding_id = f.id)`.as('refused'),
    ])
}

export async function findSealedSecret(tx: Tx, id: string): Promise<string | undefined> {
  const row = await tables(tx)
    .selectFrom('xapi.forwarding')
    .select('sealed_secret')
    .where('id', '=', id)
    .executeTakeFirst()
  return row?.sealed_secret
}

/** @returns false when another forwarding has this name. */
export async function insertForwarding(
  tx: Tx,
  forwarding: Pick<Forwarding, 'id' | 'name' | 'endpoint' | 'key' | 'version' | 'cursor' | 'createdAt'> &
    ForwardingFilter & { sealedSecret: string; createdBy: string | null },
): Promise<boolean> {
  const inserted = await tables(tx)
    .insertInto('xapi.forwarding')
    .values({
      id: forwarding.id,
      name: forwarding.name,
      endpoint: forwarding.endpoint,
      key: forwarding.key,
      sealed_secret: forwarding.sealedSecret,
      version: forwarding.version,
      verbs: forwarding.verbs,
      activities: forwarding.activities,
      source_ids: forwarding.sourceIds,
      cursor: forwarding.cursor,
      next_try_at: forwarding.createdAt,
      created_at: forwarding.createdAt,
      created_by: forwarding.createdBy,
    })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'name']).doNothing())
    .executeTakeFirst()
  return inserted.numInsertedOrUpdatedRows === 1n
}

/** @returns false when there is none. */
export async function deleteForwarding(tx: Tx, id: string): Promise<boolean> {
  const deleted = await tables(tx).deleteFrom('xapi.forwarding').where('id', '=', id).executeTakeFirst()
  return deleted.numDeletedRows === 1n
}

/** Pauses, or takes up again, now. */
export async function setPaused(tx: Tx, id: string, paused: boolean, now: Date): Promise<void> {
  await tables(tx)
    .updateTable('xapi.forwarding')
    .set({ paused, attempts: 0, failure: null, next_try_at: now })
    .where('id', '=', id)
    .execute()
}

/** Goes back (or on) to a moment: what was stored after it is sent again, what was refused is tried again. */
export async function moveCursor(tx: Tx, id: string, cursor: number, now: Date): Promise<void> {
  await tables(tx)
    .updateTable('xapi.forwarding')
    .set({ cursor, attempts: 0, failure: null, next_try_at: now })
    .where('id', '=', id)
    .execute()
  await tables(tx)
    .deleteFrom('xapi.forwarding_refusal')
    .where('forwarding_id', '=', id)
    .where('seq', '>', cursor)
    .execute()
}

/** Those whose turn it is, and at which nobody is. */
export async function listDue(tx: Tx, now: Date): Promise<string[]> {
  const rows = await tables(tx)
    .selectFrom('xapi.forwarding')
    .select('id')
    .where('paused', '=', false)
    .where('next_try_at', '<=', now)
    .where((row) => row.or([row('leased_until', 'is', null), row('leased_until', '<=', now)]))
    .orderBy('next_try_at')
    .execute()
  return rows.map(({ id }) => id)
}

/** Takes a forwarding for a while. @returns false when somebody else has it, or it is paused. */
export async function lease(tx: Tx, id: string, now: Date, until: Date): Promise<boolean> {
  const taken = await tables(tx)
    .updateTable('xapi.forwarding')
    .set({ leased_until: until })
    .where('id', '=', id)
    .where('paused', '=', false)
    .where((row) => row.or([row('leased_until', 'is', null), row('leased_until', '<=', now)]))
    .executeTakeFirst()
  return taken.numUpdatedRows === 1n
}

/** Lets go of it. */
export async function release(tx: Tx, id: string): Promise<void> {
  await tables(tx).updateTable('xapi.forwarding').set({ leased_until: null }).where('id', '=', id).execute()
}

/** What became of a batch. */
export interface Progress {
  /** Where the batch began. */
  from: number
  cursor: number
  sent: number
  refusals: Refusal[]
}

/**
 * Notes that a batch was dealt with, and keeps the forwarding for a while more.
 * @returns false when it was moved, paused or removed meanwhile: nothing is noted then.
 */
export async function noteProgress(tx: Tx, id: string, progress: Progress, now: Date, until: Date): Promise<boolean> {
  const { from, cursor, sent, refusals } = progress
  const noted = await tables(tx)
    .updateTable('xapi.forwarding')
    .set((row) => ({
      cursor,
      sent: row('sent', '+', sent),
      ...(sent > 0 ? { sent_at: now } : {}),
      attempts: 0,
      failure: null,
      next_try_at: now,
      leased_until: until,
    }))
    .where('id', '=', id)
    .where('cursor', '=', from)
    .where('paused', '=', false)
    .executeTakeFirst()
  if (noted.numUpdatedRows !== 1n) return false
  if (refusals.length > 0) {
    await tables(tx)
      .insertInto('xapi.forwarding_refusal')
      .values(
        refusals.map(({ seq, id: statementId, status }) => ({
          forwarding_id: id,
          seq,
          statement_id: statementId,
          status,
          refused_at: now,
        })),
      )
      .onConflict((conflict) => conflict.columns(['forwarding_id', 'seq']).doNothing())
      .execute()
  }
  return true
}

/** Notes a try that failed. */
export async function noteFailure(tx: Tx, id: string, failure: ForwardingFailure, nextTryAt: Date): Promise<void> {
  await tables(tx)
    .updateTable('xapi.forwarding')
    .set({ attempts: sql`attempts + 1`, failure: JSON.stringify(failure), next_try_at: nextTryAt })
    .where('id', '=', id)
    .execute()
}

/** The latest statements that the other store would not take. @param limit at most 100. */
export function listRefusals(tx: Tx, id: string, limit = 100) {
  return tables(tx)
    .selectFrom('xapi.forwarding_refusal')
    .select(['statement_id as statementId', 'status', 'refused_at as refusedAt'])
    .where('forwarding_id', '=', id)
    .orderBy('seq', 'desc')
    .limit(Math.min(limit, 100))
    .execute()
}
