import fastify from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listAudit } from '#kernel/audit'
import type { App } from '#kernel/http'
import { declareProvider } from '#modules/identity'
import { demonstrationCasProvider, serveCasServer } from '../src/demonstration/identity-provider-cas.ts'
import type { DemonstrationUser } from '../src/demonstration/identity-provider-http.ts'
import {
  demonstrationFranceConnect,
  demonstrationProConnect,
  serveOidcProvider,
} from '../src/demonstration/identity-provider-oidc.ts'
import { openTestApp, type TestApp } from './app.ts'
import { FederationBrowser } from './federation-browser.ts'
import { makePerson, makeReference } from './make.ts'

let server: TestApp
let provider: App
let providerUrl: string
const users: DemonstrationUser[] = []

beforeAll(async () => {
  server = await openTestApp()
  provider = fastify().withTypeProvider<ZodTypeProvider>()
  const findOptions = async () => ({
    publicUrl: providerUrl,
    dataDirectory: server.config.dataDirectory,
    clients: [new URL(server.config.publicUrl)],
    users: async () => users,
  })
  for (const kind of ['franceConnect', 'proConnect'] as const) await serveOidcProvider(provider, kind, findOptions)
  await serveCasServer(provider, findOptions)
  providerUrl = await provider.listen({ host: '127.0.0.1', port: 0 })
  await declare(demonstrationFranceConnect(providerUrl))
  await declare(demonstrationProConnect(providerUrl))
  await declare(demonstrationCasProvider(providerUrl))
})
afterAll(async () => {
  await provider.close()
  await server.close()
})

const declare = (input: Parameters<typeof declareProvider>[1]) =>
  server.inTenant((tx) => declareProvider(tx, input, server.services))

let subjects = 0
async function makeUser(profile: string): Promise<{ subject: string; personId: string }> {
  subjects += 1
  const subject = `user-${subjects}`
  const personId = await server.inTenant(async (tx) => {
    const id = await makePerson(tx, { givenName: 'Samir', familyName: 'Haddad' })
    await makeReference(tx, id, { academyCode: '20', externalId: subject, record: 'staff' })
    return id
  })
  const references = [`{AAF}20||${subject}`]
  users.push({ subject, givenName: 'Samir', familyName: 'Haddad', profile, references })
  return { subject, personId }
}

class Browser extends FederationBrowser {
  constructor() {
    super(server)
  }

  /** Signs in as someone by other means: a session of ours. */
  async enter(personId: string): Promise<void> {
    const { cookie } = await server.signIn(personId)
    this.ours.set('preau_session', cookie.split('=')[1] ?? '')
  }
}

const franceConnect = 'demonstration-franceconnect'
const proConnect = 'demonstration-proconnect'
const cas = 'demonstration-cas'

