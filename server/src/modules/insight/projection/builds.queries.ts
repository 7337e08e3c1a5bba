import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { tables } from '../tables.ts'

/** A projection of the record store into the analytics. */
export interface Build {
  /** Its number, which no other has in any tenant. */
  build: number
  /** `read`: its rows are what is answered; `filling`: it is to take that place; `left`: its rows are to go. */
  state: 'filling' | 'read' | 'left'
  /** Version of the rules by which it understands statements. */
  rules: number
  /** Moment (microseconds since 1970) until which all that was stored is in. */
  cursor: number
  /** Where a batch that was begun ends; null when none was. */
  pendingUntil: number | null
  /** Changes when learners that were known may be others. */
  identities: number
  statements: number
  startedAt: Date
  updatedAt: Date
  failure: string | null
}

/** Those of the tenant, the one that is read first. */
export function listBuilds(tx: Tx): Promise<Build[]> {
  return tables(tx)
    .selectFrom('insight.projection')
    .select([
      'build',
      'state',
      'rules',
      'cursor',
      'pending_until as pendingUntil',
      'identities',
      'statements',
      'started_at as startedAt',
      'updated_at as updatedAt',
      'failure',
    ])
    .orderBy(sql`array_position(array['read', 'filling', 'left'], state)`)
    .orderBy('build')
    .execute()
}

/** The one that is read, and until when it was brought up to date; undefined before the first. */
export async function findReadBuild(tx: Tx): Promise<{ build: number; updatedAt: Date } | undefined> {
  return tables(tx)
    .selectFrom('insight.projection')
    .select(['build', 'updated_at as updatedAt'])
    .where('state', '=', 'read')
    .executeTakeFirst()
}

/** Nobody else projects for the tenant, nor takes away from what is projected, until this transaction ends. */
export async function holdProjection(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(${held})`.execute(tx)
}

/** The same, unless somebody does. @returns false when somebody does. */
export async function tryHoldProjection(tx: Tx): Promise<boolean> {
  const { rows } = await sql<{ mine: boolean }>`select pg_try_advisory_xact_lock(${held}) as mine`.execute(tx)
  return rows[0]?.mine ?? false
}

const held = sql`hashtextextended('insight.projection ' || kernel.current_tenant(), 0)`

/** Until this transaction ends no projection begins, or else no identifier moves to another learner. */
export async function lockIdentities(tx: Tx, mode: 'shared' | 'exclusive'): Promise<void> {
  const lock = sql.ref(mode === 'shared' ? 'pg_advisory_xact_lock_shared' : 'pg_advisory_xact_lock')
  await sql`select ${lock}(hashtextextended('insight.learner ' || kernel.current_tenant(), 0))`.execute(tx)
}

/** Begins one, at the beginning of the store. @returns its number. */
export async function insertBuild(tx: Tx, state: 'filling' | 'read', rules: number, now: Date): Promise<number> {
  await lockIdentities(tx, 'exclusive')
  const { build } = await tables(tx)
    .insertInto('insight.projection')
    .values({ state, rules, cursor: 0, started_at: now, updated_at: now })
    .returning('build')
    .executeTakeFirstOrThrow()
  return build
}

/** Notes that what projections remember of learners no longer holds. */
export async function forgetIdentities(tx: Tx): Promise<void> {
  await tables(tx)
    .updateTable('insight.projection')
    .set((row) => ({ identities: row('identities', '+', 1) }))
    .execute()
}

/** Says where the batch that begins at the cursor ends; at the cursor itself, that moves are being followed. */
export async function openBatch(tx: Tx, build: number, until: number): Promise<void> {
  await tables(tx).updateTable('insight.projection').set({ pending_until: until }).where('build', '=', build).execute()
}

/** Says that all is in until a moment. */
export async function closeBatch(
  tx: Tx,
  build: number,
  { until, statements }: { until: number; statements: number },
  now: Date,
): Promise<void> {
  await tables(tx)
    .updateTable('insight.projection')
    .set((row) => ({
      cursor: until,
      pending_until: null,
      statements: row('statements', '+', statements),
      updated_at: now,
      failure: null,
    }))
    .where('build', '=', build)
    .execute()
}

/** Says why nothing goes in, until something does. */
export async function setFailure(tx: Tx, failure: string): Promise<void> {
  await tables(tx)
    .updateTable('insight.projection')
    .set({ failure })
    .where('state', 'in', ['read', 'filling'])
    .where('failure', 'is distinct from', failure)
    .execute()
}

export async function setState(tx: Tx, build: number, state: Build['state'], now: Date): Promise<void> {
  await tables(tx)
    .updateTable('insight.projection')
    .set({ state, updated_at: now })
    .where('build', '=', build)
    .execute()
}

export async function deleteBuild(tx: Tx, build: number): Promise<void> {
  await tables(tx).deleteFrom('insight.projection').where('build', '=', build).execute()
}
