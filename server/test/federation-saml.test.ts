import fastify from 'fastify'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listAudit } from '#kernel/audit'
import type { App } from '#kernel/http'
import { declareProvider } from '#modules/identity'
import type { DemonstrationUser } from '../src/demonstration/identity-provider-http.ts'
import {
  makeAssertion,
  makeResponse,
  type SamlStatement,
  signElement,
} from '../src/demonstration/identity-provider-saml-messages.ts'
import { demonstrationSamlProvider, serveSamlProvider } from '../src/demonstration/identity-provider-saml.ts'
import { makeCertifiedKey } from '../src/standards/saml/certificate.ts'
import { makeLogoutRequest, sendMessage } from '../src/standards/saml/requests.ts'
import { openTestApp, type TestApp } from './app.ts'
import { FederationBrowser } from './federation-browser.ts'
import { makePerson, makeReference } from './make.ts'

let server: TestApp
let provider: App
let providerUrl: string
const users: DemonstrationUser[] = []
const ahead = 0

/** A provider made by hand, whose messages say what a test wants. */
const theirs = { key: await makeCertifiedKey('idp', new Date()), entityId: 'https://idp.example/metadata' }

beforeAll(async () => {
  const port = await findPort()
  const address = `http://127.0.0.1:${port}`
  server = await openTestApp({ now: () => new Date(Date.now() + ahead), publicUrl: address })
  // The demonstration's provider asks for our metadata where they are.
  await server.app.listen({ host: '127.0.0.1', port })
  provider = fastify().withTypeProvider<ZodTypeProvider>()
  await serveSamlProvider(provider, async () => ({
    publicUrl: providerUrl,
    dataDirectory: server.config.dataDirectory,
    clients: [new URL(address)],
    users: async () => users,
  }))
  providerUrl = await provider.listen({ host: '127.0.0.1', port: 0 })
  await declare(demonstrationSamlProvider(providerUrl))
  await declare({ ...byHand(), slug: 'by-hand' })
  await declare({ ...byHand('https://open.example/metadata'), slug: 'open', unsolicited: true })
})
afterAll(async () => {
  await provider.close()
  await server.close()
})

async function findPort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

const declare = (input: Parameters<typeof declareProvider>[1]) =>
  server.inTenant((tx) => declareProvider(tx, input, server.services))

function byHand(entityId = theirs.entityId) {
  const at = (name: string) =>
    `Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/${name}"`
  return {
    protocol: 'saml' as const,
    slug: 'by-hand',
    name: 'À la main',
    issuer: entityId,
    referenceClaim: 'FrEduCtRefId',
    metadata: `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${entityId}"><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>${theirs.key.certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:SingleLogoutService ${at('slo')}/><md:SingleSignOnService ${at('sso')}/></md:IDPSSODescriptor></md:EntityDescriptor>`,
  }
}

let subjects = 0
async function makeUser(profile = 'guardian'): Promise<{ subject: string; personId: string; reference: string }> {
  subjects += 1
  const subject = `saml-${subjects}`
  const personId = await server.inTenant(async (tx) => {
    const id = await makePerson(tx, { givenName: 'Claire', familyName: 'Dubœuf' })
    await makeReference(tx, id, { academyCode: '20', externalId: subject, record: 'guardian' })
    return id
  })
  const reference = `{AAF}20|x|${subject}`
  users.push({ subject, givenName: 'Claire', familyName: 'Dubœuf', profile, references: [reference] })
  return { subject, personId, reference }
}

class Browser extends FederationBrowser {
  constructor() {
    super(server)
  }

  /** Leaves for the provider made by hand. @returns what its answer has to bear. */
  async leaveByHand(slug = 'by-hand') {
    const url = new URL(await this.leave('', slug))
    const { inflateRawSync } = await import('node:zlib')
    const request = inflateRawSync(Buffer.from(url.searchParams.get('SAMLRequest') ?? '', 'base64')).toString()
    const requestId = /ID="([^"]+)"/.exec(request)?.[1] ?? ''
    return { requestId, relayState: url.searchParams.get('RelayState') ?? '', request, url }
  }

  /** Posts an answer and follows it. @returns where it ends. */
  async bring(xml: string, relayState?: string): Promise<string> {
    const form = {
      SAMLResponse: Buffer.from(xml).toString('base64'),
      ...(relayState === undefined ? {} : { RelayState: relayState }),
    }
    const posted = await this.postToOurs('/api/federation/saml/acs', form)
    expect(posted.statusCode).toBe(303)
    const next = String(posted.headers.location)
    return next.startsWith('/api/') ? String((await this.atOurs(next)).headers.location) : next
  }
}

