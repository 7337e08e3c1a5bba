import { randomUUID } from 'node:crypto'
import { PassThrough, Readable } from 'node:stream'
import { gunzipSync, gzipSync } from 'node:zlib'
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

const statement = () => ({
  actor: { mbox: 'mailto:ana@example.org' },
  verb: { id: 'https://example.org/verbs/tried' },
  object: { id: 'https://example.org/lesson' },
})
const version = 'x-experience-api-version'

describe('versions', () => {
  test.for([
    ['1.0', 200, '1.0.3'],
    ['1.0.0', 200, '1.0.3'],
    ['1.0.9', 200, '1.0.3'],
    ['2.0', 200, '2.0.0'],
    ['2.0.0', 200, '2.0.0'],
    ['0.95', 400, '2.0.0'],
    ['1.1.0', 400, '2.0.0'],
    ['2.1.0', 400, '2.0.0'],
    ['3.0.0', 400, '2.0.0'],
  ] as const)('%s is answered %s as %s', async ([asked, status, answered]) => {
    const client = await openXapiClient(server, '2.0.0')
    const answer = await client.call({ method: 'GET', path: '/statements', headers: { [version]: asked } })
    expect([answer.statusCode, answer.headers[version]]).toEqual([status, answered])
  })

  test('without version a request is refused, in the version its credential spoke last', async () => {
    for (const client of [old, recent]) {
      const fine = await client.call({ method: 'GET', path: '/statements' })
      const answer = await client.call({ method: 'GET', path: '/statements', headers: { [version]: undefined } })
      expect(answer.json()).toMatchObject({ status: 400, code: 'version_missing' })
      expect(answer.headers[version]).toBe(fine.headers[version])
    }
  })

  test('About asks neither version nor credential', async () => {
    const answer = await server.app.inject({ url: '/xapi/about' })
    expect(answer.json()).toEqual({ version: ['2.0.0', '1.0.3', '1.0.2', '1.0.1', '1.0.0'] })
    expect(answer.headers[version]).toBe('2.0.0')
    expect((await server.app.inject({ url: '/xapi/about?foo=bar' })).statusCode).toBe(400)
  })
})

describe('refusals', () => {
  test('of credentials', async () => {
    for (const authorization of [undefined, 'Basic eDp5', 'Basic:eDp5']) {
      const answer = await recent.call({ method: 'GET', path: '/statements', headers: { authorization } })
      expect(answer.statusCode).toBe(401)
      expect(answer.headers['www-authenticate']).toMatch(/^Basic/)
      expect(answer.headers[version]).toBe('2.0.0')
    }
  })

  test('of scopes', async () => {
    const writer = await openXapiClient(server, '2.0.0', ['statements/write'])
    expect((await writer.call({ method: 'GET', path: '/statements' })).statusCode).toBe(403)
    const query = { activityId: 'https://example.org/x', profileId: 'x' }
    expect((await writer.call({ method: 'PUT', path: '/activities/profile', query, body: {} })).statusCode).toBe(403)
    expect((await writer.call({ method: 'POST', path: '/statements', body: statement() })).statusCode).toBe(200)
  })

  test('of what is too large', async () => {
    const body = Buffer.alloc(64 * 1024 * 1024 + 1, ' ')
    const answer = await recent.call({ method: 'POST', path: '/statements', body })
    expect(answer.json()).toMatchObject({ status: 413, detail: 'The content is larger than 64 MB.' })
    // Before anyone is known, less is read.
    const strange = {
      method: 'POST',
      headers: { authorization: undefined },
      body: body.subarray(0, 1024 * 1024 + 1),
    } as const
    for (const path of ['/statements?method=GET', '/nothing']) {
      expect((await recent.call({ ...strange, path })).json()).toMatchObject({
        detail: 'The content is larger than 1 MB.',
      })
    }
    expect((await recent.call({ ...strange, path: '/statements' })).statusCode).toBe(401)
  })

  test('in a sentence, for who reads no JSON', async () => {
    const get = (accept: string) => recent.call({ method: 'GET', path: '/statements?limit=x', headers: { accept } })
    const answer = await get('text/plain')
    expect([answer.statusCode, answer.body]).toEqual([
      400,
      'The parameter limit is no whole number from 0 to 999999999.',
    ])
    expect(answer.headers['content-type']).toMatch(/^text\/plain/)
    for (const accept of ['*/*', 'text/plain, */*;q=0.1', 'application/json']) {
      expect((await get(accept)).headers['content-type'], accept).toMatch(/^application\/problem\+json/)
    }
  })

  test('of what is packed, which would be kept as other bytes than were meant', async () => {
    const headers = { 'content-encoding': 'gzip' }
    const query = { activityId: 'https://example.org/x', profileId: 'packed' }
    const body = gzipSync('{"a":1}')
    for (const call of [
      { method: 'POST', path: '/statements' },
      { method: 'POST', path: '/activities/profile', query },
    ] as const) {
      expect((await recent.call({ ...call, headers, body })).json()).toMatchObject({
        status: 400,
        code: 'content_encoding_unsupported',
      })
    }
    expect((await recent.call({ method: 'GET', path: '/activities/profile', query })).statusCode).toBe(404)
  })

  test('of resources and methods that are not', async () => {
    expect((await recent.call({ method: 'GET', path: '/nothing' })).statusCode).toBe(404)
    const answer = await recent.call({ method: 'DELETE', path: '/statements' })
    expect(answer.statusCode).toBe(404)
    expect(answer.headers[version]).toBe('2.0.0')
  })
})

