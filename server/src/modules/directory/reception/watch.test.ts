import { randomUUIDv7 } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { sql } from 'kysely'
import { pack } from 'tar-stream'
import { beforeEach, expect, it } from 'vitest'
import { listAudit } from '#kernel/audit'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makeEstablishment, makePupil, type SmallFeed, writeSmallFeed } from '../../../../test/small-feed.ts'
import { applyRequested, requestApply } from '../imports/import-applying.ts'
import { abandonImport } from '../imports/import-sweep.ts'
import { stageReceived } from '../imports/imports.ts'
import { listImports } from '../imports/imports.queries.ts'
import { tables } from '../tables.ts'
import { acknowledgeAlert } from './alerts.ts'
import { listFeedAlerts } from './alerts.queries.ts'
import { watchFeeds } from './watch.ts'

const minute = 60_000
const hour = 60 * minute

let test: TestApp
let folders: string
/** Our clock is ahead of the one of the files by so much. */
let ahead = 0

beforeEach(async () => {
  ahead = 0
  test = await openTestApp({ now: () => new Date(Date.now() + ahead) })
  folders = await mkdtemp(join(tmpdir(), 'preau-drops-'))
  await mkdir(own(), { recursive: true })
  return async () => {
    await test.close()
    await rm(folders, { recursive: true })
  }
})

const own = (...names: string[]) => join(test.config.dataDirectory, 'feeds', 'test', ...names)
const incoming = () => readdir(join(test.config.dataDirectory, 'incoming')).catch(() => [])

function makeFeed(date: string, pupils = 5, broken = 0): SmallFeed {
  return {
    date,
    establishments: [makeEstablishment('52')],
    pupils: Array.from({ length: pupils }, (_, i) =>
      makePupil(String(100 + i), '52', i < broken ? { ENTPersonDateNaissance: 'never' } : {}),
    ),
  }
}

/** Puts an export into a folder as the academy sends it. */
async function drop(feed: SmallFeed, folder = own(), as: 'files' | 'archive' = 'archive'): Promise<void> {
  const written = await writeSmallFeed(join(folders, randomUUIDv7()), feed)
  await mkdir(folder, { recursive: true })
  const names = await readdir(written)
  if (as === 'files') {
    for (const name of names) await rename(join(written, name), join(folder, name))
    return
  }
  const archive = pack()
  for (const name of names) archive.entry({ name }, await readFile(join(written, name)))
  archive.finalize()
  const path = join(folder, `ENT2DVA.${feed.date?.replaceAll('-', '')}.tgz`)
  await writeFile(path, gzipSync(await buffer(archive)))
}

/** Lets the clock go on, has a look, and does the work that follows. */
async function pass(ms = 2 * minute): Promise<void> {
  ahead += ms
  await watchFeeds(test.services)
  await work()
}

/** What the queues would do. */
async function work(): Promise<void> {
  const signal = new AbortController().signal
  const tenantId = test.tenant.id
  const rows = await test.inTenant((tx) =>
    tables(tx)
      .selectFrom('directory.import')
      .select(['id', 'state'])
      .where('state', 'in', ['staging', 'applying'])
      .execute(),
  )
  for (const { id, state } of rows) {
    if (state === 'staging') await stageReceived(test.services, { tenantId, importId: id }, signal)
    else {
      const job = { tenantId, importId: id, actorPersonId: null, acceptAlerts: true }
      await applyRequested(test.services, job, signal)
    }
  }
}

const imports = async () => (await test.inTenant((tx) => listImports(tx, { limit: 50 }))).imports
const states = async () => (await imports()).map(({ state }) => state)
const alerts = async () =>
  (await test.inTenant((tx) => listFeedAlerts(tx, { open: true }))).map(({ code, detail }) => ({ code, detail }))

it('an archive that has stopped growing is taken once, read and applied by itself', async () => {
  await drop(makeFeed('2026-09-14'))
  await watchFeeds(test.services)
  expect(await imports()).toEqual([])
  await pass()
  expect(await readdir(own())).toEqual([])
  expect(await states()).toEqual(['ready'])
  await pass()
  await pass()
  const [only, ...others] = await imports()
  expect(others).toEqual([])
  expect(only).toMatchObject({
    state: 'applied',
    createdBy: null,
    exportedOn: '2026-09-14',
    counts: { pupil: { added: 5 } },
  })
  expect(await alerts()).toEqual([])
  expect(await incoming()).toEqual([])
})

