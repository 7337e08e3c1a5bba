import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import type { Tenant } from '#kernel/tenancy'
import { tables } from '../tables.ts'
import { raiseAlert, resolveAlerts } from './alerts.ts'
import { expectedMoments, type Schedule, windowAround } from './schedule.ts'

/** What a source's row says of when it is expected. */
export interface Expectation {
  expected_at: string | null
  expected_days: number[]
}

/** When a source is expected, in the zone of its tenant; undefined when it comes whenever it comes. */
export function scheduleOf(source: Expectation, timeZone: string): Schedule | undefined {
  if (source.expected_at === null || source.expected_days.length === 0) return undefined
  return { at: source.expected_at, days: source.expected_days, timeZone }
}

/** Raises an alert for each source of a tenant that is late, or that did not come at all; takes back those that came. */
export async function checkExpectations(services: Services, tenant: Tenant): Promise<void> {
  await inTenant(services.db, tenant.id, async (tx) => {
    const sources = await tables(tx)
      .selectFrom('directory.source')
      .select(['id', 'expected_at', 'expected_days', 'expected_since', 'grace_minutes'])
      .where('expected_at', 'is not', null)
      .execute()
    for (const source of sources) await checkSource(services, tx, tenant, source)
  })
}

async function checkSource(
  services: Services,
  tx: Tx,
  tenant: Tenant,
  source: Expectation & { id: string; expected_since: Date | null; grace_minutes: number },
): Promise<void> {
  const schedule = scheduleOf(source, tenant.timeZone)
  if (!schedule) return
  const now = services.now()
  const sourceId = source.id
  const { before, last, next } = expectedMoments(schedule, now)
  const earlier = expectedMoments(schedule, new Date(before.getTime() - 1)).last
  for (const [previous, expected, following] of [
    [earlier, before, last],
    [before, last, next],
    // What comes early ends the alerts of the days before.
    [last, next, expectedMoments(schedule, next).next],
  ] as const) {
    if (source.expected_since !== null && expected < source.expected_since) continue
    const { from, to } = windowAround(previous, expected, following)
    const arrived = await hasArrived(tx, sourceId, from, to)
    if (arrived) {
      await resolveAlerts(tx, { sourceId, codes: ['late', 'missing'], upTo: expected }, now)
    } else if (now >= to) {
      await resolveAlerts(tx, { sourceId, codes: ['late'], upTo: expected }, now)
      await raiseAlert(services, tx, tenant.id, { code: 'missing', sourceId, expectedAt: expected })
    } else if (now.getTime() >= expected.getTime() + source.grace_minutes * 60_000) {
      await raiseAlert(services, tx, tenant.id, { code: 'late', sourceId, expectedAt: expected })
    }
  }
}

/** Whether anything of a source came in that time, whatever became of it. */
async function hasArrived(tx: Tx, sourceId: string, from: Date, to: Date): Promise<boolean> {
  const found = await tables(tx)
    .selectFrom('directory.import')
    .select('id')
    .where('source_id', '=', sourceId)
    .where('mode', '<>', 'rollback')
    .where('created_at', '>=', from)
    .where('created_at', '<', to)
    .limit(1)
    .executeTakeFirst()
  return found !== undefined
}