const statementOf = (
  nameId: string,
  inResponseTo: string | null,
  change: Partial<SamlStatement> = {},
): SamlStatement => ({
  issuer: theirs.entityId,
  audience: `${server.config.publicUrl}/api/federation/saml/metadata`,
  recipient: `${server.config.publicUrl}/api/federation/saml/acs`,
  inResponseTo,
  nameId,
  sessionIndex: `_session-${nameId}`,
  attributes: { FrEduCtRefId: [`{AAF}20|x|${nameId}`] },
  now: new Date(Date.now() + ahead),
  ...change,
})
const say = (statement: SamlStatement) =>
  makeResponse(statement, signElement(makeAssertion(statement), 'Assertion', theirs.key))

test('someone signs in by the demonstration’s provider: signed, encrypted, bound to the browser', async () => {
  const { subject } = await makeUser()
  const browser = new Browser()
  const shown = await browser.follow(await browser.leave('?returnTo=%2Faccount', 'demonstration-saml'))
  if ('back' in shown) throw new Error('no page')
  expect(shown.url).toContain('Signature=')
  const answer = await browser.atTheirs(shown.url, { subject })
  const page = await answer.text()
  const value = (name: string) => new RegExp(`name="${name}" value="([^"]+)"`).exec(page)?.[1] ?? ''
  const xml = Buffer.from(value('SAMLResponse'), 'base64').toString()
  expect(xml).toContain('EncryptedAssertion')
  expect(xml).not.toContain(subject)
  const stranger = new Browser()
  const posted = await browser.postToOurs('/api/federation/saml/acs', {
    SAMLResponse: value('SAMLResponse'),
    RelayState: value('RelayState'),
  })
  const next = String(posted.headers.location)
  expect(next).toMatch(/^\/api\/federation\/answer\?ticket=/)
  expect((await stranger.atOurs(next)).headers.location).toBe('/sign-in?problem=federation_expired')
})

test('the whole journey, out at both ends', async () => {
  const { subject, personId } = await makeUser()
  const browser = new Browser()
  const shown = await browser.follow(await browser.leave('?returnTo=%2Faccount', 'demonstration-saml'))
  if ('back' in shown) throw new Error('no page')
  const page = await (await browser.atTheirs(shown.url, { subject })).text()
  const value = (name: string) => new RegExp(`name="${name}" value="([^"]+)"`).exec(page)?.[1] ?? ''
  const xml = Buffer.from(value('SAMLResponse'), 'base64').toString()
  expect(await browser.bring(xml, value('RelayState'))).toBe('/account')
  expect(await browser.session()).toMatchObject({ signedIn: true, person: { id: personId } })
  const trail = await server.inTenant((tx) => listAudit(tx, 10, personId))
  expect(trail.map((entry) => entry.action)).toEqual(['identity.federation_linked'])
  // The same answer again.
  expect(await browser.bring(xml, value('RelayState'))).toBe('/sign-in?problem=federation_expired')

  const { redirect } = (await browser.atOurs('/api/identity/sign-out', 'POST')).json() as { redirect: string }
  expect(await browser.session()).toEqual({ signedIn: false })
  const out = String((await browser.atOurs(redirect)).headers.location)
  expect(out).toContain(`${providerUrl}/demonstration-saml/slo?SAMLRequest=`)
  const back = await browser.follow(out)
  expect('back' in back && back.back).toMatch(/^\/api\/federation\/saml\/slo\?SAMLResponse=/)
  expect('back' in back && (await browser.atOurs(back.back)).headers.location).toBe('/sign-in')
  expect((await browser.atOurs(redirect)).headers.location).toBe('/sign-in')
})

test('giving up at the provider is no failure', async () => {
  const browser = new Browser()
  const shown = await browser.follow(await browser.leave('', 'demonstration-saml'))
  if ('back' in shown) throw new Error('no page')
  const page = await (await browser.atTheirs(shown.url, { subject: '' })).text()
  const value = (name: string) => new RegExp(`name="${name}" value="([^"]+)"`).exec(page)?.[1] ?? ''
  const posted = await browser.postToOurs('/api/federation/saml/acs', {
    SAMLResponse: value('SAMLResponse'),
    RelayState: value('RelayState'),
  })
  expect(posted.headers.location).toBe('/sign-in?problem=federation_declined')
})