it('a marker says that files are whole; what is still written under another name is left alone', async () => {
  await drop(makeFeed('2026-09-14'), own('amiens'), 'files')
  await writeFile(own('amiens', '.ENT2DVA.20260915.tgz.x3f'), 'half')
  await writeFile(own('amiens', 'ENT2DVA.20260915.tgz.part'), 'half')
  await watchFeeds(test.services)
  expect(await imports()).toEqual([])
  await writeFile(own('amiens', 'ENT2DVA_Complet_20260914.ok'), '')
  await watchFeeds(test.services)
  await work()
  expect(await states()).toEqual(['ready'])
  expect((await readdir(own('amiens'))).sort()).toEqual(['.ENT2DVA.20260915.tgz.x3f', 'ENT2DVA.20260915.tgz.part'])
})

it('a link is left alone: it may lead to what only the server may read', async () => {
  await drop(makeFeed('2026-09-14'), join(folders, 'elsewhere'))
  const name = 'ENT2DVA.20260914.tgz'
  await symlink(join(folders, 'elsewhere', name), own(name))
  await pass()
  await pass()
  expect(await imports()).toEqual([])
  expect(await readdir(own())).toEqual([name])
})

it('exports that piled up are taken one after the other, the oldest first', async () => {
  for (const date of ['2026-09-16', '2026-09-14', '2026-09-15']) await drop(makeFeed(date))
  for (let i = 0; i < 9; i++) await pass()
  const applied = (await imports()).map(({ state, exportedOn }) => [state, exportedOn])
  expect(applied).toEqual([
    ['applied', '2026-09-16'],
    ['applied', '2026-09-15'],
    ['applied', '2026-09-14'],
  ])
})

it('several servers take it once', async () => {
  await drop(makeFeed('2026-09-14'))
  ahead = 2 * minute
  await Promise.all([1, 2, 3, 4].map(() => watchFeeds(test.services)))
  expect(await states()).toEqual(['staging'])
})

it('a program killed between two moves is gone on with, and nothing is taken twice', async () => {
  await drop(makeFeed('2026-09-14'), own(), 'files')
  const names = (await readdir(own())).sort()
  const id = randomUUIDv7()
  ahead = 2 * minute
  await test.inTenant(async (tx) => {
    const files = await Promise.all(names.map(async (name) => ({ name, bytes: (await readFile(own(name))).length })))
    await tables(tx)
      .insertInto('directory.feed_drop')
      .values({
        id,
        source_id: null,
        folder: own(),
        files: JSON.stringify(files),
        noted_at: test.services.now(),
        taken_at: null,
      })
      .execute()
  })
  const to = join(test.config.dataDirectory, 'incoming', id)
  await mkdir(to, { recursive: true })
  await rename(own(names[0]!), join(to, names[0]!))
  // Across file systems, a copy may be whole and its original still there.
  await writeFile(join(to, names[1]!), await readFile(own(names[1]!)))
  await pass()
  await pass()
  await pass()
  expect(await readdir(own())).toEqual([])
  expect((await imports()).map((each) => [each.id, each.state])).toEqual([[id, 'applied']])
})

it('a file that grows while it is taken goes back to its place', async () => {
  await drop(makeFeed('2026-09-14'))
  const [name] = await readdir(own())
  const id = randomUUIDv7()
  await test.inTenant((tx) =>
    tables(tx)
      .insertInto('directory.feed_drop')
      .values({
        id,
        source_id: null,
        folder: own(),
        files: JSON.stringify([{ name, bytes: 10 }]),
        noted_at: test.services.now(),
        taken_at: null,
      })
      .execute(),
  )
  await watchFeeds(test.services)
  expect(await imports()).toEqual([])
  expect(await readdir(own())).toEqual([name])
  expect(await incoming()).toEqual([])
})

