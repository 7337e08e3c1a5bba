import { CompiledQuery } from 'kysely'
import { PgBoss, type Job } from 'pg-boss'
import type pg from 'pg'
import { keepPlanOf, type Tx } from './postgres.ts'
import { describeError } from './problem.ts'

/** A kind of work done apart from the request that asks for it. Its data are small and hold no personal data. */
export interface JobQueue<Data extends object> {
  name: string
  /** Number of new tries after a failure. */
  retries: number
  /** Seconds a job may take; a worker silent for a minute is thought dead anyway, and its job given to another. */
  expireInSeconds: number
  /** How many jobs a worker takes at once. */
  batchSize: number
  /** Only ever a name for the type. */
  readonly data?: Data
}

/** Declares a queue. A job may be delivered twice: its worker is idempotent. */
export function defineQueue<Data extends object>(
  name: string,
  options: { retries?: number; expireInSeconds?: number; batchSize?: number } = {},
): JobQueue<Data> {
  const { retries = 3, expireInSeconds = 900, batchSize = 1 } = options
  return { name, retries, expireInSeconds, batchSize }
}

/** Jobs kept in PostgreSQL. */
export interface Jobs {
  /** Adds a job in the caller's transaction: it exists if and only if that transaction commits. */
  enqueue<Data extends object>(tx: Tx, queue: JobQueue<Data>, data: Data): Promise<void>
  /**
   * Starts a worker in this process; it gets at most `batchSize` jobs at once and fails or succeeds for all of them.
   * The signal tells that the program has waited long enough to stop.
   */
  work<Data extends object>(
    queue: JobQueue<Data>,
    handler: (batch: Data[], signal: AbortSignal) => Promise<void>,
  ): Promise<void>
  /** Adds a job to the queue again and again, by a cron expression in UTC; only a supervising program does. */
  repeat(queue: JobQueue<Record<never, never>>, cron: string): Promise<void>
  /** Number of jobs waiting, running and failed for good, by queue. */
  count(): Promise<{ queue: string; waiting: number; running: number; failed: number }[]>
  /** Aborted as soon as the program stops: for work that would go on for ever. */
  stopping: AbortSignal
  stop(): Promise<void>
}

/**
 * Opens the job store, installing its schema and the given queues if need be.
 * @param supervise false on the command line: it adds jobs and leaves running them to the server.
 */
export async function openJobs(
  owner: pg.Pool,
  queues: JobQueue<object>[],
  options: { supervise: boolean; onError: (error: Error) => void },
): Promise<Jobs> {
  const boss = new PgBoss({
    db: { executeSql: (text: string, values?: unknown[]) => owner.query(text, values) },
    supervise: options.supervise,
    schedule: options.supervise,
  })
  boss.on('error', options.onError)
  const stopping = new AbortController()
  await boss.start()
  for (const queue of queues) {
    const settings = {
      retryLimit: queue.retries,
      retryBackoff: true,
      retryDelayMax: 900,
      expireInSeconds: queue.expireInSeconds,
      heartbeatSeconds: 60,
    }
    if (await boss.getQueue(queue.name)) await boss.updateQueue(queue.name, settings)
    else await boss.createQueue(queue.name, settings)
  }
  // Requests enqueue under their own role; tables are made by pg-boss, so the grant follows its start.
  await owner.query('grant usage on schema pgboss to preau_app')
  await owner.query('grant select, insert on all tables in schema pgboss to preau_app')
  await owner.query('grant execute on all functions in schema pgboss to preau_app')
  return {
    async enqueue(tx, queue, data) {
      // One text a queue, longer to plan than to run.
      const db = {
        executeSql: (text: string, values: unknown[] = []) =>
          tx.executeQuery(CompiledQuery.raw(keepPlanOf(text), values)),
      }
      await boss.send(queue.name, data, { db })
    },
    async work(queue, handler) {
      const taking = { pollingIntervalSeconds: 0.5, batchSize: queue.batchSize }
      await boss.work(queue.name, taking, async (jobs: Job<NonNullable<typeof queue.data>>[]) => {
        const [first] = jobs
        if (!first) return
        const data = jobs.map((job) => job.data)
        await handler(data, first.signal).catch((error: Error) => {
          throw withoutValues(error)
        })
      })
    },
    async repeat(queue, cron) {
      if (options.supervise) await boss.schedule(queue.name, cron, {})
    },
    async count() {
      const rows = await boss.getQueues()
      const ours = rows.filter((row) => !row.name.startsWith('__'))
      return ours.map((row) => ({
        queue: row.name,
        waiting: row.queuedCount,
        running: row.activeCount,
        failed: row.failedCount,
      }))
    },
    stopping: stopping.signal,
    stop() {
      stopping.abort()
      return boss.stop({ graceful: true, timeout: 5_000 })
    },
  }
}

// An error is kept with its job, in a table of no tenant.
function withoutValues(error: Error): Error {
  const { type, message, stack } = describeError(error)
  return Object.assign(new Error(message), { name: type, stack })
}
