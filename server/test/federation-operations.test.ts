import fastify from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { App } from '#kernel/http'
import { declareProvider, scopeProvider } from '#modules/identity'
import { demonstrationCasProvider, serveCasServer } from '../src/demonstration/identity-provider-cas.ts'
import { federation } from '../src/standards/federation/index.ts'
import { openTestApp, type TestApp } from './app.ts'
import { makeEstablishment, makePerson, makeTerritory } from './make.ts'

let server: TestApp
let provider: App
let providerUrl: string
let ahead = 0
let failing = false

beforeAll(async () => {
  server = await openTestApp({ now: () => new Date(Date.parse('2026-09-01T08:30:00Z') + ahead) })
  provider = fastify().withTypeProvider<ZodTypeProvider>()
  provider.addHook('onRequest', async (_, reply) => (failing ? reply.status(503).send() : undefined))
  await serveCasServer(provider, async () => ({
    publicUrl: providerUrl,
    dataDirectory: server.config.dataDirectory,
    clients: [new URL(server.config.publicUrl)],
    users: async () => [],
  }))
  providerUrl = await provider.listen({ host: '127.0.0.1', port: 0 })
  await declare(demonstrationCasProvider(providerUrl))
  await declare({
    slug: 'families',
    name: 'Familles',
    issuer: 'http://127.0.0.1:9',
    clientId: 'x',
    clientSecret: 'hush',
    recordKinds: ['guardian'],
  })
})
afterAll(async () => {
  await provider.close()
  await server.close()
})

const declare = (input: Parameters<typeof declareProvider>[1]) =>
  server.inTenant((tx) => declareProvider(tx, input, server.services))

async function run(name: string, ...positionals: string[]): Promise<unknown> {
  const command = federation.commands.find((each) => each.name === name)
  return command?.run(
    {
      ...server.services,
      tenant: async () => server.tenant,
      print() {},
      progress() {},
      signal: new AbortController().signal,
    },
    positionals,
    {},
  )
}

const listSlugs = async (query = '') =>
  (
    (await server.app.inject(`/api/federation/providers${query}`)).json() as { providers: { slug: string }[] }
  ).providers.map(({ slug }) => slug)

test('a provider is for the establishments of its territory, and for its people', async () => {
  const { inside, outside, territory } = await server.inTenant(async (tx) => {
    const id = await makeTerritory(tx)
    return { territory: id, inside: await makeEstablishment(tx, id), outside: await makeEstablishment(tx) }
  })
  await server.inTenant((tx) => scopeProvider(tx, 'demonstration-cas', [territory]))
  expect(await listSlugs(`?establishment=${inside}`)).toEqual(['families', 'demonstration-cas'])
  expect(await listSlugs(`?establishment=${outside}`)).toEqual(['families'])
  expect(await listSlugs(`?establishment=${inside}&audience=staff`)).toEqual(['demonstration-cas'])
  expect(await listSlugs('?audience=guardian')).toEqual(['families'])
  await server.inTenant((tx) => scopeProvider(tx, 'demonstration-cas', [inside, outside]))
  expect(await listSlugs(`?establishment=${outside}`)).toHaveLength(2)
  await expect(server.inTenant((tx) => scopeProvider(tx, 'nobody', []))).rejects.toMatchObject({
    code: 'provider_not_found',
  })
})

test('establishments are found by words before anyone is signed in, never listed whole', async () => {
  const find = async (q: string) =>
    (
      (await server.app.inject(`/api/federation/establishments?q=${encodeURIComponent(q)}`)).json() as {
        establishments: object[]
      }
    ).establishments
  expect((await find('COLLÈGE')).length).toBeGreaterThan(0)
  expect(await find('')).toEqual([])
  expect(await find('%')).toEqual([])
})

