import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../../../test/app.ts'
import { openXapiClient, type XapiClient } from '../../../test/xapi.ts'
import { readBoundary, readMultipart, writeEnd, writePartHead } from './multipart.ts'

let server: TestApp
let old: XapiClient
let recent: XapiClient
beforeAll(async () => {
  server = await openTestApp()
  old = await openXapiClient(server, '1.0.3')
  recent = await openXapiClient(server, '2.0.0')
})
afterAll(() => server.close())

const iri = (name: string) => `https://example.org/${name}/${randomUUID()}`
const agent = () => ({ objectType: 'Agent', account: { homePage: 'https://example.org', name: randomUUID() } })
const statement = <More extends object = object>(more: More = {} as More) => ({
  actor: agent(),
  verb: { id: 'https://example.org/verbs/tried', display: { 'en-US': 'tried', 'fr-FR': 'a essayé' } },
  object: { id: iri('activity') },
  ...more,
})

async function post(body: unknown, client = recent): Promise<string[]> {
  const answer = await client.call({ method: 'POST', path: '/statements', body })
  expect(answer.statusCode, answer.body).toBe(200)
  return answer.json()
}
const get = (query: Record<string, string>, client = recent, headers: Record<string, string> = {}) =>
  client.call({ method: 'GET', path: '/statements', query, headers })

interface Kept {
  id: string
  stored: string
  version: string
  authority: object
  [name: string]: unknown
}

