import fastify from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listAudit } from '#kernel/audit'
import type { App } from '#kernel/http'
import { findMergedInto } from '#modules/directory'
import { declareProvider, findAccount } from '#modules/identity'
import type { DemonstrationUser } from '../src/demonstration/identity-provider-http.ts'
import { demonstrationProvider, serveOidcProvider } from '../src/demonstration/identity-provider-oidc.ts'
import { mergePeople } from '../src/modules/directory/matching/merges.ts'
import { openTestApp, type TestApp } from './app.ts'
import { FederationBrowser } from './federation-browser.ts'
import { makePerson, makeReference } from './make.ts'

let server: TestApp
/** The identity provider, a real one, on a port of its own. */
let provider: App
let providerUrl: string
const users: DemonstrationUser[] = []
/** Tokens are dated by the true clock; tests only move ours forward. */
let ahead = 0

beforeAll(async () => {
  server = await openTestApp({ now: () => new Date(Date.now() + ahead) })
  provider = fastify().withTypeProvider<ZodTypeProvider>()
  await serveOidcProvider(provider, 'academy', async () => ({
    publicUrl: providerUrl,
    dataDirectory: server.config.dataDirectory,
    clients: [new URL(server.config.publicUrl)],
    users: async () => users,
  }))
  providerUrl = await provider.listen({ host: '127.0.0.1', port: 0 })
  await declare(demonstrationProvider(providerUrl))
})
afterAll(async () => {
  await provider.close()
  await server.close()
})

const declare = (input: Parameters<typeof declareProvider>[1]) =>
  server.inTenant((tx) => declareProvider(tx, input, server.services))

let subjects = 0
/** Someone whom an academy knows, with an account at the provider. */
async function makeUser(references?: string[]): Promise<{ subject: string; personId: string }> {
  subjects += 1
  const subject = `subject-${subjects}`
  const personId = await server.inTenant(async (tx) => {
    const id = await makePerson(tx, { givenName: 'Claire', familyName: 'Dubœuf' })
    await makeReference(tx, id, { academyCode: '20', externalId: subject, record: 'guardian' })
    return id
  })
  const own = references ?? [`{AAF}20|x|${subject}`]
  users.push({ subject, givenName: 'Claire', familyName: 'Dubœuf', profile: 'guardian', references: own })
  return { subject, personId }
}

class Browser extends FederationBrowser {
  constructor() {
    super(server)
  }
}

test('someone known to the directory signs in at the provider and comes back to the page asked for', async () => {
  const { subject, personId } = await makeUser()
  const browser = new Browser()
  expect(await browser.signIn(subject, '?returnTo=%2Fdirectory%3Fq%3Da')).toBe('/directory?q=a')
  expect(await browser.session()).toMatchObject({ signedIn: true, hasPassword: false, person: { id: personId } })
  expect([...browser.ours.keys()]).toEqual(['preau_session'])
  const account = await server.inTenant((tx) => findAccount(tx, { personId }))
  expect(account).toMatchObject({ state: 'active', login: expect.stringMatching(/^claire\.duboeuf\d*$/) })
  const trail = await server.inTenant((tx) => listAudit(tx, 10, personId))
  expect(trail.map((entry) => entry.action)).toEqual(['identity.federation_linked'])
})

test('once linked, the identity is recognised without its references', async () => {
  const { subject, personId } = await makeUser()
  await new Browser().signIn(subject)
  const user = users.find((each) => each.subject === subject)
  if (user) user.references = []
  const browser = new Browser()
  expect(await browser.signIn(subject)).toBe('/')
  expect(await browser.session()).toMatchObject({ signedIn: true, person: { id: personId } })
})

