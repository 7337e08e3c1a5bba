import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makePerson } from '../../../../test/make.ts'
import { openXapiClient } from '../../../../test/xapi.ts'
import { projectAll } from '../projection/projection.ts'
import { recordLooks } from './looks.queries.ts'
import { retentionCommands } from './retention-commands.ts'
import { applyRetentions, findCutoff } from './retention.ts'

let app: TestApp
let administrator: { cookie: string }
const home = 'https://lms.example'
beforeAll(async () => {
  app = await openTestApp()
  const id = await app.inTenant((tx) => makePerson(tx))
  administrator = await app.signIn(id, [{ right: 'insight.administer' }])
  const tool = await openXapiClient(app, '1.0.3')
  const did = (name: string, timestamp: string) => ({
    id: randomUUID(),
    actor: { account: { homePage: home, name } },
    verb: { id: 'http://id.tincanapi.com/verb/viewed' },
    object: { id: `${home}/page/1` },
    context: { instructor: { mbox: 'mailto:prof@lycee.example' } },
    timestamp,
  })
  const body = [did('ana', '2025-01-05T09:00:00Z'), did('ana', new Date().toISOString())]
  expect((await tool.call({ method: 'POST', path: '/statements', body })).statusCode).toBe(200)
  await projectAll(app.services, app.tenant.id)
})
afterAll(() => app.close())

const put = (purpose: string, payload: object) =>
  app.app.inject({ method: 'PUT', url: `/api/insight/retention/${purpose}`, headers: administrator, payload })
const register = async () => (await app.app.inject({ url: '/api/insight/register', headers: administrator })).json()
const count = async (table: string) => {
  const { rows } = await app.services.owner.query<{ count: number }>(`select count(*)::int as count from ${table}`)
  return rows[0]?.count
}
const countEvents = async () => {
  const query = 'select toInt32(sum(sign)) as n from learning_event_v1'
  const result = await (await app.services.clickhouse()).query({ query, format: 'JSONEachRow' })
  return (await result.json<{ n: number }>())[0]?.n
}

test('whole months are kept', () => {
  expect(findCutoff(13, '2026-11-22')).toBe('2025-10-01')
  expect(findCutoff(1, '2026-01-31')).toBe('2025-12-01')
})

test('nothing that learners did goes before somebody decides; then what is old goes, and is noted', async () => {
  await applyRetentions(app.services)
  expect([await countEvents(), await count('records.statement')]).toEqual([2, 2])
  expect((await register()).purposes).toContainEqual({ purpose: 'events', months: null, legalBasis: null })

  expect((await put('events', { months: 13, legalBasis: 'Mission d’intérêt public' })).statusCode).toBe(204)
  await applyRetentions(app.services)
  await applyRetentions(app.services)
  expect([await countEvents(), await count('records.statement')]).toEqual([1, 2])
  const { purposes, runs } = await register()
  expect(purposes).toContainEqual({ purpose: 'events', months: 13, legalBasis: 'Mission d’intérêt public' })
  expect(runs).toMatchObject([{ purpose: 'events', removed: null }])

  // By when they were stored, not by what they tell.
  await put('statements', { months: 1, legalBasis: null })
  await applyRetentions(app.services)
  expect(await count('records.statement')).toBe(2)
  const later = new Date(Date.now() + 70 * 86_400_000)
  await applyRetentions({ ...app.services, now: () => later })
  expect([await count('records.statement'), await count('records.mention')]).toEqual([0, 0])
  expect((await register()).runs[0]).toMatchObject({ purpose: 'statements', removed: 2 })
})

test('looks and launches have a time of their own', async () => {
  const viewer = {
    tenantId: app.tenant.id,
    audience: 'teacher' as const,
    courses: ['1'],
    learner: null,
    nominative: true,
    personId: null,
    name: 'Mme Durand',
    indicator: null,
  }
  await app.inTenant((tx) => recordLooks(tx, { viewer, course: '1', indicator: 'grades', learners: ['9'] }, new Date()))
  await applyRetentions(app.services)
  expect(await count('insight.look')).toBe(1)
  await applyRetentions({ ...app.services, now: () => new Date(Date.now() + 450 * 86_400_000) })
  expect(await count('insight.look')).toBe(0)
})

test('the register is of what is set, for those who administer', async () => {
  expect(await register()).toMatchObject({
    sources: [{ name: 'Tool of all', treatment: 'whole' }],
    recipients: [],
    smallestGroup: { page: 5, export: 10 },
  })
  const id = await app.inTenant((tx) => makePerson(tx))
  const headers = await app.signIn(id)
  expect((await app.app.inject({ url: '/api/insight/register', headers })).statusCode).toBe(403)
  expect((await put('looks', { months: 0, legalBasis: null })).statusCode).toBe(400)
})

test('how long is said by a command too, which keeps the right that was written', async () => {
  const run = (positionals: string[], values: Record<string, string> = {}) =>
    retentionCommands[0]?.run(
      {
        ...app.services,
        tenant: () => Promise.resolve(app.tenant),
        print: () => {},
        progress: () => {},
        signal: new AbortController().signal,
      },
      positionals,
      values,
    )
  await put('looks', { months: 6, legalBasis: 'Transparence' })
  expect(await run(['looks', '12'])).toContainEqual({ purpose: 'looks', months: 12, legalBasis: 'Transparence' })
  expect(await run(['looks', 'forever'], { basis: 'Autre' })).toContainEqual({
    purpose: 'looks',
    months: null,
    legalBasis: 'Autre',
  })
  expect((await register()).purposes).toContainEqual({ purpose: 'looks', months: null, legalBasis: 'Autre' })
  for (const wrong of [['looks'], ['looks', '0'], ['looks', '1.5'], ['everything', '3']])
    await expect(run(wrong)).rejects.toMatchObject({ status: 400 })
})
