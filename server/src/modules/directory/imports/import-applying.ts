import { sql } from 'kysely'
import { recordAudit } from '#kernel/audit'
import { defineEvent } from '#kernel/events'
import { defineQueue } from '#kernel/jobs'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Application } from './import-application.ts'
import { applicationSteps } from './import-apply.queries.ts'
import { bulkRows, type Step } from './import-comparison.ts'
import { isYearOver, yearOver } from './import-rollback.queries.ts'
import {
  type ImportJob,
  type ImportRequest,
  isWaiting,
  lockImport,
  startUpdate,
  toRefusal,
  updateImport,
  waiting,
} from './import-rows.ts'
import { follow, type Following, outlastOutage, runSteps, type Watch, withSourceLock } from './import-running.ts'
import { analyzeDirectory } from './import-stages.ts'
import { sweepImports } from './import-sweep.ts'
import { getImport, getImportRow, isStaged } from './imports.queries.ts'
import type { ImportView } from './imports.routes.ts'
import { endUpload } from '../reception/retention.ts'
import { tables } from '../tables.ts'

/** An import was applied: people, classes and relations of its source may all be different. */
export const importApplied = defineEvent<{ tenantId: string; importId: string; sourceId: string }>(
  'directory.import_applied',
)

/** Applies a reviewed import; tried again as `stageQueue` is. */
export const applyQueue = defineQueue<ImportJob & { actorPersonId: string | null; acceptAlerts: boolean }>(
  'directory.apply-import',
  { expireInSeconds: 7200 },
)

/**
 * Asks for a reviewed import to be applied in the background.
 * @throws Problem 409 `import_state`, `import_alerts`, `import_outdated`, `import_running`, `school_year_over`.
 */
export async function requestApply(
  services: Services,
  input: ImportRequest & { acceptAlerts: boolean },
): Promise<ImportView> {
  const { tenantId, id, actorPersonId, acceptAlerts } = input
  return inTenant(services.db, tenantId, async (tx) => {
    await checkApplicable(tx, id, acceptAlerts)
    await updateImport(tx, id, { state: 'applying', refusal: null, progress: waiting(services.now()) })
    await services.jobs.enqueue(tx, applyQueue, { tenantId, importId: id, actorPersonId, acceptAlerts })
    return getImport(tx, id)
  })
}

async function checkApplicable(tx: Tx, id: string, acceptAlerts: boolean, requested = false): Promise<void> {
  const row = await lockImport(tx, id)
  const state = requested && row.state === 'applying' ? 'ready' : row.state
  if ((state !== 'ready' && state !== 'interrupted') || !isStaged(row) || !row.source_id || !row.exported_on) {
    throw new Problem(409, 'import_state', `An import that is ${row.state} cannot be applied.`)
  }
  if (row.alerts.length > 0 && !acceptAlerts) {
    const names = row.alerts.map((alert) => alert.kind ?? alert.code)
    throw new Problem(409, 'import_alerts', `It needs an explicit acceptance: ${names.join(', ')}.`, {
      alerts: row.alerts,
    })
  }
  if (row.undoes === null && (await isYearOver(tx, row.source_id, row.school_year ?? 0))) {
    throw new Problem(409, 'school_year_over', yearOver)
  }
  const later = await tables(tx)
    .selectFrom('directory.import')
    .select('id')
    .where('source_id', '=', row.source_id)
    .where('state', '=', 'applied')
    .where('applied_at', '>', row.staged_at)
    .executeTakeFirst()
  if (later) throw new Problem(409, 'import_outdated', 'Another import was applied since it was read: read it again.')
}

/**
 * Applies a reviewed import: all of it or nothing, whatever stops it.
 * @param input.acceptAlerts whoever applies accepts its alerts; the audit trail names them.
 * @param requested whether `requestApply` came before.
 * @throws Problem 409 as `requestApply`; `stage_lost` when a crash of the database emptied what was staged.
 */
export async function applyImport(
  services: Services,
  input: ImportRequest & { acceptAlerts: boolean; requested?: boolean },
  watch: Watch = {},
): Promise<ImportView> {
  const { tenantId, id } = input
  const { source_id: sourceId } = await inTenant(services.db, tenantId, (tx) => getImportRow(tx, id))
  if (!sourceId) throw new Problem(409, 'import_state', 'An import whose source is unknown cannot be applied.')
  const { first } = await withSourceLock(services.owner, sourceId, async () => {
    await inTenant(services.db, tenantId, async (tx) => {
      await checkApplicable(tx, id, input.acceptAlerts, input.requested)
      await updateImport(tx, id, { state: 'applying', refusal: null, progress: '{}' })
    })
    const following = follow(services, { tenantId, id, state: 'applying' }, watch)
    try {
      return await applyStaged(services, { ...input, sourceId }, following)
    } catch (error) {
      await following.end()
      await outlastOutage(() =>
        inTenant(services.db, tenantId, async (tx) => {
          const { staged_count: expected } = await getImportRow(tx, id)
          const kept = await isStageWhole(tx, id, expected)
          await startUpdate(tx)
            .set({
              state: 'interrupted',
              refusal: JSON.stringify(toRefusal(error)),
              progress: '{}',
              ...(kept ? {} : { staged_at: null }),
            })
            .where('id', '=', id)
            // Not when all of it was kept and only the answer to the commit was lost.
            .where('state', '=', 'applying')
            .execute()
        }),
      )
      throw error
    }
  })
  await endUpload(services, tenantId, id)
  if (first) await analyzeDirectory(services.owner)
  await sweepImports(services)
  return inTenant(services.db, tenantId, (tx) => getImport(tx, id))
}

