import { randomUUIDv7 } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makeEstablishment, makePupil, type SmallFeed, writeSmallFeed } from '../../../../test/small-feed.ts'
import { applyImport } from '../imports/import-applying.ts'
import { uploadFolder } from '../imports/import-files.ts'
import { receiveImport, stageImport, stageReceived, stageRollback } from '../imports/imports.ts'
import { getImport } from '../imports/imports.queries.ts'
import { tables } from '../tables.ts'
import { rereadImport } from './reread.ts'
import { listHeldRecords } from './source-quarantine.queries.ts'

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
