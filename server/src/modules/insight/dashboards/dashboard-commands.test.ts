import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listAudit } from '#kernel/audit'
import { keyOf } from '#modules/records'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { openCommands } from '../../../../test/module-commands.ts'
import { writeIndicator } from '../../../../test/indicators.ts'
import { makePerson } from '../../../../test/make.ts'
import { defaultDashboards } from './default-dashboards.ts'

let server: TestApp
let administrator: { cookie: string }
beforeAll(async () => {
  server = await openTestApp()
  administrator = await server.signIn(await server.inTenant((tx) => makePerson(tx)), [{ right: 'insight.administer' }])
  await writeIndicator(server, 'views')
})
afterAll(() => server.close())

const { run, refusal, printed } = openCommands(() => server, 'insight')
const get = async (url: string) => (await server.app.inject({ url, headers: administrator })).json<unknown>()
/** What the trail says was done by nobody of the directory, the last first. */
const trail = (action: string) =>
  server.inTenant(async (tx) => {
    const { rows } = await sql<{ detail: object }>`select detail from kernel.audit_entry
      where action = ${action} and actor_person_id is null order by recorded_at desc, id desc`.execute(tx)
    return rows.map(({ detail }) => detail)
  })

const item = { indicator: 'views', scope: 'group', parameters: { top: 2 }, width: 'half' }
async function write(name: string, content: unknown): Promise<string> {
  const file = join(server.config.dataDirectory, name)
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

test('a dashboard is shown, set from the file that was shown, and goes back to the product’s', async () => {
  expect(await run('dashboard show', ['teacher'])).toEqual({
    audience: 'teacher',
    items: defaultDashboards.teacher,
    custom: false,
  })
  const shown = JSON.parse(printed()) as { items: object[] }
  const file = await write('teacher.json', { items: [item, ...shown.items.slice(0, 2)] })
  const set = await run<{ items: object[]; missing: string[] }>('dashboard set', ['teacher', file])
  expect(set).toMatchObject({ items: [item, ...shown.items.slice(0, 2)], missing: [] })
  const listed = await run<{ audience: string }[]>('dashboard list')
  expect(await get('/api/insight/dashboards')).toEqual({ dashboards: listed })
  expect(listed.find(({ audience }) => audience === 'teacher')).toMatchObject({ items: set.items, custom: true })
  expect(listed.find(({ audience }) => audience === 'student')).toMatchObject({ custom: false })
  expect((await trail('insight.dashboard_changed'))[0]).toMatchObject({ audience: 'teacher' })

  expect(await run('dashboard reset', ['teacher'])).toMatchObject({ items: defaultDashboards.teacher, custom: false })
  expect(await trail('insight.dashboard_reset')).toEqual([{ audience: 'teacher' }])
})

test('a file that is no dashboard changes nothing; an indicator that is not there is told', async () => {
  const set = (file: string, audience = 'student') => refusal('dashboard set', [audience, file])
  expect(await set(await write('wrong.json', { items: [item, { ...item, width: 'huge' }] }))).toBe('invalid_request')
  expect(await set(await write('many.json', { items: Array.from({ length: 41 }, () => item) }))).toBe('invalid_request')
  expect(await set(await write('broken.json', '{"items": ['))).toBe('json_invalid')
  expect(await set('/nowhere.json')).toBe('file_not_found')
  expect(await refusal('dashboard set', ['student'])).toBe('file_needed')
  expect(await set(await write('good.json', { items: [item] }), 'parents')).toBe('invalid_request')
  expect(await run('dashboard show', ['student'])).toMatchObject({ custom: false })

  const file = await write('other.json', { items: [{ ...item, indicator: 'mistyped' }] })
  expect(await run('dashboard set', ['student', file])).toMatchObject({ missing: ['mistyped'] })
  expect(printed()).toContain('There is no indicator mistyped')
})

test('a programme is added, changed by its name and removed; its courses are named by their addresses', async () => {
  const head = await server.inTenant((tx) => makePerson(tx, { givenName: 'Hélène', familyName: 'Roussel' }))
  const iri = 'https://lms.example/course/view.php?id=7'
  const key = keyOf(server.tenant.id, 'activity', iri)
  const values = { name: 'Licence 1', course: [iri, '12'], head: [head] }
  const made = await run<{ id: string }>('programme add', [], values)
  expect(made).toMatchObject({ name: 'Licence 1', courses: [key, '12'], heads: [head] })
  const listed = await run<{ id: string; courses: { key: string }[] }[]>('programme list')
  expect(await get('/api/insight/programmes')).toEqual({ programmes: listed })
  expect(listed).toMatchObject([{ id: made.id, name: 'Licence 1', heads: [{ id: head, familyName: 'Roussel' }] }])

  expect(await refusal('programme add', [], values)).toBe('programme_exists')
  expect(await refusal('programme add')).toBe('invalid_request')
  expect(await refusal('programme add', [], { name: 'L2', course: ['algèbre'] })).toBe('invalid_request')
  await expect(run('programme add', [], { name: 'L2', head: [made.id] })).rejects.toMatchObject({
    code: 'programme_head_unknown',
    message: expect.stringContaining(made.id) as unknown,
  })
  expect(await refusal('programme change', ['L2'], { name: 'L3' })).toBe('programme_not_found')

  expect(await run('programme change', ['Licence 1'], { name: 'Licence', course: ['12'] })).toEqual({
    id: made.id,
    name: 'Licence',
    courses: ['12'],
    heads: [head],
  })
  expect(await run('programme change', [made.id], { 'no-head': true, 'no-course': true })).toMatchObject({
    name: 'Licence',
    courses: [],
    heads: [],
  })
  expect(await run('programme remove', ['Licence'])).toEqual({ id: made.id, name: 'Licence' })
  expect(await run('programme list')).toEqual([])
  expect(await refusal('programme remove', ['Licence'])).toBe('programme_not_found')
  const entries = await server.inTenant((tx) => listAudit(tx, 10, made.id))
  expect(entries.map(({ action, actorPersonId }) => [action, actorPersonId])).toEqual([
    ['insight.programme_deleted', null],
    ['insight.programme_changed', null],
    ['insight.programme_changed', null],
    ['insight.programme_created', null],
  ])
})

test('an indicator is disabled and enabled again', async () => {
  const enabled = async () => {
    const { indicators } = await run<{ indicators: { name: string; enabled: boolean }[] }>('indicator list')
    return indicators.find(({ name }) => name === 'views')?.enabled
  }
  expect(await run('indicator disable', ['views'])).toEqual({ indicator: 'views', enabled: false })
  expect(await enabled()).toBe(false)
  expect(await refusal('indicator compute', ['views'])).toBe('indicator_unknown')
  expect(await run('indicator enable', ['views'])).toEqual({ indicator: 'views', enabled: true })
  expect(await enabled()).toBe(true)
  expect(await trail('insight.indicator_changed')).toEqual([
    { indicator: 'views', enabled: true },
    { indicator: 'views', enabled: false },
  ])
  expect(await refusal('indicator disable', ['none'])).toBe('indicator_unknown')
  expect(await refusal('indicator disable')).toBe('indicator_needed')
})
