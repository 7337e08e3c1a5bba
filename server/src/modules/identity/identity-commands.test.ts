import { afterAll, beforeAll, expect, test } from 'vitest'
import { listAudit } from '#kernel/audit'
import type { CommandContext } from '#kernel/module'
import { openTestApp, type TestApp } from '../../../test/app.ts'
import { makeEstablishment, makePerson } from '../../../test/make.ts'
import { createDemonstrationAccounts } from './accounts/demonstration-accounts.ts'
import { identityCommands } from './identity-commands.ts'
import { createPasswordHasher } from './sign-in/password-hasher.ts'

let server: TestApp
let printed: string[] = []

beforeAll(async () => {
  server = await openTestApp({ demonstration: true })
})
afterAll(() => server.close())

type Result = Record<string, unknown> & { id: string; code: string; login: string; personId: string }

async function run(
  line: string,
  values: Record<string, string | string[]> = {},
  ...positionals: string[]
): Promise<Result> {
  const command = identityCommands.find((each) => each.name === line)
  if (!command) throw new Error(`no command ${line}`)
  printed = []
  const context: CommandContext = {
    ...server.services,
    tenant: async () => server.tenant,
    print: (text) => printed.push(text),
    progress: () => {},
    signal: new AbortController().signal,
  }
  return (await command.run(context, positionals, values)) as Result
}
const refusal = (line: string, values: Record<string, string | string[]> = {}, ...positionals: string[]) =>
  run(line, values, ...positionals).then(
    () => 'accepted',
    (error: { code: string }) => error.code,
  )
const post = (url: string, payload: object) =>
  server.app.inject({ method: 'POST', url: `/api/identity/${url}`, payload })
const password = 'le cartable bleu de mamie'

test('the first operator of an empty instance gets in by one code and has every right', async () => {
  const made = await run('operator create', { 'given-name': 'Ada', 'family-name': 'Byron', email: 'ada@example.org' })
  expect(printed.join('\n')).toContain(made.code)
  expect(made).toMatchObject({ login: 'ada.byron', purpose: 'activation' })
  const { cookies } = await post('codes/redeem', { code: made.code, password })
  const headers = { cookie: `preau_session=${cookies[0]?.value}` }
  const session = (await server.app.inject({ url: '/api/identity/session', headers })).json()
  expect(session.rights.map((each: { right: string }) => each.right).sort()).toEqual([
    'directory.administer',
    'directory.import',
    'governance.administer',
    'insight.administer',
    'insight.view',
    'instance.operate',
    'records.administer',
  ])
  const trail = await server.inTenant((tx) => listAudit(tx, 20, made.personId))
  expect(trail.map((entry) => entry.action)).toContain('identity.operator_created')
  expect(await refusal('operator create', { 'given-name': 'Ada' })).toBe('invalid_request')
  expect(await refusal('operator create', { 'given-name': 'A', 'family-name': 'B', email: 'x' })).toBe(
    'invalid_request',
  )
})

test('a code is issued by person, then by login', async () => {
  const person = await server.inTenant((tx) => makePerson(tx, { givenName: 'Lou', familyName: 'Vidal' }))
  const first = await run('code issue', { person })
  await post('codes/redeem', { code: first.code, password })
  expect(await run('code issue', { login: 'lou.vidal' })).toMatchObject({ purpose: 'reset', personId: person })
  expect(await refusal('code issue', { login: 'no.body' })).toBe('account_not_found')
  expect(await refusal('code issue', { person: 'x' })).toBe('invalid_request')
  expect(await refusal('code issue')).toBe('invalid_request')
})

test('rights are given, listed and withdrawn', async () => {
  const { person, organisation } = await server.inTenant(async (tx) => ({
    person: await makePerson(tx),
    organisation: await makeEstablishment(tx),
  }))
  const given = await run('right grant', { person, right: 'directory.import', organisation, until: '2099-08-31' })
  expect(given).toMatchObject({ organisationId: organisation, endsOn: '2099-08-31' })
  expect(await run('right list', { person })).toMatchObject([{ id: given.id }])
  expect(await run('right list')).toEqual(expect.arrayContaining([expect.objectContaining({ id: given.id })]))
  expect(await run('right withdraw', {}, given.id)).toMatchObject({ id: given.id })
  expect(await run('right list', { person })).toEqual([])
  expect(await refusal('right withdraw', {}, given.id)).toBe('right_not_found')
  expect(await refusal('right grant', { person, right: 'everything' })).toBe('invalid_request')
  expect(await refusal('right grant', { person, right: 'instance.operate', until: '2026-02-30' })).toBe(
    'invalid_request',
  )
  expect(await refusal('right grant', { person: given.id, right: 'instance.operate' })).toBe('person_not_found')
  const nowhere = { person, organisation: person }
  expect(await refusal('right grant', { ...nowhere, right: 'directory.administer' })).toBe('organisation_not_found')
  expect(await refusal('right grant', { ...nowhere, right: 'instance.operate' })).toBe('perimeter_refused')
})

