import { setTimeout as wait } from 'node:timers/promises'
import { defineQueue } from '#kernel/jobs'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { listTenants, type Tenant } from '#kernel/tenancy'
import { setFailure } from './builds.queries.ts'
import { createProjector, type ProjectionServices, type Projector } from './projection.ts'

/**
 * Puts what is stored into the analytics, all the time: a job is added each minute and takes longer than one. Those that
 * wait meanwhile are taken together. Several processes may be at it; a tenant is projected by one at a time.
 */
export const projectionQueue = defineQueue<Record<never, never>>('insight-project', {
  retries: 0,
  expireInSeconds: 600,
  batchSize: 50,
})

const turnFor = 75_000
/** How long it rests when nothing came, in ms; and how long a list of tenants holds. */
const restFor = 300
const listedFor = 5_000
/** After a failure, in ms: the first wait, doubled each time, and the longest. */
const firstWait = 1_000
const longestWait = 30_000

/** The work of `projectionQueue`: goes round the tenants for a turn, a batch for each at a time. */
async function projectForATurn(services: ProjectionServices, projector: Projector, signal: AbortSignal): Promise<void> {
  const end = performance.now() + turnFor
  const failures = new Map<string, { count: number; nextTryAt: number }>()
  let tenants: Tenant[] = []
  let listedAt = -Infinity
  while (performance.now() < end && !signal.aborted) {
    let isBehind = false
    if (performance.now() - listedAt > listedFor) {
      tenants = await listTenants(services.owner)
      listedAt = performance.now()
    }
    for (const tenant of tenants) {
      const failed = failures.get(tenant.id)
      if (signal.aborted || (failed?.nextTryAt ?? 0) > performance.now()) continue
      try {
        if ((await projector.advance(tenant)) === 'more') isBehind = true
        failures.delete(tenant.id)
      } catch (error) {
        const count = (failed?.count ?? 0) + 1
        const pause = Math.min(firstWait * 2 ** (count - 1), longestWait)
        failures.set(tenant.id, { count, nextTryAt: performance.now() + pause })
        // When this fails too it is PostgreSQL that is away: nothing is stored either.
        await inTenant(services.db, tenant.id, (tx) => setFailure(tx, nameFailure(error))).catch(() => {})
      }
    }
    if (!isBehind) await wait(restFor, undefined, { signal, ref: false }).catch(() => {})
  }
}

/** What failed, without what was refused, which may be of people. */
function nameFailure(error: unknown): string {
  const { type, code, name } = error as { type?: string; code?: string; name?: string }
  return [type, code].filter(Boolean).join(' ') || (name ?? 'Error')
}

/** Starts projecting in this process. */
export async function startProjecting(services: Services): Promise<void> {
  const projector = createProjector(services)
  const { jobs, db } = services
  await jobs.work(projectionQueue, () => projectForATurn(services, projector, jobs.stopping))
  await jobs.repeat(projectionQueue, '* * * * *')
  await db.transaction().execute((tx) => jobs.enqueue(tx, projectionQueue, {}))
}
