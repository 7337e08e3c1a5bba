import { listIdentifiers } from '#modules/insight'
import { defineQueue } from '#kernel/jobs'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { listTenants } from '#kernel/tenancy'
import { deleteLaunchesOf, listLaunchedSubjects, purgeLaunches } from './launches.queries.ts'
import { subjectOf } from './rules.ts'

export const purgeQueue = defineQueue<Record<never, never>>('lti-purge', { retries: 0 })

/** Long enough to find out why somebody's launch was refused. */
const launchDays = 30
const day = 86_400_000

/** Forgets old launches and who came by them, and those of people whom the identity map has forgotten. */
export async function purgeLti(services: Pick<Services, 'db' | 'owner' | 'now'>): Promise<void> {
  const now = services.now().getTime()
  for (const { id } of await listTenants(services.owner)) {
    await inTenant(services.db, id, async (tx) => {
      await purgeLaunches(tx, new Date(now - launchDays * day), new Date(now - day))
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