describe('storing', () => {
  test('a statement comes back as it was, with what the store adds', async () => {
    const sent = statement({ id: randomUUID() })
    expect(await post(sent)).toEqual([sent.id])
    const answer = await get({ statementId: sent.id })
    const kept: Kept = answer.json()
    expect(kept).toMatchObject(sent)
    expect(kept.version).toBe('2.0.0')
    expect(kept['timestamp']).toBe(kept.stored)
    expect(kept.authority).toEqual({
      objectType: 'Agent',
      account: { homePage: 'http://localhost:3000', name: recent.key },
    })
    expect(Date.parse(String(answer.headers['last-modified']))).toBe(Math.floor(Date.parse(kept.stored) / 1000) * 1000)
    expect(answer.headers['x-experience-api-version']).toBe('2.0.0')
    expect(Date.parse(String(answer.headers['x-experience-api-consistent-through']))).toBeGreaterThan(0)
  })

  test('a list gives its ids in order; a statement of it that is wrong refuses all', async () => {
    const [first, second] = [statement({ id: randomUUID() }), statement()]
    const ids = await post([first, second])
    expect(ids).toHaveLength(2)
    expect(ids[0]).toBe(first.id)
    const good = statement({ id: randomUUID() })
    const refused = await recent.call({ method: 'POST', path: '/statements', body: [good, statement({ verb: {} })] })
    expect(refused.statusCode).toBe(400)
    expect(refused.json()).toMatchObject({
      code: 'statement_invalid',
      pointer: expect.stringContaining('/1/verb') as string,
    })
    expect((await get({ statementId: good.id })).statusCode).toBe(404)
  })

  test('the same statement again is fine, another under its id is a conflict, and changes nothing', async () => {
    const sent = statement({ id: randomUUID() })
    const put = (body: object) =>
      recent.call({ method: 'PUT', path: '/statements', query: { statementId: sent.id }, body })
    expect((await put(sent)).statusCode).toBe(204)
    expect((await put(sent)).statusCode).toBe(204)
    expect((await put(statement())).statusCode).toBe(409)
    expect((await get({ statementId: sent.id })).json()).toMatchObject(sent)
  })

  test('of different statements under one id at once, one is kept', async () => {
    const id = randomUUID()
    const put = (body: object) => recent.call({ method: 'PUT', path: '/statements', query: { statementId: id }, body })
    const several = Array.from({ length: 12 }, () => statement())
    const answers = await Promise.all(several.map(put))
    expect(answers.map(({ statusCode }) => statusCode).toSorted()).toEqual([204, ...Array<number>(11).fill(409)])
    const winner = several[answers.findIndex(({ statusCode }) => statusCode === 204)] ?? {}
    expect((await get({ statementId: id })).json()).toMatchObject(winner)
    expect((await Promise.all(several.map(() => put(winner)))).every(({ statusCode }) => statusCode === 204)).toBe(true)
  })

  test.for(['since', 'until'])('%s may be told in a zone that leads out of the years of four digits', async (name) => {
    const [id = ''] = await post(statement())
    for (const [moment, isAfter] of [
      ['0000-01-01T00:00:00+01:00', true],
      ['9999-12-31T23:59:59-01:00', false],
    ] as const) {
      const answer = await get({ [name]: moment, limit: '1', ascending: 'false' })
      const ids = (answer.json() as { statements: Kept[] }).statements.map((each) => each.id)
      expect(ids).toEqual(isAfter === (name === 'since') ? [id] : [])
    }
  })

  test('large numbers of extensions keep their digits', async () => {
    const id = randomUUID()
    const text = JSON.stringify(statement({ id, result: { extensions: { 'https://example.org/number': 'NUMBER' } } }))
    await post(text.replace('"NUMBER"', '12345678901234567890'))
    expect((await get({ statementId: id })).body).toContain(':12345678901234567890')
    await post(text.replace('"NUMBER"', '12345678901234567890'))
    for (const format of ['ids', 'canonical']) {
      expect((await get({ statementId: id, format })).body).toContain(':12345678901234567890')
    }
  })

  test.for([
    ['an id that is not the parameter’s', { statementId: randomUUID() }, statement({ id: randomUUID() })],
    ['a list', { statementId: randomUUID() }, [statement()]],
    ['no id', {}, statement()],
    ['an id that is none', { statementId: 'x' }, statement()],
  ] as const)('a PUT with %s is refused', async ([, query, body]) => {
    expect((await recent.call({ method: 'PUT', path: '/statements', query, body })).statusCode).toBe(400)
  })

  test.for([
    ['no JSON', '{'],
    ['nothing', ''],
    ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['a text', '"x"'],
    [
      'an id twice',
      [
        statement({ id: '00000000-0000-4000-8000-00000000000a' }),
        statement({ id: '00000000-0000-4000-8000-00000000000A' }),
      ],
    ],
    ['thousands of levels', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['an attachment that is not there', statement({ attachments: [attachment(Buffer.from('x'))] })],
  ] as const)('%s is refused', async ([, body]) => {
    expect((await recent.call({ method: 'POST', path: '/statements', body })).statusCode).toBe(400)
  })

  test('a statement of another type is refused', async () => {
    const headers = { 'content-type': 'text/plain' }
    const answer = await recent.call({ method: 'POST', path: '/statements', headers, body: statement() })
    expect(answer.json()).toMatchObject({ status: 400, code: 'content_type_invalid' })
  })
})

describe('reading', () => {
  test('every filter', async () => {
    const registration = randomUUID()
    const course = iri('course')
    const instructor = agent()
    const sent = statement({
      id: randomUUID(),
      verb: { id: iri('verb') },
      context: { registration, instructor, contextActivities: { parent: [{ id: course }] } },
    })
    const [, id] = await post([statement(), sent, statement()])
    const find = async (query: Record<string, string>) => {
      const answer = await get(query)
      expect(answer.statusCode, answer.body).toBe(200)
      return answer.json<{ statements: Kept[] }>().statements.map((each) => each.id)
    }
    expect(await find({ agent: JSON.stringify(sent.actor) })).toEqual([id])
    expect(await find({ verb: sent.verb.id })).toEqual([id])
    expect(await find({ activity: sent.object.id })).toEqual([id])
    expect(await find({ registration })).toEqual([id])
    expect(await find({ registration: registration.toUpperCase() })).toEqual([id])
    expect(await find({ activity: course })).toEqual([])
    expect(await find({ activity: course, related_activities: 'true' })).toEqual([id])
    expect(await find({ agent: JSON.stringify(instructor) })).toEqual([])
    expect(await find({ agent: JSON.stringify(instructor), related_agents: 'true' })).toEqual([id])
    const { stored } = (await get({ statementId: sent.id })).json<Kept>()
    expect(await find({ registration, since: stored })).toEqual([])
    expect(await find({ registration, until: stored })).toEqual([id])
    expect(await find({ agent: JSON.stringify(agent()) })).toEqual([])
  })

  test('pages, from the latest and from the oldest, by `more`', async () => {
    const verb = { id: iri('verb') }
    const ids = await post(Array.from({ length: 5 }, () => statement({ verb })))
    for (const [ascending, expected] of [
      ['true', ids],
      ['false', ids.toReversed()],
    ] as const) {
      let page = (await get({ verb: verb.id, limit: '2', ascending })).json<{ statements: Kept[]; more: string }>()
      const found = page.statements
      while (page.more !== '') {
        expect(page.more).toMatch(/^\/xapi\/statements\?/)
        page = (await recent.call({ method: 'GET', path: page.more.slice('/xapi'.length) })).json()
        found.push(...page.statements)
      }
      expect(found.map(({ id }) => id)).toEqual(expected)
    }
  })

  test('a page of large statements ends sooner', async () => {
    const verb = { id: iri('verb') }
    const response = 'x'.repeat(3 * 1024 * 1024)
    const ids: string[] = []
    for (let i = 0; i < 7; i++) ids.push(...(await post(statement({ verb, result: { response } }))))
    const first = (await get({ verb: verb.id, ascending: 'true' })).json<{ statements: Kept[]; more: string }>()
    expect(first.statements.map(({ id }) => id)).toEqual(ids.slice(0, 6))
    const last = await recent.call({ method: 'GET', path: first.more.slice('/xapi'.length) })
    expect(last.json()).toMatchObject({ statements: [{ id: ids[6] }], more: '' })
  })

  test('a voided statement is only found as such; those that refer to it stay', async () => {
    const sent = statement({ id: randomUUID(), verb: { id: iri('verb') } })
    await post(sent)
    const object = { objectType: 'StatementRef', id: sent.id }
    const [voiding] = await post(statement({ verb: { id: 'http://adlnet.gov/expapi/verbs/voided' }, object }))
    expect((await get({ statementId: sent.id })).statusCode).toBe(404)
    expect((await get({ voidedStatementId: sent.id })).json()).toMatchObject({ id: sent.id })
    expect((await get({ voidedStatementId: String(voiding) })).statusCode).toBe(404)
    const { statements } = (await get({ verb: sent.verb.id })).json<{ statements: Kept[] }>()
    expect(statements.map(({ id }) => id)).toEqual([voiding])
  })

  test('formats: ids, canonical in the language asked, exact', async () => {
    const sent = statement({ id: randomUUID(), actor: { ...agent(), name: 'Zoé' } })
    const object = { id: sent.object.id, definition: { name: { 'fr-FR': 'Leçon', 'en-GB': 'Lesson' } } }
    await post({ ...sent, object })
    await post(statement({ object: { id: object.id } }))
    const ids = (await get({ statementId: sent.id, format: 'ids' })).json<Kept>()
    expect(ids['object']).toEqual({ id: object.id })
    expect(ids['actor']).not.toHaveProperty('name')
    const canonical = (
      await get({ activity: object.id, format: 'canonical' }, recent, { 'accept-language': 'fr' })
    ).json<{
      statements: { object: { definition: object } }[]
    }>()
    expect(canonical.statements.map((each) => each.object.definition)).toEqual([
      { name: { 'fr-FR': 'Leçon' } },
      { name: { 'fr-FR': 'Leçon' } },
    ])
    expect((await get({ statementId: sent.id })).json()).toMatchObject({ object })
  })

  test('who speaks 1.0.3 is told a statement of 2.0 in its words', async () => {
    const sent = statement({
      id: randomUUID(),
      context: { contextAgents: [{ objectType: 'contextAgent', agent: agent() }], platform: 'Moodle' },
    })
    await post(sent)
    expect((await get({ statementId: sent.id })).json()).toMatchObject(sent)
    const told = (await get({ statementId: sent.id }, old)).json<Kept>()
    expect(told['context']).toEqual({ platform: 'Moodle' })
    expect(told.version).toBe('1.0.0')
    expect((await old.call({ method: 'POST', path: '/statements', body: sent })).statusCode).toBe(400)
  })

  test.for([
    { foo: 'bar' },
    { Verb: 'https://example.org/x' },
    { statementId: randomUUID(), voidedStatementId: randomUUID() },
    { statementId: randomUUID(), limit: '1' },
    { limit: '-1' },
    { ascending: 'yes' },
    { format: 'Exact' },
    { since: 'yesterday' },
    { agent: '{' },
    { agent: '{"objectType":"Group","member":[]}' },
    { verb: 'tried' },
    { registration: 'x' },
    { cursor: '!' },
  ] as Record<string, string>[])('%o is refused', async (query) => {
    expect((await get(query)).statusCode).toBe(400)
  })

  test('a parameter twice is refused', async () => {
    const answer = await recent.call({ method: 'GET', path: '/statements?limit=1&limit=2' })
    expect(answer.json()).toMatchObject({ status: 400, parameter: 'limit' })
  })

  test('HEAD is GET without its content', async () => {
    const [id] = await post(statement())
    const answer = await recent.call({ method: 'HEAD', path: '/statements', query: { statementId: String(id) } })
    expect(answer.statusCode).toBe(200)
    expect(answer.body).toBe('')
    expect(answer.headers).toHaveProperty('last-modified')
    expect((await recent.call({ method: 'HEAD', path: '/statements', query: { attachments: 'true' } })).body).toBe('')
  })

  test('who may only read its own is shown no other', async () => {
    const writer = await openXapiClient(server, '2.0.0', ['statements/write', 'statements/read/mine'])
    const verb = { id: iri('verb') }
    const [other] = await post(statement({ verb }))
    const [own] = await post(statement({ verb }), writer)
    const { statements } = (await get({ verb: verb.id }, writer)).json<{ statements: Kept[] }>()
    expect(statements.map(({ id }) => id)).toEqual([own])
    expect((await get({ statementId: String(other) }, writer)).statusCode).toBe(404)
    const answer = await writer.call({ method: 'GET', path: '/agents', query: { agent: JSON.stringify(agent()) } })
    expect(answer.statusCode).toBe(403)
  })
})

const hash = (content: Buffer, algorithm = 'sha256') => createHash(algorithm).update(content).digest('hex')

function attachment(content: Buffer, more: object = {}) {
  return {
    usageType: 'https://example.org/usage',
    display: { en: 'A file' },
    contentType: 'application/pdf',
    length: content.length,
    sha2: hash(content),
    ...more,
  }
}

describe('attachments', () => {
  const part = (content: Buffer, sha2 = hash(content)) => ({
    headers: {
      'Content-Type': 'application/pdf',
      'Content-Transfer-Encoding': 'binary',
      'X-Experience-API-Hash': sha2,
    },
    content,
  })
  type Part = { headers: Record<string, string>; content: Buffer }
  const send = (value: object, parts: Part[]) => {
    const json = { headers: { 'Content-Type': 'application/json' }, content: Buffer.from(JSON.stringify(value)) }
    const pieces = [json, ...parts].flatMap(({ headers, content }) => [
      Buffer.from(writePartHead('b-b', headers)),
      content,
    ])
    const body = Buffer.concat([...pieces, Buffer.from(writeEnd('b-b'))])
    const headers = { 'content-type': 'multipart/mixed; boundary="b-b"' }
    return recent.call({ method: 'POST', path: '/statements', headers, body })
  }

  test('come back byte for byte, each once', async () => {
    const [one, other] = [Buffer.from([0, 13, 10, 45, 45, 98, 255]), Buffer.from('other')]
    const verb = { id: iri('verb') }
    const sent = [
      statement({ verb, attachments: [attachment(one), attachment(other, { sha2: hash(other, 'sha512') })] }),
      statement({ verb, attachments: [attachment(one)] }),
    ]
    const answer = await send(sent, [part(one), part(one), part(other, hash(other, 'sha512'))])
    expect(answer.statusCode, answer.body).toBe(200)
    const read = await get({ verb: verb.id, attachments: 'true' })
    const [first, ...others] = readMultipart(read.rawPayload, readBoundary(String(read.headers['content-type'])))
    expect(JSON.parse(String(first?.content))).toMatchObject({ statements: sent.toReversed() })
    expect(others.map(({ headers, content }) => [headers['x-experience-api-hash'], content])).toEqual([
      [hash(one), one],
      [hash(other, 'sha512'), other],
    ])
    expect((await get({ verb: verb.id })).headers['content-type']).toMatch(/^application\/json/)
  })

  test('the same bytes are answered under the type that each statement gives them', async () => {
    const content = Buffer.from(randomUUID())
    const verb = { id: iri('verb') }
    for (const contentType of ['text/plain', 'text/markdown']) {
      await send(statement({ verb, attachments: [attachment(content, { contentType })] }), [part(content)])
      const read = await get({ verb: verb.id, attachments: 'true', limit: '1' })
      const [, kept] = readMultipart(read.rawPayload, readBoundary(String(read.headers['content-type'])))
      expect(kept).toMatchObject({ headers: { 'content-type': contentType }, content })
    }
  })

  test('an address is enough', async () => {
    const one = statement({ attachments: [attachment(Buffer.from('x'), { fileUrl: 'https://example.org/x.pdf' })] })
    await post(one)
    expect((await send(one, [])).statusCode).toBe(200)
    expect((await send(statement(), [])).statusCode).toBe(200)
  })

  test.for([
    ['a content that no attachment has', statement(), [part(Buffer.from('x'))]],
    ['an attachment without content', statement({ attachments: [attachment(Buffer.from('x'))] }), []],
    [
      'a content that is not that of its hash',
      statement({ attachments: [attachment(Buffer.from('x'))] }),
      [part(Buffer.from('y'), hash(Buffer.from('x')))],
    ],
    [
      'a part without hash',
      statement({ attachments: [attachment(Buffer.from('x'))] }),
      [{ headers: { 'Content-Type': 'application/pdf' }, content: Buffer.from('x') }],
    ],
  ] as [string, object, Part[]][])('%s is refused', async ([, value, parts]) => {
    expect((await send(value, parts)).statusCode).toBe(400)
  })

  describe('that are signatures', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const jws = (payload: object, header: object = { alg: 'RS256' }) => {
      const signed = `${encode(header)}.${encode(payload)}`
      return Buffer.from(`${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`)
    }
    const sendSigned = (value: object, signature: Buffer, more: object = {}) => {
      const usageType = 'http://adlnet.gov/expapi/attachments/signature'
      const declared = attachment(signature, { usageType, contentType: 'application/octet-stream', ...more })
      return send({ ...value, attachments: [declared] }, [part(signature)])
    }
    const one = statement({ id: randomUUID() })

    test('of the statement are accepted', async () => {
      const answer = await sendSigned(one, jws(one))
      expect(answer.statusCode, answer.body).toBe(200)
    })

    test.for([
      ['another statement', jws(statement()), {}],
      ['no statement', jws({}), {}],
      ['half a statement', jws({ ...one, object: { objectType: 'SubStatement' } }), {}],
      ['an algorithm of secrets', jws(one, { alg: 'HS256' }), {}],
      ['no algorithm', jws(one, {}), {}],
      ['no JWS', Buffer.from('hello'), {}],
      ['another type', jws(one), { contentType: 'text/plain' }],
      ['a certificate that is none', jws(one, { alg: 'RS256', x5c: ['AAAA'] }), {}],
      ['a certificate of another key', jws(one, { alg: 'RS256', x5c: [certificate] }), {}],
      ['a certificate of a key that is not RSA', jws(one, { alg: 'RS256', x5c: [edwardsCertificate] }), {}],
    ] as [string, Buffer, object][])('of %s are refused', async ([, signature, more]) => {
      const answer = await sendSigned(one, signature, more)
      expect(answer.json(), answer.body).toMatchObject({ status: 400, code: 'signature_invalid' })
    })
  })
})

