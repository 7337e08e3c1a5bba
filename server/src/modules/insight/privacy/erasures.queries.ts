import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { tables } from '../tables.ts'

/** What became of somebody's traces, without who it was. */
export interface Receipt {
  statements: number
  mentions: number
  documents: number
  attachments: number
  quarantined: number
  /** Events in the analytics. */
  events: number
  identifiers: number
  enrolments: number
  looks: number
  followUps: number
  launches: number
  /** Where copies may be: stores that statements were sent on to. They are to be asked there. */
  copies: { name: string; address: string; statements: number }[]
}

export interface Erasure {
  id: string
  mode: 'erase' | 'unlink'
  askedAt: Date
  askedBy: string | null
  finishedAt: Date | null
  receipt: Receipt | null
}

export async function insertErasure(
  tx: Tx,
  row: { id: string; identifierDigest: Buffer; mode: Erasure['mode']; askedBy: string | null; receipt: Receipt },
  now: Date,
): Promise<void> {
  const { id, identifierDigest: identifier_digest, mode, askedBy: asked_by } = row
  await tables(tx)
    .insertInto('insight.erasure')
    .values({
      id,
      identifier_digest,
      mode,
      asked_by,
      asked_at: now,
      finished_at: now,
      receipt: JSON.stringify(row.receipt),
    })
    .execute()
}

/** The latest first. @param limit at most 200. */
export function listErasures(tx: Tx, limit: number): Promise<Erasure[]> {
  return select(tx).orderBy('asked_at', 'desc').limit(Math.min(limit, 200)).execute()
}

export function findErasure(tx: Tx, id: string): Promise<Erasure | undefined> {
  return select(tx).where('id', '=', id).executeTakeFirst()
}

const select = (tx: Tx) =>
  tables(tx)
    .selectFrom('insight.erasure')
    .select((row) => [
      'id',
      'mode',
      'asked_at as askedAt',
      'asked_by as askedBy',
      'finished_at as finishedAt',
      row.ref('receipt').$castTo<Receipt | null>().as('receipt'),
    ])

/** Deletes all that dashboards keep of a learner, but what the analytics hold. @returns how many rows of each. */
export async function deleteLearnerRows(
  tx: Tx,
  learner: string,
): Promise<Pick<Receipt, 'identifiers' | 'enrolments' | 'looks' | 'followUps' | 'launches'>> {
  const remove = async (table: 'learner' | 'enrolment' | 'look' | 'objection' | 'plan' | 'follow_up') => {
    const deleted = await tables(tx).deleteFrom(`insight.${table}`).where('learner', '=', learner).executeTakeFirst()
    return Number(deleted.numDeletedRows)
  }
  await sql`delete from insight.learner_move where from_learner = ${learner}::bigint or to_learner = ${learner}::bigint
    or identifier in (select identifier from insight.learner where learner = ${learner}::bigint)`.execute(tx)
  const removed = {
    identifiers: await remove('learner'),
    enrolments: await remove('enrolment'),
    looks: await remove('look'),
    followUps: await remove('follow_up'),
  }
  await remove('objection')
  await remove('plan')
  // As one who looked, or decided: that somebody did stays.
  await tables(tx)
    .updateTable('insight.look')
    .set({ viewer_learner: null, viewer_name: null })
    .where('viewer_learner', '=', learner)
    .execute()
  await tables(tx)
    .updateTable('insight.follow_up')
    .set({ decided_by_learner: null })
    .where('decided_by_learner', '=', learner)
    .execute()
  const { numAffectedRows } = await sql`delete from insight.launch where viewer->>'learner' = ${learner}`.execute(tx)
  return { ...removed, launches: Number(numAffectedRows ?? 0n) }
}

/** Notes where the account leads that somebody unlinked is from then on. */
export async function insertNobody(tx: Tx, identifier: string, learner: string, now: Date): Promise<void> {
  await tables(tx)
    .insertInto('insight.learner')
    .values({ identifier, learner, origin: 'own', first_seen_at: now, name: null, person_id: null })
    .execute()
}

/** The learners whom a person of the directory is tied to, and identifiers lead to. */
export async function listLearnersOf(tx: Tx, identifier: string): Promise<string[]> {
  const rows = await tables(tx)
    .selectFrom('insight.learner')
    .select((row) => row.cast<string>('learner', 'text').as('learner'))
    .distinct()
    .where('identifier', '=', identifier)
    .execute()
  return rows.map(({ learner }) => learner)
}

/** All that leads to some learners. */
export async function listIdentities(tx: Tx, learners: string[]): Promise<string[]> {
  const rows = await tables(tx)
    .selectFrom('insight.learner')
    .select('identifier')
    .where('learner', 'in', ['0', ...learners])
    .orderBy('identifier')
    .execute()
  return rows.map(({ identifier }) => identifier)
}