describe('FranceConnect', () => {
  test('is asked what its specification wants, and no more', async () => {
    const url = new URL(await new Browser().leave('', franceConnect))
    const { searchParams: asked } = url
    expect(Object.fromEntries(asked)).toEqual({
      acr_values: 'eidas1',
      client_id: 'preau',
      nonce: expect.any(String),
      prompt: 'login consent',
      redirect_uri: expect.stringContaining(`/api/federation/oidc/${franceConnect}/callback`),
      response_type: 'code',
      scope: 'openid given_name family_name birthdate gender birthplace birthcountry',
      state: expect.any(String),
    })
    // Announced by the library it is made with, refused by its own check of the parameters.
    const metadata = (await (
      await fetch(`${url.origin}/demonstration-franceconnect/.well-known/openid-configuration`)
    ).json()) as object
    expect(metadata).toMatchObject({ code_challenge_methods_supported: ['S256'] })
    expect((await fetch(`${url.href}&code_challenge=x&code_challenge_method=S256`)).status).toBe(400)
    expect(asked.get('state')?.length).toBeGreaterThanOrEqual(32)
    expect(asked.get('nonce')?.length).toBeGreaterThanOrEqual(32)
  })

  test('vouches for nobody of the directory: whoever comes by it links it, once, to the account they prove theirs', async () => {
    const { subject, personId } = await makeUser('guardian')
    const browser = new Browser()
    expect(await browser.signIn(subject, '', franceConnect)).toBe('/sign-in/link?returnTo=%2F')
    expect(await browser.session()).toEqual({ signedIn: false })
    const asked = (await browser.atOurs('/api/identity/arrival')).json() as object
    expect(asked).toMatchObject({ kind: 'link', displayName: 'Samir Haddad', people: [], former: null })
    // Names prove nothing: without a session of theirs, no link.
    expect((await browser.send('/api/identity/arrival/link', {})).statusCode).toBe(401)
    await browser.enter(personId)
    expect((await browser.send('/api/identity/arrival/link', {})).json()).toEqual({ returnTo: '/' })
    expect((await browser.send('/api/identity/arrival/link', {})).statusCode).toBe(400)
    const again = new Browser()
    expect(await again.signIn(subject, '', franceConnect)).toBe('/')
    expect(await again.session()).toMatchObject({ signedIn: true, person: { id: personId } })
    const trail = await server.inTenant((tx) => listAudit(tx, 10, personId))
    expect(trail.map((entry) => entry.action)).toEqual(['identity.federation_linked'])
  })

  test('changes somebody’s identifier: linked again, the former opens nothing any more, and the trail says so', async () => {
    const { subject: before, personId } = await makeUser('guardian')
    const { subject: after } = await makeUser('guardian')
    for (const subject of [before, after]) {
      const browser = new Browser()
      await browser.enter(personId)
      const departure = await browser.leave('?link=1&returnTo=%2Faccount', franceConnect)
      const back = await browser.chooseAt(departure, subject)
      expect((await browser.atOurs(back)).headers.location).toBe('/sign-in/link?returnTo=%2Faccount')
      const asked = (await browser.atOurs('/api/identity/arrival')).json() as { former: object | null }
      expect(asked.former === null).toBe(subject === before)
      expect((await browser.send('/api/identity/arrival/link', {})).statusCode).toBe(200)
    }
    expect(await new Browser().signIn(after, '', franceConnect)).toBe('/')
    expect(await new Browser().signIn(before, '', franceConnect)).toBe('/sign-in/link?returnTo=%2F')
    const trail = await server.inTenant((tx) => listAudit(tx, 10, personId))
    expect(trail.map((entry) => entry.action)).toEqual([
      'identity.federation_subject_changed',
      'identity.federation_linked',
    ])
  })

  test('an identity opens one account only', async () => {
    const { subject, personId } = await makeUser('guardian')
    const { personId: other } = await makeUser('guardian')
    for (const [person, where] of [
      [personId, '/sign-in/link?returnTo=%2F'],
      [other, '/sign-in?problem=federation_linked_elsewhere'],
    ] as const) {
      const browser = new Browser()
      await browser.enter(person)
      const back = await browser.chooseAt(await browser.leave('?link=1', franceConnect), subject)
      expect((await browser.atOurs(back)).headers.location).toBe(where)
      await browser.send('/api/identity/arrival/link', {})
    }
  })

  test('a link begun by one person is not taken up by the next at the same screen', async () => {
    const { subject, personId } = await makeUser('guardian')
    const { personId: other } = await makeUser('guardian')
    const browser = new Browser()
    await browser.enter(personId)
    const back = await browser.chooseAt(await browser.leave('?link=1', franceConnect), subject)
    await browser.enter(other)
    expect((await browser.atOurs(back)).headers.location).toBe('/sign-in?problem=federation_expired')
  })

  test('a way in can be taken away, but not the last', async () => {
    const { subject, personId } = await makeUser('guardian')
    const browser = new Browser()
    await browser.enter(personId)
    await browser.atOurs(await browser.chooseAt(await browser.leave('?link=1', franceConnect), subject))
    await browser.send('/api/identity/arrival/link', {})
    const { links } = (await browser.atOurs('/api/identity/links')).json() as { links: { id: string; name: string }[] }
    expect(links).toMatchObject([{ name: 'FranceConnect de démonstration' }])
    const remove = () =>
      server.app.inject({
        method: 'DELETE',
        url: `/api/identity/links/${links[0]?.id}`,
        headers: { cookie: `preau_session=${browser.ours.get('preau_session')}` },
      })
    expect((await remove()).json()).toMatchObject({ code: 'last_way_in' })
    await server.services.owner.query(`update identity.account set password_hash = 'x' where person_id = $1`, [
      personId,
    ])
    expect((await remove()).statusCode).toBe(204)
    expect((await remove()).statusCode).toBe(404)
  })

  test('an answer without the level or the traits it owes is refused', async () => {
    const { subject } = await makeUser('guardian')
    const base = demonstrationFranceConnect(providerUrl)
    await declare({ ...base, scope: 'openid given_name' })
    expect(await new Browser().signIn(subject, '', franceConnect)).toBe('/sign-in?problem=federation_failed')
    // Userinfo signed by another algorithm than the one agreed.
    await declare({ ...base, userinfoAlgorithm: 'RS256' })
    expect(await new Browser().signIn(subject, '', franceConnect)).toBe('/sign-in?problem=federation_failed')
    await declare(base)
  })
})

