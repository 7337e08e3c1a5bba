import { randomUUIDv7 } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makeEstablishment, makePupil, remove, type SmallFeed, writeSmallFeed } from '../../../../test/small-feed.ts'
import { applyImport } from '../imports/import-applying.ts'
import { uploadFolder } from '../imports/import-files.ts'
import {
  receiveImport,
  requestRetry,
  stageImport,
  stageReceived,
  stageRetry,
  stageRollback,
} from '../imports/imports.ts'
import { getImport } from '../imports/imports.queries.ts'
import { tables } from '../tables.ts'
import { rereadImport } from './reread.ts'
import { forgetRefused, listHeldRecords } from './source-quarantine.queries.ts'

let test: TestApp
let folder: string
let now: Date
beforeAll(async () => {
  test = await openTestApp({ now: () => now })
  folder = await mkdtemp(join(tmpdir(), 'preau-held-'))
})
afterAll(async () => {
  await test.close()
  await rm(folder, { recursive: true })
})

const tenant = () => ({ tenantId: test.tenant.id, actorPersonId: null })

function makeFeed(day: number, broken: string[]): SmallFeed {
  now = new Date(`2026-09-${day}T04:00:00Z`)
  const pupils = ['101', '109', '110', '111', '112']
  return {
    date: `2026-09-${day}`,
    establishments: [makeEstablishment('52')],
    pupils: pupils.map((id) => makePupil(id, '52', broken.includes(id) ? { ENTPersonDateNaissance: 'never' } : {})),
  }
}

async function importFeed(day: number, broken: string[]): Promise<string> {
  const path = await writeSmallFeed(join(folder, `${day}-${randomUUIDv7()}`), makeFeed(day, broken))
  const { id } = await stageImport(test.services, { ...tenant(), folder: path })
  await applyImport(test.services, { ...tenant(), id, acceptAlerts: true })
  return id
}

async function held(filter: { code?: string; after?: string; limit?: number } = {}) {
  return test.inTenant(async (tx) => {
    const { id } = await tables(tx).selectFrom('directory.source').select('id').executeTakeFirstOrThrow()
    const found = await listHeldRecords(tx, id, { limit: 50, ...filter })
    return { ...found, list: found.records.map(({ externalId, since }) => `${externalId} ${since.slice(0, 10)}`) }
  })
}

it('tells what is still set aside over the imports of a source, and since when', async () => {
  await importFeed(14, ['109', '111'])
  await importFeed(15, ['109', '110', '111'])
  await importFeed(16, ['110', '111'])
  const last = await importFeed(17, ['109', '110', '111'])
  expect((await held()).list.sort()).toEqual(['109 2026-09-17', '110 2026-09-15', '111 2026-09-14'])
  expect((await held()).reasons).toEqual([{ code: 'date_invalid', count: 3 }])
  expect((await held({ code: 'duplicate' })).list).toEqual([])

  const first = await held({ limit: 2 })
  const second = await held({ limit: 2, after: first.next! })
  expect([...first.list, ...second.list].sort()).toEqual((await held()).list.sort())
  expect(second.next).toBeNull()

  // Undone, it counts no more.
  const rollback = await stageRollback(test.services, { ...tenant(), id: last })
  await applyImport(test.services, { ...tenant(), id: rollback.id, acceptAlerts: true })
  expect((await held()).list.sort()).toEqual(['110 2026-09-15', '111 2026-09-14'])

  await importFeed(18, [])
  expect((await held()).list).toEqual([])
})

it('what was set aside is tried again from the files that were kept', async () => {
  await test.inTenant((tx) => tables(tx).updateTable('directory.source').set({ retention_days: 2 }).execute())
  const id = randomUUIDv7()
  await writeSmallFeed(uploadFolder(test.config.dataDirectory, id), makeFeed(19, ['112']))
  const signal = new AbortController().signal
  await receiveImport(test.services, { ...tenant(), id })
  await stageReceived(test.services, { tenantId: test.tenant.id, importId: id }, signal)
  const applied = await applyImport(test.services, { ...tenant(), id, acceptAlerts: true })
  expect(applied.keptUntil).toBe('2026-09-21T04:00:00.000Z')

  const again = await rereadImport(test.services, { ...tenant(), id })
  expect(again.state).toBe('staging')
  await stageReceived(test.services, { tenantId: test.tenant.id, importId: again.id }, signal)
  const read = await test.inTenant((tx) => getImport(tx, again.id))
  expect(read).toMatchObject({ state: 'ready', nothingToDo: true, counts: { pupil: { quarantined: 1 } } })
  expect(await readdir(uploadFolder(test.config.dataDirectory, id))).toHaveLength(6)

  const unkept = await importFeed(20, [])
  await expect(rereadImport(test.services, { ...tenant(), id: unkept })).rejects.toMatchObject({ code: 'files_gone' })
})

