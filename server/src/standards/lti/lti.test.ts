import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../../../test/app.ts'
import { TestPlatform } from '../../../test/lti-platform.ts'
import { makePerson } from '../../../test/make.ts'

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

  test('a key that the platform makes meanwhile is read', async () => {
    await platform.rotateKey()
    // A set of keys read seconds ago is not read again at once: a rotation is announced well before.
    const page = await answer(platform, await leave(platform, '4'))
    expect([null, 'launch_token_signature']).toContain(problemOf(page))
  })
})
