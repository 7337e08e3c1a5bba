import { randomUUIDv7 } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { sql, type Updateable } from 'kysely'
import type pg from 'pg'
import { recordAudit } from '#kernel/audit'
import { defineEvent } from '#kernel/events'
import { defineQueue } from '#kernel/jobs'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { listTenants } from '#kernel/tenancy'
import { type Feed, FeedRefusal, schoolYearOf } from './feeds/feed.ts'
import { inspectFeed } from './feeds/formats.ts'
import { type Application, applicationSteps } from './import-apply.queries.ts'
import { checkEstablishments, type Comparison, comparisonSteps, type Step } from './import-diff.queries.ts'
import { discardUnpacked, hasUpload, sweepUploads, unpackUpload, uploadFolder } from './import-files.ts'
import {
  analyzeDirectory,
  analyzeStage,
  createStage,
  dropStages,
  indexStage,
  listStages,
  openStageCopy,
} from './import-stages.ts'
import { getImport, getImportRow, isStaged } from './imports.queries.ts'
import type { ImportView } from './imports.routes.ts'
import { endUpload, listKeptUploads } from './reception/retention.ts'
import { type DirectoryTables, type Progress, type Refusal, tables } from './tables.ts'

/** An import was applied: people, classes and relations of its source may all be different. */
export const importApplied = defineEvent<{ tenantId: string; importId: string; sourceId: string }>(
  'directory.import_applied',
)

interface ImportJob {
  tenantId: string
  importId: string
}

/**
 * Reads an uploaded feed. One that was begun is not tried again by itself: people see what happened and ask again. The
 * retries are for a program killed, or a database away, before it began.
 */
export const stageQueue = defineQueue<ImportJob>('directory.stage-import', { expireInSeconds: 7200 })

/** Applies a reviewed import; tried again as `stageQueue` is. */
export const applyQueue = defineQueue<ImportJob & { actorPersonId: string | null; acceptAlerts: boolean }>(
  'directory.apply-import',
  { expireInSeconds: 7200 },
)

/** Share of vanishing records, in basis points, above which an import stops and asks; a source may have its own. */
const defaultThresholds = { class: 800, pupil: 1000, staff: 1500, guardian: 1500, establishment: 500 }

/** How someone follows an import they started, and stops it. */
export interface Watch {
  onProgress?: (progress: Progress) => void
  signal?: AbortSignal
}

interface ImportRequest {
  tenantId: string
  id: string
  actorPersonId: string | null
}

/**
 * Reads the full export in a folder of this machine, up to its review; a refused one ends there, and says why.
 * @param input.unseen whether it is to be applied at once unless it raises alerts: nobody turns its pages.
 */
export async function stageImport(
  services: Services,
  input: { tenantId: string; folder: string; academy?: string; actorPersonId: string | null; unseen?: boolean },
  watch: Watch = {},
): Promise<ImportView> {
  const { tenantId, folder, academy, actorPersonId, unseen } = input
  await sweepImports(services)
  const id = randomUUIDv7()
  await inTenant(services.db, tenantId, (tx) =>
    createImport(tx, { id, actorPersonId, uploaded: false, now: services.now() }),
  )
  await stage(services, { tenantId, id, folder, academy, unseen }, watch)
  return inTenant(services.db, tenantId, (tx) => getImport(tx, id))
}

/** Takes note of files that were uploaded and asks for them to be read. @throws Problem 400 `no_file`. */
export async function receiveImport(
  services: Services,
  input: ImportRequest & { unattended?: boolean },
): Promise<ImportView> {
  const { tenantId, id, actorPersonId, unattended = false } = input
  if (!(await hasUpload(services.dataDirectory, id))) throw new Problem(400, 'no_file', 'No file was sent.')
  return inTenant(services.db, tenantId, async (tx) => {
    await createImport(tx, { id, actorPersonId, uploaded: true, unattended, now: services.now() })
    await services.jobs.enqueue(tx, stageQueue, { tenantId, importId: id })
    return getImport(tx, id)
  })
}