test('our metadata say where to answer, and by which key', async () => {
  const { body, headers } = await server.app.inject('/api/federation/saml/metadata')
  expect(headers['content-type']).toContain('application/samlmetadata+xml')
  expect(body).toContain(`entityID="${server.config.publicUrl}/api/federation/saml/metadata"`)
  expect(body).toContain('WantAssertionsSigned="true"')
  expect(body.match(/<ds:X509Certificate>/g)).toHaveLength(2)
  // The key stays the same, and is sealed where it is kept.
  expect((await server.app.inject('/api/federation/saml/metadata')).body).toBe(body)
  const { rows } = await server.services.owner.query<{ private_key: string }>(
    'select private_key from saml.service_key',
  )
  expect(rows.map((row) => row.private_key.startsWith('sealed:1:'))).toEqual([true])
})

describe('refused, with a page that says so', () => {
  test.each([
    ['unsigned', 'federation_untrusted', (xml: string) => xml.replace(/<ds:Signature.*<\/ds:Signature>/s, '')],
    ['altered', 'federation_untrusted', (xml: string) => xml.replaceAll('saml-', 'other-')],
    [
      'with a comment in the name',
      'federation_untrusted',
      (xml: string) => xml.replace('</saml:NameID>', '<!-- x --></saml:NameID>'),
    ],
    ['with a document type', 'federation_untrusted', (xml: string) => `<!DOCTYPE a [<!ENTITY b "c">]>${xml}`],
    [
      'with two assertions',
      'federation_untrusted',
      (xml: string) => xml.replace(/<saml:Assertion.*<\/saml:Assertion>/s, (all) => all + all),
    ],
    ['that is no XML', 'federation_untrusted', () => 'nothing'],
  ])('an answer %s', async (_, code, forge) => {
    const { subject } = await makeUser()
    const browser = new Browser()
    const { requestId, relayState } = await browser.leaveByHand()
    expect(await browser.bring(forge(say(statementOf(subject, requestId))), relayState)).toBe(
      `/sign-in?problem=${code}`,
    )
    expect(await browser.session()).toEqual({ signedIn: false })
  })

  test.each([
    ['for another service', 'federation_misdirected', { audience: 'https://other.example' }],
    ['for another address', 'federation_misdirected', { recipient: 'https://other.example/acs' }],
    ['to another request', 'federation_misdirected', { inResponseTo: '_another' }],
    ['of another provider', 'federation_untrusted', { issuer: 'https://open.example/metadata' }],
    ['of yesterday', 'federation_answer_expired', { now: new Date(Date.now() - 86_400_000) }],
    ['of tomorrow', 'federation_answer_expired', { now: new Date(Date.now() + 86_400_000) }],
  ])('an answer %s', async (_, code, change) => {
    const { subject } = await makeUser()
    const browser = new Browser()
    const { requestId, relayState } = await browser.leaveByHand()
    expect(await browser.bring(say(statementOf(subject, requestId, change)), relayState)).toBe(
      `/sign-in?problem=${code}`,
    )
    expect(await browser.session()).toEqual({ signedIn: false })
  })

  test('an answer that served, even with another departure or another browser', async () => {
    const { subject, personId } = await makeUser()
    const browser = new Browser()
    const { requestId, relayState } = await browser.leaveByHand()
    const xml = say(statementOf(subject, requestId))
    expect(await browser.bring(xml, relayState)).toBe('/')
    expect(await browser.session()).toMatchObject({ person: { id: personId } })
    const thief = new Browser()
    expect(await thief.bring(xml, relayState)).toBe('/sign-in?problem=federation_expired')
    const own = await thief.leaveByHand()
    expect(await thief.bring(xml, own.relayState)).toBe('/sign-in?problem=federation_misdirected')
  })

  test('an assertion presented twice before the first is taken up', async () => {
    const { subject } = await makeUser()
    const browser = new Browser()
    const { requestId, relayState } = await browser.leaveByHand()
    const form = {
      SAMLResponse: Buffer.from(say(statementOf(subject, requestId))).toString('base64'),
      RelayState: relayState,
    }
    const answers = await Promise.all([1, 2, 3].map(() => browser.postToOurs('/api/federation/saml/acs', form)))
    const ends = answers.map(
      ({ headers }) =>
        String(headers.location).split('=')[0] + (String(headers.location).includes('replayed') ? '=replayed' : ''),
    )
    expect(ends.sort()).toEqual([
      '/api/federation/answer?ticket',
      '/sign-in?problem=replayed',
      '/sign-in?problem=replayed',
    ])
  })

  test('a sign-in begun at the provider, unless it may', async () => {
    const { subject, personId } = await makeUser()
    const browser = new Browser()
    expect(await browser.bring(say(statementOf(subject, null)))).toBe('/sign-in?problem=federation_unsolicited')
    const allowed = { issuer: 'https://open.example/metadata' }
    // Its metadata are read when somebody first leaves for it.
    await browser.leaveByHand('open')
    const xml = say(statementOf(subject, null, allowed))
    expect(await browser.bring(xml)).toBe('/')
    expect(await browser.session()).toMatchObject({ person: { id: personId } })
    expect(await new Browser().bring(xml)).toBe('/sign-in?problem=federation_replayed')
  })

  test('an answer of nobody we know', async () => {
    const browser = new Browser()
    expect(await browser.bring(say(statementOf('x', null, { issuer: 'https://evil.example' })))).toBe(
      '/sign-in?problem=federation_untrusted',
    )
  })
})

