import { createPublicKey } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { decodeProtectedHeader, SignJWT } from 'jose'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../../../test/app.ts'
import { TestPlatform } from '../../../test/lti-platform.ts'
import { makePerson } from '../../../test/make.ts'
import { projectAll } from '../../modules/insight/projection/projection.ts'
import { readCourse } from './course-reading.ts'
import { activateSigningKey, addSigningKey, signMessage } from './signing-keys.ts'

const claim = (name: string) => `https://purl.imsglobal.org/spec/lti/claim/${name}`

let test_: TestApp
let url: string
let platform: TestPlatform
let other: TestPlatform
let administrator: { cookie: string }

const users = [
  { id: '3', username: 'tess', name: 'Tess Prof', email: 'tess@lms.test', roles: ['Instructor'] },
  { id: '4', username: 'ana', name: 'Ana Élève', email: 'ana@lms.test', roles: ['Learner'] },
  { id: '5', username: 'bob', name: 'Bob Élève', email: 'bob@lms.test', roles: ['Learner'] },
  { id: '6', username: 'gus', name: 'Gus Visiteur', email: 'gus@lms.test', roles: ['Mentor'] },
]

beforeAll(async () => {
  const probe = createServer().listen(0)
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  const port = typeof address === 'object' && address ? address.port : 0
  url = `http://localhost:${port}`
  test_ = await openTestApp({ publicUrl: url })
  await test_.app.listen({ port, host: 'localhost' })
  const personId = await test_.inTenant((tx) => makePerson(tx))
  administrator = await test_.signIn(personId, [{ right: 'insight.administer' }])
  platform = await new TestPlatform({
    users,
    course: { id: '7', title: 'Chimie' },
    pageSize: 2,
    grades: [{ lineItem: '1', label: 'Devoir', maximum: 20, userId: '4', score: 15 }],
  }).start()
  other = await new TestPlatform({ users, course: { id: '7', title: 'Chimie' } }).start()
  for (const each of [platform, other]) await register(each)
})

afterAll(async () => {
  await platform?.stop()
  await other?.stop()
  await test_?.close()
})

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(new URL(path, url), { redirect: 'manual', ...init })
}

