import { createHash, randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createStatementWriter, getCredential, type NewAttachment, type Statement } from '#modules/records'
import { inTenant } from '#kernel/postgres'
import { openTestApp, type TestApp } from '../../../test/app.ts'
import { makeEstablishment, makePerson } from '../../../test/make.ts'
import { createForwarding, forwardDue, getForwarding, pauseForwarding, replayForwarding } from './forwardings.ts'
import type { ForwardingRequest } from './forwardings.ts'
import { listRefusals } from './forwardings.queries.ts'
import { tables } from './tables.ts'

// Two whole servers: one sends on to the other, by HTTP.

let now = new Date()
let here: TestApp
let there: TestApp
let endpoint: string
let access: { key: string; secret: string }
beforeAll(async () => {
  here = await openTestApp({ now: () => now })
  there = await openTestApp()
  endpoint = `${await there.app.listen({ port: 0, host: '127.0.0.1' })}/xapi`
  access = await makeKey(there, 'Préau', ['all'])
})
afterAll(async () => {
  await here.close()
  await there.close()
})

// Each test has the other store to itself.
beforeEach(() => here.inTenant((tx) => tables(tx).deleteFrom('xapi.forwarding').execute()))

const administrator = async (test: TestApp) =>
  test.signIn(await test.inTenant((tx) => makePerson(tx)), [{ right: 'records.administer' }])

async function makeKey(test: TestApp, name: string, scopes: string[]) {
  const answer = await test.app.inject({
    method: 'POST',
    url: '/api/records/credentials',
    headers: await administrator(test),
    payload: { name, scopes },
  })
  const { credential, secret } = answer.json<{ credential: { id: string; key: string }; secret: string }>()
  return { id: credential.id, key: credential.key, secret }
}

const make = (input: Partial<Statement> = {}): Statement & { id: string } => ({
  id: randomUUID(),
  actor: { account: { homePage: 'https://lms.example', name: '7' } },
  verb: { id: 'https://v.example/seen' },
  object: { id: 'https://lms.example/course/1' },
  ...input,
})
async function store(
  statements: Statement[],
  { as, attachments = [] }: { as?: string; attachments?: NewAttachment[] } = {},
  version: '1.0.3' | '2.0.0' = '1.0.3',
) {
  const writer = createStatementWriter(here.services)
  const credential = as === undefined ? undefined : await getCredential(here.services, here.tenant.id, as)
  const authority = credential?.authority ?? { account: { homePage: 'https://a.example', name: 'test' } }
  const batch = { tenantId: here.tenant.id, credentialId: as ?? null, authority, version, statements, attachments }
  await writer.store(batch)
  await writer.close()
  // Until what was stored is settled: a millisecond.
  await wait(5)
}
const by = () => ({ tenantId: here.tenant.id, actorPersonId: null })
const forwardTo = (input: Partial<ForwardingRequest> = {}) =>
  createForwarding(here.services, by(), {
    name: randomUUID(),
    endpoint,
    ...access,
    version: '1.0.3',
    verbs: [],
    activities: [],
    sourceIds: [],
    fromStart: false,
    ...input,
  })
const forward = () => forwardDue(here.services, new AbortController().signal)
const find = (id: string) => here.inTenant((tx) => getForwarding(tx, id))

async function read(query: string, version = '2.0.0') {
  const authorization = `Basic ${Buffer.from(`${access.key}:${access.secret}`).toString('base64')}`
  const options = { headers: { authorization, 'x-experience-api-version': version } }
  return fetch(`${endpoint}/statements?${query}`, options)
}
const has = async (id: string) => (await read(`statementId=${id}`)).status === 200

