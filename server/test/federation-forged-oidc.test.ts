import { exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { declareProvider } from '#modules/identity'
import { openTestApp, type TestApp } from './app.ts'
import { FederationBrowser } from './federation-browser.ts'

/** What a provider answers, as one that is forged or broken would. */
interface Answer {
  idToken: string
  userinfo: { type: string; body: string }
}

let app: TestApp
let provider: Server
let issuer: string
let answer: Answer
const clientId = 'preau'
const clientSecret = 'a-secret-of-thirty-two-characters'
const keys = { own: await generateKeyPair('RS256'), other: await generateKeyPair('RS256') }
const ecKey = await generateKeyPair('ES256')

beforeAll(async () => {
  app = await openTestApp()
  const own = { ...(await exportJWK(keys.own.publicKey)), kid: 'own', alg: 'RS256', use: 'sig' }
  const ec = { ...(await exportJWK(ecKey.publicKey)), kid: 'ec', alg: 'ES256', use: 'sig' }
  provider = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', issuer)
    const send = (body: unknown, type = 'application/json') => {
      response.setHeader('content-type', type).end(typeof body === 'string' ? body : JSON.stringify(body))
    }
    if (pathname === '/keys') return send({ keys: [own, ec] })
    if (pathname === '/token') return send({ access_token: 'a', token_type: 'Bearer', id_token: answer.idToken })
    if (pathname === '/userinfo') return send(answer.userinfo.body, answer.userinfo.type)
    return send({
      issuer,
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      userinfo_endpoint: `${issuer}/userinfo`,
      jwks_uri: `${issuer}/keys`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256', 'ES256', 'HS256', 'none'],
      userinfo_signing_alg_values_supported: ['RS256', 'ES256', 'none'],
      code_challenge_methods_supported: ['S256'],
    })
  })
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve))
  issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`
  for (const profile of ['generic', 'franceConnect'] as const) {
    const declaration = { slug: profile.toLowerCase(), name: profile, profile, issuer, clientId, clientSecret }
    await app.inTenant((tx) => declareProvider(tx, declaration, app.services))
  }
})
afterAll(async () => {
  provider.closeAllConnections()
  provider.close()
  await app.close()
})

const traits = { given_name: 'Claire', family_name: 'Dubœuf', birthdate: '1980-01-01' }
const now = () => Math.floor(Date.now() / 1_000)
const claimsFor = (nonce: string): JWTPayload => ({
  iss: issuer,
  sub: 'someone',
  aud: clientId,
  iat: now(),
  exp: now() + 60,
  nonce,
  acr: 'eidas1',
})
const sign = (claims: JWTPayload, key = keys.own.privateKey, header = { alg: 'RS256', kid: 'own' }) =>
  new SignJWT(claims).setProtectedHeader(header).sign(key)
const signUserinfo = async (claims: JWTPayload, key = ecKey.privateKey) => ({
  type: 'application/jwt',
  body: await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'ec' }).sign(key),
})
const json = (claims: object) => ({ type: 'application/json', body: JSON.stringify(claims) })

/** Leaves for the provider, which answers what it is told; where the browser ends. */
async function signIn(slug: string, make: (nonce: string) => Promise<Answer>): Promise<string> {
  const browser = new FederationBrowser(app)
  const { searchParams: asked } = new URL(await browser.leave('', slug))
  answer = await make(asked.get('nonce') ?? '')
  const query = new URLSearchParams({ code: 'c', state: asked.get('state') ?? '' })
  return String((await browser.atOurs(`/api/federation/oidc/${slug}/callback?${query.toString()}`)).headers.location)
}

const honest = '/sign-in/link?returnTo=%2F'
const refused = '/sign-in?problem=federation_failed'

describe('an ID token', () => {
  const given = (idToken: (claims: JWTPayload) => Promise<string> | string) =>
    signIn('generic', async (nonce) => ({
      idToken: await idToken(claimsFor(nonce)),
      userinfo: json({ sub: 'someone' }),
    }))

  test('that is what it ought to be is believed', async () => {
    expect(await given((claims) => sign(claims))).toBe(honest)
    expect(await given((claims) => sign({ ...claims, aud: [clientId, 'other'], azp: clientId }))).toBe(honest)
  })

  test.each<[string, (claims: JWTPayload) => Promise<string> | string]>([
    ['without a signature', (claims) => new UnsecuredJWT(claims).encode()],
    ['signed by a key that is not the provider’s', (claims) => sign(claims, keys.other.privateKey)],
    [
      'signed by the secret that we share',
      (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(clientSecret)),
    ],
    ['for another service', (claims) => sign({ ...claims, aud: 'other' })],
    ['for several services, given to another', (claims) => sign({ ...claims, aud: [clientId, 'other'], azp: 'other' })],
    ['of another issuer', (claims) => sign({ ...claims, iss: 'https://evil.example' })],
    ['that is over', (claims) => sign({ ...claims, iat: now() - 900, exp: now() - 600 })],
    ['that never ends', ({ exp: _exp, ...claims }) => sign(claims)],
    ['of nobody', ({ sub: _sub, ...claims }) => sign(claims)],
    ['of no departure', ({ nonce: _nonce, ...claims }) => sign(claims)],
    ['of another departure', (claims) => sign({ ...claims, nonce: 'another' })],
    ['that is none', () => 'x.y.z'],
  ])('%s is refused', async (_, idToken) => {
    expect(await given(idToken)).toBe(refused)
  })
})

describe('userinfo', () => {
  const given = (
    slug: string,
    userinfo: () => Promise<Answer['userinfo']> | Answer['userinfo'],
    more: JWTPayload = {},
  ) =>
    signIn(slug, async (nonce) => ({
      idToken: await sign({ ...claimsFor(nonce), ...more }),
      userinfo: await userinfo(),
    }))
  const person = () => ({ sub: 'someone', iss: issuer, aud: clientId, ...traits })

  test('signed as agreed is believed', async () => {
    expect(await given('franceconnect', () => signUserinfo(person()))).toBe(honest)
  })

  test.each<[string, () => Promise<Answer['userinfo']> | Answer['userinfo']]>([
    ['not signed where it ought to be', () => json(person())],
    ['signed by nobody', () => ({ type: 'application/jwt', body: new UnsecuredJWT(person()).encode() })],
    [
      'signed by a key that is not the provider’s',
      async () => signUserinfo(person(), (await generateKeyPair('ES256')).privateKey),
    ],
    ['of somebody else', () => signUserinfo({ ...person(), sub: 'other' })],
    ['for another service', () => signUserinfo({ ...person(), aud: 'other' })],
    ['of another issuer', () => signUserinfo({ ...person(), iss: 'https://evil.example' })],
    ['without the traits of the profile', () => signUserinfo({ sub: 'someone', iss: issuer, aud: clientId })],
  ])('%s is refused', async (_, userinfo) => {
    expect(await given('franceconnect', userinfo)).toBe(refused)
  })

  test('of a level below the one asked for is refused', async () => {
    for (const acr of ['eidas0', ''])
      expect(await given('franceconnect', () => signUserinfo(person()), { acr })).toBe(refused)
    expect(await given('franceconnect', () => signUserinfo(person()), { acr: 'eidas2' })).toBe(honest)
  })

  test('does not change what the ID token says', async () => {
    // Otherwise a level that nobody vouched for would do.
    expect(await given('franceconnect', () => signUserinfo({ ...person(), acr: 'eidas3' }), { acr: 'eidas0' })).toBe(
      refused,
    )
  })
})