async function administer<Answer>(method: string, path: string, body?: object): Promise<Answer> {
  const response = await ask(path, {
    method,
    headers: { ...administrator, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  expect(response.status, `${method} ${path}`).toBeLessThan(300)
  const text = await response.text()
  return (text === '' ? undefined : JSON.parse(text)) as Answer
}

async function register(each: TestPlatform): Promise<Response> {
  const link = await administer<{ url: string }>('POST', '/api/lti/registration-links')
  const address = new URL(link.url)
  address.searchParams.set('openid_configuration', `${each.url}/.well-known/openid-configuration`)
  address.searchParams.set('registration_token', 'once')
  return ask(address.href)
}

/** What the page that leaves for the platform holds. */
interface Left {
  key: string
  secret: string
  url: string
  storage: { target: string; origin: string } | null
  cookie: string
  headers: Headers
}

async function leave(each: TestPlatform, userId: string, said: Record<string, string> = {}): Promise<Left> {
  const response = await ask('/api/lti/login', {
    method: 'POST',
    headers: { origin: each.url, 'sec-fetch-site': 'cross-site' },
    body: new URLSearchParams({ ...each.announce(userId), ...said }),
  })
  const html = await response.text()
  const [, data = '{}'] = /<script type="application\/json" id="go">(.*?)<\/script>/.exec(html) ?? []
  const cookie = response.headers.get('set-cookie')?.split(';')[0] ?? ''
  return { ...(JSON.parse(data) as Left), cookie, headers: response.headers }
}

interface Token {
  id_token?: string
  claims?: (claims: Record<string, unknown>) => Record<string, unknown>
  by?: TestPlatform
}

/** The platform's answer, as its page posts it; returns where the browser is sent. */
async function answer(each: TestPlatform, left: Left, token: Token = {}): Promise<URL> {
  const asked = new URL(left.url).searchParams
  const claims = each.claims(asked)
  const id_token = token.id_token ?? (await (token.by ?? each).sign(token.claims?.(claims) ?? claims))
  const response = await post({ state: asked.get('state') ?? '', id_token })
  expect(response.status).toBe(303)
  return new URL(response.headers.get('location') ?? '')
}

const post = (form: Record<string, string>) =>
  ask('/api/lti/launch', {
    method: 'POST',
    headers: { origin: 'https://lms.test', 'sec-fetch-site': 'cross-site' },
    body: new URLSearchParams(form),
  })

const problemOf = (page: URL) => new URLSearchParams(page.hash.slice(1)).get('problem')

interface Exchanged {
  token: string
  indicator: { name: string; parameters: Record<string, string> } | null
  deepLink: { ticket: string; title: string | null } | null
}

async function exchange(page: URL, given: { cookie?: string; proof?: string }): Promise<Response> {
  return ask('/api/lti/launches/token', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'sec-fetch-site': 'same-origin',
      ...(given.cookie === undefined ? {} : { cookie: given.cookie }),
    },
    body: JSON.stringify({
      launch: page.pathname.split('/').at(-1),
      code: new URLSearchParams(page.hash.slice(1)).get('code'),
      proof: given.proof ?? null,
    }),
  })
}

interface ViewerAnswer {
  audience: string
  nominative: boolean
  learner: boolean
  indicator: string | null
  courses: { name: unknown }[] | null
}

async function look(token: string): Promise<ViewerAnswer> {
  const response = await ask('/api/insight/viewer', { headers: { authorization: `Bearer ${token}` } })
  expect(response.status).toBe(200)
  return (await response.json()) as ViewerAnswer
}

async function launch(each: TestPlatform, userId: string, said: Record<string, string> = {}): Promise<Exchanged> {
  const left = await leave(each, userId, said)
  const page = await answer(each, left)
  expect(problemOf(page)).toBeNull()
  const response = await exchange(page, { cookie: left.cookie })
  expect(response.status).toBe(200)
  return (await response.json()) as Exchanged
}

interface Details {
  platform: Record<string, unknown> & { id: string }
  launches: {
    outcome: string
    role: string | null
    person: { subject: string | null; identifier: string | null; events: number }
    course: { iri: string | null; events: number }
  }[]
  courses: { course: string; members: number | null; unidentified: number | null; grades: number | null }[]
}

async function details(each: TestPlatform): Promise<Details> {
  const { platforms } = await administer<{ platforms: { id: string; issuer: string }[] }>('GET', '/api/lti/platforms')
  const found = platforms.find(({ issuer }) => issuer === each.url)
  return administer<Details>('GET', `/api/lti/platforms/${found?.id}`)
}

describe('registration', () => {
  test('a platform registers by a link, once, and is told what this tool is', async () => {
    expect(platform.registration).toMatchObject({
      response_types: ['id_token'],
      token_endpoint_auth_method: 'private_key_jwt',
      initiate_login_uri: `${url}/api/lti/login`,
      redirect_uris: [`${url}/api/lti/launch`],
      jwks_uri: `${url}/api/lti/keys`,
    })
    const { platform: known } = await details(platform)
    expect(known).toMatchObject({
      issuer: platform.url,
      clientId: 'client-1',
      deployments: ['1'],
      frameOrigin: platform.url,
      product: 'moodle',
      identityRule: { kind: 'account', homePage: '{issuer}', name: '{sub}' },
      courseRule: '{issuer}/course/view.php?id={context.id}',
    })
  })
})

test('a registration link serves once, and says so', async () => {
  const link = await administer<{ url: string }>('POST', '/api/lti/registration-links')
  const third = await new TestPlatform({ users, course: { id: '7', title: 'Chimie' } }).start()
  const address = new URL(link.url)
  address.searchParams.set('openid_configuration', `${third.url}/.well-known/openid-configuration`)
  expect((await ask(address.href)).status).toBe(200)
  const again = await ask(address.href)
  expect(again.status).toBe(403)
  expect(await again.text()).toContain('déjà servi')
  await third.stop()
})

describe('launch', () => {
  test('a teacher sees the learners of the launched course by name, and nothing else', async () => {
    const { token } = await launch(platform, '3')
    const viewer = await look(token)
    expect(viewer).toMatchObject({ audience: 'teacher', nominative: true, indicator: null })
    expect(viewer.courses).toHaveLength(1)
  })

  test('a student sees their own', async () => {
    const { token } = await launch(platform, '4')
    expect(await look(token)).toMatchObject({ audience: 'student', nominative: false, learner: true })
  })

  test('a link may show a single indicator, as set', async () => {
    platform.linkCustom = { preau_indicator: 'scores', preau_p_window: '15' }
    const launched = await launch(platform, '3')
    platform.linkCustom = {}
    expect(launched.indicator).toEqual({ name: 'scores', parameters: { window: '15' } })
    expect((await look(launched.token)).indicator).toBe('scores')
  })

  test('the page that leaves is framed by its platform only, and so is the page of the launch', async () => {
    const left = await leave(platform, '4')
    expect(left.headers.get('content-security-policy')).toContain(`frame-ancestors ${platform.url}`)
    expect(left.headers.get('x-frame-options')).toBeNull()
    expect(left.headers.get('set-cookie')).toMatch(/SameSite=None.*Partitioned|Partitioned.*SameSite=None/)
    const page = await answer(platform, left)
    const shown = await ask(page.pathname)
    if (shown.status === 200) {
      expect(shown.headers.get('content-security-policy')).toContain(`frame-ancestors ${platform.url}`)
      expect(shown.headers.get('x-frame-options')).toBeNull()
      const unknown = await ask('/embed/00000000-0000-7000-8000-000000000000')
      expect(unknown.headers.get('content-security-policy')).toContain(`frame-ancestors 'none'`)
    }
  })

  test('without cookies the page proves its browser by what it kept', async () => {
    const left = await leave(platform, '4')
    expect((await exchange(await answer(platform, left), { proof: left.secret })).status).toBe(200)
  })

  test('a platform that stores for its tools is asked to, at its own origin only', async () => {
    const left = await leave(platform, '4', { lti_storage_target: '_parent' })
    expect(left.storage).toEqual({ target: '_parent', origin: platform.url })
    const refused = await exchange(await answer(platform, left), {})
    expect(refused.status).toBe(403)
    expect(await refused.json()).toMatchObject({
      code: 'launch_other_browser',
      key: left.key,
      storage: { target: '_parent', origin: platform.url },
    })
  })
})

describe('what is refused', () => {
  const expired = () => Math.floor(Date.now() / 1_000) - 600

  const wrong: [string, string, Token][] = [
    ['another issuer', 'launch_token_issuer', { claims: (claims) => ({ ...claims, iss: 'https://elsewhere.test' }) }],
    ['another audience', 'launch_token_audience', { claims: (claims) => ({ ...claims, aud: 'client-9' }) }],
    [
      'several audiences and no azp',
      'launch_token_audience',
      { claims: (claims) => ({ ...claims, aud: [claims['aud'], 'client-9'] }) },
    ],
    ['an azp of another tool', 'launch_token_audience', { claims: (claims) => ({ ...claims, azp: 'client-9' }) }],
    [
      'a token too old',
      'launch_token_expired',
      { claims: (claims) => ({ ...claims, exp: expired(), iat: expired() }) },
    ],
    ['a token made long ago', 'launch_token_expired', { claims: (claims) => ({ ...claims, iat: expired() - 600 }) }],
    ['a token of tomorrow', 'launch_token_time', { claims: (claims) => ({ ...claims, iat: expired() + 86_400 }) }],
    ['no expiry', 'launch_token_time', { claims: ({ exp: _, ...claims }) => claims }],
    ['another nonce', 'launch_token_nonce', { claims: (claims) => ({ ...claims, nonce: 'mine' }) }],
    ['no nonce', 'launch_token_claims', { claims: ({ nonce: _, ...claims }) => claims }],
    [
      'another deployment',
      'launch_deployment',
      { claims: (claims) => ({ ...claims, [claim('deployment_id')]: '99' }) },
    ],
    ['another version', 'launch_version', { claims: (claims) => ({ ...claims, [claim('version')]: '1.2.0' }) }],
    [
      'another message',
      'launch_message_type',
      { claims: (claims) => ({ ...claims, [claim('message_type')]: 'LtiSubmissionReviewRequest' }) },
    ],
    [
      'a foreign address',
      'launch_target_foreign',
      { claims: (claims) => ({ ...claims, [claim('target_link_uri')]: 'https://elsewhere.test/launch' }) },
    ],
    ['no course', 'launch_context_missing', { claims: ({ [claim('context')]: _, ...claims }) => claims }],
    ['a role that shows nothing', 'launch_role', { claims: (claims) => ({ ...claims, [claim('roles')]: [] }) }],
    ['a student without a name to go by', 'launch_identity_rule', { claims: ({ sub: _, ...claims }) => claims }],
    ['no token at all', 'launch_token_malformed', { id_token: 'nothing' }],
  ]
  test.each(wrong)('%s: %s', async (_, code, token) => {
    expect(problemOf(await answer(platform, await leave(platform, '4'), token))).toBe(code)
  })

  test('algorithms by which anyone could sign', async () => {
    const left = await leave(platform, '4')
    const claims = platform.claims(new URL(left.url).searchParams)
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const none = `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims)}.`
    expect(problemOf(await answer(platform, left, { id_token: none }))).toBe('launch_token_algorithm')
    const shared = new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: platform.publicKey.kid ?? '' })
    // The public key as if it were a shared secret.
    const key = createPublicKey({ key: platform.publicKey, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
    const confused = await shared.sign(Buffer.from(key))
    const again = await leave(platform, '4')
    expect(problemOf(await answer(platform, again, { id_token: confused }))).toBe('launch_token_algorithm')
  })

  test('another platform’s token, though it is a good one', async () => {
    const left = await leave(platform, '4')
    // Signed by the other platform, in its own name, or in that of the first.
    expect(problemOf(await answer(platform, left, { by: other }))).toBe('launch_token_signature')
    const asked = new URL((await leave(platform, '4')).url).searchParams
    const mixed = await leave(platform, '4')
    const id_token = await other.sign({ ...other.claims(asked), nonce: new URL(mixed.url).searchParams.get('nonce') })
    expect(problemOf(await answer(platform, mixed, { id_token }))).toMatch(/^launch_token_(signature|issuer)$/)
  })

  test('an answer posted twice', async () => {
    const left = await leave(platform, '4')
    const asked = new URL(left.url).searchParams
    const form = { state: asked.get('state') ?? '', id_token: await platform.sign(platform.claims(asked)) }
    expect((await post(form)).status).toBe(303)
    const again = await post(form)
    expect(again.status).toBe(400)
    expect(await again.text()).toContain('launch_over')
    // A state of another launch does not help the same token.
    const next = new URL((await leave(platform, '4')).url).searchParams.get('state') ?? ''
    const page = new URL((await post({ state: next, id_token: form.id_token })).headers.get('location') ?? '')
    expect(problemOf(page)).toBe('launch_token_nonce')
  })

  test('an answer to a launch nobody began, or begun long ago', async () => {
    expect((await post({ state: 'invented', id_token: 'x' })).status).toBe(400)
    const left = await leave(platform, '4')
    await test_.inTenant((tx) => sql`update lti.launch set begun_at = begun_at - interval '20 minutes'`.execute(tx))
    const asked = new URL(left.url).searchParams
    const id_token = await platform.sign(platform.claims(asked))
    expect((await post({ state: asked.get('state') ?? '', id_token })).status).toBe(400)
  })

  test('a code taken to another browser, used twice, or of another launch', async () => {
    const left = await leave(platform, '4')
    const page = await answer(platform, left)
    const thief = await leave(platform, '5')
    for (const given of [{}, { cookie: thief.cookie }, { proof: thief.secret }, { proof: '' }]) {
      const refused = await exchange(page, given)
      expect(refused.status).toBe(403)
      expect(await refused.json()).toMatchObject({ code: 'launch_other_browser' })
    }
    const elsewhere = await answer(platform, thief)
    const swapped = new URL(elsewhere.pathname + page.hash, url)
    expect((await exchange(swapped, { cookie: thief.cookie })).status).toBe(401)
    expect((await exchange(page, { cookie: left.cookie })).status).toBe(200)
    expect((await exchange(page, { cookie: left.cookie })).status).toBe(401)
  })

  test('an announcement by an unknown platform, for another address, or of LTI 1.1', async () => {
    const announce = (said: Record<string, string>) =>
      ask(`/api/lti/login?${new URLSearchParams({ ...platform.announce('4'), ...said }).toString()}`)
    expect((await announce({ iss: 'https://unknown.test' })).status).toBe(403)
    expect((await announce({ target_link_uri: 'https://elsewhere.test/launch' })).status).toBe(400)
    const old = await ask('/api/lti/launch', {
      method: 'POST',
      body: new URLSearchParams({ lti_version: 'LTI-1p0', oauth_consumer_key: 'key' }),
    })
    expect(old.status).toBe(400)
    expect(await old.text()).toContain('LTI 1.3 seulement')
  })

  test('every refusal is noted with the platform, and the two sides of what is known', async () => {
    await answer(platform, await leave(platform, '6'))
    const { launches } = await details(platform)
    expect(launches[0]).toMatchObject({
      outcome: 'launch_role',
      person: { subject: '6', identifier: `account|${platform.url}|6`, events: 0 },
      course: { iri: `${platform.url}/course/view.php?id=7` },
    })
  })
})

describe('services', () => {
  async function readNow(): Promise<Details['courses'][number]> {
    await launch(platform, '3')
    const { platform: known, courses } = await details(platform)
    const signal = new AbortController().signal
    const where = { tenantId: test_.tenant.id, platformId: known.id, course: courses[0]?.course ?? '' }
    await readCourse(test_.services, where, signal)
    return (await details(platform)).courses[0]!
  }

  test('a roster, page by page, becomes the enrolment of the course', async () => {
    expect(await readNow()).toMatchObject({ members: 4, unidentified: 0 })
    const rows = await listEnrolments()
    expect(rows).toEqual([
      { name: 'Ana Élève', role: 'student', active: true },
      { name: 'Bob Élève', role: 'student', active: true },
      { name: 'Gus Visiteur', role: 'other', active: true },
      { name: 'Tess Prof', role: 'teacher', active: true },
    ])
    const left = platform.options.users.splice(2, 1)
    await readNow()
    expect(await listEnrolments()).toContainEqual({ name: 'Bob Élève', role: 'student', active: false })
    platform.options.users.splice(2, 0, ...left)
    await readNow()
    expect(await listEnrolments()).toEqual(rows)
  })

  test('grades become statements, each once, and tell anew when they change', async () => {
    expect(await readNow()).toMatchObject({ grades: 1 })
    const scored = async () => {
      const { rows } = await test_.inTenant((tx) =>
        sql<{ scaled: string }>`select body::json -> 'result' -> 'score' ->> 'scaled' as scaled from records.statement
          where body::json -> 'verb' ->> 'id' like '%scored' order by seq`.execute(tx),
      )
      return rows.map((row) => row.scaled)
    }
    await readNow()
    expect(await scored()).toEqual(['0.75'])
    platform.options.grades![0]!.score = 18
    await readNow()
    expect(await scored()).toEqual(['0.75', '0.9'])
  })

  test('a learner whom statements told of is found by the launch, and one who is not is tied by hand', async () => {
    await projectAll(test_.services, test_.tenant.id)
    await launch(platform, '4')
    const { launches } = await details(platform)
    expect(launches[0]).toMatchObject({
      outcome: 'accepted',
      role: 'student',
      person: { identifier: `account|${platform.url}|4`, events: 2 },
      course: { events: 2 },
    })
    await administer('POST', '/api/insight/identities/ties', {
      identifier: `lti|${platform.url}|5`,
      to: `account|${platform.url}|4`,
    })
    await launch(platform, '5')
    expect((await details(platform)).launches[0]).toMatchObject({ person: { events: 2 } })
    const { learners } = await administer<{ learners: { identifiers: { identifier: string }[]; events: number }[] }>(
      'GET',
      `/api/insight/identities?q=${encodeURIComponent('Ana')}`,
    )
    expect(learners[0]?.identifiers.map((each) => each.identifier)).toContain(`lti|${platform.url}|5`)
    await administer('POST', '/api/insight/identities/unties', { identifier: `lti|${platform.url}|5` })
    await launch(platform, '5')
    expect((await details(platform)).launches[0]).toMatchObject({ person: { events: 0 } })
  })

  test('the rules of a platform are tried before they are kept, and changed', async () => {
    const { platform: known } = await details(platform)
    const trial = await administer<Record<string, unknown>>('POST', `/api/lti/platforms/${known.id}/rules/try`, {
      identityRule: { kind: 'account', homePage: '{issuer}', name: '{custom.username}' },
      courseRule: '{issuer}/c/{context.id}',
      values: { 'custom.username': 'ana', 'context.id': '7' },
    })
    expect(trial).toEqual({
      identifier: `account|${platform.url}|ana`,
      personEvents: 0,
      courseIri: `${platform.url}/c/7`,
      courseEvents: 0,
    })
    const changed = { ...known, identityRule: { kind: 'mbox', email: '{email}' } }
    await administer('PUT', `/api/lti/platforms/${known.id}`, changed)
    await launch(platform, '4')
    expect((await details(platform)).launches[0]?.person.identifier).toBe('mbox|mailto:ana@lms.test')
    await administer('PUT', `/api/lti/platforms/${known.id}`, known)
  })
})

test('a teacher chooses what to embed, and the platform reads the answer', async () => {
  const left = await leave(platform, '3', { lti_message_hint: 'choose' })
  const response = await exchange(await answer(platform, left), { cookie: left.cookie })
  const { token, deepLink } = (await response.json()) as Exchanged
  expect(deepLink?.title).toBe('Un lien du cours')
  const choose = () =>
    ask('/api/lti/deep-links', {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        ticket: deepLink?.ticket,
        title: 'Notes du cours',
        indicator: { name: 'scores', parameters: { window: '15' } },
      }),
    })
  const form = (await (await choose()).json()) as { url: string; jwt: string }
  expect(form.url).toBe(`${platform.url}/chosen`)
  expect((await choose()).status).toBe(410)
  await fetch(form.url, { method: 'POST', body: new URLSearchParams({ JWT: form.jwt }) })
  expect(platform.chosen[0]).toMatchObject({
    aud: platform.url,
    [claim('message_type')]: 'LtiDeepLinkingResponse',
    [claim('deployment_id')]: '1',
    'https://purl.imsglobal.org/spec/lti-dl/claim/data': 'what the platform wants back',
    'https://purl.imsglobal.org/spec/lti-dl/claim/content_items': [
      {
        type: 'ltiResourceLink',
        title: 'Notes du cours',
        url: `${url}/api/lti/launch`,
        custom: { preau_indicator: 'scores', preau_p_window: '15' },
      },
    ],
  })
})

