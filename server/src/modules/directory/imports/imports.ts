import { randomUUIDv7 } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { sql, type Updateable } from 'kysely'
import type pg from 'pg'
import type { CopyStreamQuery } from 'pg-copy-streams'
import { defineQueue } from '#kernel/jobs'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import { type Feed, FeedRefusal, type GivenFeed } from '../feeds/feed.ts'
import { inspectFeed } from '../feeds/formats.ts'
import { findAccepted } from './import-accepted.queries.ts'
import { bulkRows, type Comparison } from './import-comparison.ts'
import { findCsvMapping } from './import-columns.queries.ts'
import { comparisonSteps } from './import-diff.queries.ts'
import { checkEstablishments } from './import-establishments.queries.ts'
import { discardUnpacked, hasUpload, unpackUpload, uploadFolder } from './import-files.ts'
import {
  createImport,
  type ImportJob,
  type ImportRequest,
  interruptedDetail,
  isWaiting,
  lockImport,
  needsDescription,
  nothing,
  startUpdate,
  toRefusal,
  updateImport,
  waiting,
} from './import-rows.ts'
import { createRetry, openRetry } from './import-retry.ts'
import { createRollback, openRollback } from './import-rollback.ts'
import { findLastApplied, findSourceYear, isYearOver, yearOver } from './import-rollback.queries.ts'
import { follow, outlastOutage, runSteps, type Watch, withSourceLock } from './import-running.ts'
import { analyzeStage, createStage, indexStage, openStageCopy } from './import-stages.ts'
import { sweepImports } from './import-sweep.ts'
import { getImport, getImportRow } from './imports.queries.ts'
import type { ImportView } from './imports.routes.ts'
import { endUpload } from '../reception/retention.ts'
import { type DirectoryTables, tables, type ToldOfFeed } from '../tables.ts'

/**
 * Reads an uploaded feed. One that was begun is not tried again by itself: people see what happened and ask again. The
 * retries are for a program killed, or a database away, before it began.
 */
export const stageQueue = defineQueue<ImportJob>('directory.stage-import', { expireInSeconds: 7200 })

/** Share of vanishing records, in basis points, above which an import stops and asks; a source may have its own. */
export const defaultThresholds = { class: 800, pupil: 1000, staff: 1500, guardian: 1500, establishment: 500 }

/** By how many hours the clock of who exports may be ahead. */
const clockTolerance = 12

/** What whoever starts an import says of a feed that does not say it. */
type Told = ToldOfFeed & Pick<GivenFeed, 'academy' | 'source' | 'exportedOn'>

/**
 * Reads the export in a folder of this machine, up to its review; a refused one ends there, and says why.
 * @param input.unseen whether it is to be applied at once unless it raises alerts: nobody turns its pages.
 */
export async function stageImport(
  services: Services,
  input: { tenantId: string; folder: string; actorPersonId: string | null; unseen?: boolean } & Told,
  watch: Watch = {},
): Promise<ImportView> {
  const { tenantId, folder, actorPersonId, unseen, ...told } = input
  await sweepImports(services)
  const id = randomUUIDv7()
  await inTenant(services.db, tenantId, (tx) =>
    createImport(tx, { id, actorPersonId, uploaded: false, now: services.now() }),
  )
  await stage(services, { tenantId, id, unseen, open: openFolder(services, { tenantId, id, folder, told }) }, watch)
  return inTenant(services.db, tenantId, (tx) => getImport(tx, id))
}

/** Takes note of files that were uploaded and asks for them to be read. @throws Problem 400 `no_file`. */
export async function receiveImport(
  services: Services,
  input: ImportRequest & { unattended?: boolean; given?: ToldOfFeed },
): Promise<ImportView> {
  const { tenantId, id, actorPersonId, unattended = false, given = {} } = input
  if (!(await hasUpload(services.dataDirectory, id))) throw new Problem(400, 'no_file', 'No file was sent.')
  return inTenant(services.db, tenantId, async (tx) => {
    await createImport(tx, { id, actorPersonId, uploaded: true, unattended, given, now: services.now() })
    await services.jobs.enqueue(tx, stageQueue, { tenantId, importId: id })
    return getImport(tx, id)
  })
}

