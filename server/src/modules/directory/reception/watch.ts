import { defineQueue } from '#kernel/jobs'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { listTenants } from '#kernel/tenancy'
import { withLock } from '../locks.ts'
import { takeDrops } from './drops.ts'
import { checkExpectations } from './expectations.ts'
import { purgeKeptUploads } from './retention.ts'
import { forgetComparisons } from './source-comparison.ts'
import { forgetRefused } from './source-quarantine.queries.ts'
import { followImports } from './unattended.ts'

/** Looks at the folders of feeds and at the clock, every minute. */
export const watchQueue = defineQueue('directory.watch-feeds', { retries: 0 })

/** How long nothing of an export must have changed before it is taken. */
const settleMs = 60_000

/**
 * Takes what was put whole in the folders, goes on with the imports that nobody waits for, raises the alerts, and removes
 * the files and refused records whose time has come. Of several servers one does so, the others leave it at that; what stops it is made good
 * the next time.
 */
export async function watchFeeds(services: Services, options = { settleMs }): Promise<void> {
  for (const tenant of await listTenants(services.owner)) {
    await withLock(services.owner, `directory.feeds ${tenant.id}`, async () => {
      const work = [
        () => takeDrops(services, tenant, options.settleMs),
        () => followImports(services, tenant.id),
        () => checkExpectations(services, tenant),
        () => purgeKeptUploads(services, tenant.id),
        () => inTenant(services.db, tenant.id, forgetRefused),
        () => inTenant(services.db, tenant.id, (tx) => forgetComparisons(tx, services.now())),
      ]
      // A folder that fails keeps no alert from being raised.
      const failures: unknown[] = []
      for (const each of work) await each().catch((error: unknown) => failures.push(error))
      if (failures.length > 0) throw failures[0]
    })
  }
}