/** Asks for the kept files of an interrupted import to be read again. @throws Problem 409 `import_state`. */
export async function requestStage(services: Services, { tenantId, id }: ImportRequest): Promise<ImportView> {
  return inTenant(services.db, tenantId, async (tx) => {
    const row = await lockImport(tx, id)
    if (row.state !== 'interrupted' || !row.uploaded) throw new Problem(409, 'import_state', 'It cannot be read again.')
    await updateImport(tx, id, { state: 'staging', staged_at: null, refusal: null, progress: waiting(services.now()) })
    await services.jobs.enqueue(tx, stageQueue, { tenantId, importId: id })
    return getImport(tx, id)
  })
}

/** The work of `stageQueue`. */
export async function stageReceived(services: Services, job: ImportJob, signal: AbortSignal): Promise<void> {
  const { tenantId, importId: id } = job
  const { state, progress } = await inTenant(services.db, tenantId, (tx) => getImportRow(tx, id))
  if (state === 'abandoned') await endUpload(services, tenantId, id)
  if (state !== 'staging' || progress.phase !== 'waiting') return
  await stage(services, { tenantId, id, folder: uploadFolder(services.dataDirectory, id) }, { signal })
}

function createImport(
  tx: Tx,
  input: { id: string; actorPersonId: string | null; uploaded: boolean; unattended?: boolean; now: Date },
) {
  return tables(tx)
    .insertInto('directory.import')
    .values({
      id: input.id,
      state: 'staging',
      created_by: input.actorPersonId,
      uploaded: input.uploaded,
      unattended: input.unattended ?? false,
      progress: waiting(input.now),
      created_at: input.now,
    })
    .execute()
}

const waiting = (now: Date) =>
  JSON.stringify({ phase: 'waiting', done: 0, total: 1, unit: 'steps', startedAt: now.toISOString() })

const isWaiting = sql<boolean>`progress->>'phase' is not distinct from 'waiting'`

const startUpdate = (tx: Tx) => tables(tx).updateTable('directory.import')

function updateImport(tx: Tx, id: string, values: Updateable<DirectoryTables['directory.import']>) {
  return startUpdate(tx).set(values).where('id', '=', id).execute()
}

function lockImport(tx: Tx, id: string) {
  return tables(tx)
    .selectFrom('directory.import')
    .selectAll()
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
    .then((row) => {
      if (!row) throw new Problem(404, 'import_unknown', 'There is no such import.')
      return row
    })
}

/** Reads, stages and compares; leaves the import ready, refused, interrupted or abandoned. */
async function stage(
  services: Services,
  input: { tenantId: string; id: string; folder: string; academy?: string | undefined; unseen?: boolean | undefined },
  watch: Watch,
): Promise<void> {
  const { tenantId, id, folder } = input
  const change = (values: Updateable<DirectoryTables['directory.import']>) =>
    inTenant(services.db, tenantId, (tx) => updateImport(tx, id, values))
  try {
    const plain = await unpackUpload(services.dataDirectory, id, folder, watch.signal)
    const feed = await inspectFeed(plain, { academy: input.academy })
    const source = await inTenant(services.db, tenantId, (tx) => findOrCreateSource(tx, feed))
    await withSourceLock(services.owner, source.id, async (client) => {
      await change({
        source_id: source.id,
        exported_on: feed.exportedOn,
        mode: feed.mode,
        files: JSON.stringify(feed.files.map(({ name, bytes }) => ({ name, bytes }))),
      })
      await supersede(services, { tenantId, id, sourceId: source.id })
      const thresholds = { ...defaultThresholds, ...source.thresholds }
      const { unseen = false } = input
      await stageFeed(services, client, { tenantId, id, sourceId: source.id, feed, thresholds, unseen }, watch)
    })
  } catch (error) {
    if (error instanceof FeedRefusal) {
      await change({ state: 'refused', refusal: JSON.stringify(error.refusal), progress: '{}' })
    } else {
      const { state } = await outlastOutage(() => inTenant(services.db, tenantId, (tx) => getImportRow(tx, id)))
      if (state !== 'abandoned') {
        await change({ state: 'interrupted', refusal: JSON.stringify(toRefusal(error)), progress: '{}' })
        throw error
      }
    }
    await endUpload(services, tenantId, id)
    await sweepImports(services)
  } finally {
    await discardUnpacked(services.dataDirectory, id)
  }
}