/** The transaction that changes the directory, from the check of what is staged to the event that tells it. */
async function applyStaged(
  services: Services,
  input: ImportRequest & { sourceId: string },
  following: Following,
): Promise<Application> {
  const { tenantId, id, sourceId, actorPersonId } = input
  const { row, application } = await inTenant(services.db, tenantId, (tx) => describeApplication(tx, id, sourceId))
  const start: Step<Application> = async (tx) => {
    // Should the lock have gone with its connection, two applications still come one after the other.
    await sql`select from directory.source where id = ${sourceId} for no key update`.execute(tx)
    if (!(await isStageWhole(tx, id, row.staged_count))) {
      throw new Problem(
        409,
        'stage_lost',
        'What was read was lost in a crash of the database, nothing was changed: run it again.',
      )
    }
  }
  const finish: Step<Application> = async (tx) => {
    await following.end()
    await updateImport(tx, id, {
      state: 'applied',
      first: application.first,
      applied_at: services.now(),
      applied_by: actorPersonId,
      progress: '{}',
    })
    await recordAudit(tx, {
      action: 'directory.import_applied',
      actorPersonId,
      subjectKind: 'import',
      subjectId: id,
      detail: { sourceId, counts: row.counts, acceptedAlerts: row.alerts },
    })
    await services.events.publish(tx, importApplied, { tenantId, importId: id, sourceId })
  }
  const steps = [start, ...(row.staged_count === 0 ? [] : applicationSteps), finish]
  following.begin('applying', steps.length, 'steps')
  await runSteps(services, tenantId, steps, application, following)
  return application
}

async function describeApplication(tx: Tx, id: string, sourceId: string) {
  const row = await getImportRow(tx, id)
  const source = await tables(tx)
    .selectFrom('directory.source')
    .select('academy_code')
    .where('id', '=', sourceId)
    .executeTakeFirstOrThrow()
  const before = await tables(tx)
    .selectFrom('directory.source_record')
    .select('kind')
    .where('source_id', '=', sourceId)
    .where('gone_on', 'is', null)
    .limit(1)
    .executeTakeFirst()
  const undone = row.undoes === null ? null : await getImportRow(tx, row.undoes)
  const schoolYear = row.school_year ?? 0
  const application: Application = {
    importId: id,
    sourceId,
    academyCode: source.academy_code,
    exportedOn: row.exported_on ?? '',
    schoolYear,
    first: before === undefined,
    // Nobody has analysed the tables that a first load fills.
    bulk: before === undefined || (row.staged_count ?? 0) >= bulkRows,
    undoes: undone && { id: undone.id, schoolYear: undone.school_year ?? schoolYear },
    preparing: false,
    anyKnown: false,
    anyShared: false,
  }
  return { row, application }
}

/** The work of `applyQueue`. */
export async function applyRequested(
  services: Services,
  job: ImportJob & { actorPersonId: string | null; acceptAlerts: boolean },
  signal: AbortSignal,
): Promise<void> {
  const { tenantId, importId: id, actorPersonId, acceptAlerts } = job
  const { state, progress } = await inTenant(services.db, tenantId, (tx) => getImportRow(tx, id))
  if (state !== 'applying' || progress.phase !== 'waiting') return
  try {
    await applyImport(services, { tenantId, id, actorPersonId, acceptAlerts, requested: true }, { signal })
  } catch (error) {
    // What could not even begin goes back to its review.
    await inTenant(services.db, tenantId, (tx) =>
      startUpdate(tx)
        .set({ state: 'ready', refusal: JSON.stringify(toRefusal(error)), progress: '{}' })
        .where('id', '=', id)
        .where('state', '=', 'applying')
        .where(isWaiting)
        .execute(),
    )
    if (!(error instanceof Problem && error.code === 'import_running')) throw error
  }
}

// A crash of PostgreSQL empties unlogged tables.
async function isStageWhole(tx: Tx, id: string, expected: number | null): Promise<boolean> {
  const { number } = await tables(tx)
    .selectFrom('directory.staged_record')
    .select(({ fn }) => fn.countAll<number>().as('number'))
    .where('import_id', '=', id)
    .executeTakeFirstOrThrow()
  return number === expected
}
