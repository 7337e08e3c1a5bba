import type { Audience } from '#kernel/access'
import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { deleteDashboard, findDashboard, updateDashboard } from './dashboards.queries.ts'
import { audiences, type DashboardItem, defaultDashboards } from './default-dashboards.ts'

/** Of which indicators the dashboard of an audience is made. */
export interface Dashboard {
  items: DashboardItem[]
  /** False: what comes with the product. */
  custom: boolean
}

/** What an audience is shown. */
export async function getDashboard(tx: Tx, audience: Audience): Promise<Dashboard> {
  const items = await findDashboard(tx, audience)
  return { items: items ?? defaultDashboards[audience], custom: items !== undefined }
}

/** What each audience is shown. */
export async function listDashboards(tx: Tx): Promise<(Dashboard & { audience: Audience })[]> {
  const dashboards = []
  for (const audience of audiences) dashboards.push({ audience, ...(await getDashboard(tx, audience)) })
  return dashboards
}

/** Chooses what an audience is shown, in its order. @param by null for who operates the service. */
export async function setDashboard(
  tx: Tx,
  { audience, items, by }: { audience: Audience; items: DashboardItem[]; by: string | null },
  now: Date,
): Promise<Dashboard> {
  await updateDashboard(tx, { audience, items, updatedBy: by }, now)
  const indicators = items.map(({ indicator }) => indicator)
  await audit(tx, 'insight.dashboard_changed', by, { audience, indicators })
  return { items, custom: true }
}

/** Shows an audience what comes with the product again. @param by null for who operates the service. */
export async function resetDashboard(tx: Tx, audience: Audience, by: string | null): Promise<Dashboard> {
  await deleteDashboard(tx, audience)
  await audit(tx, 'insight.dashboard_reset', by, { audience })
  return getDashboard(tx, audience)
}

function audit(tx: Tx, action: string, actorPersonId: string | null, detail: Record<string, unknown>): Promise<void> {
  return recordAudit(tx, { action, actorPersonId, subjectKind: 'dashboard', subjectId: null, detail })
}