/**
 * Notes the end of an import though the database is gone for a moment, as when it was killed and comes back: nobody
 * should look at an import that says it runs when nothing does. Half a minute, then the next sweep will tell.
 */
async function outlastOutage<T>(work: () => Promise<T>): Promise<T> {
  for (let left = 30; ; left--) {
    try {
      return await work()
    } catch (error) {
      if (left === 0) throw error
      await wait(1_000)
    }
  }
}

/** What people read about an error that was not foreseen: what happened, never what the records held. */
function toRefusal(error: unknown): Refusal {
  const known = error instanceof Problem
  return {
    code: known ? error.code : 'failed',
    detail: known ? error.message : 'It stopped before the end, nothing was changed: run it again.',
    file: null,
    line: null,
    column: null,
  }
}

const nothing = (code: string, detail: string) => JSON.stringify({ code, detail, file: null, line: null, column: null })

async function findOrCreateSource(tx: Tx, { kind, key, academyCode, sourceName }: Feed) {
  await tables(tx)
    .insertInto('directory.source')
    .values({ id: randomUUIDv7(), kind, key, academy_code: academyCode, name: sourceName })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'kind', 'key']).doNothing())
    .execute()
  return tables(tx)
    .selectFrom('directory.source')
    .select(['id', 'thresholds'])
    .where('kind', '=', kind)
    .where('key', '=', key)
    .executeTakeFirstOrThrow()
}

/** Only one export of a source is under review: a new one takes the place of those before. */
async function supersede(
  services: Services,
  { tenantId, id, sourceId }: { tenantId: string; id: string; sourceId: string },
) {
  await inTenant(services.db, tenantId, async (tx) => {
    const others = startUpdate(tx).where('source_id', '=', sourceId).where('id', '<>', id)
    await others
      .set({ state: 'abandoned', refusal: nothing('superseded', 'A later import of this source took its place.') })
      .where('state', '=', 'ready')
      .execute()
    await others.set({ staged_at: null }).where('state', '=', 'interrupted').execute()
    // The lock on the source is held here: whoever had these in hand is no more.
    await others
      .set({ state: 'interrupted', refusal: nothing('interrupted', interruptedDetail), progress: '{}' })
      .where('state', 'in', ['staging', 'applying'])
      .where(sql<boolean>`not ${isWaiting}`)
      .execute()
  })
  await sweepImports(services)
}

const interruptedDetail = 'The program stopped in the middle, nothing was changed: run it again.'

async function stageFeed(
  services: Services,
  client: pg.PoolClient,
  input: {
    tenantId: string
    id: string
    sourceId: string
    feed: Feed
    thresholds: Partial<Record<string, number>>
    unseen: boolean
  },
  watch: Watch,
): Promise<void> {
  const { tenantId, id, sourceId, feed } = input
  const following = follow(services, { tenantId, id, state: 'staging' }, watch)
  const { signal } = following
  const comparison: Comparison = {
    importId: id,
    sourceId,
    exportedOn: feed.exportedOn,
    schoolYear: feed.schoolYear,
    mode: feed.mode,
    kinds: [...feed.kinds],
    files: feed.files.map((file) => file.name),
    thresholds: input.thresholds,
  }
  try {
    await createStage(client, tenantId, id)
    following.begin('reading', feed.bytes, 'bytes')
    const reading = await feed.read({
      openCopy: async () => openStageCopy(client, id),
      listEstablishments: () => inTenant(services.db, tenantId, (tx) => checkEstablishments(tx, comparison)),
      onProgress: (bytes) => following.advance(bytes),
      signal,
    })
    await analyzeStage(client, id)
    following.begin('comparing', comparisonSteps.length, 'steps')
    await inTenant(services.db, tenantId, async (tx) => {
      await updateImport(tx, id, { warnings: JSON.stringify(Object.fromEntries(reading.warnings)) })
    })
    await runSteps(services, tenantId, comparisonSteps, comparison, following)
    await analyzeStage(client, id)
    const { alerts } = await inTenant(services.db, tenantId, (tx) => getImportRow(tx, id))
    if (!input.unseen || alerts.length > 0) await indexStage(client, id)
  } finally {
    await following.end()
  }
  signal.throwIfAborted()
  await inTenant(services.db, tenantId, async (tx) => {
    const row = await lockImport(tx, id)
    if (row.state !== 'staging') throw new Problem(409, 'import_abandoned', 'The import was given up.')
    await updateImport(tx, id, { state: 'ready', staged_at: services.now(), progress: '{}' })
  })
}