test('pages of other sites may speak to the store, with credentials of their own', async () => {
  const asked = await recent.call({
    method: 'OPTIONS',
    path: '/statements',
    headers: { origin: 'https://content.example', authorization: undefined, [version]: undefined },
  })
  expect(asked.statusCode).toBe(204)
  expect(asked.headers['access-control-allow-origin']).toBe('*')
  expect(asked.headers['access-control-allow-headers']).toMatch(/x-experience-api-version/i)
  expect(asked.headers).not.toHaveProperty('access-control-allow-credentials')
  const answer = await recent.call({
    method: 'GET',
    path: '/statements',
    headers: { origin: 'https://content.example' },
  })
  expect(answer.headers['access-control-expose-headers']).toMatch(/etag/i)
})

test('long answers are packed for who takes it, and are the same', async () => {
  await recent.call({
    method: 'POST',
    path: '/statements',
    body: Array.from({ length: 20 }, () => statement()),
  })
  const ask = (encoding: string) =>
    recent.call({
      method: 'GET',
      path: '/statements',
      query: { limit: '20' },
      headers: { 'accept-encoding': encoding },
    })
  const plain = await ask('br, gzip;q=0')
  expect(plain.headers).not.toHaveProperty('content-encoding')
  expect(plain.headers['vary']).toMatch(/accept-encoding/i)
  const packed = await ask('gzip, br')
  expect(packed.headers['content-encoding']).toBe('gzip')
  expect(packed.rawPayload.length).toBeLessThan(plain.rawPayload.length / 3)
  expect(JSON.parse(gunzipSync(packed.rawPayload).toString())).toEqual(plain.json())
  const short = await recent.call({ method: 'GET', path: '/about', headers: { 'accept-encoding': 'gzip' } })
  expect(short.headers).not.toHaveProperty('content-encoding')
})

test('large bodies come a few at once; the others are asked to come back', async () => {
  const send = (body: Readable) =>
    server.app.inject({
      method: 'POST',
      url: '/xapi/statements',
      headers: {
        authorization: recent.authorization,
        [version]: '2.0.0',
        'content-type': 'application/json',
        'content-length': String(64 * 1024 * 1024),
      },
      payload: body,
    })
  const bodies = Array.from({ length: 4 }, () => new PassThrough())
  const answers = bodies.map(send)
  await new Promise((resolve) => setTimeout(resolve, 200))
  const refused = await send(Readable.from([]))
  expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '5'])
  expect((await recent.call({ method: 'POST', path: '/statements', body: statement() })).statusCode).toBe(200)
  for (const body of bodies) body.end()
  // Cut short, they are refused; and there is room again.
  for (const answer of answers) expect((await answer).statusCode).toBe(400)
  expect((await send(Readable.from([]))).statusCode).toBe(400)
})