test('a parent with references of two academies has one account', async () => {
  const { subject, personId } = await makeUser(['{AAF}20||mother-1', '{AAF}09|1d|mother-2', '{ECT}20||other'])
  await server.inTenant(async (tx) => {
    await makeReference(tx, personId, { academyCode: '20', externalId: 'mother-1', record: 'guardian' })
    await makeReference(tx, personId, { academyCode: '09', externalId: 'mother-2', record: 'guardian' })
  })
  const browser = new Browser()
  expect(await browser.signIn(subject)).toBe('/')
  expect(await browser.session()).toMatchObject({ person: { id: personId } })
})

test('references that lead to nobody sign nobody in', async () => {
  const unknown = await makeUser(['{AAF}20||999999'])
  const none = await makeUser([])
  const browser = new Browser()
  expect(await browser.signIn(unknown.subject)).toBe('/sign-in?problem=federation_unknown_person')
  expect(await new Browser().signIn(unknown.subject)).toBe('/sign-in?problem=federation_unknown_person')
  expect(await new Browser().signIn(none.subject)).toBe('/sign-in?problem=federation_unknown_person')
  expect(await browser.session()).toEqual({ signedIn: false })
})

test('references that lead to several people ask whom to be, until they are made one', async () => {
  const [one, other] = [await makeUser(), await makeUser()]
  const torn = await makeUser([`{AAF}20||${one.subject}`, `{AAF}20||${other.subject}`])
  const browser = new Browser()
  expect(await browser.signIn(torn.subject, '?returnTo=%2Faccount')).toBe('/sign-in/choose?returnTo=%2Faccount')
  expect(await browser.session()).toEqual({ signedIn: false })
  expect(await server.inTenant((tx) => findAccount(tx, { personId: one.personId }))).toBeUndefined()
  const asked = (await browser.atOurs('/api/identity/arrival')).json() as { kind: string; people: { id: string }[] }
  expect(asked).toMatchObject({ kind: 'choice', provider: { slug: 'demonstration' }, displayName: 'Claire Dubœuf' })
  expect(asked.people.map(({ id }) => id).sort()).toEqual([one.personId, other.personId].sort())
  // Nobody but those they were vouched for; what is asked by another browser is not there.
  const choose = (who: Browser, personId: string) => who.send('/api/identity/arrival/choose', { personId })
  expect((await new Browser().atOurs('/api/identity/arrival')).statusCode).toBe(404)
  expect((await choose(browser, torn.personId)).statusCode).toBe(403)
  expect((await choose(browser, other.personId)).json()).toEqual({ returnTo: '/account' })
  expect(await browser.session()).toMatchObject({ signedIn: true, person: { id: other.personId } })
  // What one chose binds to nothing: the next sign-in asks again.
  expect(await new Browser().signIn(torn.subject)).toBe('/sign-in/choose?returnTo=%2F')
  await server.services.owner.query(
    `update directory.source_record set body = '{"familyName": "Dubœuf", "givenName": "Claire"}' where subject_id = any($1)`,
    [[one.personId, other.personId]],
  )
  const pair = { leftId: one.personId, rightId: other.personId, points: null, parts: [] }
  await server.inTenant((tx) => mergePeople(server.services, tx, server.tenant.id, { pairs: [pair], by: null }))
  const after = new Browser()
  expect(await after.signIn(torn.subject)).toBe('/')
  const kept = await server.inTenant((tx) => findMergedInto(tx, other.personId))
  expect(await after.session()).toMatchObject({ signedIn: true, person: { id: kept } })
})

test('a provider of families finds no member of staff who has a parent’s number', async () => {
  const { subject, personId } = await makeUser()
  await server.inTenant(async (tx) => {
    const teacher = await makePerson(tx)
    await makeReference(tx, teacher, { academyCode: '20', externalId: subject, record: 'staff' })
  })
  expect(await new Browser().signIn(subject)).toBe('/sign-in/choose?returnTo=%2F')
  await declare({ ...demonstrationProvider(providerUrl), recordKinds: ['pupil', 'guardian'] })
  const browser = new Browser()
  await browser.signIn(subject)
  expect(await browser.session()).toMatchObject({ person: { id: personId } })
  await declare(demonstrationProvider(providerUrl))
})