describe('ProConnect', () => {
  test('vouches for an agent that no academy knows, with their employer', async () => {
    const { subject, personId } = await makeUser('localAuthority')
    const browser = new Browser()
    expect(await browser.signIn(subject, '', proConnect)).toBe('/sign-in/link?returnTo=%2F')
    await browser.enter(personId)
    expect((await browser.send('/api/identity/arrival/link', {})).statusCode).toBe(200)
    expect(await new Browser().signIn(subject, '', proConnect)).toBe('/')
  })

  test('refuses parameters it does not know, and is sent none', async () => {
    const departure = await new Browser().leave('', proConnect)
    expect(await (await fetch(`${departure}&unknown=1`)).text()).toContain('Y000400')
    const browser = new Browser()
    expect('page' in (await browser.follow(departure))).toBe(true)
  })
})

describe('CAS', () => {
  test('signs an agent in by the references of the academy, and out at both ends', async () => {
    const { subject, personId } = await makeUser('teacher')
    const browser = new Browser()
    expect(await browser.signIn(subject, '?returnTo=%2Faccount', cas)).toBe('/account')
    expect(await browser.session()).toMatchObject({ signedIn: true, person: { id: personId } })
    const { redirect } = (await browser.atOurs('/api/identity/sign-out', 'POST')).json() as { redirect: string }
    const out = String((await browser.atOurs(redirect)).headers.location)
    expect(out).toBe(`${providerUrl}/demonstration-cas/logout?service=http%3A%2F%2Flocalhost%3A3000%2Fsign-in`)
  })

  test('ends a session by its ticket, and no other', async () => {
    const { subject } = await makeUser('teacher')
    const browser = new Browser()
    const back = await browser.chooseAt(await browser.leave('', cas), subject)
    const ticket = new URL(back, 'http://x').searchParams.get('ticket') ?? ''
    await browser.atOurs(back)
    const end = (index: string) =>
      browser.postToOurs(`/api/federation/cas/${cas}/callback?state=x`, {
        logoutRequest: `<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="a"><samlp:SessionIndex>${index}</samlp:SessionIndex></samlp:LogoutRequest>`,
      })
    expect((await end('ST-another')).statusCode).toBe(204)
    expect(await browser.session()).toMatchObject({ signedIn: true })
    expect((await end(ticket)).statusCode).toBe(204)
    expect(await browser.session()).toEqual({ signedIn: false })
    const bad = await browser.postToOurs(`/api/federation/cas/${cas}/callback`, { logoutRequest: '<!DOCTYPE a><a/>' })
    expect(bad.statusCode).toBe(400)
  })

  test('a ticket serves once, for the departure it was given for', async () => {
    const { subject } = await makeUser('teacher')
    const browser = new Browser()
    const back = await browser.chooseAt(await browser.leave('', cas), subject)
    const state = browser.ours.get('preau_federation') ?? ''
    expect((await browser.atOurs(back)).headers.location).toBe('/')
    browser.ours.set('preau_federation', state)
    expect((await browser.atOurs(back)).headers.location).toBe('/sign-in?problem=federation_expired')
    // A ticket of another service address, put in a victim's return.
    const stolen = new URL(await browser.chooseAt(await browser.leave('', cas), subject), 'http://x')
    const victim = new Browser()
    const own = new URL(new URL(await victim.leave('', cas)).searchParams.get('service') ?? '')
    own.searchParams.set('ticket', stolen.searchParams.get('ticket') ?? '')
    expect((await victim.atOurs(own.pathname + own.search)).headers.location).toBe(
      '/sign-in?problem=federation_untrusted',
    )
    expect(await victim.session()).toEqual({ signedIn: false })
  })

  test.each([
    ['PT-1', 'federation_untrusted'],
    ['TGT-1', 'federation_untrusted'],
    ['ST-never-given', 'federation_replayed'],
  ])('a ticket %s is refused', async (ticket, code) => {
    const browser = new Browser()
    const service = new URL(new URL(await browser.leave('', cas)).searchParams.get('service') ?? '')
    service.searchParams.set('ticket', ticket)
    expect((await browser.atOurs(service.pathname + service.search)).headers.location).toBe(`/sign-in?problem=${code}`)
  })

  const success = (inside: string) =>
    `<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas"><cas:authenticationSuccess>${inside}</cas:authenticationSuccess></cas:serviceResponse>`
  test.each([
    ['by a proxy', success('<cas:user>a</cas:user><cas:proxies><cas:proxy>https://p</cas:proxy></cas:proxies>')],
    ['two users', success('<cas:user>a</cas:user><cas:user>b</cas:user>')],
    ['a comment in the user', success('<cas:user>a<!-- -->b</cas:user>')],
    ['an entity', `<!DOCTYPE a [<!ENTITY b "c">]>${success('<cas:user>&b;</cas:user>')}`],
    ['another namespace', success('<cas:user>a</cas:user>').replace('www.yale.edu', 'evil.example')],
    [
      'success beside a failure',
      success('<cas:user>a</cas:user>').replace(
        '</cas:serviceResponse>',
        '<cas:authenticationFailure code="X"/></cas:serviceResponse>',
      ),
    ],
    ['no XML', 'yes\nadmin\n'],
  ])('an answer with %s is refused', async (_, body) => {
    const liar = createServer((_request, response) => response.end(body)).listen(0, '127.0.0.1')
    await once(liar, 'listening')
    try {
      await declare({
        protocol: 'cas',
        slug: 'liar',
        name: 'Liar',
        issuer: `http://127.0.0.1:${(liar.address() as AddressInfo).port}`,
      })
      const browser = new Browser()
      const service = new URL(new URL(await browser.leave('', 'liar')).searchParams.get('service') ?? '')
      service.searchParams.set('ticket', 'ST-1')
      expect((await browser.atOurs(service.pathname + service.search)).headers.location).toBe(
        '/sign-in?problem=federation_untrusted',
      )
    } finally {
      liar.close()
    }
  })
})

