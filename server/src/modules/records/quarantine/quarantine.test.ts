import { createHash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makePerson } from '../../../../test/make.ts'
import { openXapiClient, type XapiClient } from '../../../../test/xapi.ts'
import { listSources, type QuarantineState } from './quarantine.queries.ts'

let test: TestApp
let headers: { cookie: string }
let client: XapiClient
let sourceId: string
let tools = 0
const minute = 60_000
let now = new Date('2026-11-02T10:20:30Z')

beforeAll(async () => {
  test = await openTestApp({ now: () => now })
  headers = await test.signIn(await test.inTenant((tx) => makePerson(tx)), [{ right: 'records.administer' }])
})
afterAll(() => test.close())

// Each has a source of its own, let send faulty statements.
beforeEach(async () => {
  client = await openXapiClient(test, '1.0.3', ['all'], `Tool ${++tools}`)
  sourceId = (await sources()).find(({ name }) => name === `Tool ${tools}`)!.id
  expect(await call('PUT', `sources/${sourceId}/leniency`, { lenient: true })).toMatchObject({ statusCode: 204 })
  now = new Date(now.getTime() + minute)
})

const sources = () => test.inTenant(listSources)
const call = (method: 'GET' | 'POST' | 'PUT', path: string, payload?: object) =>
  test.app.inject({ method, url: `/api/records/${path}`, headers, ...(payload && { payload }) })
const post = (body: unknown) => client.call({ method: 'POST', path: '/statements', body })
const read = (statementId: string) => client.call({ method: 'GET', path: '/statements', query: { statementId } })
async function list(state: QuarantineState = 'waiting') {
  const answer = await call('GET', `quarantine?state=${state}&source=${sourceId}`)
  return (answer.json() as { statements: { id: string; pointer: string; repairs: string[]; receivedTimes: number }[] })
    .statements
}

const account = { homePage: 'https://marsha.example', name: '42' }
const sound = () => ({ actor: { account }, verb: { id: 'urn:v' }, object: { id: 'urn:o' } })
const repairable = () => ({
  ...sound(),
  actor: { account: { ...account, mbox: 'mailto:ana@lycee.example' } },
  context: { contextActivities: { parent: [{ id: 12 }] } },
})
const broken = () => ({ ...sound(), verb: { id: 'played' } })

describe('a source held to the rules, as all are at first', () => {
  it('is refused all it sends with one fault, and nothing is kept', async () => {
    expect((await call('PUT', `sources/${sourceId}/leniency`, { lenient: false })).statusCode).toBe(204)
    const id = randomUUID()
    const answer = await post([{ ...sound(), id }, repairable()])
    expect(answer.statusCode).toBe(400)
    expect(answer.json()).toMatchObject({ code: 'statement_invalid', pointer: '/1/actor/account/mbox' })
    expect((await read(id)).statusCode).toBe(404)
    expect(await list()).toEqual([])
  })
})

