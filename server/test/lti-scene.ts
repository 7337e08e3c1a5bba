import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterAll, beforeAll, expect } from 'vitest'
import { openTestApp, type TestApp } from './app.ts'
import { TestPlatform } from './lti-platform.ts'
import { makePerson } from './make.ts'

export const claim = (name: string) => `https://purl.imsglobal.org/spec/lti/claim/${name}`

export const users = [
  { id: '3', username: 'tess', name: 'Tess Prof', email: 'tess@lms.test', roles: ['Instructor'] },
  { id: '4', username: 'ana', name: 'Ana Élève', email: 'ana@lms.test', roles: ['Learner'] },
  { id: '5', username: 'bob', name: 'Bob Élève', email: 'bob@lms.test', roles: ['Learner'] },
  { id: '6', username: 'gus', name: 'Gus Visiteur', email: 'gus@lms.test', roles: ['Mentor'] },
]

/** What the page that leaves for the platform holds. */
interface Left {
  key: string
  secret: string
  url: string
  storage: { target: string; origin: string } | null
  cookie: string
  headers: Headers
}

/** How a platform's answer differs from what it should be. */
export interface Token {
  id_token?: string
  claims?: (claims: Record<string, unknown>) => Record<string, unknown>
  by?: TestPlatform
}

export interface Exchanged {
  token: string
  indicator: { name: string; parameters: Record<string, string> } | null
  deepLink: { ticket: string; title: string | null } | null
}

interface ViewerAnswer {
  audience: string
  nominative: boolean
  learner: boolean
  indicator: string | null
  courses: { name: unknown }[] | null
}

export interface Details {
  platform: Record<string, unknown> & { id: string }
  launches: {
    outcome: string
    role: string | null
    person: { subject: string | null; identifier: string | null; events: number }
    course: { iri: string | null; events: number }
  }[]
  courses: { course: string; members: number | null; unidentified: number | null; grades: number | null }[]
}

/** Why a launch was refused, as its page is told; null when it was not. */
export const problemOf = (page: URL) => new URLSearchParams(page.hash.slice(1)).get('problem')

/** A server that listens, and two platforms registered with it; what browsers and administrators do there. */
export class LtiScene {
  readonly server: TestApp
  readonly url: string
  readonly platform: TestPlatform
  readonly other: TestPlatform
  private readonly administrator: { cookie: string }

  private constructor(
    server: TestApp,
    url: string,
    platforms: { platform: TestPlatform; other: TestPlatform },
    administrator: { cookie: string },
  ) {
    this.server = server
    this.url = url
    this.platform = platforms.platform
    this.other = platforms.other
    this.administrator = administrator
  }

  static async open(): Promise<LtiScene> {
    const probe = createServer().listen(0)
    await once(probe, 'listening')
    const address = probe.address()
    probe.close()
    const port = typeof address === 'object' && address ? address.port : 0
    const url = `http://localhost:${port}`
    const server = await openTestApp({ publicUrl: url })
    await server.app.listen({ port, host: 'localhost' })
    const personId = await server.inTenant((tx) => makePerson(tx))
    const administrator = await server.signIn(personId, [{ right: 'insight.administer' }])
    const platform = await new TestPlatform({
      users: [...users],
      course: { id: '7', title: 'Chimie' },
      pageSize: 2,
      grades: [{ lineItem: '1', label: 'Devoir', maximum: 20, userId: '4', score: 15 }],
    }).start()
    const other = await new TestPlatform({ users, course: { id: '7', title: 'Chimie' } }).start()
    const scene = new LtiScene(server, url, { platform, other }, administrator)
    for (const each of [platform, other]) await scene.register(each)
    return scene
  }

  async close(): Promise<void> {
    await this.platform.stop()
    await this.other.stop()
    await this.server.close()
  }

  ask(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(new URL(path, this.url), { redirect: 'manual', ...init })
  }