describe('a forwarding', () => {
  it('sends what is stored after it was made, once, with its attachments and its voidings', async () => {
    const before = make()
    await store([before])
    const { id } = await forwardTo()
    const content = Buffer.from('%PDF-1.7')
    const sha2 = createHash('sha256').update(content).digest('hex')
    const attached = make({
      attachments: [
        {
          usageType: 'https://u.example/certificate',
          display: { fr: 'Attestation' },
          contentType: 'application/pdf',
          length: content.length,
          sha2,
        },
      ],
    })
    const voided = make()
    const voiding = make({
      verb: { id: 'http://adlnet.gov/expapi/verbs/voided' },
      object: { objectType: 'StatementRef', id: voided.id },
    })
    const many = Array.from({ length: 230 }, () => make())
    await store([attached, voided, ...many], { attachments: [{ sha2, contentType: 'application/pdf', content }] })
    await store([voiding])
    await forward()
    expect(await find(id)).toMatchObject({ sent: 233, refused: 0, failure: null, attempts: 0 })
    for (const each of [attached, voiding, ...many.slice(-3)]) expect(await has(each.id), each.verb.id).toBe(true)
    expect(await has(before.id)).toBe(false)
    expect(await has(voided.id)).toBe(false)
    expect((await read(`voidedStatementId=${voided.id}`)).status).toBe(200)
    expect(await (await read(`statementId=${attached.id}&attachments=true`)).text()).toContain('%PDF-1.7')
    const sent = (await find(id)).sent
    await forward()
    expect((await find(id)).sent).toBe(sent)
  })

  it('from the start sends all there is; of a filter, what it wants', async () => {
    const source = await makeKey(here, `Vidéos ${randomUUID()}`, ['all'])
    const { sourceId } = await getCredential(here.services, here.tenant.id, source.id)
    const verb = { id: `https://v.example/${randomUUID()}` }
    const object = { id: `https://a.example/${randomUUID()}` }
    const wanted = make({ verb, object })
    await store([make({ verb }), make({ object }), make(), wanted], { as: source.id })
    await store([make({ verb, object })])
    const filter = { verbs: [verb.id], activities: [object.id], sourceIds: [sourceId] }
    const { id } = await forwardTo({ ...filter, fromStart: true })
    await forward()
    // Besides it, the voiding of the test before: it follows what it voids wherever that went.
    expect(await find(id)).toMatchObject({ sent: 2, failure: null })
    expect(await has(wanted.id)).toBe(true)
  })

  it('tells 1.0.3 nothing of what only 2.0 knows', async () => {
    const { id } = await forwardTo()
    const agents = [{ objectType: 'contextAgent' as const, agent: { mbox: 'mailto:a@a.example' } }]
    const statement = make({ context: { contextAgents: agents, platform: 'Moodle' } })
    await store([statement], {}, '2.0.0')
    await forward()
    expect(await find(id)).toMatchObject({ sent: 1, refused: 0 })
    expect(await (await read(`statementId=${statement.id}`)).json()).toMatchObject({
      version: '1.0.0',
      context: { platform: 'Moodle' },
    })
  })

  it('keeps nothing out for one that the other store refuses, and says which', async () => {
    const { id } = await forwardTo()
    const taken = make()
    const other = { ...taken, verb: { id: 'https://v.example/other' } }
    const authority = { account: { homePage: 'https://a.example', name: 'test' } }
    const writer = createStatementWriter(there.services)
    await writer.store({
      tenantId: there.tenant.id,
      credentialId: null,
      authority,
      version: '1.0.3',
      statements: [other],
      attachments: [],
    })
    await writer.close()
    const others = Array.from({ length: 20 }, () => make())
    await store([...others.slice(0, 7), taken, ...others.slice(7)])
    await forward()
    expect(await find(id)).toMatchObject({ sent: 20, refused: 1, failure: null })
    for (const each of others) expect(await has(each.id)).toBe(true)
    expect(await here.inTenant((tx) => listRefusals(tx, id))).toMatchObject([{ statementId: taken.id, status: 409 }])
  })

  it('waits longer and longer for a store that is away, then sends all of it', async () => {
    const fake = await serve(503, { 'retry-after': '120' })
    const { id } = await forwardTo({ endpoint: fake.endpoint })
    const statement = make()
    await store([statement])
    await forward()
    expect(await find(id)).toMatchObject({
      sent: 0,
      attempts: 1,
      failure: { code: 'store_failing', status: 503 },
      nextTryAt: new Date(now.getTime() + 120_000),
    })
    await forward()
    expect(fake.requests()).toBe(1)
    await fake.close()
    for (const attempts of [2, 3, 4]) {
      now = new Date(now.getTime() + 3_600_000)
      await forward()
      expect(await find(id)).toMatchObject({ attempts, failure: { code: 'store_unreachable', status: null } })
    }
    expect((await find(id)).nextTryAt.getTime() - now.getTime()).toBe(80_000)
    await here.services.owner.query('update xapi.forwarding set endpoint = $1', [endpoint])
    // By hand, without waiting.
    await pauseForwarding(here.services, by(), id, false)
    await forward()
    expect(await find(id)).toMatchObject({ sent: 1, attempts: 0, failure: null })
    expect(await has(statement.id)).toBe(true)
  })

  it.for([
    [401, 'credentials_refused'],
    [404, 'store_refuses'],
    [302, 'store_refuses'],
  ] as const)('that is answered %s loses nothing', async ([status, code]) => {
    const fake = await serve(status, { location: endpoint })
    const { id, cursor } = await forwardTo({ endpoint: fake.endpoint })
    await store([make()])
    await forward()
    expect(await find(id)).toMatchObject({ sent: 0, refused: 0, cursor, failure: { code, status } })
    await fake.close()
  })

  it('sends again a batch whose answer nobody read: the program was killed meanwhile', async () => {
    const killed = new AbortController()
    const seen: string[] = []
    const fake = await serve(200, {}, (body) => {
      seen.push(...(JSON.parse(body) as Statement[]).map(({ id = '' }) => id))
      killed.abort()
    })
    const { id } = await forwardTo({ endpoint: fake.endpoint })
    const statements = Array.from({ length: 3 }, () => make())
    await store(statements)
    await expect(forwardDue(here.services, killed.signal)).rejects.toThrow()
    expect(await find(id)).toMatchObject({ sent: 0, failure: null })
    await forward()
    const ids = statements.map((each) => each.id)
    expect(seen).toEqual([...ids, ...ids])
    expect(await find(id)).toMatchObject({ sent: 3, failure: null })
    await fake.close()
  })

  it('sends nothing while paused, nothing to the same store twice at once; sends again what is asked', async () => {
    const { id } = await forwardTo()
    await pauseForwarding(here.services, by(), id, true)
    const since = new Date()
    const statement = make()
    await store([statement])
    await forward()
    expect(await has(statement.id)).toBe(false)
    await pauseForwarding(here.services, by(), id, false)
    await Promise.all([forward(), forward(), forward()])
    expect(await find(id)).toMatchObject({ sent: 1 })
    await replayForwarding(here.services, by(), id, since)
    await forward()
    expect(await find(id)).toMatchObject({ sent: 2, refused: 0, failure: null })
  })
})

