import { randomUUIDv7 } from 'node:crypto'
import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import { tables } from '../tables.ts'

export const purposes = ['statements', 'events', 'looks', 'launches'] as const
export type Purpose = (typeof purposes)[number]
/** Months that may be asked for at most. */
export const mostMonths = 240

/** How long something is kept, and why it may be. */
export interface Retention {
  purpose: Purpose
  /** Null: nobody has decided, and it is kept. */
  months: number | null
  legalBasis: string | null
}

/** What holds until the institution says otherwise: what is of the learners is theirs to decide. */
const defaults: Record<Purpose, number | null> = { statements: null, events: null, looks: 13, launches: 1 }

/** Of each purpose, what holds. */
export async function listRetentions(tx: Tx): Promise<Retention[]> {
  const rows = await tables(tx)
    .selectFrom('insight.retention')
    .select(['purpose', 'months', 'legal_basis as legalBasis'])
    .execute()
  return purposes.map(
    (purpose) =>
      rows.find((row) => row.purpose === purpose) ?? { purpose, months: defaults[purpose], legalBasis: null },
  )
}

export async function upsertRetention(
  tx: Tx,
  { purpose, months, legalBasis }: Retention,
  by: string | null,
  now: Date,
) {
  const said = { months, legal_basis: legalBasis, updated_at: now, updated_by: by }
  await tables(tx)
    .insertInto('insight.retention')
    .values({ purpose, ...said })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'purpose']).doUpdateSet(said))
    .execute()
}

/** A time that was over, and what was deleted. */
export interface RetentionRun {
  purpose: Purpose
  cutoff: Day
  removed: number | null
  ranAt: Date
}

export async function insertRun(tx: Tx, { ranAt: ran_at, ...run }: RetentionRun): Promise<void> {
  await tables(tx)
    .insertInto('insight.retention_run')
    .values({ id: randomUUIDv7(), ran_at, ...run })
    .execute()
}

/** The latest first. */
export function listRuns(tx: Tx, limit: number): Promise<RetentionRun[]> {
  return tables(tx)
    .selectFrom('insight.retention_run')
    .select(['purpose', 'cutoff', 'removed', 'ran_at as ranAt'])
    .orderBy('ran_at', 'desc')
    .limit(limit)
    .execute()
}

/** Until when events were deleted last; undefined when they never were. */
export async function findLastCutoff(tx: Tx, purpose: Purpose): Promise<Day | undefined> {
  const row = await tables(tx)
    .selectFrom('insight.retention_run')
    .select('cutoff')
    .where('purpose', '=', purpose)
    .orderBy('cutoff', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.cutoff
}

export async function deleteLooksBefore(tx: Tx, cutoff: Day): Promise<number> {
  const deleted = await tables(tx)
    .deleteFrom('insight.look')
    .where(sql<boolean>`looked_at < ${cutoff}::date`)
    .executeTakeFirst()
  return Number(deleted.numDeletedRows)
}

/** Launches that were over before a day. */
export async function deleteLaunchesBefore(tx: Tx, cutoff: Day): Promise<number> {
  const deleted = await tables(tx)
    .deleteFrom('insight.launch')
    .where(sql<boolean>`expires_at < ${cutoff}::date`)
    .executeTakeFirst()
  return Number(deleted.numDeletedRows)
}