// Self-signed, of a key that nobody holds.
const certificate =
  'MIIDATCCAemgAwIBAgIUEcn3DUy7nmT3VKbWO0XkNYOxLrEwDQYJKoZIhvcNAQELBQAwDzENMAsGA1UEAwwEVGVzdDAgFw0yNjExMjIxMDU5NTZaGA8yMTI2MTAyOTEwNTk1NlowDzENMAsGA1UEAwwEVGVzdDCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBANDBsFE9YKAOj6f0S1DE5MUWgYdYpwiHs0k5/2SBfNllwjkUcL/JgythNXat6Zg2tDQBHKcnFxBWJ0ZJ5jwWRVb7+9wFeu6crCFTGSLgGWsgkA9Gpoyzh2UyK5InUFwoactdxP7C7Bl3zemP80Lm7X3Oj5jkP8NIhCRj6Kyb7sJDILVTr5hCcXVkj8dyx0ySjrgjiLApeUkdZ+27auWLwGFCzqnIEe83FOhTFuQKXrMb4UdLHelGQFf+krDzFt/Ne+tuzu09IE+hn2+05oATQRh6rI9iagrveOpwkI4RbWLdNfiQ5uiynqDWbVTdxQJWKsk1MOuVugEP2x6eaUdDxqECAwEAAaNTMFEwHQYDVR0OBBYEFNePGNjZO6EFjymHnUfb2MaOe7/pMB8GA1UdIwQYMBaAFNePGNjZO6EFjymHnUfb2MaOe7/pMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADggEBAGMUcy0rSOHZ9h2CpR5UvVFJTifqvMHaulv2c9tBbPxadM4M6ME5R2R3S2ttkzUvFmd9MuzhVc/NJ1HXX/+3D/hMSPfziPlgyI80XLAAf9NwvqfWxSes/ZmLwUEiL7f8YrM21m9R396tLMZmFi8y6odQZgc8oVPWZpoRs71hUWeTJcaYjrUTtxeyn8mma8+586jXZ5Kth6JfS17uMnN6aahSfnonjLZHP4X6JSZHKdiLcXtakxTRTnue7cM4ODcJs0AJ5bHcfsWZLcBQlhCJbJkT0BOR/O9vCxz1iNRBPITHIyywCmUkk5Bn3roLvCP5GbTphHoVabLp4fx73Rl+0jg='

// The same, of an Ed25519 key.
const edwardsCertificate =
  'MIIBLDCB36ADAgECAhRWhc6GDgitYU1D2SWzdoKpwhUBQzAFBgMrZXAwDDEKMAgGA1UEAwwBeDAeFw0yNjExMjMwNTAyMzlaFw0yNjExMjUwNTAyMzlaMAwxCjAIBgNVBAMMAXgwKjAFBgMrZXADIQDKxztA/hDu1rTkyqoDpefF48rSEEKTjwFqYO2rm3yjIKNTMFEwHQYDVR0OBBYEFKu35QvpzJePX4gO0dAJJqbkMBNlMB8GA1UdIwQYMBaAFKu35QvpzJePX4gO0dAJJqbkMBNlMA8GA1UdEwEB/wQFMAMBAf8wBQYDK2VwA0EAx5hunYNvOYSUPQj08myJvQbnMWrsPHCXHwSfE1blPigyaZSzTGV9NyJrnCE86qQWqDoXKKj3nomxQx2RhceXAA=='
