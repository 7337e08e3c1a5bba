import { sql } from 'kysely'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { needsDescription } from '../imports/import-rows.ts'
import { isStaged } from '../imports/imports.queries.ts'
import { requestApply } from '../imports/import-applying.ts'
import { requestStage } from '../imports/imports.ts'
import { type KindCounts, tables } from '../tables.ts'
import { raiseAlert } from './alerts.ts'
import { median } from './schedule.ts'

/** How often an import that nobody waits for is begun again after its program was stopped. */
const attempts = 3
/** An export is compared with the median of at most and at least so many of the last ones applied. */
const compared = { most: 10, least: 3 }

/**
 * Goes on with the imports that nobody waits for: applies those that nothing speaks against, begins again those whose
 * program was stopped, and says which ones need a person. Says of every export whether it is suspiciously small.
 */
export async function followImports(services: Services, tenantId: string): Promise<void> {
  const rows = await inTenant(services.db, tenantId, listUnfinished)
  for (const row of rows) {
    const act = await inTenant(services.db, tenantId, (tx) => decide(services, tx, tenantId, row))
    if (!act) continue
    const asked = { tenantId, id: row.id, actorPersonId: null }
    // Somebody may have been quicker.
    await (
      act === 'apply' ? requestApply(services, { ...asked, acceptAlerts: false }) : requestStage(services, asked)
    ).catch((error: unknown) => {
      if (!(error instanceof Problem) || error.status !== 409) throw error
    })
  }
  await inTenant(services.db, tenantId, (tx) => resolveEnded(tx, services.now()))
}

const listUnfinished = (tx: Tx) =>
  tables(tx)
    .selectFrom('directory.import as i')
    .leftJoin('directory.source as s', 's.id', 'i.source_id')
    .leftJoin('directory.feed_drop as d', 'd.id', 'i.id')
    .select(['i.id', 'i.state', 'i.mode', 'i.counts', 'i.alerts', 'i.refusal', 'i.source_id', 'i.staged_at'])
    .select(['i.unattended', 'i.attempts', 's.quarantine_limit', 's.small_limit'])
    .select(['s.unattended as source_unattended', 'd.source_id as expected_source_id'])
    .where((where) =>
      where.or([
        where('i.state', '=', 'ready'),
        where.and([where('i.unattended', '=', true), where('i.state', 'in', ['interrupted', 'refused'])]),
      ]),
    )
    // What a person was told once is not looked at again.
    .where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom('directory.feed_alert as a')
            .select('a.id')
            .whereRef('a.import_id', '=', 'i.id')
            .where('a.code', 'in', ['review', 'refused', 'stopped']),
        ),
      ),
    )
    .orderBy('i.created_at')
    .execute()

type Unfinished = Awaited<ReturnType<typeof listUnfinished>>[number]

async function decide(
  services: Services,
  tx: Tx,
  tenantId: string,
  row: Unfinished,
): Promise<'apply' | 'stage' | undefined> {
  const about = { sourceId: row.source_id ?? row.expected_source_id, importId: row.id }
  const raise = (code: 'review' | 'refused' | 'stopped', detail: Record<string, unknown>) =>
    raiseAlert(services, tx, tenantId, { code, ...about, detail })
  if (row.state === 'refused') {
    await raise('refused', { refusal: row.refusal?.code })
    return undefined
  }
  const reasons = await listObjections(services, tx, tenantId, row)
  if (!row.unattended) return undefined
  if (row.state === 'interrupted') {
    // Reading it again changes nothing as long as nobody says what it holds.
    if (row.attempts >= attempts || needsDescription(row.refusal)) {
      await raise('stopped', { refusal: row.refusal?.code })
      return undefined
    }
    await tables(tx)
      .updateTable('directory.import')
      .set({ attempts: row.attempts + 1 })
      .where('id', '=', row.id)
      .execute()
    if (!isStaged(row)) return 'stage'
  }
  if (reasons.length > 0) await raise('review', { reasons })
  return reasons.length === 0 && row.source_unattended ? 'apply' : undefined
}

/** Why an import that was read must wait for a person. */
async function listObjections(services: Services, tx: Tx, tenantId: string, row: Unfinished): Promise<string[]> {
  const reasons: string[] = []
  if (row.alerts.length > 0) reasons.push('alerts')
  const all = Object.values(row.counts)
  const quarantined = all.reduce((sum, of) => sum + of.quarantined, 0)
  if (quarantined * 10_000 > (row.quarantine_limit ?? 0) * countRead(row.counts)) reasons.push('quarantine')
  if (row.expected_source_id !== null && row.expected_source_id !== row.source_id) reasons.push('other_source')
  if (await isSmall(services, tx, tenantId, row)) reasons.push('small')
  return reasons
}

const countRead = (counts: Unfinished['counts']) =>
  Object.values(counts).reduce((sum: number, of: KindCounts) => sum + of.read, 0)

/**
 * Whether a full export holds far fewer records than the median of the last ones applied of its source. A delta is as
 * large as what changed: nothing is said of it.
 */
async function isSmall(services: Services, tx: Tx, tenantId: string, row: Unfinished): Promise<boolean> {
  if (row.mode !== 'full' || row.source_id === null || row.staged_at === null) return false
  const last = await tables(tx)
    .selectFrom('directory.import')
    .select('counts')
    .where('source_id', '=', row.source_id)
    .where('state', '=', 'applied')
    .where('mode', '=', 'full')
    .orderBy('applied_at', 'desc')
    .limit(compared.most)
    .execute()
  if (last.length < compared.least) return false
  const usual = median(last.map(({ counts }) => countRead(counts)))
  const read = countRead(row.counts)
  const limit = row.small_limit ?? 10_000
  if (read * 10_000 >= (10_000 - limit) * usual) return false
  const detail = { read, median: usual, exports: last.length, limit }
  await raiseAlert(services, tx, tenantId, { code: 'small', sourceId: row.source_id, importId: row.id, detail })
  return true
}

/** An import that waits no more needs nobody; what was refused or stopped is mended by the next one that is applied. */
async function resolveEnded(tx: Tx, now: Date): Promise<void> {
  await sql`update directory.feed_alert a set resolved_at = ${now} from directory.import i
    where i.id = a.import_id and a.resolved_at is null and (
      a.code in ('review', 'small') and i.state in ('applied', 'abandoned', 'refused')
      or a.code in ('refused', 'stopped') and (i.state = 'applied' or exists (
        select from directory.import l where l.source_id = a.source_id and l.state = 'applied'
          and l.applied_at > a.raised_at)))`.execute(tx)
}
