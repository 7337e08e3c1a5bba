import { defineQueue } from '#kernel/jobs'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { listTenants } from '#kernel/tenancy'
import { purgeLaunches } from './launches.queries.ts'

export const purgeQueue = defineQueue<Record<never, never>>('lti-purge', { retries: 0 })

/** Long enough to find out why somebody's launch was refused. */
const launchDays = 30
const day = 86_400_000

/** Forgets old launches, and who came by them. */
export async function purgeLti(services: Pick<Services, 'db' | 'owner' | 'now'>): Promise<void> {
  const now = services.now().getTime()
  for (const { id } of await listTenants(services.owner)) {
    await inTenant(services.db, id, (tx) => purgeLaunches(tx, new Date(now - launchDays * day), new Date(now - day)))
  }
}