it('an import with alerts, or with too much set aside, waits for a person, who is told once', async () => {
  await drop(makeFeed('2026-09-14', 40))
  await pass()
  await pass()
  await drop(makeFeed('2026-09-15', 10))
  await pass()
  await pass()
  await pass()
  expect(await alerts()).toEqual([{ code: 'review', detail: { reasons: ['alerts'] } }])
  const [waiting] = await imports()
  expect(waiting).toMatchObject({ state: 'ready', exportedOn: '2026-09-15' })
  await drop(makeFeed('2026-09-16', 40, 8))
  await pass()
  await pass()
  // The later export took the place of the one that waited: nobody has to look at that one any more.
  expect(await alerts()).toEqual([{ code: 'review', detail: { reasons: ['quarantine'] } }])
  const [later] = await imports()
  const asked = { tenantId: test.tenant.id, id: later!.id, actorPersonId: null }
  await requestApply(test.services, { ...asked, acceptAlerts: true })
  await pass()
  await pass()
  expect(await alerts()).toEqual([])
})

it('a refused feed is told, and its files are kept a week', async () => {
  await writeFile(own('ENT2DVA.20260914.tgz'), 'not an archive')
  await pass()
  await pass()
  expect(await states()).toEqual(['refused'])
  expect(await alerts()).toEqual([{ code: 'refused', detail: { refusal: 'archive_damaged' } }])
  expect(await incoming()).toHaveLength(1)
  await pass(6 * 24 * hour)
  expect(await incoming()).toHaveLength(1)
  await pass(25 * hour)
  expect(await incoming()).toEqual([])
  const [{ id } = { id: '' }] = await imports()
  const [purged] = await test.inTenant((tx) => listAudit(tx, 10, id))
  expect(purged).toMatchObject({ action: 'directory.feed_files_purged', detail: { files: 0 } })
})

it('files are kept as long as their source wants, then removed', async () => {
  await drop(makeFeed('2026-09-14'))
  await pass()
  await test.inTenant((tx) => tables(tx).updateTable('directory.source').set({ retention_days: 3 }).execute())
  await pass()
  expect(await states()).toEqual(['applied'])
  expect(await incoming()).toHaveLength(1)
  await pass(3 * 24 * hour)
  expect(await incoming()).toEqual([])
})

it('an import whose program was stopped is begun again, three times at most', async () => {
  await drop(makeFeed('2026-09-14'))
  ahead = 2 * minute
  await watchFeeds(test.services)
  const stop = () =>
    test.inTenant((tx) =>
      sql`update directory.import set state = 'interrupted', progress = '{}', refusal = '{"code": "interrupted"}'`.execute(
        tx,
      ),
    )
  for (let i = 0; i < 3; i++) {
    await stop()
    await watchFeeds(test.services)
    expect(await states()).toEqual(['staging'])
  }
  await stop()
  await watchFeeds(test.services)
  expect(await states()).toEqual(['interrupted'])
  expect(await alerts()).toEqual([{ code: 'stopped', detail: { refusal: 'interrupted' } }])
  const [{ id } = { id: '' }] = await imports()
  await abandonImport(test.services, { tenantId: test.tenant.id, id, actorPersonId: null })
})

it('one stopped while it was applied is applied again', async () => {
  await drop(makeFeed('2026-09-14'))
  await pass()
  await test.inTenant((tx) => sql`update directory.import set state = 'interrupted'`.execute(tx))
  await pass()
  expect(await states()).toEqual(['applied'])
})

it('an export far smaller than the median of the last ones is told, and waits', async () => {
  for (const [date, pupils] of [
    ['2026-09-14', 50],
    ['2026-09-15', 52],
    ['2026-09-16', 48],
  ] as const) {
    await drop(makeFeed(date, pupils))
    await pass()
    await pass()
  }
  await test.inTenant((tx) =>
    tables(tx).updateTable('directory.source').set({ thresholds: '{"pupil": 10000}' }).execute(),
  )
  await drop(makeFeed('2026-09-17', 30))
  await pass()
  await pass()
  expect(await alerts()).toEqual(
    expect.arrayContaining([
      { code: 'small', detail: { read: 31, median: 51, exports: 3, limit: 3000 } },
      { code: 'review', detail: { reasons: ['small'] } },
    ]),
  )
  expect((await states())[0]).toBe('ready')
})