test('a blocked account stays closed', async () => {
  const { subject, personId } = await makeUser()
  await new Browser().signIn(subject)
  await server.services.owner.query(`update identity.account set state = 'blocked' where person_id = $1`, [personId])
  expect(await new Browser().signIn(subject)).toBe('/sign-in?problem=account_blocked')
})

test('giving up at the provider is no failure', async () => {
  expect(await new Browser().signIn('')).toBe('/sign-in?problem=federation_declined')
})

test('signing out ends the session at the provider too', async () => {
  const { subject } = await makeUser()
  const browser = new Browser()
  await browser.signIn(subject)
  const { redirect: out } = (await browser.atOurs('/api/identity/sign-out', 'POST')).json() as { redirect: string }
  const redirect = String((await browser.atOurs(out)).headers.location)
  expect(redirect).toContain(`${providerUrl}/demonstration-idp/`)
  expect(await browser.session()).toEqual({ signedIn: false })
  const shown = await browser.follow(redirect)
  if ('back' in shown) throw new Error('no question asked')
  const page = await shown.page.text()
  const [, xsrf = ''] = /name="xsrf" value="([^"]+)"/.exec(page) ?? []
  const [, action = ''] = /action="([^"]+)"/.exec(page) ?? []
  const answer = await browser.atTheirs(new URL(action, shown.url).href, { xsrf, logout: 'yes' })
  expect(answer.headers.get('location')).toMatch(new RegExp(`^${server.config.publicUrl}/sign-in\\?state=`))
  // The provider asks again who one is.
  expect(await browser.follow(await browser.leave())).toHaveProperty('page')
})

test.each([
  'https%3A%2F%2Fevil.example',
  '%2F%2Fevil.example',
  '%2F%5Cevil.example',
  '%2F..%2F%2Fevil.example',
  '%2Fapi%2Fidentity%2Fsession',
])('coming back to %s would leave this site', async (returnTo) => {
  const { subject } = await makeUser()
  expect(await new Browser().signIn(subject, `?returnTo=${returnTo}`)).toBe('/')
})

test('a way back serves once', async () => {
  const { subject } = await makeUser()
  const browser = new Browser()
  const back = await browser.chooseAt(await browser.leave(), subject)
  const state = browser.ours.get('preau_federation') ?? ''
  expect((await browser.atOurs(back)).headers.location).toBe('/')
  browser.ours.clear()
  browser.ours.set('preau_federation', state)
  expect((await browser.atOurs(back)).headers.location).toBe('/sign-in?problem=federation_expired')
  expect(await browser.session()).toEqual({ signedIn: false })
})

test('a way back works in no other browser, so nobody is signed in as someone else by a link', async () => {
  const { subject } = await makeUser()
  const attacker = new Browser()
  const back = await attacker.chooseAt(await attacker.leave(), subject)
  const victim = new Browser()
  expect((await victim.atOurs(back)).headers.location).toBe('/sign-in?problem=federation_expired')
  await victim.leave()
  expect((await victim.atOurs(back)).headers.location).toBe('/sign-in?problem=federation_expired')
  expect(await victim.session()).toEqual({ signedIn: false })
})

test('a code of one departure is worth nothing in another', async () => {
  const { subject } = await makeUser()
  const attacker = new Browser()
  const stolen = new URL(await attacker.chooseAt(await attacker.leave(), subject), 'http://x')
  const victim = new Browser()
  const own = new URL(await victim.leave())
  stolen.searchParams.set('state', own.searchParams.get('state') ?? '')
  const answer = await victim.atOurs(stolen.pathname + stolen.search)
  expect(answer.headers.location).toBe('/sign-in?problem=federation_failed')
  expect(await victim.session()).toEqual({ signedIn: false })
})

