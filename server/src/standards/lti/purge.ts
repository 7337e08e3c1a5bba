import { findLaunchCutoff, listIdentifiers } from '#modules/insight'
import { defineQueue } from '#kernel/jobs'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { listTenants } from '#kernel/tenancy'
import { deleteLaunchesOf, listLaunchedSubjects, purgeLaunches } from './launches.queries.ts'
import { subjectOf } from './rules.ts'

export const purgeQueue = defineQueue<Record<never, never>>('lti-purge', { retries: 0 })

const day = 86_400_000

/** Forgets launches kept long enough, as the institution says, and who came by them, and those of people whom the identity map has forgotten. */
export async function purgeLti(services: Pick<Services, 'db' | 'owner' | 'now'>): Promise<void> {
  const now = services.now()
  for (const tenant of await listTenants(services.owner)) {
    await inTenant(services.db, tenant.id, async (tx) => {
      await purgeLaunches(tx, await findLaunchCutoff(tx, tenant, now), new Date(now.getTime() - day))
      const users = await listLaunchedSubjects(tx)
      const known = await listIdentifiers(
        tx,
        users.map(({ issuer, subject }) => subjectOf(issuer, subject)),
      )
      const kept = new Set(known.map(({ identifier }) => identifier))
      for (const user of users) {
        if (!kept.has(subjectOf(user.issuer, user.subject))) await deleteLaunchesOf(tx, user)
      }
    })
  }
}