/** Runs steps in one transaction; stopping cancels the statement under way and undoes all of them. */
async function runSteps<Context>(
  services: Services,
  tenantId: string,
  steps: Step<Context>[],
  context: Context,
  following: Following,
): Promise<void> {
  const { signal } = following
  await inTenant(services.db, tenantId, async (tx) => {
    const backend = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx)
    const cancel = () => {
      services.owner.query('select pg_cancel_backend($1)', [backend.rows[0]?.pid]).catch(() => {})
    }
    signal.addEventListener('abort', cancel)
    try {
      for (const step of steps) {
        signal.throwIfAborted()
        await step(tx, context)
        following.advance(1)
      }
    } catch (error) {
      signal.throwIfAborted()
      throw error
    } finally {
      signal.removeEventListener('abort', cancel)
    }
  })
}

interface Following {
  begin(phase: Progress['phase'], total: number, unit: Progress['unit']): void
  advance(by: number): void
  /** Aborted when its starter stops it or when someone gives it up. */
  signal: AbortSignal
  end(): Promise<void>
}

/** Tells how far an import is, to its starter at once and to everyone else twice a second. */
function follow(
  services: Services,
  { tenantId, id, state }: { tenantId: string; id: string; state: 'staging' | 'applying' },
  watch: Watch,
): Following {
  const controller = new AbortController()
  let progress: Progress | undefined
  let told: Promise<void> | undefined
  const tell = () => {
    if (!progress || told) return
    const text = JSON.stringify(progress)
    told = inTenant(services.db, tenantId, (tx) =>
      startUpdate(tx).set({ progress: text }).where('id', '=', id).where('state', '=', state).executeTakeFirst(),
    )
      .then(({ numUpdatedRows }) => {
        if (state === 'staging' && numUpdatedRows === 0n)
          controller.abort(new Problem(409, 'import_abandoned', 'The import was given up.'))
      })
      // The database is away: the work itself will say so.
      .catch(() => {})
      .finally(() => (told = undefined))
  }
  const timer = setInterval(tell, 500)
  return {
    begin(phase, total, unit) {
      progress = { phase, done: 0, total, unit, startedAt: services.now().toISOString() }
      watch.onProgress?.(progress)
      tell()
    },
    advance(by) {
      if (!progress) return
      progress.done += by
      watch.onProgress?.(progress)
    },
    signal: watch.signal ? AbortSignal.any([watch.signal, controller.signal]) : controller.signal,
    async end() {
      clearInterval(timer)
      await told
    },
  }
}

const lockName = (sourceId: string) => `directory.source ${sourceId}`

/**
 * Runs `work` while no other program reads or applies an import of the source. The lock goes with the connection: a
 * killed program leaves none.
 * @throws Problem 409 `import_running`.
 */
async function withSourceLock<T>(
  owner: pg.Pool,
  sourceId: string,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await owner.connect()
  let unlocked = false
  try {
    const key = [lockName(sourceId)]
    const locking = 'select pg_try_advisory_lock(hashtextextended($1, 0)) as locked'
    const { rows } = await client.query<{ locked: boolean }>(locking, key)
    if (!rows[0]?.locked) throw new Problem(409, 'import_running', 'Another import of this source is running.')
    try {
      return await work(client)
    } finally {
      unlocked = await client.query('select pg_advisory_unlock(hashtextextended($1, 0))', key).then(
        () => true,
        () => false,
      )
    }
  } finally {
    // A connection that does not answer is closed, and its lock with it.
    client.release(!unlocked)
  }
}