describe('the alternate syntax', () => {
  const form = (query: string, fields: Record<string, string>, headers: Record<string, string | undefined> = {}) =>
    old.call({
      method: 'POST',
      path: `/statements?${query}`,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: undefined,
        [version]: undefined,
        ...headers,
      },
      body: new URLSearchParams(fields).toString(),
    })
  const credentials = () => ({ Authorization: old.authorization, 'X-Experience-API-Version': '1.0.3' })

  test('puts and gets a statement by forms that hold everything', async () => {
    const statementId = randomUUID()
    const content = JSON.stringify({
      ...statement(),
      verb: { id: 'https://example.org/à&=+%20', display: { fr: 'à & = + %20' } },
    })
    const put = await form('method=PUT', { ...credentials(), statementId, content, 'Content-Type': 'application/json' })
    expect([put.statusCode, put.body]).toEqual([204, ''])
    const got = await form('method=GET', { ...credentials(), statementId })
    expect(got.json()).toMatchObject({ id: statementId, verb: { display: { fr: 'à & = + %20' } } })
    expect(got.headers[version]).toBe('1.0.3')
    expect(got.headers['x-experience-api-consistent-through']).toBeTypeOf('string')
    const posted = await form('method=POST', { ...credentials(), content })
    expect(posted.json()).toHaveLength(1)
  })

  test('keeps documents, with preconditions', async () => {
    const place = { activityId: 'https://example.org/x', profileId: randomUUID() }
    const put = (fields: Record<string, string>) =>
      old.call({
        method: 'POST',
        path: '/activities/profile?method=PUT',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ ...place, ...fields }).toString(),
      })
    expect((await put({ content: 'one', 'Content-Type': 'text/plain', 'If-None-Match': '*' })).statusCode).toBe(204)
    expect((await put({ content: 'two', 'Content-Type': 'text/plain', 'If-None-Match': '*' })).statusCode).toBe(412)
    const kept = await old.call({ method: 'GET', path: '/activities/profile', query: place })
    expect([kept.headers['content-type'], kept.body]).toEqual(['text/plain', 'one'])
  })

  test.for([
    ['without credentials', 'method=GET', { 'X-Experience-API-Version': '1.0.3' }, {}, 401],
    ['in 2.0', 'method=GET', { 'X-Experience-API-Version': '2.0.0' }, {}, 400],
    ['in 2.0, by its header', 'method=GET', {}, { [version]: '2.0.0' }, 400],
    ['with another parameter in the address', 'method=GET&limit=1', {}, { [version]: '1.0.3' }, 400],
    ['with an unknown field', 'method=GET', { foo: 'bar' }, { [version]: '1.0.3' }, 400],
    ['without content', 'method=PUT', { statementId: randomUUID() }, { [version]: '1.0.3' }, 400],
    ['with no method of HTTP', 'method=EAT', {}, { [version]: '1.0.3' }, 400],
    ['that is no form', 'method=GET', {}, { [version]: '1.0.3', 'content-type': 'application/json' }, 400],
  ] as [string, string, Record<string, string>, Record<string, string>, number][])(
    '%s is refused',
    async ([what, query, fields, headers, status]) => {
      const authorization = what === 'without credentials' ? undefined : old.authorization
      const answer = await form(query, fields, { authorization, ...headers })
      expect(answer.statusCode).toBe(status)
      const asked = headers[version] ?? fields['X-Experience-API-Version']
      if (what !== 'in 2.0') expect(answer.headers[version]).toBe(asked)
    },
  )

  test('is of POST only', async () => {
    const answer = await old.call({ method: 'PUT', path: '/statements?method=POST', body: statement() })
    expect(answer.statusCode).toBe(400)
  })
})