describe('a lenient source', () => {
  it('has what is sound stored, what can be repaired stored repaired, and the rest set aside, under the ids answered', async () => {
    const answer = await post([sound(), repairable(), broken()])
    expect(answer.statusCode, answer.body).toBe(200)
    const [good = '', mended = '', aside = ''] = answer.json() as string[]
    expect((await read(good)).json()).toMatchObject(sound())
    expect((await read(mended)).json()).toMatchObject({
      actor: { account },
      context: { contextActivities: { parent: [{ id: `urn:x-preau:${sourceId}:12` }] } },
    })
    expect((await read(aside)).statusCode).toBe(404)
    expect(await list()).toMatchObject([{ id: aside, pointer: '/verb/id', repairs: [], receivedTimes: 1 }])
    expect(await list('stored')).toMatchObject([
      { id: mended, pointer: '/actor/account/mbox', repairs: ['account_mail', 'local_identifier'], automatic: true },
    ])
    const trace = (await call('GET', `quarantine/${mended}`)).json() as { body: string }
    expect(JSON.parse(trace.body)).toEqual(repairable())
    expect((await sources()).find(({ id }) => id === sourceId)).toMatchObject({ waiting: 1, stored: 1, dropped: 0 })
  })

  it('may send the same again: nothing is kept twice', async () => {
    const batch = [sound(), repairable(), broken()].map((each) => ({ ...each, id: randomUUID() }))
    const first = await post(batch)
    expect((await post(batch)).json()).toEqual(first.json())
    expect(await list()).toMatchObject([{ receivedTimes: 2 }])
    expect(await list('stored')).toMatchObject([{ receivedTimes: 2 }])
    const other = await post([{ ...broken(), verb: { id: 'seen' }, id: batch[2]!.id }])
    expect(other.json()).toMatchObject({ status: 409, code: 'statement_conflict' })
  })

  it('sends by PUT too', async () => {
    const put = (statementId: string, body: unknown) =>
      client.call({ method: 'PUT', path: '/statements', query: { statementId }, body })
    const [mended, aside] = [randomUUID(), randomUUID()]
    expect((await put(mended, repairable())).statusCode).toBe(204)
    expect((await put(aside, broken())).statusCode).toBe(204)
    expect((await read(mended)).statusCode).toBe(200)
    expect(await list()).toMatchObject([{ id: aside }])
  })

  it('keeps the attachments of what is set aside', async () => {
    const content = 'a copy'
    const sha2 = createHash('sha256').update(content).digest('hex')
    const attachment = { usageType: 'urn:u', display: {}, contentType: 'text/plain', length: content.length, sha2 }
    const statement = { ...broken(), id: randomUUID(), attachments: [attachment] }
    const parts = [
      `--b\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(statement)}\r\n`,
      `--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\nX-Experience-API-Hash: ${sha2}\r\n\r\n`,
      `${content}\r\n--b--\r\n`,
    ]
    const type = { 'content-type': 'multipart/mixed; boundary=b' }
    const answer = await client.call({ method: 'POST', path: '/statements', body: parts.join(''), headers: type })
    expect(answer.statusCode, answer.body).toBe(200)
    const corrected = JSON.stringify({ ...statement, verb: { id: 'urn:played' } })
    expect((await call('POST', `quarantine/${statement.id}/store`, { corrected })).statusCode).toBe(200)
    const query = { statementId: statement.id, attachments: 'true' }
    expect((await client.call({ method: 'GET', path: '/statements', query })).body).toContain(content)
  })

  it('is refused what is no statement’s fault', async () => {
    expect((await post('{')).statusCode).toBe(400)
    const id = randomUUID()
    expect((await post([broken(), { ...broken(), id }, { ...broken(), id }])).json()).toMatchObject({
      code: 'statement_id_repeated',
    })
    expect(await list()).toEqual([])
  })
})

it('a source of which a hundred thousand wait is refused more, and what came along is not stored', async () => {
  expect((await post([broken()])).statusCode).toBe(200)
  await test.services.owner.query(
    `insert into records.quarantined_statement
       (tenant_id, id, source_id, credential_id, version, received_at, body, pointer, reason, repairs)
     select tenant_id, gen_random_uuid(), source_id, credential_id, version, received_at, body, pointer, reason, repairs
     from records.quarantined_statement, generate_series(2, 100000) where source_id = $1`,
    [sourceId],
  )
  const id = randomUUID()
  const answer = await post([{ ...sound(), id }, broken()])
  expect(answer.json(), answer.body).toMatchObject({ status: 429, code: 'quarantine_full' })
  expect((await read(id)).statusCode).toBe(404)
  expect((await post([{ ...sound(), id }])).statusCode).toBe(200)
})