test('a portal’s server asks for a page, which opens once', async () => {
  const { id, secret } = await administer<{ id: string; secret: string }>('POST', '/api/lti/portals', {
    name: 'Intranet',
    origin: 'https://portal.test/anything',
  })
  const request = (password: string, body: object) =>
    ask('/api/lti/portals/launches', {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${id}:${password}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify(body),
    })
  const ana = { account: { homePage: platform.url, name: '4' } }
  expect((await request('wrong', { audience: 'student', actor: ana })).status).toBe(401)
  expect((await request(secret, { audience: 'student' })).status).toBe(422)
  const made = await request(secret, { audience: 'student', actor: ana, indicator: { name: 'scores' } })
  expect(made.status).toBe(201)
  const page = new URL(((await made.json()) as { url: string }).url)
  const opened = await exchange(page, {})
  const { token } = (await opened.json()) as Exchanged
  expect(await look(token)).toMatchObject({ audience: 'student', indicator: 'scores', nominative: false })
  expect((await exchange(page, {})).status).toBe(401)
  const element = await ask('/embed/preau-indicator.js')
  expect(await element.text()).toContain("customElements.define('preau-indicator'")
  await administer('DELETE', `/api/lti/portals/${id}`)
  expect((await request(secret, { audience: 'student', actor: ana })).status).toBe(401)
})