test.each([
  ['another issuer', (query: URLSearchParams) => query.set('iss', 'https://evil.example')],
  ['no issuer though the provider always names itself', (query: URLSearchParams) => query.delete('iss')],
  ['no code', (query: URLSearchParams) => query.delete('code')],
  ['two codes', (query: URLSearchParams) => query.append('code', 'x')],
  ['another code', (query: URLSearchParams) => query.set('code', 'A'.repeat(43))],
])('a way back with %s is refused', async (_, alter) => {
  const { subject } = await makeUser()
  const browser = new Browser()
  const back = new URL(await browser.chooseAt(await browser.leave(), subject), 'http://x')
  alter(back.searchParams)
  const answer = await browser.atOurs(back.pathname + back.search)
  expect(answer.headers.location).toBe('/sign-in?problem=federation_failed')
  expect(await browser.session()).toEqual({ signedIn: false })
})

test('an answer of one provider is not taken for another’s', async () => {
  const { subject } = await makeUser()
  await declare({ ...demonstrationProvider(providerUrl), slug: 'second' })
  const browser = new Browser()
  const back = await browser.chooseAt(await browser.leave(), subject)
  const answer = await browser.atOurs(back.replace('/demonstration/', '/second/'))
  expect(answer.headers.location).toBe('/sign-in?problem=federation_expired')
})

test('ten minutes at the provider are enough', async () => {
  const { subject } = await makeUser()
  const browser = new Browser()
  const back = await browser.chooseAt(await browser.leave(), subject)
  ahead += 10 * 60_000 + 1
  expect((await browser.atOurs(back)).headers.location).toBe('/sign-in?problem=federation_expired')
})

test('a provider that nobody declared, is down, keeps silent or lies about its name is told so in time', async () => {
  const start = async (slug: string) => {
    const begun = performance.now()
    const { headers } = await server.app.inject(`/api/federation/providers/${slug}/start`)
    return { location: headers.location, fast: performance.now() - begun < 8_000 }
  }
  const silent = createServer(() => {}).listen(0, '127.0.0.1')
  const liar = createServer((_, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ issuer: 'https://evil.example', authorization_endpoint: 'https://evil.example/a' }))
  }).listen(0, '127.0.0.1')
  const addressOf = (each: typeof silent) => `http://127.0.0.1:${(each.address() as AddressInfo).port}`
  try {
    const base = demonstrationProvider(providerUrl)
    await declare({ ...base, slug: 'down', issuer: 'http://127.0.0.1:1' })
    await declare({ ...base, slug: 'silent', issuer: addressOf(silent) })
    await declare({ ...base, slug: 'liar', issuer: addressOf(liar) })
    // Two people at once: the second waits for what the first asked the provider.
    const answers = await Promise.all(['nobody', 'down', 'silent', 'silent', 'liar'].map(start))
    const unreachable = 'federation_unreachable'
    expect(answers).toEqual(
      ['federation_unknown_provider', unreachable, unreachable, unreachable, 'federation_failed'].map((code) => ({
        location: `/sign-in?problem=${code}`,
        fast: true,
      })),
    )
  } finally {
    for (const each of [silent, liar]) {
      each.closeAllConnections()
      each.close()
    }
  }
})

test('while the provider cannot be read again, what was known of it goes on serving', async () => {
  const { subject } = await makeUser()
  await new Browser().signIn(subject)
  await provider.close()
  ahead += 61 * 60_000
  const departure = await new Browser().leave()
  expect(departure).toContain(`${providerUrl}/demonstration-idp/auth?`)
  expect(departure).toContain('code_challenge_method=S256')
})

test('a provider elsewhere is reached by https only', async () => {
  const base = demonstrationProvider(providerUrl)
  await expect(declare({ ...base, slug: 'far', issuer: 'http://idp.example' })).rejects.toMatchObject({
    code: 'issuer_insecure',
  })
  await expect(declare({ ...base, slug: 'Bad Slug' })).rejects.toMatchObject({ code: 'invalid_request' })
  await expect(declare({ ...base, scope: 'profile' })).rejects.toMatchObject({ code: 'invalid_request' })
})
