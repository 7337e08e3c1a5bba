import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makePerson } from '../../../../test/make.ts'
import { makeEstablishment, makeGuardian, makePupil, writeSmallFeed } from '../../../../test/small-feed.ts'
import { applyImport } from '../imports/import-applying.ts'
import { stageImport } from '../imports/imports.ts'
import { runLeavers } from './people-lifecycle.ts'

let app: TestApp
let folder: string
let folders = 0
let clock = new Date('2026-09-20T10:00:00Z')
let operator: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preau-leavers-'))
  app = await openTestApp({ now: () => clock, workers: true })
  operator = await app.inTenant((tx) => makePerson(tx, {}))
})
afterAll(async () => {
  await app.close()
  await rm(folder, { recursive: true })
})

async function load(date: string, pupils: string[]): Promise<void> {
  const path = await writeSmallFeed(join(folder, String(++folders)), {
    date,
    establishments: [makeEstablishment('52', { ENTStructureClasses: '6A$6A' })],
    pupils: pupils.map((id) =>
      makePupil(id, '52', { ENTEleveClasses: '52$6A', ENTElevePersRelEleve: `2${id}$10$1$1$1$0` }),
    ),
    guardians: pupils.map((id) => makeGuardian(`2${id}`)),
  })
  const { tenant, services } = app
  const by = { tenantId: tenant.id, actorPersonId: null }
  const { id } = await stageImport(services, { ...by, folder: path })
  await applyImport(services, { ...by, id, acceptAlerts: true })
}

const run = (insist = false) => runLeavers(app.services, { tenantId: app.tenant.id, actorPersonId: null, insist })
// A session would end while the clock goes on by months: each request has its own.
const ask = async (method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, payload?: object) => {
  const headers = await app.signIn(operator, [{ right: 'directory.administer' }])
  return app.app.inject({ method, url: `/api/directory/leavers${path}`, headers, ...(payload && { payload }) })
}
const summary = async () => (await ask('GET', '/summary')).json()
const idOf = async (externalId: string) => {
  const rows = await app.inTenant(
    async (tx) =>
      (
        await sql<{ id: string }>`select subject_id as id from directory.source_record
          where kind = 'pupil' and external_id = ${externalId}`.execute(tx)
      ).rows,
  )
  return rows[0]?.id
}
const accountOf = (personId: string) =>
  app.inTenant(
    async (tx) => (await sql`select from identity.account where person_id = ${personId}`.execute(tx)).rows.length,
  )

test('who leaves is gone, then archived, and comes back as the same person', async () => {
  await load('2026-09-14', ['101', '102', '103'])
  const id = await idOf('102')
  await app.signIn(id!)
  await load('2026-09-20', ['101', '103'])
  expect((await summary()).states).toMatchObject({ gone: 2, archived: 0 })

  clock = new Date('2026-12-18T10:00:00Z')
  expect((await run()).counts).toEqual({ archived: 0, deleted: 0, held: 0 })
  clock = new Date('2026-12-19T10:00:00Z')
  expect((await summary()).due).toEqual({ archived: 2, deleted: 0, held: 0 })
  expect((await run()).counts).toEqual({ archived: 2, deleted: 0, held: 0 })
  expect((await summary()).states).toMatchObject({ gone: 0, archived: 2 })
  // Their session ends by a reaction, within seconds; another one is refused.
  const sessions = () =>
    app.inTenant(
      async (tx) =>
        (
          await sql`select from identity.session s join identity.account a on a.id = s.account_id
            where a.person_id = ${id}`.execute(tx)
        ).rows.length,
    )
  await expect.poll(sessions, { timeout: 10_000 }).toBe(0)
  await expect(app.signIn(id!)).rejects.toMatchObject({ code: 'account_left' })

  await load('2026-12-20', ['101', '102', '103'])
  expect(await idOf('102')).toBe(id)
  expect((await summary()).states).toMatchObject({ gone: 0, archived: 0 })
})

test('after a year nothing of them is left anywhere; whoever is held stays', async () => {
  clock = new Date('2026-12-21T10:00:00Z')
  const [leaver, held] = [await idOf('102'), await idOf('103')]
  await app.signIn(leaver!)
  await load('2026-12-21', ['101'])
  expect((await ask('PUT', `/${held}/hold`, { reason: 'TA 2027-14' })).statusCode).toBe(204)

  clock = new Date('2027-12-21T10:00:00Z')
  expect((await run()).counts).toEqual({ archived: 0, deleted: 3, held: 1 })
  expect(await idOf('102')).toBeUndefined()
  expect(await idOf('103')).toBe(held)
  const traces = await app.inTenant(
    async (tx) =>
      (
        await sql`select from directory.person where id = ${leaver}
          union all select from directory.import_change where external_id in ('102', '2102')
          union all select from directory.source_record where external_id in ('102', '2102')
          union all select from directory.guardianship where pupil_id = ${leaver}
          union all select from directory.enrolment where person_id = ${leaver}
          union all select from directory.membership where person_id = ${leaver}`.execute(tx)
      ).rows,
  )
  expect(traces).toEqual([])
  await expect.poll(() => accountOf(leaver!), { timeout: 10_000 }).toBe(0)

  expect((await ask('DELETE', `/${held}/hold`)).statusCode).toBe(204)
  expect((await ask('DELETE', `/${held}/hold`)).json()).toMatchObject({ code: 'hold_not_found' })
  expect((await run()).counts.deleted).toBe(1)
})

test('who comes back after deletion is somebody new', async () => {
  await load('2027-12-22', ['101', '102'])
  expect(await idOf('102')).toBeDefined()
  expect((await summary()).states.gone).toBe(0)
})

test('an unusual number stops the night; a person may insist', async () => {
  const many = Array.from({ length: 60 }, (_, index) => String(500 + index))
  clock = new Date('2028-01-10T10:00:00Z')
  await load('2028-01-10', ['101', ...many])
  await load('2028-01-11', ['101'])
  clock = new Date('2029-02-01T10:00:00Z')
  expect(await run()).toMatchObject({ state: 'stopped', counts: { deleted: 0 } })
  expect((await summary()).runs[0]).toMatchObject({ state: 'stopped' })
  const insisted = await ask('POST', '/run')
  expect(insisted.json()).toMatchObject({ state: 'done', counts: { deleted: 122 } })
})

test('the policy is data, and says no nonsense', async () => {
  const put = (payload: object) => ask('PUT', '/policy', payload)
  expect((await put({ archiveAfterDays: 90, deleteAfterDays: 30 })).json()).toMatchObject({ code: 'policy_reversed' })
  expect((await put({ archiveAfterDays: 0, deleteAfterDays: 30 })).statusCode).toBe(400)
  expect((await put({ archiveAfterDays: 30, deleteAfterDays: 200 })).statusCode).toBe(200)
  expect((await summary()).policy).toEqual({ archiveAfterDays: 30, deleteAfterDays: 200 })
  const local = await app.signIn(await app.inTenant((tx) => makePerson(tx, {})))
  expect((await app.app.inject({ url: '/api/directory/leavers/summary', headers: local })).statusCode).toBe(403)
})
