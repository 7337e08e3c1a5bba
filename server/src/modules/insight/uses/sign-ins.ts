import { listProfiles } from '#modules/directory'
import { listOpenedSignIns, type OpenedSignIn } from '#modules/identity'
import { defineQueue } from '#kernel/jobs'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { listTenants } from '#kernel/tenancy'
import { getPseudonymKey, toVisitor } from '../identities/pseudonyms.ts'
import { type EventRow, findCounted, insertEvents, saveCounted } from './sign-ins.queries.ts'

/** Counts the sign-ins since the last time, every minute. */
export const signInsQueue = defineQueue('insight-sign-ins')

/** A sign-in is in the history when its transaction ends: whatever began before is there by then. */
const settledAfter = 60_000
const batchSize = 5_000

/**
 * Brings the sign-ins of the history into the analytics, without naming anybody. The history is the queue: an opening-day
 * morning writes nothing else for it. Killed on its way, it sends the same again, which is kept once.
 */
export async function countSignIns(services: Services): Promise<void> {
  const until = new Date(services.now().getTime() - settledAfter)
  for (const { id: tenantId } of await listTenants(services.owner)) {
    for (let counted = batchSize; counted === batchSize;) {
      counted = await inTenant(services.db, tenantId, async (tx) => {
        const signIns = await listOpenedSignIns(tx, { after: await findCounted(tx), until }, batchSize)
        const last = signIns.at(-1)
        if (last) {
          await insertEvents(await services.clickhouse(), await toEvents(tx, tenantId, signIns))
          await saveCounted(tx, last)
        }
        return signIns.length
      })
    }
  }
}

async function toEvents(tx: Tx, tenantId: string, signIns: OpenedSignIn[]): Promise<EventRow[]> {
  const key = await getPseudonymKey(tx)
  const profiles = new Map<string, string>()
  for (const { personId } of signIns) {
    if (!profiles.has(personId)) profiles.set(personId, (await listProfiles(tx, personId))[0] ?? 'none')
  }
  return signIns.map(({ id, attemptedAt, personId, method }) => ({
    tenant_id: tenantId,
    occurred_at: attemptedAt.getTime(),
    event_id: id,
    event: 'signed_in',
    profile: profiles.get(personId) ?? 'none',
    method,
    visitor: toVisitor(key, personId),
  }))
}