/**
 * Has files that this program writes itself read as if they had been uploaded: fetched from a service, say.
 * @param write puts them into a folder; when it fails, nothing is left.
 */
export async function receiveWritten(
  services: Services,
  input: { tenantId: string; actorPersonId: string | null; unattended: boolean },
  write: (folder: string) => Promise<void>,
): Promise<ImportView> {
  const id = randomUUIDv7()
  const folder = uploadFolder(services.dataDirectory, id)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await write(folder)
    return await receiveImport(services, { ...input, id })
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
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
  const row = await inTenant(services.db, tenantId, (tx) => getImportRow(tx, id))
  if (row.state === 'abandoned') await endUpload(services, tenantId, id)
  if (row.state !== 'staging' || row.progress.phase !== 'waiting') return
  const folder = uploadFolder(services.dataDirectory, id)
  const open = row.undoes
    ? () => openRollback(services, tenantId, row.undoes!)
    : row.retry
      ? () => openRetry(services, tenantId, row.source_id!)
      : openFolder(services, { tenantId, id, folder, told: row.given })
  await stage(services, { tenantId, id, open, received: true }, { signal })
}

/**
 * Makes what undoes the last import of a source, up to its review.
 * @param id of the import to undo.
 * @throws Problem 409 `rollback_late` once another import of the source was applied; 409 `import_state`.
 */
export async function stageRollback(
  services: Services,
  { tenantId, id: undoes, actorPersonId }: ImportRequest,
  watch: Watch = {},
): Promise<ImportView> {
  await sweepImports(services)
  const id = await inTenant(services.db, tenantId, (tx) =>
    createRollback(tx, { undoes, actorPersonId, now: services.now() }),
  )
  await stage(services, { tenantId, id, open: () => openRollback(services, tenantId, undoes) }, watch)
  return inTenant(services.db, tenantId, (tx) => getImport(tx, id))
}

/** Asks for a roll-back to be made in the background. @throws Problem 409 as `stageRollback`. */
export async function requestRollback(services: Services, input: ImportRequest): Promise<ImportView> {
  const { tenantId, id: undoes, actorPersonId } = input
  return inTenant(services.db, tenantId, async (tx) => {
    const id = await createRollback(tx, { undoes, actorPersonId, now: services.now() })
    await services.jobs.enqueue(tx, stageQueue, { tenantId, importId: id })
    return getImport(tx, id)
  })
}

/**
 * Reads again what a source has set aside, up to its review.
 * @throws Problem 404 `source_unknown`; 409 `retry_nothing`.
 */
export async function stageRetry(
  services: Services,
  { tenantId, id: sourceId, actorPersonId }: ImportRequest,
  watch: Watch = {},
): Promise<ImportView> {
  await sweepImports(services)
  const id = await inTenant(services.db, tenantId, (tx) =>
    createRetry(tx, { sourceId, actorPersonId, now: services.now() }),
  )
  await stage(services, { tenantId, id, open: () => openRetry(services, tenantId, sourceId) }, watch)
  return inTenant(services.db, tenantId, (tx) => getImport(tx, id))
}

/** Asks for what a source has set aside to be read again in the background. @throws Problem as `stageRetry`. */
export async function requestRetry(services: Services, input: ImportRequest): Promise<ImportView> {
  const { tenantId, id: sourceId, actorPersonId } = input
  return inTenant(services.db, tenantId, async (tx) => {
    const id = await createRetry(tx, { sourceId, actorPersonId, now: services.now() })
    await services.jobs.enqueue(tx, stageQueue, { tenantId, importId: id })
    return getImport(tx, id)
  })
}

/** What is to be staged, and for which source. */
interface Opened {
  source: { id: string; thresholds: Partial<Record<string, number>> }
  feed: Pick<Feed, 'exportedOn' | 'schoolYear' | 'kinds' | 'files' | 'bytes' | 'read'>
  /** How it is compared, and what it is called. */
  mode: Comparison['mode']
  called: Comparison['mode']
}

