import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findProvider, openProviderSecret } from '#modules/identity'
import { openTestApp, type TestApp } from './app.ts'
import { runCommand } from './command.ts'
import { makeEstablishment, makePerson } from './make.ts'

let server: TestApp
let cas: Server
let casUrl: string
let person: string
let operator: Record<string, string>
const path = '/api/federation/declarations'

beforeAll(async () => {
  server = await openTestApp()
  cas = createServer((_, response) => {
    response.end(`<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas">
      <cas:authenticationFailure code="INVALID_TICKET">no</cas:authenticationFailure></cas:serviceResponse>`)
  }).listen(0, '127.0.0.1')
  await once(cas, 'listening')
  casUrl = `http://127.0.0.1:${(cas.address() as AddressInfo).port}`
  person = await server.inTenant((tx) => makePerson(tx))
  operator = await server.signIn(person, [{ right: 'instance.operate' }])
})
afterAll(async () => {
  cas.close()
  await server.close()
})

const base = { profile: 'generic', recordKinds: ['staff'], referenceClaim: null }
const counter = () => ({ ...base, protocol: 'cas', name: 'Guichet', issuer: casUrl })
const service = { ...base, protocol: 'oidc', name: 'Service', issuer: 'https://127.0.0.1:9', clientId: 'preau' }

async function send(method: 'PUT' | 'POST' | 'DELETE', url: string, payload?: object, headers = operator) {
  const response = await server.app.inject({ method, url: `${path}${url}`, headers, ...(payload ? { payload } : {}) })
  return { status: response.statusCode, body: response.body === '' ? null : response.json(), text: response.body }
}
const list = async () =>
  ((await server.app.inject({ url: path, headers: operator })).json() as { providers: { slug: string }[] }).providers
const secretOf = async (slug: string) => {
  const provider = await server.inTenant((tx) => findProvider(tx, slug))
  return provider && openProviderSecret(server.services.secrets, provider)
}

test('only who operates the workspace declares providers', async () => {
  const stranger = await server.inTenant((tx) => makePerson(tx))
  const other = await server.signIn(stranger, [{ right: 'directory.administer' }])
  expect((await server.app.inject({ url: path, headers: other })).statusCode).toBe(403)
  expect((await send('PUT', '/x', counter(), other)).status).toBe(403)
  expect((await send('POST', '/x/try', counter(), other)).status).toBe(403)
  expect((await send('DELETE', '/x', undefined, other)).status).toBe(403)
})

test('a provider is tried before anything is kept, declared for an establishment, then removed; the trail says by whom', async () => {
  const uai = await server.inTenant(async (tx) => {
    const id = await makeEstablishment(tx)
    const { rows } = await server.services.owner.query<{ uai: string }>(
      'select uai from directory.organisation where id = $1',
      [id],
    )
    return rows[0]?.uai
  })
  expect((await send('POST', '/counter/try', counter())).body).toMatchObject({ reason: null, metadata: null })
  expect((await send('POST', '/counter/try', { ...counter(), issuer: 'http://127.0.0.1:9' })).body).toMatchObject({
    reason: 'unreachable',
  })
  expect(await list()).toEqual([])
  const declared = await send('PUT', '/counter', {
    ...counter(),
    ...(uai ? { organisations: [uai.toLowerCase()] } : {}),
  })
  expect(declared.body).toMatchObject({
    slug: 'counter',
    state: 'up',
    register: expect.stringContaining('/api/federation/cas/counter/callback'),
    organisations: uai ? [{ code: uai }] : [],
  })
  expect((await send('DELETE', '/counter')).status).toBe(204)
  expect((await send('DELETE', '/counter')).body.code).toBe('provider_not_found')
  expect(await list()).toEqual([])
  const { rows } = await server.services.owner.query<{ action: string; actor: string }>(
    `select action, actor_person_id as actor from kernel.audit_entry where subject_kind = 'provider' order by id`,
  )
  expect(rows).toEqual(
    ['saved', 'scoped', 'removed'].map((what) => ({ action: `identity.provider_${what}`, actor: person })),
  )
})