test('an account is shown without its secrets, blocked at once, and opened again', async () => {
  const person = await server.inTenant((tx) => makePerson(tx, { givenName: 'Ali', familyName: 'Roux' }))
  const { code } = await run('code issue', { person })
  const { cookies } = await post('codes/redeem', { code, password })
  const headers = { cookie: `preau_session=${cookies[0]?.value}` }
  const shown = await run('account show', { login: 'ali.roux' })
  expect(shown).toMatchObject({ state: 'active', hasPassword: true, sessions: [{ method: 'code' }] })
  expect(JSON.stringify(shown)).not.toContain('argon2')
  expect(await run('account list', { prefix: 'ali.' })).toMatchObject([{ login: 'ali.roux' }])
  expect(await run('account block', { login: 'ali.roux' })).toMatchObject({ state: 'blocked', endedSessions: 1 })
  expect((await server.app.inject({ url: '/api/identity/session', headers })).json()).toEqual({ signedIn: false })
  expect((await post('sign-in', { login: 'ali.roux', password })).json().code).toBe('account_blocked')
  expect((await post('sign-in', { login: 'ali.roux', password: 'a wrong guess' })).json().code).toBe('sign_in_refused')
  expect(await refusal('code issue', { person })).toBe('account_blocked')
  expect(await run('account unblock', { person })).toMatchObject({ state: 'active' })
  expect((await post('sign-in', { login: 'ali.roux', password })).statusCode).toBe(204)
})

test('providers are declared, changed, listed without their secret, and removed', async () => {
  const provider = {
    slug: 'educonnect',
    name: 'ÉduConnect',
    issuer: 'https://idp.example',
    'client-id': 'preau',
    'client-secret': 'hush',
    claim: 'FrEduCtRefId',
  }
  expect(await run('provider add', provider)).toMatchObject({
    hasSecret: true,
    register: 'http://localhost:3000/api/federation/oidc/educonnect/callback',
  })
  await run('provider add', { ...provider, name: 'EduConnect', record: ['pupil', 'guardian'] })
  const listed = await run('provider list')
  expect(listed).toMatchObject([{ name: 'EduConnect', recordKinds: ['pupil', 'guardian'] }])
  expect(JSON.stringify(listed)).not.toContain('hush')
  const shown = await server.app.inject('/api/federation/providers')
  expect(shown.json()).toMatchObject({ providers: [{ slug: 'educonnect', name: 'EduConnect', state: 'unknown' }] })
  expect(await refusal('provider add', { ...provider, record: ['robot'] })).toBe('invalid_request')
  expect(await run('provider remove', {}, 'educonnect')).toEqual({ removed: 'educonnect' })
  expect(await refusal('provider remove', {}, 'educonnect')).toBe('provider_not_found')
})

test('providers of every protocol say where to be registered, and whose they are', async () => {
  const base = { name: 'Guichet', issuer: 'https://sso.example' }
  expect(await run('provider add', { ...base, slug: 'cas', protocol: 'cas' })).toMatchObject({
    protocol: 'cas',
    register: 'http://localhost:3000/api/federation/cas/cas/callback',
  })
  const saml = { ...base, slug: 'saml', protocol: 'saml', metadata: 'https://sso.example/metadata' }
  expect(await run('provider add', saml)).toMatchObject({
    register: 'http://localhost:3000/api/federation/saml/metadata',
    options: { metadataUrl: 'https://sso.example/metadata', unsolicited: false },
  })
  expect(await refusal('provider add', { ...saml, metadata: '/nowhere/metadata.xml' })).toBe('invalid_request')
  expect(await refusal('provider add', { ...saml, metadata: 'http://sso.example/metadata' })).toBe('issuer_insecure')
  expect(await refusal('provider add', { ...base, slug: 'x', protocol: 'kerberos' })).toBe('invalid_request')
  const [one, other] = await server.inTenant(async (tx) => [await makeEstablishment(tx), await makeEstablishment(tx)])
  await server.services.owner.query(`update directory.organisation set uai = '0801234A' where id = $1`, [one])
  expect(await run('provider scope', { organisation: ['0801234a', other!] }, 'cas')).toMatchObject({
    organisations: [one, other],
  })
  expect(await run('provider list')).toMatchObject([{ slug: 'cas', organisations: [one, other] }, { slug: 'saml' }])
  expect(await refusal('provider scope', { organisation: ['nowhere'] }, 'cas')).toBe('invalid_request')
  expect(await run('provider scope', {}, 'cas')).toMatchObject({ organisations: [] })
  for (const slug of ['cas', 'saml']) await run('provider remove', {}, slug)
})

test('a demonstration tells how to sign in as its people', async () => {
  const [pupil, head] = await server.inTenant(async (tx) => {
    const people = [
      { personId: await makePerson(tx, { givenName: 'Zoé', familyName: 'Marchand' }), profile: 'pupil' },
      { personId: await makePerson(tx, { givenName: 'Ève', familyName: 'Caron' }), profile: 'head' },
    ]
    await createDemonstrationAccounts(tx, createPasswordHasher(), people, new Date())
    await createDemonstrationAccounts(tx, createPasswordHasher(), people, new Date())
    return people
  })
  expect(pupil && head).toBeDefined()
  const { accounts } = (await server.app.inject('/api/identity/demonstration-accounts')).json() as {
    accounts: { login: string; password: string }[]
  }
  expect(accounts).toMatchObject([
    { givenName: 'Zoé', familyName: 'Marchand', profile: 'pupil', login: 'zoe.marchand' },
    { givenName: 'Ève', familyName: 'Caron', profile: 'head', login: 'eve.caron' },
  ])
  for (const account of accounts) {
    expect((await post('sign-in', { login: account.login, password: account.password })).statusCode).toBe(204)
  }
  // Its identity provider is served by the same program.
  const found = await server.app.inject('/demonstration-idp/.well-known/openid-configuration')
  expect(found.json()).toMatchObject({ issuer: 'http://localhost:3000/demonstration-idp' })
})