test('the keys of this tool turn: the next is published before it signs', async () => {
  const list = async () => ((await (await ask('/api/lti/keys')).json()) as { keys: { kid: string }[] }).keys
  const before = await list()
  expect(before[0]).not.toHaveProperty('d')
  const next = await test_.inTenant((tx) =>
    addSigningKey(tx, test_.services.secrets, { active: false }, test_.services.now()),
  )
  expect((await list()).map((key) => key.kid)).toEqual([next, before[0]?.kid])
  const sign = () => test_.inTenant((tx) => signMessage(tx, test_.services.secrets, { iss: 'x' }, test_.services.now()))
  expect(decodeProtectedHeader(await sign()).kid).toBe(before[0]?.kid)
  await test_.inTenant((tx) => activateSigningKey(tx, test_.services.now()))
  expect(decodeProtectedHeader(await sign()).kid).toBe(next)
})

test('a withdrawn platform opens nothing any more', async () => {
  const { platform: known } = await details(other)
  await administer('DELETE', `/api/lti/platforms/${known.id}`)
  expect((await ask(`/api/lti/login?${new URLSearchParams(other.announce('4')).toString()}`)).status).toBe(403)
})

async function listEnrolments() {
  const { rows } = await test_.inTenant((tx) =>
    sql`select name, role, active from insight.enrolment order by name`.execute(tx),
  )
  return rows
}
