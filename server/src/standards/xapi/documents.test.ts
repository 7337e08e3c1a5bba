import { createHash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../../../test/app.ts'
import { openXapiClient, type XapiClient } from '../../../test/xapi.ts'

let server: TestApp
let old: XapiClient
let recent: XapiClient
beforeAll(async () => {
  server = await openTestApp()
  old = await openXapiClient(server, '1.0.3')
  recent = await openXapiClient(server, '2.0.0')
})
afterAll(() => server.close())

const agent = JSON.stringify({ account: { homePage: 'https://example.org', name: 'ana' } })
const newActivity = () => `https://example.org/${randomUUID()}`

const resources: [string, string, () => Record<string, string>][] = [
  ['/activities/state', 'stateId', () => ({ activityId: newActivity(), agent })],
  ['/activities/profile', 'profileId', () => ({ activityId: newActivity() })],
  ['/agents/profile', 'profileId', () => ({ agent: JSON.stringify({ mbox: `mailto:${randomUUID()}@example.org` }) })],
]

describe.for(resources)('%s', ([path, name, makePlace]) => {
  const bytes = Buffer.from([0, 1, 2, 255])

  test('keeps any bytes under any type', async () => {
    const query = { ...makePlace(), [name]: 'picture' }
    const headers = { 'content-type': 'image/png', 'if-none-match': '*' }
    const put = await recent.call({ method: 'PUT', path, query, headers, body: bytes })
    expect([put.statusCode, put.body]).toEqual([204, ''])
    const kept = await recent.call({ method: 'GET', path, query })
    expect(kept.rawPayload).toEqual(bytes)
    expect(kept.headers).toMatchObject({
      'content-type': 'image/png',
      etag: `"${createHash('sha1').update(bytes).digest('hex')}"`,
      'last-modified': expect.any(String) as string,
    })
    const head = await recent.call({ method: 'HEAD', path, query })
    expect([head.statusCode, head.body, head.headers.etag]).toEqual([200, '', kept.headers.etag])
  })

  test.for(['picture', ''])('a type that is none is refused: %s', async (type) => {
    const query = { ...makePlace(), [name]: 'x' }
    const answer = await recent.call({ method: 'PUT', path, query, headers: { 'content-type': type }, body: bytes })
    expect(answer.json()).toMatchObject({ status: 400, code: 'content_type_invalid' })
  })

  test('merges JSON, and nothing else', async () => {
    const query = { ...makePlace(), [name]: 'x' }
    const post = (body: unknown, type = 'application/json') =>
      recent.call({ method: 'POST', path, query, headers: { 'content-type': type }, body })
    expect((await post({ a: 1, b: { c: 2 } })).statusCode).toBe(204)
    expect((await post({ b: { d: 3 } })).statusCode).toBe(204)
    expect((await recent.call({ method: 'GET', path, query })).json()).toEqual({ a: 1, b: { d: 3 } })
    expect((await post('text', 'text/plain')).statusCode).toBe(400)
    expect((await post([1])).statusCode).toBe(400)
    expect((await post('{')).statusCode).toBe(400)
    expect((await post(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)).statusCode).toBe(400)
    expect((await recent.call({ method: 'GET', path, query })).json()).toEqual({ a: 1, b: { d: 3 } })
  })

  test('preconditions: nobody overwrites what they have not seen', async () => {
    const query = { ...makePlace(), [name]: 'x' }
    const call = (
      method: 'PUT' | 'POST' | 'DELETE',
      headers: Record<string, string>,
      body: object | undefined = { a: 2 },
    ) => recent.call({ method, path, query, headers, body: method === 'DELETE' ? undefined : body })
    expect((await call('PUT', {}, { a: 1 })).statusCode).toBe(204)
    const { etag } = (await recent.call({ method: 'GET', path, query })).headers
    const unguarded = await call('PUT', {})
    expect(unguarded.statusCode).toBe(409)
    expect(unguarded.json<{ detail: string }>().detail).toContain('If-Match')
    for (const method of ['PUT', 'POST', 'DELETE'] as const) {
      expect((await call(method, { 'if-match': '"1234"' })).statusCode, method).toBe(412)
    }
    expect((await call('PUT', { 'if-none-match': '*' })).statusCode).toBe(412)
    expect((await recent.call({ method: 'GET', path, query })).json()).toEqual({ a: 1 })
    expect((await call('PUT', { 'if-match': String(etag) })).statusCode).toBe(204)
    expect((await call('DELETE', { 'if-match': '*' })).statusCode).toBe(204)
    expect((await recent.call({ method: 'GET', path, query })).statusCode).toBe(404)
  })

  test('tells the names of documents, and those that changed since', async () => {
    const place = makePlace()
    for (const each of ['one', 'two']) {
      await recent.call({ method: 'PUT', path, query: { ...place, [name]: each }, body: {} })
    }
    const names = await recent.call({ method: 'GET', path, query: place })
    expect(names.json()).toEqual(['one', 'two'])
    expect(names.headers).toHaveProperty('last-modified')
    const later = { ...place, since: new Date(Date.now() + 60_000).toISOString() }
    expect((await recent.call({ method: 'GET', path, query: later })).json()).toEqual([])
    // Forms of ISO 8601 that 1.0.3 lets pass.
    for (const [since, names] of [
      ['20000101T0000+01', ['one', 'two']],
      ['2000-01-01', ['one', 'two']],
      ['9999-12-31T23:59:60,5-01', []],
    ] as const) {
      expect((await old.call({ method: 'GET', path, query: { ...place, since } })).json()).toEqual(names)
    }
  })

  test('a name may have 800 characters, of whatever alphabet', async () => {
    const letters = Array.from({ length: 800 }, () => String.fromCharCode(0x4e00 + Math.floor(Math.random() * 20_000)))
    const put = (document: string) =>
      recent.call({ method: 'PUT', path, query: { ...makePlace(), [name]: document }, body: {} })
    expect((await put(letters.join(''))).statusCode).toBe(204)
    expect((await put(`${letters.join('')}x`)).json()).toMatchObject({ status: 400, parameter: name })
  })

  test('what it is asked must be whole', async () => {
    const place = makePlace()
    const [first = ''] = Object.keys(place)
    const { [first]: _one, ...others } = { ...place, [name]: 'x' }
    for (const query of [
      others,
      { ...place, [name]: 'x', foo: 'bar' },
      { ...place, [first]: 'not one', [name]: 'x' },
    ]) {
      for (const method of ['GET', 'PUT', 'POST', 'DELETE'] as const) {
        const body = method === 'GET' || method === 'DELETE' ? undefined : {}
        expect((await recent.call({ method, path, query, body })).statusCode, method).toBe(400)
      }
    }
    expect((await recent.call({ method: 'PUT', path, query: place, body: {} })).statusCode).toBe(400)
    expect((await recent.call({ method: 'GET', path, query: { ...place, since: 'x' } })).statusCode).toBe(400)
  })
})

test('in 1.0.3 a state may be overwritten unseen; of a profile one must say what one expects', async () => {
  const place = { activityId: newActivity(), agent }
  const put = async (path: string, query: Record<string, string>, headers = {}) =>
    (await old.call({ method: 'PUT', path, query, headers, body: {} })).statusCode
  const state = { ...place, stateId: 'x' }
  expect([await put('/activities/state', state), await put('/activities/state', state)]).toEqual([204, 204])
  const profile = { activityId: place.activityId, profileId: 'x' }
  expect(await put('/activities/profile', profile)).toBe(400)
  expect(await put('/activities/profile', profile, { 'if-none-match': '*' })).toBe(204)
  expect(await put('/activities/profile', profile)).toBe(409)
})

test('states are apart by registration, and deleted all at once', async () => {
  const place = { activityId: newActivity(), agent }
  const path = '/activities/state'
  const registration = randomUUID()
  await recent.call({ method: 'PUT', path, query: { ...place, stateId: 'x' }, body: { in: 'none' } })
  await recent.call({ method: 'PUT', path, query: { ...place, stateId: 'x', registration }, body: { in: 'one' } })
  const get = (query: Record<string, string>) => recent.call({ method: 'GET', path, query: { ...place, ...query } })
  expect((await get({ stateId: 'x' })).json()).toEqual({ in: 'none' })
  expect((await get({ stateId: 'x', registration: registration.toUpperCase() })).json()).toEqual({ in: 'one' })
  expect((await get({ stateId: 'x', registration: 'x' })).statusCode).toBe(400)
  expect((await recent.call({ method: 'DELETE', path, query: { ...place, registration } })).statusCode).toBe(204)
  expect((await get({ registration })).json()).toEqual([])
  expect((await get({})).json()).toEqual(['x'])
  expect(
    (await recent.call({ method: 'DELETE', path: '/activities/profile', query: { activityId: place.activityId } }))
      .statusCode,
  ).toBe(400)
})

describe('what is known', () => {
  test('of an activity is all that statements said of it', async () => {
    const id = newActivity()
    const get = () => recent.call({ method: 'GET', path: '/activities', query: { activityId: id } })
    expect((await get()).json()).toEqual({ objectType: 'Activity', id })
    for (const name of [{ fr: 'Leçon' }, { en: 'Lesson' }]) {
      const object = { id, definition: { name } }
      const body = { actor: JSON.parse(agent) as object, verb: { id: 'https://example.org/v' }, object }
      await recent.call({ method: 'POST', path: '/statements', body })
    }
    const answer = await get()
    expect(answer.json()).toEqual({ objectType: 'Activity', id, definition: { name: { fr: 'Leçon', en: 'Lesson' } } })
    expect(answer.headers).toHaveProperty('etag')
    expect((await recent.call({ method: 'GET', path: '/activities' })).statusCode).toBe(400)
    expect((await recent.call({ method: 'GET', path: '/activities', query: { activityId: 'x' } })).statusCode).toBe(400)
  })

  test('of an agent is at least what was asked', async () => {
    const query = { agent: JSON.stringify({ name: 'Ana', mbox: 'mailto:new@example.org' }) }
    const answer = await recent.call({ method: 'GET', path: '/agents', query })
    expect(answer.json()).toEqual({ objectType: 'Person', name: ['Ana'], mbox: ['mailto:new@example.org'] })
    const group = JSON.stringify({ objectType: 'Group', mbox: 'mailto:new@example.org' })
    expect((await recent.call({ method: 'GET', path: '/agents', query: { agent: group } })).statusCode).toBe(400)
  })
})