test('a provider that stops answering is told down after two probes, and up again when it is back', async () => {
  const stateOf = async () => {
    const { providers } = (await server.app.inject('/api/federation/providers')).json() as {
      providers: { slug: string; state: string; since: string | null }[]
    }
    return providers.find(({ slug }) => slug === 'demonstration-cas')
  }
  expect(await stateOf()).toMatchObject({ state: 'unknown', since: null })
  await run('check', 'demonstration-cas')
  expect(await stateOf()).toMatchObject({ state: 'up', since: '2026-09-01T08:30:00.000Z' })
  failing = true
  ahead = 5 * 60_000
  await run('check', 'demonstration-cas')
  expect(await stateOf()).toMatchObject({ state: 'degraded', since: '2026-09-01T08:35:00.000Z' })
  ahead = 10 * 60_000
  await run('check', 'demonstration-cas')
  ahead = 15 * 60_000
  await run('check', 'demonstration-cas')
  expect(await stateOf()).toMatchObject({ state: 'down', since: '2026-09-01T08:40:00.000Z' })
  failing = false
  ahead = 20 * 60_000
  await run('check', 'demonstration-cas')
  expect(await stateOf()).toMatchObject({ state: 'up', since: '2026-09-01T08:50:00.000Z' })
  await expect(run('check', 'nobody')).rejects.toMatchObject({ code: 'provider_not_found' })
})

test('operators read what was measured and what people met, by day; nobody else does', async () => {
  const start = (slug: string) => server.app.inject(`/api/federation/providers/${slug}/start`)
  expect((await start('families')).headers.location).toBe('/sign-in?problem=federation_unreachable')
  const person = await server.inTenant((tx) => makePerson(tx))
  const url = '/api/federation/availability?days=2'
  expect((await server.app.inject({ url, headers: await server.signIn(person) })).statusCode).toBe(403)
  const headers = await server.signIn(person, [{ right: 'instance.operate' }])
  const { providers } = (await server.app.inject({ url, headers })).json() as { providers: object[] }
  expect(providers).toMatchObject([
    { slug: 'families', state: 'unknown', days: [{ day: '2026-09-01', probes: 0, failed: 1 }] },
    {
      slug: 'demonstration-cas',
      state: 'up',
      metadata: null,
      days: [{ day: '2026-09-01', probes: 5, failedProbes: 3, signedIn: 0, failed: 0 }],
    },
  ])
})

test('secrets kept in clear before are sealed, and sealed anew by a new key', async () => {
  const read = async () => {
    const { rows } = await server.services.owner.query<{ client_secret: string }>(
      `select client_secret from identity.provider where slug = 'families'`,
    )
    return rows[0]?.client_secret ?? ''
  }
  await server.app.inject('/api/federation/saml/metadata')
  const key = async () =>
    (await server.services.owner.query<{ private_key: string }>('select private_key from saml.service_key')).rows[0]
      ?.private_key
  const [before, keyBefore] = [await read(), await key()]
  expect(await run('secrets rotate')).toEqual({ sealed: 2 })
  expect(await read()).not.toBe(before)
  expect(await key()).not.toBe(keyBefore)
  expect(await server.services.secrets.open(await read(), 'identity.provider families')).toBe('hush')
  expect((await server.app.inject('/api/federation/saml/metadata')).statusCode).toBe(200)
  await server.services.owner.query(`update identity.provider set client_secret = 'clear' where slug = 'families'`)
  expect(await run('secrets rotate')).toEqual({ sealed: 2 })
  expect(await server.services.secrets.open(await read(), 'identity.provider families')).toBe('clear')
})

test('the next key of SAML is announced, then signs; the one before goes on opening', async () => {
  const certificates = async () =>
    new Set((await server.app.inject('/api/federation/saml/metadata')).body.match(/X509Certificate>[^<]+/g))
  const [first] = await certificates()
  await expect(run('key activate')).rejects.toMatchObject({ code: 'no_next_key' })
  await run('key add')
  expect([...(await certificates())][0]).toBe(first)
  expect((await certificates()).size).toBe(2)
  await run('key activate')
  expect([...(await certificates())][1]).toBe(first)
  await run('key add')
  await run('key activate')
  expect((await certificates()).has(first!)).toBe(false)
})