it('a folder of a source takes only its own feed, and says when it cannot be read', async () => {
  await drop(makeFeed('2026-09-14'))
  await pass()
  await pass()
  const folder = join(folders, 'amiens')
  await test.inTenant((tx) => tables(tx).updateTable('directory.source').set({ folder }).execute())
  await pass()
  expect(await alerts()).toEqual([{ code: 'folder', detail: { folder, reasons: ['ENOENT'] } }])
  await drop(makeFeed('2026-09-15'), folder)
  await pass()
  await pass()
  expect(await alerts()).toEqual([])
  const { given } = await test.inTenant((tx) =>
    tables(tx)
      .selectFrom('directory.import')
      .select('given')
      .where('exported_on', '=', '2026-09-15')
      .executeTakeFirstOrThrow(),
  )
  expect(given).toEqual({ kind: 'aaf2d' })
  await drop({ ...makeFeed('2026-09-16'), academy: '10' }, folder)
  await pass()
  await pass()
  expect(await alerts()).toEqual([{ code: 'review', detail: { reasons: ['other_source'] } }])
})

it('a folder that cannot be emptied is told once, and keeps no other waiting', async () => {
  await drop(makeFeed('2026-09-14'))
  await pass()
  await pass()
  const folder = join(folders, 'amiens')
  await test.inTenant((tx) => tables(tx).updateTable('directory.source').set({ folder }).execute())
  await drop(makeFeed('2026-09-15'), folder)
  await drop({ ...makeFeed('2026-09-15'), academy: '10' }, own('reims'))
  // Where the files would go, there is no room: the noted drop stays open.
  const to = join(test.config.dataDirectory, 'incoming')
  await rm(to, { recursive: true, force: true })
  await writeFile(to, '')
  ahead += 2 * minute
  await watchFeeds(test.services).catch(() => undefined)
  await watchFeeds(test.services).catch(() => undefined)
  expect(await alerts()).toEqual([{ code: 'folder', detail: { folder, reasons: [expect.stringMatching(/^E/)] } }])
  await rm(to)
  await pass()
  await pass()
  expect((await states()).filter((state) => state === 'applied')).toHaveLength(3)
  expect(await alerts()).toEqual([])
})

it('a feed is late, then missing, until one comes; the alert can be acknowledged', async () => {
  await drop(makeFeed('2026-09-14'))
  await pass()
  await pass()
  // It came just now, and is expected every day three hours from now.
  const at = new Date(Date.now() + ahead + 3 * hour)
  const shown = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Paris', timeStyle: 'short', hourCycle: 'h23' })
  await test.inTenant((tx) =>
    tables(tx)
      .updateTable('directory.source')
      .set({ expected_at: shown.format(at), expected_since: new Date(Date.now() + ahead) })
      .execute(),
  )
  await pass(3 * hour + 61 * minute)
  expect(await alerts()).toEqual([])
  // The next day nothing comes.
  await pass(24 * hour)
  expect((await alerts()).map(({ code }) => code)).toEqual(['late'])
  await pass(11 * hour + 30 * minute)
  expect((await alerts()).map(({ code }) => code)).toEqual(['missing'])
  await pass(minute)
  const [missing, ...others] = await test.inTenant((tx) => listFeedAlerts(tx, { open: true }))
  expect(others).toEqual([])
  const acknowledged = await acknowledgeAlert(test.services, {
    tenantId: test.tenant.id,
    id: missing!.id,
    actorPersonId: null,
  })
  expect(acknowledged.acknowledgedAt).not.toBeNull()
  expect(await alerts()).toEqual([])
  const [entry] = await test.inTenant((tx) => listAudit(tx, 1, missing!.id))
  expect(entry).toMatchObject({ action: 'directory.feed_alert_acknowledged', detail: { code: 'missing' } })
  // The day after it comes again, two days' alerts end by themselves.
  await pass(12 * hour)
  await pass(12 * hour)
  expect((await alerts()).map(({ code }) => code)).toEqual(['missing'])
  ahead += 10 * hour
  await drop(makeFeed('2026-09-15'))
  await writeFile(own('complete.ok'), '')
  await pass(0)
  await pass()
  expect(await alerts()).toEqual([])
})