function openFolder(services: Services, input: { tenantId: string; id: string; folder: string; told?: Told }) {
  const { tenantId, id, folder, told = {} } = input
  return async (signal?: AbortSignal): Promise<Opened> => {
    const plain = await unpackUpload(services.dataDirectory, id, folder, signal)
    const feed = await inspectFeed(plain, { ...told, ...knownTo(services, tenantId) })
    const source = await inTenant(services.db, tenantId, async (tx) => {
      const found = await findOrCreateSource(tx, feed)
      if (feed.mode === 'delta') await checkDelta(tx, found.id, feed)
      else if (await isYearOver(tx, found.id, feed.schoolYear)) throw new FeedRefusal('school_year_over', yearOver)
      return found
    })
    return { source, feed, mode: feed.mode, called: feed.mode }
  }
}

/** What the product knows by itself of feeds that say nothing of themselves. */
export function knownTo(services: Services, tenantId: string): Pick<GivenFeed, 'today' | 'findMapping'> {
  return {
    today: dayIn(services, 0),
    findMapping: (headerKey) => inTenant(services.db, tenantId, (tx) => findCsvMapping(tx, headerKey)),
  }
}

/** The day it is in some hours. */
function dayIn(services: Pick<Services, 'now'>, hours: number): Day {
  const moment = new Date(services.now().getTime() + hours * 3_600_000)
  return moment.toLocaleDateString('sv-SE', { timeZone: 'Europe/Paris' })
}

