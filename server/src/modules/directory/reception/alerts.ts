import { randomUUIDv7 } from 'node:crypto'
import { recordAudit } from '#kernel/audit'
import { defineEvent } from '#kernel/events'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { type FeedAlertCode, tables } from '../tables.ts'
import { type FeedAlertView, findFeedAlert } from './alerts.queries.ts'

/** Something is wrong with a feed: it did not come, came small, was refused or waits for a person. */
export const feedAlerted = defineEvent<{
  tenantId: string
  alertId: string
  code: FeedAlertCode
  sourceId: string | null
}>('directory.feed_alert')

/** What an alert is about, and the figures that explain it. */
export interface NewAlert {
  code: FeedAlertCode
  sourceId: string | null
  importId?: string
  expectedAt?: Date
  detail?: Record<string, unknown>
}

/** Raises an alert, once for each import, expected moment or unreadable folder. @returns whether it is new. */
export async function raiseAlert(services: Services, tx: Tx, tenantId: string, alert: NewAlert): Promise<boolean> {
  const id = randomUUIDv7()
  const { numInsertedOrUpdatedRows } = await tables(tx)
    .insertInto('directory.feed_alert')
    .values({
      id,
      code: alert.code,
      source_id: alert.sourceId,
      import_id: alert.importId ?? null,
      expected_at: alert.expectedAt ?? null,
      detail: JSON.stringify(alert.detail ?? {}),
      raised_at: services.now(),
      resolved_at: null,
      acknowledged_at: null,
      acknowledged_by: null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  if (numInsertedOrUpdatedRows !== 1n) return false
  const { code, sourceId } = alert
  await services.events.publish(tx, feedAlerted, { tenantId, alertId: id, code, sourceId })
  return true
}

/** Notes that the cause of some alerts of a source went away: of those about a feed expected up to `upTo`, if given. */
export async function resolveAlerts(
  tx: Tx,
  which: { sourceId: string; codes: FeedAlertCode[]; upTo?: Date },
  now: Date,
): Promise<void> {
  const update = tables(tx)
    .updateTable('directory.feed_alert')
    .set({ resolved_at: now })
    .where('resolved_at', 'is', null)
    .where('source_id', '=', which.sourceId)
    .where('code', 'in', which.codes)
  await (which.upTo ? update.where('expected_at', '<=', which.upTo) : update).execute()
}

/** Notes who has seen an alert; it is then shown to nobody any more. @throws Problem 404 `feed_alert_unknown`. */
export async function acknowledgeAlert(
  services: Services,
  { tenantId, id, actorPersonId }: { tenantId: string; id: string; actorPersonId: string | null },
): Promise<FeedAlertView> {
  return inTenant(services.db, tenantId, async (tx) => {
    const { numUpdatedRows } = await tables(tx)
      .updateTable('directory.feed_alert')
      .set({ acknowledged_at: services.now(), acknowledged_by: actorPersonId })
      .where('id', '=', id)
      .where('acknowledged_at', 'is', null)
      .executeTakeFirst()
    const alert = await findFeedAlert(tx, id)
    if (!alert) throw new Problem(404, 'feed_alert_unknown', 'There is no such alert.')
    if (numUpdatedRows === 1n) {
      await recordAudit(tx, {
        action: 'directory.feed_alert_acknowledged',
        actorPersonId,
        subjectKind: 'feed_alert',
        subjectId: id,
        detail: { code: alert.code, sourceId: alert.source?.id ?? null, importId: alert.importId },
      })
    }
    return alert
  })
}
