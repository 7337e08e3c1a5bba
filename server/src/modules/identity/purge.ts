import { defineQueue } from '#kernel/jobs'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { listTenants } from '#kernel/tenancy'
import { expireBatches } from './letters/letters.queries.ts'
import { purgeFailures } from './sign-in/sign-in-failures.ts'
import { purgeSignIns } from './sign-in/sign-in-history.queries.ts'
import { endStays } from './accounts/temporary-stays.ts'
import { tables } from './tables.ts'

/** Takes away what time has ended, every hour. */
export const purgeQueue = defineQueue('identity-purge')

/** A spent code is kept a while, so that whoever types it is told that it was used or is too old. */
const codeMemoryDays = 30

export async function purgeExpired(services: Services): Promise<void> {
  const now = services.now()
  for (const tenant of await listTenants(services.owner)) {
    await inTenant(services.db, tenant.id, async (tx) => {
      const db = tables(tx)
      await db.deleteFrom('identity.session').where('expires_at', '<=', now).execute()
      await db.deleteFrom('identity.federation_request').where('expires_at', '<=', now).execute()
      await db.deleteFrom('identity.arrival').where('expires_at', '<=', now).execute()
      await db
        .deleteFrom('identity.access_code')
        .where('expires_at', '<=', new Date(now.getTime() - codeMemoryDays * 86_400_000))
        .execute()
      await purgeFailures(tx, now)
      await purgeSignIns(tx, now)
      await expireBatches(tx, now)
      await endStays(tx, now)
    })
  }
}