/** Reads, stages and compares; leaves the import ready, refused, interrupted or abandoned. */
async function stage(
  services: Services,
  input: {
    tenantId: string
    id: string
    open: (signal?: AbortSignal) => Promise<Opened>
    unseen?: boolean | undefined
    /** Whether its files are kept, for someone to say what they hold. */
    received?: boolean
  },
  watch: Watch,
): Promise<void> {
  const { tenantId, id, unseen = false, received = false } = input
  const change = (values: Updateable<DirectoryTables['directory.import']>) =>
    inTenant(services.db, tenantId, (tx) => updateImport(tx, id, values))
  try {
    const opened = await input.open(watch.signal)
    const { source, feed, called } = opened
    await withSourceLock(services.owner, source.id, async (client) => {
      await change({
        source_id: source.id,
        exported_on: feed.exportedOn,
        school_year: feed.schoolYear,
        mode: called,
        files: JSON.stringify(feed.files.map(({ name, bytes }) => ({ name, bytes }))),
      })
      await supersede(services, { tenantId, id, sourceId: source.id, mode: called })
      await stageOpened(services, client, { tenantId, id, opened, unseen }, watch)
    })
  } catch (error) {
    if (error instanceof FeedRefusal && received && needsDescription(error.refusal)) {
      await change({ state: 'interrupted', refusal: JSON.stringify(error.refusal), progress: '{}' })
      return
    }
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

/**
 * A delta says what changed since an export that must be there.
 * @throws FeedRefusal `delta_without_full`, `delta_other_year`.
 */
async function checkDelta(tx: Tx, sourceId: string, feed: Feed): Promise<void> {
  const last = await findLastApplied(tx, sourceId)
  if (!last) {
    throw new FeedRefusal('delta_without_full', `${feed.sourceName} was never loaded in full: a delta changes nothing.`)
  }
  const year = await findSourceYear(tx, sourceId)
  if (year !== undefined && year !== feed.schoolYear) {
    const detail = `It is of school year ${feed.schoolYear}, the last export of ${year}: a full export must come first.`
    throw new FeedRefusal('delta_other_year', detail)
  }
}

/**
 * Only one export of a source is under review: a new one takes the place of those before. A delta does not: what they
 * hold would be lost.
 * @throws FeedRefusal `delta_import_waiting`.
 */
async function supersede(
  services: Services,
  { tenantId, id, sourceId, mode }: { tenantId: string; id: string; sourceId: string; mode: Comparison['mode'] },
) {
  await inTenant(services.db, tenantId, async (tx) => {
    const others = startUpdate(tx).where('source_id', '=', sourceId).where('id', '<>', id)
    // The lock on the source is held here: whoever had these in hand is no more.
    await others
      .set({ state: 'interrupted', refusal: nothing('interrupted', interruptedDetail), progress: '{}' })
      .where('state', 'in', ['staging', 'applying'])
      .where(sql<boolean>`not ${isWaiting}`)
      .execute()
    if (mode === 'delta') await checkNoneWaits(tx, sourceId, id)
    await others
      .set({ state: 'abandoned', refusal: nothing('superseded', 'A later import of this source took its place.') })
      .where('state', '=', 'ready')
      .execute()
    await others.set({ staged_at: null }).where('state', '=', 'interrupted').execute()
  })
  await sweepImports(services)
}

async function checkNoneWaits(tx: Tx, sourceId: string, id: string): Promise<void> {
  const waits = await tables(tx)
    .selectFrom('directory.import')
    .select(['id', 'exported_on'])
    .where('source_id', '=', sourceId)
    .where('id', '<>', id)
    .where('staged_count', '>', 0)
    .where((where) =>
      where.or([
        where('state', 'in', ['ready', 'applying']),
        where.and([where('state', '=', 'interrupted'), where('staged_at', 'is not', null)]),
      ]),
    )
    .executeTakeFirst()
  if (!waits) return
  const detail = `The export of ${waits.exported_on} of this source waits: apply it or give it up, then read this delta.`
  throw new FeedRefusal('delta_import_waiting', detail)
}

async function stageOpened(
  services: Services,
  client: pg.PoolClient,
  input: { tenantId: string; id: string; opened: Opened; unseen: boolean },
  watch: Watch,
): Promise<void> {
  const { tenantId, id, opened } = input
  const { source, feed, mode } = opened
  const following = follow(services, { tenantId, id, state: 'staging' }, watch)
  const { signal } = following
  const comparison: Comparison = {
    importId: id,
    sourceId: source.id,
    exportedOn: feed.exportedOn,
    today: dayIn(services, clockTolerance),
    schoolYear: feed.schoolYear,
    mode,
    kinds: [...feed.kinds],
    bulk: false,
    rowsRead: 0,
    rowsDropped: 0,
    unchanged: [],
    files: feed.files.map((file) => file.name),
    thresholds: { ...defaultThresholds, ...source.thresholds },
  }
  try {
    await createStage(client, tenantId, id)
    following.begin('reading', feed.bytes, 'bytes')
    const copies: CopyStreamQuery[] = []
    const reading = await feed.read({
      openCopy: async () => {
        const copy = openStageCopy(client, id)
        copies.push(copy)
        return copy
      },
      listEstablishments: () => inTenant(services.db, tenantId, (tx) => checkEstablishments(tx, comparison)),
      findAccepted: (kind, ids) => inTenant(services.db, tenantId, (tx) => findAccepted(tx, source.id, kind, ids)),
      onProgress: (bytes) => following.advance(bytes),
      signal,
    })
    comparison.rowsRead = copies.reduce((sum, copy) => sum + copy.rowCount, 0)
    comparison.unchanged = reading.unchanged ?? []
    // A full export is compared with all that its source holds, however small.
    comparison.bulk = mode === 'full' || comparison.rowsRead >= bulkRows
    await analyzeStage(client, id)
    // What a small one is compared with is looked up row by row, and it in turn.
    if (!comparison.bulk) await indexStage(client, id)
    const steps = comparisonSteps(mode)
    following.begin('comparing', steps.length, 'steps')
    await inTenant(services.db, tenantId, async (tx) => {
      await updateImport(tx, id, {
        warnings: JSON.stringify(Object.fromEntries(reading.warnings)),
        files: JSON.stringify(feed.files.map(({ name, bytes }) => ({ name, bytes, rows: reading.rows?.get(name) }))),
      })
    })
    await runSteps(services, tenantId, steps, comparison, following)
    await analyzeStage(client, id)
    const { alerts } = await inTenant(services.db, tenantId, (tx) => getImportRow(tx, id))
    if (comparison.bulk && (!input.unseen || alerts.length > 0)) await indexStage(client, id)
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
