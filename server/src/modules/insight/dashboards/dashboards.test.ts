import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makePerson } from '../../../../test/make.ts'
import { openLaunch } from '../viewers/viewers.ts'

let server: TestApp
let administrator: { cookie: string }
let launched: { authorization: string }
beforeAll(async () => {
  server = await openTestApp()
  administrator = await server.signIn(await server.inTenant((tx) => makePerson(tx)), [
    { right: 'insight.administer' },
    { right: 'insight.view' },
  ])
  const token = await server.inTenant((tx) =>
    openLaunch(
      tx,
      {
        tenantId: server.tenant.id,
        audience: 'teacher',
        courses: ['12'],
        learner: null,
        nominative: true,
        personId: null,
        name: 'Samir Haddad',
        indicator: null,
      },
      server.services.now(),
    ),
  )
  launched = { authorization: `Bearer ${token}` }
})
afterAll(() => server.close())

const item = { indicator: 'scores', scope: 'group', parameters: { bins: 4 }, width: 'half' }

test('a composition is what comes with the product, until the institution chooses, and again when it goes back', async () => {
  const get = async () =>
    (await server.app.inject({ url: '/api/insight/dashboards/teacher', headers: launched })).json<{
      items: object[]
      custom: boolean
    }>()
  const first = await get()
  expect(first.custom).toBe(false)
  expect(first.items.length).toBeGreaterThan(0)

  const payload = { items: [item, { ...item, scope: 'named', width: 'full', parameters: {} }] }
  const url = '/api/insight/dashboards/teacher'
  const put = await server.app.inject({ method: 'PUT', url, headers: administrator, payload })
  expect(put.statusCode, put.body).toBe(200)
  expect(await get()).toEqual({ ...payload, custom: true })
  const all = await server.app.inject({ url: '/api/insight/dashboards', headers: administrator })
  expect(all.json<{ dashboards: object[] }>().dashboards).toContainEqual({
    audience: 'teacher',
    ...payload,
    custom: true,
  })

  const reset = await server.app.inject({ method: 'DELETE', url, headers: administrator })
  expect(reset.json()).toEqual(first)
  expect(await get()).toEqual(first)
})

test('only who administers dashboards changes them, and nobody reads those of others', async () => {
  const url = '/api/insight/dashboards/institution'
  const other = await server.signIn(await server.inTenant((tx) => makePerson(tx)), [{ right: 'insight.view' }])
  const payload = { items: [item] }
  expect((await server.app.inject({ method: 'PUT', url, headers: other, payload })).statusCode).toBe(403)
  expect((await server.app.inject({ method: 'PUT', url, headers: launched, payload })).statusCode).toBe(401)
  expect((await server.app.inject({ url, headers: launched })).statusCode).toBe(403)
  expect((await server.app.inject({ url, headers: other })).statusCode).toBe(200)
})

test('a composition that cannot be is refused and changes nothing', async () => {
  const url = '/api/insight/dashboards/student'
  for (const wrong of [
    { ...item, indicator: '../secrets' },
    { ...item, width: 'huge' },
    { ...item, scope: 'all' },
  ]) {
    const payload = { items: [wrong] }
    const answer = await server.app.inject({ method: 'PUT', url, headers: administrator, payload })
    expect(answer.statusCode).toBe(400)
  }
  const all = await server.app.inject({ url: '/api/insight/dashboards', headers: administrator })
  expect(all.json<{ dashboards: { custom: boolean }[] }>().dashboards.every(({ custom }) => !custom)).toBe(true)
})

test('a programme gives its heads the dashboards of its courses, and takes them away', async () => {
  const person = await server.inTenant((tx) => makePerson(tx, { givenName: 'Hélène', familyName: 'Roussel' }))
  const head = await server.signIn(person)
  const look = () => server.app.inject({ url: '/api/insight/viewer', headers: head })
  const audiences = async () => (await server.app.inject({ url: '/api/insight/audiences', headers: head })).json()
  expect((await look()).statusCode).toBe(403)
  expect(await audiences()).toEqual({ audiences: [] })

  const send = (method: 'POST' | 'PUT' | 'DELETE', url: string, payload?: object) =>
    server.app.inject({ method, url, headers: administrator, ...(payload ? { payload } : {}) })
  const input = { name: 'Licence 1', courses: ['12', '-9007199254740993'], heads: [person] }
  const created = await send('POST', '/api/insight/programmes', input)
  expect(created.statusCode, created.body).toBe(201)
  const { id } = created.json<{ id: string }>()
  expect((await look()).json()).toMatchObject({
    audience: 'programme',
    audiences: ['programme'],
    courses: [{ key: '-9007199254740993' }, { key: '12' }],
  })
  expect(await audiences()).toEqual({ audiences: ['programme'] })

  expect((await send('POST', '/api/insight/programmes', input)).json()).toMatchObject({ code: 'programme_exists' })
  const unknown = { ...input, name: 'Licence 2', heads: [id] }
  expect((await send('POST', '/api/insight/programmes', unknown)).json()).toMatchObject({
    code: 'programme_head_unknown',
  })
  const changed = await send('PUT', `/api/insight/programmes/${id}`, { ...input, name: 'Licence', heads: [] })
  expect(changed.json()).toMatchObject({ name: 'Licence', heads: [], courses: [{}, {}] })
  expect((await look()).statusCode).toBe(403)

  const listed = await server.app.inject({ url: '/api/insight/programmes', headers: administrator })
  expect(listed.json<{ programmes: object[] }>().programmes).toHaveLength(1)
  expect((await send('DELETE', `/api/insight/programmes/${id}`)).statusCode).toBe(204)
  expect((await send('DELETE', `/api/insight/programmes/${id}`)).statusCode).toBe(404)
})