test('secrets of providers are sealed where they are kept', async () => {
  const { rows } = await server.services.owner.query<{ client_secret: string | null }>(
    'select client_secret from identity.provider where client_secret is not null',
  )
  expect(rows).toHaveLength(2)
  expect(rows.every((row) => row.client_secret?.startsWith('sealed:1:'))).toBe(true)
})

test('sign-ins are counted by provider, links and givings-up apart, and nobody’s', async () => {
  const read = async () =>
    (
      await server.services.owner.query<{ slug: string; signed_in: number; refused: number; failed: number }>(
        `select p.slug, sum(signed_in)::int signed_in, sum(refused)::int refused, sum(failed)::int failed
         from federation.provider_hour h join identity.provider p on p.id = h.provider_id group by 1`,
      )
    ).rows.find(({ slug }) => slug === franceConnect)
  const before = await read()
  const { subject, personId } = await makeUser('guardian')
  const browser = new Browser()
  await browser.signIn(subject, '', franceConnect)
  await browser.enter(personId)
  await browser.send('/api/identity/arrival/link', {})
  expect(await read()).toEqual(before)
  await new Browser().signIn(subject, '', franceConnect)
  await new Browser().signIn('', '', franceConnect)
  expect(await read()).toMatchObject({
    signed_in: (before?.signed_in ?? 0) + 1,
    refused: (before?.refused ?? 0) + 1,
    failed: before?.failed,
  })
})
