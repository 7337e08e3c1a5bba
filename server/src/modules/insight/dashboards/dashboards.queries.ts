import { sql } from 'kysely'
import type { Audience } from '#kernel/access'
import type { Tx } from '#kernel/postgres'
import { tables } from '../tables.ts'
import type { DashboardItem } from './default-dashboards.ts'

/** What the institution shows to an audience; undefined where it left what comes with the product. */
export async function findDashboard(tx: Tx, audience: Audience): Promise<DashboardItem[] | undefined> {
  const row = await tables(tx)
    .selectFrom('insight.dashboard')
    .select('items')
    .where('audience', '=', audience)
    .executeTakeFirst()
  return row?.items
}

/** Replaces what an audience is shown. */
export async function updateDashboard(
  tx: Tx,
  row: { audience: Audience; items: DashboardItem[]; updatedBy: string | null },
  now: Date,
): Promise<void> {
  const said = { items: JSON.stringify(row.items), updated_at: now, updated_by: row.updatedBy }
  await tables(tx)
    .insertInto('insight.dashboard')
    .values({ audience: row.audience, ...said })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'audience']).doUpdateSet(said))
    .execute()
}

/** Goes back to what comes with the product. */
export async function deleteDashboard(tx: Tx, audience: Audience): Promise<void> {
  await tables(tx)
    .deleteFrom('insight.dashboard')
    .where('tenant_id', '=', sql<string>`kernel.current_tenant()`)
    .where('audience', '=', audience)
    .execute()
}