  /** Asks as an administrator; it must succeed. */
  async administer<Answer>(method: string, path: string, body?: object): Promise<Answer> {
    const response = await this.ask(path, {
      method,
      headers: { ...this.administrator, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    expect(response.status, `${method} ${path}`).toBeLessThan(300)
    const text = await response.text()
    return (text === '' ? undefined : JSON.parse(text)) as Answer
  }

  /** A registration by a new link, as the platform opens it. */
  async register(each: TestPlatform): Promise<{ address: string; response: Response }> {
    const link = await this.administer<{ url: string }>('POST', '/api/lti/registration-links')
    const address = new URL(link.url)
    address.searchParams.set('openid_configuration', `${each.url}/.well-known/openid-configuration`)
    address.searchParams.set('registration_token', 'once')
    return { address: address.href, response: await this.ask(address.href) }
  }

  /** A browser in which a platform announces a launch. */
  async leave(each: TestPlatform, userId: string, said: Record<string, string> = {}): Promise<Left> {
    const response = await this.ask('/api/lti/login', {
      method: 'POST',
      headers: { origin: each.url, 'sec-fetch-site': 'cross-site' },
      body: new URLSearchParams({ ...each.announce(userId), ...said }),
    })
    const html = await response.text()
    const [, data = '{}'] = /<script type="application\/json" id="go">(.*?)<\/script>/.exec(html) ?? []
    const cookie = response.headers.get('set-cookie')?.split(';')[0] ?? ''
    return { ...(JSON.parse(data) as Left), cookie, headers: response.headers }
  }

  /** The platform's answer, as its page posts it. @returns where the browser is sent. */
  async answer(each: TestPlatform, left: Left, token: Token = {}): Promise<URL> {
    const asked = new URL(left.url).searchParams
    const claims = each.claims(asked)
    const id_token = token.id_token ?? (await (token.by ?? each).sign(token.claims?.(claims) ?? claims))
    const response = await this.post({ state: asked.get('state') ?? '', id_token })
    expect(response.status).toBe(303)
    return new URL(response.headers.get('location') ?? '')
  }

  post(form: Record<string, string>): Promise<Response> {
    return this.ask('/api/lti/launch', {
      method: 'POST',
      headers: { origin: 'https://lms.test', 'sec-fetch-site': 'cross-site' },
      body: new URLSearchParams(form),
    })
  }

  /** What the page of a launch asks at once. */
  exchange(page: URL, given: { cookie?: string; proof?: string }): Promise<Response> {
    return this.ask('/api/lti/launches/token', {
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

  /** A whole launch, which must succeed. */
  async launch(each: TestPlatform, userId: string): Promise<Exchanged> {
    const left = await this.leave(each, userId)
    const page = await this.answer(each, left)
    expect(problemOf(page)).toBeNull()
    const response = await this.exchange(page, { cookie: left.cookie })
    expect(response.status).toBe(200)
    return (await response.json()) as Exchanged
  }

  async look(token: string): Promise<ViewerAnswer> {
    const response = await this.ask('/api/insight/viewer', { headers: { authorization: `Bearer ${token}` } })
    expect(response.status).toBe(200)
    return (await response.json()) as ViewerAnswer
  }

  /** What the page of a platform shows. */
  async details(each: TestPlatform): Promise<Details> {
    const { platforms } = await this.administer<{ platforms: { id: string; issuer: string }[] }>(
      'GET',
      '/api/lti/platforms',
    )
    const found = platforms.find(({ issuer }) => issuer === each.url)
    return this.administer<Details>('GET', `/api/lti/platforms/${found?.id}`)
  }
}

/** A scene for the tests of a file. */
export function useScene(): { current: LtiScene } {
  const scene = {} as { current: LtiScene }
  beforeAll(async () => {
    scene.current = await LtiScene.open()
  })
  afterAll(() => scene.current?.close())
  return scene
}
