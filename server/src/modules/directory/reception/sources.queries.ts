import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Tenant } from '#kernel/tenancy'
import { defaultThresholds } from '../imports/imports.ts'
import { type KindCounts, type RecordKind, tables } from '../tables.ts'
import { scheduleOf } from './expectations.ts'
import { expectedMoments } from './schedule.ts'
import type { SourceDetail, SourceHistoryView, SourceSettings, SourceView } from './sources.routes.ts'

function selectSources(tx: Tx) {
  return tables(tx)
    .selectFrom('directory.source as s')
    .where('s.kind', '<>', 'manual')
    .selectAll('s')
    .select((source) => [
      source
        .selectFrom('directory.feed_alert as a')
        .select(source.fn.countAll<number>().as('number'))
        .whereRef('a.source_id', '=', 's.id')
        .where('a.resolved_at', 'is', null)
        .where('a.acknowledged_at', 'is', null)
        .as('alerts'),
    ])
    .select(
      sql<SourceView['lastImport']>`(select jsonb_build_object('id', i.id, 'state', i.state, 'mode', i.mode,
        'createdAt', to_char(i.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'exportedOn', i.exported_on)
        from directory.import i where i.source_id = s.id order by i.created_at desc, i.id desc limit 1)`.as(
        'last_import',
      ),
    )
}

type SourceRow = Awaited<ReturnType<ReturnType<typeof selectSources>['executeTakeFirstOrThrow']>>

function toView(row: SourceRow, timeZone: string, now: Date): SourceView {
  const schedule = scheduleOf(row, timeZone)
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    academyCode: row.academy_code,
    lastImport: row.last_import,
    nextExpectedAt: schedule ? expectedMoments(schedule, now).next.toISOString() : null,
    alerts: row.alerts ?? 0,
  }
}

/** The sources of feeds, by name. */
export async function listSources(tx: Tx, tenant: Tenant, now: Date): Promise<SourceView[]> {
  const rows = await selectSources(tx).orderBy('s.name').orderBy('s.id').execute()
  return rows.map((row) => toView(row, tenant.timeZone, now))
}

/** One source with how it is received. @throws Problem 404 `source_unknown`. */
export async function getSource(tx: Tx, id: string, tenant: Tenant, now: Date): Promise<SourceDetail> {
  const row = await selectSources(tx).where('s.id', '=', id).executeTakeFirst()
  if (!row) throw new Problem(404, 'source_unknown', 'There is no such source.')
  return { ...toView(row, tenant.timeZone, now), settings: toSettings(row), commonFolder: `feeds/${tenant.slug}` }
}

function toSettings(row: SourceRow): SourceSettings {
  return {
    thresholds: { ...defaultThresholds, ...row.thresholds },
    folder: row.folder,
    unattended: row.unattended,
    quarantineLimit: row.quarantine_limit,
    smallLimit: row.small_limit,
    expectedAt: row.expected_at,
    expectedDays: row.expected_days,
    graceMinutes: row.grace_minutes,
    retentionDays: row.retention_days,
  }
}

/**
 * What was applied of a source, the oldest first: how much each import changed, and how many records of each kind were
 * present afterwards.
 */
export async function listSourceHistory(tx: Tx, sourceId: string, limit: number): Promise<SourceHistoryView[]> {
  const rows = await tables(tx)
    .selectFrom('directory.import')
    .select(['id', 'mode', 'exported_on', 'applied_at', 'counts'])
    .where('source_id', '=', sourceId)
    .where('state', '=', 'applied')
    .orderBy('applied_at')
    .orderBy('id')
    .execute()
  const present = new Map<RecordKind, number>()
  const history = rows.map((row): SourceHistoryView => {
    const counts = Object.entries(row.counts) as [RecordKind, KindCounts][]
    for (const [kind, of] of counts) present.set(kind, (present.get(kind) ?? 0) + of.added - of.removed)
    const sum = (key: keyof KindCounts) => counts.reduce((total, [, of]) => total + of[key], 0)
    return {
      id: row.id,
      mode: row.mode,
      exportedOn: row.exported_on,
      appliedAt: row.applied_at?.toISOString() ?? '',
      added: sum('added'),
      modified: sum('modified'),
      removed: sum('removed'),
      quarantined: sum('quarantined'),
      present: Object.fromEntries(present),
    }
  })
  return history.slice(-limit)
}