async function importWritten(day: number, feed: SmallFeed): Promise<string> {
  now = new Date(`2026-09-${day}T04:00:00Z`)
  const path = await writeSmallFeed(join(folder, `${day}-${randomUUIDv7()}`), { date: `2026-09-${day}`, ...feed })
  const { id, refusal } = await stageImport(test.services, { ...tenant(), folder: path })
  expect(refusal).toBeNull()
  await applyImport(test.services, { ...tenant(), id, acceptAlerts: true })
  return id
}

const sourceId = () =>
  test.inTenant(async (tx) => {
    const { id } = await tables(tx).selectFrom('directory.source').select('id').executeTakeFirstOrThrow()
    return id
  })
const kept = () =>
  test.inTenant((tx) =>
    tables(tx)
      .selectFrom('directory.quarantined_record')
      .select('external_id')
      .where('refused', 'is not', null)
      .orderBy('external_id')
      .execute()
      .then((rows) => rows.map((row) => row.external_id)),
  )
const find = (externalId: string) =>
  test.inTenant((tx) =>
    tables(tx)
      .selectFrom('directory.source_record')
      .select(['gone_on', 'body'])
      .where('external_id', '=', externalId)
      .executeTakeFirst(),
  )

it('what was set aside is tried again from the records themselves, though no file is kept', async () => {
  await test.inTenant((tx) => tables(tx).updateTable('directory.source').set({ retention_days: 0 }).execute())
  await expect(stageRetry(test.services, { ...tenant(), id: await sourceId() })).rejects.toMatchObject({
    code: 'retry_nothing',
  })
  await expect(stageRetry(test.services, { ...tenant(), id: randomUUIDv7() })).rejects.toMatchObject({
    code: 'source_unknown',
  })

  // A pupil of a school that is not there, one whose birth date nobody can read, one who comes twice.
  const { pupils = [] } = makeFeed(21, ['109'])
  const stranger = makePupil('120', '53', { ENTEleveClasses: '53$6B' })
  await importWritten(21, {
    establishments: [makeEstablishment('52')],
    pupils: [...pupils, stranger, makePupil('101', '52', { givenName: 'Autre' })],
  })
  expect(await held()).toMatchObject({ retryable: 3 })
  // A class that is not there either, and a school that people belong to: it cannot go yet.
  await importWritten(22, { delta: true, establishments: [makeEstablishment('53'), remove('52')] })
  expect((await held()).reasons.map(({ code }) => code)).toEqual([
    'date_invalid',
    'duplicate',
    'establishment_unknown',
    'still_referred',
  ])

  now = new Date('2026-09-22T05:00:00Z')
  const retry = await requestRetry(test.services, { ...tenant(), id: await sourceId() })
  expect(retry).toMatchObject({ state: 'staging', retry: true, mode: 'delta' })
  await stageReceived(test.services, { tenantId: test.tenant.id, importId: retry.id }, new AbortController().signal)
  const read = await test.inTenant((tx) => getImport(tx, retry.id))
  expect(read).toMatchObject({
    state: 'ready',
    alerts: [],
    exportedOn: '2026-09-22',
    counts: {
      pupil: { read: 3, added: 1, modified: 1, quarantined: 1 },
      establishment: { read: 1, quarantined: 1 },
      class: { read: 1, added: 1 },
    },
  })
  await applyImport(test.services, { ...tenant(), id: retry.id, acceptAlerts: false })
  expect(await find('120')).toMatchObject({ gone_on: null, body: { classes: ['53$6B'] } })
  const left = await held()
  expect(left).toMatchObject({ retryable: 2 })
  expect(left.list.sort()).toEqual(['109 2026-09-21', '52 2026-09-22'])

  // Undone, what it took is set aside as before.
  now = new Date('2026-09-22T06:00:00Z')
  const undo = await stageRollback(test.services, { ...tenant(), id: retry.id })
  await applyImport(test.services, { ...tenant(), id: undo.id, acceptAlerts: true })
  expect(await held()).toMatchObject({ retryable: 4 })
  expect((await find('120'))?.gone_on).not.toBeNull()

  now = new Date('2026-09-22T07:00:00Z')
  const again = await stageRetry(test.services, { ...tenant(), id: await sourceId() })
  await applyImport(test.services, { ...tenant(), id: again.id, acceptAlerts: false })
  expect((await held()).list.sort()).toEqual(['109 2026-09-21', '52 2026-09-22'])
})

it('forgets what it kept once nothing can bring it back', async () => {
  await test.inTenant(forgetRefused)
  expect(await kept()).toContain('120')
  await importFeed(24, ['111'])
  await test.inTenant(forgetRefused)
  // The full export may still be undone: what the trial before it set aside would then be held again.
  expect(await kept()).toEqual(['109', '111', '52'])
  await importFeed(25, [])
  await test.inTenant(forgetRefused)
  expect(await kept()).toEqual(['111'])
})