describe('a statement that waits', () => {
  let id: string
  beforeEach(async () => {
    id = ((await post([broken()])).json() as string[])[0]!
  })

  it('is stored as corrected, under its id, at the time it came, in the name of its source', async () => {
    const came = now
    now = new Date(now.getTime() + 60 * minute)
    const wrong = await call('POST', `quarantine/${id}/store`, { corrected: JSON.stringify(broken()) })
    expect(wrong.json()).toMatchObject({ status: 400, code: 'statement_invalid', pointer: '/verb/id' })
    expect((await call('POST', `quarantine/${id}/store`, { corrected: '{' })).json()).toMatchObject({
      code: 'json_invalid',
    })
    const another = JSON.stringify({ ...sound(), id: randomUUID() })
    expect((await call('POST', `quarantine/${id}/store`, { corrected: another })).json()).toMatchObject({
      pointer: '/id',
    })
    const right = await call('POST', `quarantine/${id}/store`, { corrected: JSON.stringify(sound()) })
    expect(right.statusCode, right.body).toBe(200)
    expect((await read(id)).json()).toMatchObject({
      ...sound(),
      timestamp: came.toISOString(),
      authority: { account: { name: client.key } },
    })
    expect(await list()).toEqual([])
    expect(await list('stored')).toMatchObject([{ id, corrected: true, automatic: false }])
    const again = await call('POST', `quarantine/${id}/store`, {})
    expect(again.json()).toMatchObject({ status: 409, code: 'quarantined_decided' })
  })

  it('goes on waiting when it is tried again and nothing has changed', async () => {
    expect((await call('POST', `quarantine/${id}/store`, {})).json()).toMatchObject({ pointer: '/verb/id' })
    expect((await call('POST', 'quarantine/retry', { source: sourceId })).json()).toEqual({
      stored: 0,
      waiting: 1,
      next: null,
    })
    expect(await list()).toMatchObject([{ id }])
  })

  it('is stored when it is tried again and can be repaired by now', async () => {
    await test.services.owner.query(
      `update records.quarantined_statement set body = replace(body, '"played"', '" urn:played"') where id = $1`,
      [id],
    )
    expect((await call('POST', 'quarantine/retry', { source: sourceId })).json()).toMatchObject({
      stored: 1,
      waiting: 0,
    })
    expect((await read(id)).json()).toMatchObject({ verb: { id: 'urn:played' } })
    expect(await list('stored')).toMatchObject([{ id, repairs: ['iri_encoded'], corrected: false, automatic: false }])
  })

  it('is not stored twice when the server stopped midway, between storing and saying so', async () => {
    const [mended = ''] = (await post([repairable()])).json() as string[]
    await test.services.owner.query(
      `update records.quarantined_statement set state = 'waiting', decided_at = null where id = $1`,
      [mended],
    )
    const kept = (await read(mended)).json() as object
    now = new Date(now.getTime() + 60 * minute)
    expect((await call('POST', `quarantine/${mended}/store`, {})).statusCode).toBe(200)
    expect((await read(mended)).json()).toEqual(kept)
    expect(await list('stored')).toMatchObject([{ id: mended }])
  })

  it('is dropped with a reason; what it said is gone, that it was there stays', async () => {
    expect((await call('POST', `quarantine/${id}/drop`, { note: ' ' })).statusCode).toBe(400)
    expect((await call('POST', `quarantine/${id}/drop`, { note: 'A test of theirs' })).statusCode).toBe(204)
    expect((await call('GET', `quarantine/${id}`)).json()).toMatchObject({
      state: 'dropped',
      body: null,
      note: 'A test of theirs',
      pointer: '/verb/id',
    })
    expect((await call('POST', `quarantine/${id}/store`, {})).statusCode).toBe(409)
    expect((await post([{ ...broken(), id }])).statusCode).toBe(200)
    expect(await list('dropped')).toMatchObject([{ id, receivedTimes: 2 }])
  })
})

it('lists by pages, all of them once', async () => {
  const ids = (await post(Array.from({ length: 60 }, broken))).json() as string[]
  const first = (await call('GET', `quarantine?source=${sourceId}`)).json() as {
    statements: { id: string }[]
    next: string
  }
  const second = (await call('GET', `quarantine?source=${sourceId}&after=${first.next}`)).json() as typeof first
  expect([...first.statements, ...second.statements].map(({ id }) => id).toSorted()).toEqual(ids.toSorted())
  expect(second.next).toBeNull()
})

it('tries again all that wait, however many cannot be repaired before', async () => {
  const ids = (await post(Array.from({ length: 501 }, broken))).json() as string[]
  const { rows } = await test.services.owner.query<{ id: string }>(
    `select id from records.quarantined_statement where id = any($1::uuid[]) order by received_at, id`,
    [ids],
  )
  const last = rows.at(-1)?.id ?? ''
  await test.services.owner.query(
    `update records.quarantined_statement set body = replace(body, '"played"', '" urn:played"') where id = $1`,
    [last],
  )
  let told: { stored: number; next: string | null } = { stored: 0, next: null }
  let stored = 0
  do {
    const body = { source: sourceId, ...(told.next && { after: told.next }) }
    told = (await call('POST', 'quarantine/retry', body)).json() as typeof told
    stored += told.stored
  } while (told.next)
  expect(stored).toBe(1)
  expect((await read(last)).statusCode).toBe(200)
})

it('is for those who administer records over the whole workspace', async () => {
  const cookie = await test.signIn(await test.inTenant((tx) => makePerson(tx)))
  for (const url of ['sources', 'quarantine', `quarantine/${randomUUID()}`])
    expect((await test.app.inject({ url: `/api/records/${url}`, headers: cookie })).statusCode).toBe(403)
  expect((await call('GET', `quarantine/${randomUUID()}`)).json()).toMatchObject({ code: 'quarantined_unknown' })
  expect((await call('PUT', `sources/${randomUUID()}/leniency`, { lenient: true })).statusCode).toBe(404)
})
