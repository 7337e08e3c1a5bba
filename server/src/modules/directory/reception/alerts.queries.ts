import { sql } from 'kysely'
import { z } from 'zod'
import type { Tx } from '#kernel/postgres'
import { feedAlertCodes, tables } from '../tables.ts'

export const feedAlertSchema = z.object({
  id: z.uuid(),
  code: z.enum(feedAlertCodes),
  source: z.object({ id: z.uuid(), name: z.string() }).nullable(),
  importId: z.uuid().nullable(),
  expectedAt: z.iso.datetime().nullable(),
  detail: z
    .object({
      read: z.number().optional().describe('records of the export, against the median of the last ones'),
      median: z.number().optional(),
      exports: z.number().optional().describe('how many exports the median is of'),
      limit: z.number().optional().describe('basis points below the median'),
      reasons: z.array(z.string()).optional().describe('why an import waits: alerts, quarantine, small, other_source'),
      refusal: z.string().optional().describe('code of what the feed was refused for'),
      folder: z.string().optional(),
    })
    .describe('figures and codes that explain it'),
  raisedAt: z.iso.datetime(),
  resolvedAt: z.iso.datetime().nullable().describe('when its cause went away'),
  acknowledgedAt: z.iso.datetime().nullable(),
  acknowledgedBy: z.object({ id: z.uuid(), name: z.string() }).nullable(),
})

/** An alert as the API shows it. */
export type FeedAlertView = z.infer<typeof feedAlertSchema>

const selectAlerts = (tx: Tx) =>
  tables(tx)
    .selectFrom('directory.feed_alert as a')
    .leftJoin('directory.source as s', 's.id', 'a.source_id')
    .leftJoin('directory.person as p', 'p.id', 'a.acknowledged_by')
    .selectAll('a')
    .select(['s.name as source_name', 'p.given_name', 'p.family_name'])

type AlertRow = Awaited<ReturnType<ReturnType<typeof selectAlerts>['executeTakeFirstOrThrow']>>

function toView(row: AlertRow): FeedAlertView {
  return {
    id: row.id,
    code: row.code,
    source: row.source_id === null ? null : { id: row.source_id, name: row.source_name ?? '' },
    importId: row.import_id,
    expectedAt: row.expected_at?.toISOString() ?? null,
    detail: row.detail,
    raisedAt: row.raised_at.toISOString(),
    resolvedAt: row.resolved_at?.toISOString() ?? null,
    acknowledgedAt: row.acknowledged_at?.toISOString() ?? null,
    acknowledgedBy:
      row.acknowledged_by === null
        ? null
        : { id: row.acknowledged_by, name: `${row.given_name ?? ''} ${row.family_name ?? ''}`.trim() },
  }
}

/** Alerts, newest first; those that wait for somebody, or all. At most 100. */
export async function listFeedAlerts(
  tx: Tx,
  filter: { open: boolean; sourceId?: string | undefined },
): Promise<FeedAlertView[]> {
  let query = selectAlerts(tx).orderBy('a.raised_at', 'desc').orderBy('a.id', 'desc').limit(100)
  if (filter.open) query = query.where(isOpen)
  if (filter.sourceId !== undefined) query = query.where('a.source_id', '=', filter.sourceId)
  return (await query.execute()).map(toView)
}

const isOpen = sql<boolean>`a.resolved_at is null and a.acknowledged_at is null`

export async function findFeedAlert(tx: Tx, id: string): Promise<FeedAlertView | undefined> {
  const row = await selectAlerts(tx).where('a.id', '=', id).executeTakeFirst()
  return row && toView(row)
}