describe('the provider ends a session', () => {
  async function signIn() {
    const { subject, personId } = await makeUser()
    const browser = new Browser()
    const { requestId, relayState } = await browser.leaveByHand()
    await browser.bring(say(statementOf(subject, requestId)), relayState)
    expect(await browser.session()).toMatchObject({ person: { id: personId } })
    return { browser, subject }
  }
  const ask = (subject: string, sessionIndex: string | null, change: { key?: typeof theirs.key; now?: Date } = {}) => {
    const destination = `${server.config.publicUrl}/api/federation/saml/slo`
    const xml = makeLogoutRequest({
      id: `_${Math.random().toString(36).slice(2)}`,
      issuer: theirs.entityId,
      destination,
      now: change.now ?? new Date(),
      nameId: { value: subject, format: null, nameQualifier: null, spNameQualifier: null },
      sessionIndex,
    })
    return (binding: 'redirect' | 'post', key: typeof theirs.key | undefined = change.key ?? theirs.key) =>
      sendMessage({ binding, location: destination }, { field: 'SAMLRequest', xml, relayState: 'r' }, key?.privateKey)
  }

  test('by an address, then by a form, answering each signed', async () => {
    const { browser, subject } = await signIn()
    const go = ask(subject, `_session-${subject}`)('redirect')
    if (!('url' in go)) throw new Error('no address')
    const answered = await new Browser().atOurs(go.url.slice(server.config.publicUrl.length))
    expect(answered.headers.location).toMatch(
      /^https:\/\/idp\.example\/slo\?SAMLResponse=.*RelayState=r&SigAlg=.*Signature=/,
    )
    expect(await browser.session()).toEqual({ signedIn: false })
    // The same request again.
    const again = await new Browser().atOurs(go.url.slice(server.config.publicUrl.length))
    expect(again.headers.location).toBe('/sign-in?problem=federation_replayed')

    const second = await signIn()
    const form = ask(second.subject, null)('post')
    if (!('post' in form)) throw new Error('no form')
    expect((await browser.postToOurs('/api/federation/saml/slo', form.fields)).statusCode).toBe(302)
    expect(await second.browser.session()).toEqual({ signedIn: false })
  })

  test('but not another session, nor by a request that is not its own', async () => {
    const { browser, subject } = await signIn()
    const other = ask(subject, '_another')('redirect')
    const foreign = ask(subject, null, { key: await makeCertifiedKey('evil', new Date()) })('redirect')
    const unsigned = ask(subject, null)('post', undefined)
    const old = ask(subject, null, { now: new Date(Date.now() - 3_600_000) })('redirect')
    for (const go of [other, foreign, old]) {
      if ('url' in go) await new Browser().atOurs(go.url.slice(server.config.publicUrl.length))
    }
    expect('post' in unsigned).toBe(true)
    const bare = makeLogoutRequest({
      id: '_bare',
      issuer: theirs.entityId,
      destination: `${server.config.publicUrl}/api/federation/saml/slo`,
      now: new Date(),
      nameId: { value: subject, format: null, nameQualifier: null, spNameQualifier: null },
      sessionIndex: null,
    })
    const refused = await browser.postToOurs('/api/federation/saml/slo', {
      SAMLRequest: Buffer.from(bare).toString('base64'),
    })
    expect(refused.headers.location).toBe('/sign-in?problem=federation_untrusted')
    expect(await browser.session()).toMatchObject({ signedIn: true })
  })
})