test('a secret is never told, stays when it is not given again, and does not follow to another address', async () => {
  expect((await send('PUT', '/service', { ...service, clientSecret: 'hush-hush' })).body).toMatchObject({
    hasSecret: true,
    state: 'degraded',
    reason: 'unreachable',
  })
  expect((await server.app.inject({ url: path, headers: operator })).body).not.toContain('hush-hush')
  const renamed = await send('PUT', '/service', { ...service, name: 'Autre nom' })
  expect(renamed.text).not.toContain('hush-hush')
  expect(renamed.body).toMatchObject({ name: 'Autre nom', hasSecret: true })
  expect(await secretOf('service')).toBe('hush-hush')
  const elsewhere = { ...service, issuer: 'https://127.0.0.1:10' }
  for (const [method, url] of [
    ['PUT', '/service'],
    ['POST', '/service/try'],
  ] as const) {
    expect((await send(method, url, elsewhere)).body).toMatchObject({ status: 422, code: 'provider_secret_needed' })
  }
  expect((await send('PUT', '/service', { ...service, clientSecret: null })).body.hasSecret).toBe(false)
})

test.each([
  ['an address in clear elsewhere', { issuer: 'http://idp.example' }, 'issuer_insecure'],
  ['a place nobody knows', { organisations: ['0000000Z'] }, 'scope_unknown'],
  [
    'a federation without a certificate',
    { protocol: 'saml', profile: 'renater', metadataUrl: 'https://x.example' },
    'federation_unsafe',
  ],
  ['metadata twice', { protocol: 'saml', metadataUrl: 'https://x.example', metadata: '<x/>' }, 'invalid_request'],
  ['no audience', { recordKinds: [] }, 'invalid_request'],
])('%s is refused, whether tried or declared, and changes nothing', async (_, change, code) => {
  const before = await list()
  for (const [method, url] of [
    ['POST', '/new/try'],
    ['PUT', '/new'],
  ] as const) {
    expect((await send(method, url, { ...service, ...change })).body.code).toBe(code)
  }
  expect(await list()).toEqual(before)
})

test('metadata that cannot be used are told before they are kept', async () => {
  const saml = { ...base, protocol: 'saml', name: 'IdP', issuer: 'https://idp.example' }
  const bomb = '<!DOCTYPE x [<!ENTITY a "b">]><EntityDescriptor/>'
  expect((await send('POST', '/idp/try', { ...saml, metadata: bomb })).body.reason).toBe('doctype')
  expect((await send('POST', '/idp/try', { ...saml, metadata: 'rien' })).body.reason).toBe('malformed')
})

test('by command too, a provider is tried before anything is kept, and its secret stays when it is not given', async () => {
  const before = await list()
  const counter = ['--slug', 'desk', '--name', 'Guichet', '--protocol', 'cas', '--issuer']
  const attempt = async (...words: string[]) => (await runCommand(server, 'federation', 'try', ...words)).result
  expect(await attempt(...counter, casUrl)).toMatchObject({ reason: null, metadata: null })
  expect(await attempt(...counter, 'http://127.0.0.1:9')).toMatchObject({ reason: 'unreachable' })
  await expect(attempt(...counter, 'http://idp.example')).rejects.toMatchObject({ code: 'issuer_insecure' })
  expect(await list()).toEqual(before)

  const words = ['identity', 'provider', 'add', '--slug', 'command', '--client-id', 'preau']
  const add = (at: string, ...more: string[]) => runCommand(server, ...words, '--issuer', at, ...more)
  const [issuer, elsewhere] = ['https://127.0.0.1:9', 'https://127.0.0.1:10']
  await add(issuer, '--name', 'Service', '--client-secret', 'hush-hush')
  await add(issuer, '--name', 'Autre nom', '--userinfo-algorithm', 'ES256')
  expect(await secretOf('command')).toBe('hush-hush')
  const provider = await server.inTenant((tx) => findProvider(tx, 'command'))
  expect(provider).toMatchObject({ name: 'Autre nom', options: { userinfoAlgorithm: 'ES256' } })
  await expect(add(elsewhere, '--name', 'Ailleurs')).rejects.toMatchObject({ code: 'provider_secret_needed' })
  await expect(add(issuer, '--name', 'X', '--userinfo-algorithm', 'none')).rejects.toMatchObject({
    code: 'invalid_request',
  })
})