/** Whether nobody is at work on the source; nobody starts before the transaction ends. */
async function isSourceFree(tx: Tx, sourceId: string): Promise<boolean> {
  const { rows } = await sql<{ locked: boolean }>`
    select pg_try_advisory_xact_lock(hashtextextended(${lockName(sourceId)}, 0)) as locked`.execute(tx)
  return rows[0]?.locked ?? false
}

/**
 * Asks for a reviewed import to be applied in the background.
 * @throws Problem 409 `import_state`, `import_alerts`, `import_outdated`, `import_running`.
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
    .limit(1)
    .executeTakeFirst()
  const exportedOn = row.exported_on ?? ''
  const application: Application = {
    importId: id,
    sourceId,
    academyCode: source.academy_code ?? '',
    exportedOn,
    schoolYear: schoolYearOf(exportedOn),
    first: before === undefined,
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

/** Gives up an import that is being read, reviewed or interrupted. @throws Problem 409 `import_state`. */
export async function abandonImport(services: Services, input: ImportRequest): Promise<ImportView> {
  const { tenantId, id, actorPersonId } = input
  let abandoned: string | undefined
  await inTenant(services.db, tenantId, async (tx) => {
    const { state } = await lockImport(tx, id)
    if (state !== 'staging' && state !== 'ready' && state !== 'interrupted') {
      throw new Problem(409, 'import_state', `An import that is ${state} cannot be given up.`)
    }
    await updateImport(tx, id, { state: 'abandoned', progress: '{}' })
    abandoned = state
    const subject = { subjectKind: 'import', subjectId: id }
    await recordAudit(tx, { action: 'directory.import_abandoned', actorPersonId, ...subject })
  })
  // Whoever is reading the files removes them when it has seen that it must stop.
  if (abandoned !== 'staging') await endUpload(services, tenantId, id)
  await sweepImports(services)
  return inTenant(services.db, tenantId, (tx) => getImport(tx, id))
}

/**
 * Marks as interrupted the imports whose program died, and removes the stages and the files that no import needs any
 * more. Called when the server starts and whenever an import begins or ends; harmless at any time.
 */
export async function sweepImports(services: Services): Promise<void> {
  // First: the stage of an import that begins meanwhile is not among them.
  const stages = await listStages(services.owner)
  const staged = new Set<string>()
  const uploaded = new Set<string>()
  for (const { id: tenantId } of await listTenants(services.owner)) {
    const open = await inTenant(services.db, tenantId, async (tx) => {
      const rows = await tables(tx)
        .selectFrom('directory.import')
        .select(['id', 'source_id', 'state', 'progress', 'staged_at', 'uploaded', 'created_at'])
        .where('state', 'in', ['staging', 'ready', 'applying', 'interrupted'])
        .execute()
      for (const row of rows) {
        if (row.state === 'ready' || row.state === 'interrupted') continue
        // An upload waits for its turn; a program that reads a folder itself starts at once.
        const old = services.now().getTime() - row.created_at.getTime() > 600_000
        const started = row.progress.phase !== 'waiting' || (row.state === 'staging' && !row.uploaded && old)
        if (started && (row.source_id === null ? old : await isSourceFree(tx, row.source_id))) {
          await updateImport(tx, row.id, {
            state: 'interrupted',
            refusal: nothing('interrupted', interruptedDetail),
            progress: '{}',
          })
          row.state = 'interrupted'
        }
      }
      return rows
    })
    for (const id of await inTenant(services.db, tenantId, listKeptUploads)) uploaded.add(id)
    for (const row of open) {
      if (row.state === 'staging' || isStaged(row)) staged.add(row.id)
      if (row.uploaded) uploaded.add(row.id)
    }
  }
  await dropStages(
    services.owner,
    stages.filter((importId) => !staged.has(importId)),
  )
  await sweepUploads(services.dataDirectory, uploaded, services.now())
}