describe('an administrator of records', () => {
  let headers: { cookie: string }
  beforeAll(async () => {
    headers = await administrator(here)
  })
  const call = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, payload?: object, as = headers) =>
    here.app.inject({
      method,
      url: `/api/records/forwardings${path}`,
      headers: as,
      ...(payload === undefined ? {} : { payload }),
    })

  it('adds a store, whose secret is sealed and never told; pauses, replays and removes it', async () => {
    const request = { name: 'Rectorat', endpoint: `${endpoint}/`, ...access, version: '2.0.0' }
    const made = await call('POST', '', request)
    expect(made.statusCode).toBe(201)
    const { id } = made.json<{ id: string }>()
    expect(made.json()).toMatchObject({ name: 'Rectorat', endpoint, sent: 0, refused: 0, paused: false, verbs: [] })
    expect((await call('POST', '', request)).json()).toMatchObject({ code: 'forwarding_exists' })
    expect((await call('GET', '')).body).not.toContain(access.secret)
    const { rows } = await here.services.owner.query<{ text: string }>('select f::text as text from xapi.forwarding f')
    expect(rows[0]?.text).not.toContain(access.secret)
    expect((await call('PUT', `/${id}/paused`, { paused: true })).json()).toMatchObject({ paused: true })
    expect((await call('POST', `/${id}/replay`, { since: '2026-01-01' })).json()).toMatchObject({
      upTo: '2026-01-01T00:00:00.000Z',
    })
    expect((await call('GET', `/${id}/refusals`)).json()).toEqual({ refusals: [] })
    expect((await call('DELETE', `/${id}`)).statusCode).toBe(204)
    expect((await call('DELETE', `/${id}`)).statusCode).toBe(404)
    expect((await call('GET', '')).json()).toEqual({ forwardings: [] })
  })

  it('reaches other machines by https only, and is so over the whole workspace', async () => {
    const request = { name: 'En clair', endpoint: 'http://lrs.example/xapi', ...access }
    expect((await call('POST', '', request)).json()).toMatchObject({ status: 422, code: 'service_insecure' })
    const narrow = await inTenant(here.services.db, here.tenant.id, async (tx) => ({
      personId: await makePerson(tx),
      organisationId: await makeEstablishment(tx),
    })).then(({ personId, organisationId }) => here.signIn(personId, [{ right: 'records.administer', organisationId }]))
    expect((await call('GET', '', undefined, narrow)).statusCode).toBe(403)
  })
})

/** A store that always answers the same. */
async function serve(status: number, answered: Record<string, string>, read: (body: string) => void = () => {}) {
  let count = 0
  const server: Server = createServer((request, response) => {
    count += 1
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      read(Buffer.concat(chunks).toString())
      response.writeHead(status, answered).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/xapi`,
    requests: () => count,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
