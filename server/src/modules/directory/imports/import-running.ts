import { setTimeout as wait } from 'node:timers/promises'
import { sql } from 'kysely'
import type pg from 'pg'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Step } from './import-comparison.ts'
import { startUpdate } from './import-rows.ts'
import { withLock } from '../locks.ts'
import type { Progress } from '../tables.ts'

/** How someone follows an import they started, and stops it. */
export interface Watch {
  onProgress?: (progress: Progress) => void
  signal?: AbortSignal
}

/** Runs steps in one transaction; stopping cancels the statement under way and undoes all of them. */
export async function runSteps<Context>(
  services: Services,
  tenantId: string,
  steps: Step<Context>[],
  context: Context,
  following: Following,
): Promise<void> {
  const { signal } = following
  await inTenant(services.db, tenantId, async (tx) => {
    const backend = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx)
    const cancel = () => {
      services.owner.query('select pg_cancel_backend($1)', [backend.rows[0]?.pid]).catch(() => {})
    }
    signal.addEventListener('abort', cancel)
    try {
      for (const step of steps) {
        signal.throwIfAborted()
        await step(tx, context)
        following.advance(1)
      }
    } catch (error) {
      signal.throwIfAborted()
      throw error
    } finally {
      signal.removeEventListener('abort', cancel)
    }
  })
}

export interface Following {
  begin(phase: Progress['phase'], total: number, unit: Progress['unit']): void
  advance(by: number): void
  /** Aborted when its starter stops it or when someone gives it up. */
  signal: AbortSignal
  end(): Promise<void>
}

/** Tells how far an import is, to its starter at once and to everyone else twice a second. */
export function follow(
  services: Services,
  { tenantId, id, state }: { tenantId: string; id: string; state: 'staging' | 'applying' },
  watch: Watch,
): Following {
  const controller = new AbortController()
  let progress: Progress | undefined
  let told: Promise<void> | undefined
  const tell = () => {
    if (!progress || told) return
    const text = JSON.stringify(progress)
    told = inTenant(services.db, tenantId, (tx) =>
      startUpdate(tx).set({ progress: text }).where('id', '=', id).where('state', '=', state).executeTakeFirst(),
    )
      .then(({ numUpdatedRows }) => {
        if (state === 'staging' && numUpdatedRows === 0n)
          controller.abort(new Problem(409, 'import_abandoned', 'The import was given up.'))
      })
      // The database is away: the work itself will say so.
      .catch(() => {})
      .finally(() => (told = undefined))
  }
  const timer = setInterval(tell, 500)
  return {
    begin(phase, total, unit) {
      progress = { phase, done: 0, total, unit, startedAt: services.now().toISOString() }
      watch.onProgress?.(progress)
      tell()
    },
    advance(by) {
      if (!progress) return
      progress.done += by
      watch.onProgress?.(progress)
    },
    signal: watch.signal ? AbortSignal.any([watch.signal, controller.signal]) : controller.signal,
    async end() {
      clearInterval(timer)
      await told
    },
  }
}

export const lockName = (sourceId: string) => `directory.source ${sourceId}`

/**
 * Runs `work` while no other program reads or applies an import of the source. The lock goes with the connection: a
 * killed program leaves none.
 * @throws Problem 409 `import_running`.
 */
export async function withSourceLock<T>(
  owner: pg.Pool,
  sourceId: string,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const done = await withLock(owner, lockName(sourceId), work)
  if (!done) throw new Problem(409, 'import_running', 'Another import of this source is running.')
  return done.result
}

/** Whether nobody is at work on the source; nobody starts before the transaction ends. */
export async function isSourceFree(tx: Tx, sourceId: string): Promise<boolean> {
  const { rows } = await sql<{ locked: boolean }>`
    select pg_try_advisory_xact_lock(hashtextextended(${lockName(sourceId)}, 0)) as locked`.execute(tx)
  return rows[0]?.locked ?? false
}

/**
 * Notes the end of an import though the database is gone for a moment, as when it was killed and comes back: nobody
 * should look at an import that says it runs when nothing does. Half a minute, then the next sweep will tell.
 */
export async function outlastOutage<T>(work: () => Promise<T>): Promise<T> {
  for (let left = 30; ; left--) {
    try {
      return await work()
    } catch (error) {
      if (left === 0) throw error
      await wait(1_000)
    }
  }
}
