import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Contents } from './catalogue.ts'
import { upsertSetting } from './surroundings.queries.ts'

/**
 * Offers an indicator, or no longer: nobody may ask one that is not offered.
 * @param setting.by null for who operates the service.
 * @throws Problem 404 `indicator_unknown`.
 */
export async function offerIndicator(
  tx: Tx,
  contents: Contents,
  setting: { indicator: string; enabled: boolean; by: string | null },
  now: Date,
): Promise<void> {
  const { indicator, enabled, by } = setting
  if (!contents.indicators.has(indicator))
    throw new Problem(404, 'indicator_unknown', `There is no indicator ${indicator}.`)
  await upsertSetting(tx, setting, now)
  await recordAudit(tx, {
    action: 'insight.indicator_changed',
    actorPersonId: by,
    subjectKind: 'indicator',
    subjectId: null,
    detail: { indicator, enabled },
  })
}
