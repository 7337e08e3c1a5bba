import { randomUUIDv7 } from 'node:crypto'
import { type Selectable, sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { type Addressee, type IdentityTables, type LetterBatchState, type LetterScope, tables } from '../tables.ts'

/** A set of letters as its asker follows it. */
export interface LetterBatch {
  id: string
  establishmentId: string
  scope: LetterScope
  createdBy: string
  createdAt: Date
  total: number
  done: number
  /** People left out, counted by the reason's code. */
  skipped: Record<string, number>
  state: LetterBatchState
  endedAt: Date | null
}

const columns = [
  'id',
  'establishment_id as establishmentId',
  'scope',
  'created_by as createdBy',
  'created_at as createdAt',
  'total',
  'done',
  'skipped',
  'state',
  'ended_at as endedAt',
] as const

export async function insertBatch(
  tx: Tx,
  input: {
    establishmentId: string
    scope: LetterScope
    createdBy: string
    publicKey: Buffer
    people: Addressee[]
  },
  now: Date,
): Promise<LetterBatch> {
  return tables(tx)
    .insertInto('identity.letter_batch')
    .values({
      id: randomUUIDv7(),
      establishment_id: input.establishmentId,
      scope: JSON.stringify(input.scope),
      created_by: input.createdBy,
      created_at: now,
      public_key: input.publicKey,
      people: JSON.stringify(input.people),
      total: input.people.length,
    })
    .returning(columns)
    .executeTakeFirstOrThrow()
}

export async function findBatch(tx: Tx, id: string): Promise<LetterBatch | undefined> {
  return tables(tx).selectFrom('identity.letter_batch').select(columns).where('id', '=', id).executeTakeFirst()
}

/** The newest sets of letters of an establishment, ten at most. */
export async function listBatches(tx: Tx, establishmentId: string): Promise<LetterBatch[]> {
  return tables(tx)
    .selectFrom('identity.letter_batch')
    .select(columns)
    .where('establishment_id', '=', establishmentId)
    .orderBy('created_at', 'desc')
    .limit(10)
    .execute()
}

/** A running batch, for this transaction alone; undefined when it ended. */
export async function lockRunningBatch(
  tx: Tx,
  id: string,
): Promise<Selectable<IdentityTables['identity.letter_batch']> | undefined> {
  return tables(tx)
    .selectFrom('identity.letter_batch')
    .selectAll()
    .where('id', '=', id)
    .where('state', '=', 'running')
    .forUpdate()
    .executeTakeFirst()
}

/** Adds a sealed part and counts it. @returns whether it was the last. */
export async function insertPart(
  tx: Tx,
  input: { batchId: string; position: number; sealed: Buffer; done: number; skipped: Record<string, number> },
  now: Date,
): Promise<boolean> {
  await tables(tx)
    .insertInto('identity.letter_part')
    .values({ batch_id: input.batchId, position: input.position, sealed: input.sealed })
    .execute()
  const { state } = await tables(tx)
    .updateTable('identity.letter_batch')
    .set({
      done: input.done,
      skipped: JSON.stringify(input.skipped),
      state: sql<LetterBatchState>`case when ${input.done} >= total then 'ready' else 'running' end`,
      ended_at: sql<Date | null>`case when ${input.done} >= total then ${now}::timestamptz end`,
    })
    .where('id', '=', input.batchId)
    .returning('state')
    .executeTakeFirstOrThrow()
  return state === 'ready'
}

export async function listParts(tx: Tx, batchId: string): Promise<Buffer[]> {
  const rows = await tables(tx)
    .selectFrom('identity.letter_part')
    .select('sealed')
    .where('batch_id', '=', batchId)
    .orderBy('position')
    .execute()
  return rows.map(({ sealed }) => sealed)
}

/** Ends a batch and erases what it holds. */
export async function endBatch(
  tx: Tx,
  id: string,
  state: Extract<LetterBatchState, 'taken' | 'refused'>,
  now: Date,
): Promise<void> {
  await tables(tx).deleteFrom('identity.letter_part').where('batch_id', '=', id).execute()
  await tables(tx).updateTable('identity.letter_batch').set({ state, ended_at: now }).where('id', '=', id).execute()
}

/** Erases the letters nobody fetched within a day. */
export async function expireBatches(tx: Tx, now: Date): Promise<void> {
  const expired = await tables(tx)
    .updateTable('identity.letter_batch')
    .set({ state: 'expired', ended_at: now })
    .where('state', 'in', ['running', 'ready'])
    .where('created_at', '<', new Date(now.getTime() - 86_400_000))
    .returning('id')
    .execute()
  for (const { id } of expired) {
    await tables(tx).deleteFrom('identity.letter_part').where('batch_id', '=', id).execute()
  }
}
