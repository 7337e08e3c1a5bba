import { decodeJwt, decodeProtectedHeader } from 'jose'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { openCommands } from '../../../test/module-commands.ts'
import { TestPlatform } from '../../../test/lti-platform.ts'
import { claim, type Exchanged, users, useScene } from '../../../test/lti-scene.ts'
import { purgeLti } from './purge.ts'
import { activateSigningKey, addSigningKey, signMessage } from './signing-keys.ts'

const scene = useScene()

describe('registration', () => {
  test('a platform registers by a link, once, and is told what this tool is', async () => {
    expect(scene.current.platform.registration).toMatchObject({
      response_types: ['id_token'],
      token_endpoint_auth_method: 'private_key_jwt',
      initiate_login_uri: `${scene.current.url}/api/lti/login`,
      redirect_uris: [`${scene.current.url}/api/lti/launch`],
      jwks_uri: `${scene.current.url}/api/lti/keys`,
    })
    const { platform: known } = await scene.current.details(scene.current.platform)
    expect(known).toMatchObject({
      issuer: scene.current.platform.url,
      clientId: 'client-1',
      deployments: ['1'],
      frameOrigin: scene.current.platform.url,
      product: 'moodle',
      identityRule: { kind: 'account', homePage: '{issuer}', name: '{sub}' },
      courseRule: '{issuer}/course/view.php?id={context.id}',
    })
  })
})

test('a registration link serves once, and says so', async () => {
  const third = await new TestPlatform({ users, course: { id: '7', title: 'Chimie' } }).start()
  const { address, response } = await scene.current.register(third)
  expect(response.status).toBe(200)
  const again = await scene.current.ask(address)
  expect(again.status).toBe(403)
  expect(await again.text()).toContain('déjà servi')
  await third.stop()
})

describe('launch', () => {
  test('a teacher sees the learners of the launched course by name, and nothing else', async () => {
    const { token } = await scene.current.launch(scene.current.platform, '3')
    const viewer = await scene.current.look(token)
    expect(viewer).toMatchObject({ audience: 'teacher', nominative: true, indicator: null })
    expect(viewer.courses).toHaveLength(1)
  })

  test('a launch without name or address is as good', async () => {
    const left = await scene.current.leave(scene.current.platform, '3')
    const page = await scene.current.answer(scene.current.platform, left, {
      claims: ({ name: _, email: __, ...claims }) => claims,
    })
    const { token } = (await (await scene.current.exchange(page, { cookie: left.cookie })).json()) as Exchanged
    expect(await scene.current.look(token)).toMatchObject({ audience: 'teacher', nominative: true })
  })

  test('a launch that also holds settings of a choice is a launch', async () => {
    const left = await scene.current.leave(scene.current.platform, '3')
    const claims = (given: Record<string, unknown>) => ({
      ...given,
      'https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings': {
        deep_link_return_url: `${scene.current.platform.url}/chosen`,
        accept_types: ['ltiResourceLink'],
      },
    })
    const page = await scene.current.answer(scene.current.platform, left, { claims })
    const answer = await scene.current.exchange(page, { cookie: left.cookie })
    expect(((await answer.json()) as Exchanged).deepLink).toBeNull()
  })

  test('a student sees their own', async () => {
    const { token } = await scene.current.launch(scene.current.platform, '4')
    expect(await scene.current.look(token)).toMatchObject({ audience: 'student', nominative: false, learner: true })
  })

  test('a link may show a single indicator, as set', async () => {
    scene.current.platform.linkCustom = { preau_indicator: 'scores', preau_p_window: '15' }
    const launched = await scene.current.launch(scene.current.platform, '3')
    scene.current.platform.linkCustom = {}
    expect(launched.indicator).toEqual({ name: 'scores', parameters: { window: '15' } })
    expect((await scene.current.look(launched.token)).indicator).toBe('scores')
  })

  test('the page that leaves is framed by its platform only, and so is the page of the launch', async () => {
    const left = await scene.current.leave(scene.current.platform, '4')
    expect(left.headers.get('content-security-policy')).toContain(`frame-ancestors ${scene.current.platform.url}`)
    expect(left.headers.get('x-frame-options')).toBeNull()
    expect(left.headers.get('set-cookie')).toMatch(/SameSite=None.*Partitioned|Partitioned.*SameSite=None/)
    const page = await scene.current.answer(scene.current.platform, left)
    const shown = await scene.current.ask(page.pathname)
    if (shown.status === 200) {
      expect(shown.headers.get('content-security-policy')).toContain(`frame-ancestors ${scene.current.platform.url}`)
      expect(shown.headers.get('x-frame-options')).toBeNull()
      const unknown = await scene.current.ask('/embed/00000000-0000-7000-8000-000000000000')
      expect(unknown.headers.get('content-security-policy')).toContain(`frame-ancestors 'none'`)
    }
  })

  test('without cookies the page proves its browser by what it kept', async () => {
    const left = await scene.current.leave(scene.current.platform, '4')
    expect(
      (await scene.current.exchange(await scene.current.answer(scene.current.platform, left), { proof: left.secret }))
        .status,
    ).toBe(200)
  })

  test('a platform that stores for its tools is asked to, at its own origin only', async () => {
    const left = await scene.current.leave(scene.current.platform, '4', { lti_storage_target: '_parent' })
    expect(left.storage).toEqual({ target: '_parent', origin: scene.current.platform.url })
    const refused = await scene.current.exchange(await scene.current.answer(scene.current.platform, left), {})
    expect(refused.status).toBe(403)
    expect(await refused.json()).toMatchObject({
      code: 'launch_other_browser',
      key: left.key,
      storage: { target: '_parent', origin: scene.current.platform.url },
    })
  })
})

test('a teacher chooses what to embed, and the platform reads the answer', async () => {
  const left = await scene.current.leave(scene.current.platform, '3', { lti_message_hint: 'choose' })
  const response = await scene.current.exchange(await scene.current.answer(scene.current.platform, left), {
    cookie: left.cookie,
  })
  const { token, deepLink } = (await response.json()) as Exchanged
  expect(deepLink?.title).toBe('Un lien du cours')
  const choose = () =>
    scene.current.ask('/api/lti/deep-links', {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        ticket: deepLink?.ticket,
        title: 'Notes du cours',
        indicator: { name: 'scores', parameters: { window: '15' } },
      }),
    })
  const form = (await (await choose()).json()) as { url: string; jwt: string }
  expect(form.url).toBe(`${scene.current.platform.url}/chosen`)
  expect((await choose()).status).toBe(410)
  await fetch(form.url, { method: 'POST', body: new URLSearchParams({ JWT: form.jwt }) })
  expect(scene.current.platform.chosen[0]).toMatchObject({
    aud: scene.current.platform.url,
    [claim('message_type')]: 'LtiDeepLinkingResponse',
    [claim('deployment_id')]: '1',
    'https://purl.imsglobal.org/spec/lti-dl/claim/data': 'what the platform wants back',
    'https://purl.imsglobal.org/spec/lti-dl/claim/content_items': [
      {
        type: 'ltiResourceLink',
        title: 'Notes du cours',
        url: `${scene.current.url}/api/lti/launch`,
        custom: { preau_indicator: 'scores', preau_p_window: '15' },
      },
    ],
  })
})

test('a link to the whole dashboard says no custom parameter at all: Moodle fails on an empty set of them', async () => {
  const left = await scene.current.leave(scene.current.platform, '3', { lti_message_hint: 'choose' })
  const response = await scene.current.exchange(await scene.current.answer(scene.current.platform, left), {
    cookie: left.cookie,
  })
  const { token, deepLink } = (await response.json()) as Exchanged
  const chosen = await scene.current.ask('/api/lti/deep-links', {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ticket: deepLink?.ticket, title: 'Tableau de bord du cours', indicator: null }),
  })
  const { jwt } = (await chosen.json()) as { jwt: string }
  expect(decodeJwt(jwt)['https://purl.imsglobal.org/spec/lti-dl/claim/content_items']).toEqual([
    { type: 'ltiResourceLink', title: 'Tableau de bord du cours', url: `${scene.current.url}/api/lti/launch` },
  ])
})

test('a portal is let frame indicators, and is no more, by commands too', async () => {
  const { run } = openCommands(() => scene.current.server, 'lti')
  await expect(run('portal add', [], { name: 'Intranet', origin: 'ftp://x' })).rejects.toMatchObject({ status: 400 })
  const added = { name: 'Extranet', origin: 'https://extranet.test/page' }
  const { id, secret } = await run<{ id: string; secret: string }>('portal add', [], added)
  const ask = () =>
    scene.current.ask('/api/lti/portals/launches', {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ audience: 'student', actor: { mbox: 'mailto:zoe@lycee.example' } }),
    })
  expect((await ask()).status).not.toBe(401)
  expect(await run('portals', [])).toContainEqual(expect.objectContaining({ id, origin: 'https://extranet.test' }))
  await run('portal withdraw', [id])
  expect((await ask()).status).toBe(401)
  await expect(run('portal withdraw', [id])).rejects.toMatchObject({ code: 'portal_unknown' })
})

test('a portal’s server asks for a page, which opens once', async () => {
  const { id, secret } = await scene.current.administer<{ id: string; secret: string }>('POST', '/api/lti/portals', {
    name: 'Intranet',
    origin: 'https://portal.test/anything',
  })
  const request = (password: string, body: object) =>
    scene.current.ask('/api/lti/portals/launches', {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${id}:${password}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify(body),
    })
  const ana = { account: { homePage: scene.current.platform.url, name: '4' } }
  expect((await request('wrong', { audience: 'student', actor: ana })).status).toBe(401)
  expect((await request(secret, { audience: 'student' })).status).toBe(422)
  const made = await request(secret, { audience: 'student', actor: ana, indicator: { name: 'scores' } })
  expect(made.status).toBe(201)
  const page = new URL(((await made.json()) as { url: string }).url)
  const opened = await scene.current.exchange(page, {})
  const { token } = (await opened.json()) as Exchanged
  expect(await scene.current.look(token)).toMatchObject({ audience: 'student', indicator: 'scores', nominative: false })
  expect((await scene.current.exchange(page, {})).status).toBe(401)
  const element = await scene.current.ask('/embed/preau-indicator.js')
  expect(await element.text()).toContain("customElements.define('preau-indicator'")
  const waiting = await request(secret, { audience: 'student', actor: ana })
  const left = new URL(((await waiting.json()) as { url: string }).url)
  await scene.current.administer('DELETE', `/api/lti/portals/${id}`)
  expect((await request(secret, { audience: 'student', actor: ana })).status).toBe(401)
  // What it opened, and what it was about to open, is over too.
  expect(await statusOf(token)).toBe(401)
  expect((await scene.current.exchange(left, {})).status).toBe(401)
})

test('the keys of this tool turn: the next is published before it signs', async () => {
  const list = async () =>
    ((await (await scene.current.ask('/api/lti/keys')).json()) as { keys: { kid: string }[] }).keys
  const before = await list()
  expect(before[0]).not.toHaveProperty('d')
  const next = await scene.current.server.inTenant((tx) =>
    addSigningKey(tx, scene.current.server.services.secrets, { active: false }, scene.current.server.services.now()),
  )
  expect((await list()).map((key) => key.kid)).toEqual([next, before[0]?.kid])
  const sign = () =>
    scene.current.server.inTenant((tx) =>
      signMessage(tx, scene.current.server.services.secrets, { iss: 'x' }, scene.current.server.services.now()),
    )
  expect(decodeProtectedHeader(await sign()).kid).toBe(before[0]?.kid)
  await scene.current.server.inTenant((tx) => activateSigningKey(tx, scene.current.server.services.now()))
  expect(decodeProtectedHeader(await sign()).kid).toBe(next)
})

test('launches of a person whom the identity map forgot are forgotten too, and those that never came back', async () => {
  await scene.current.launch(scene.current.platform, '4')
  await scene.current.launch(scene.current.platform, '5')
  const { server, platform } = scene.current
  const subjects = async () =>
    new Set((await scene.current.details(platform)).launches.map((each) => each.person.subject))
  expect(await subjects()).toEqual(new Set(['3', '4', '5']))
  await server.inTenant((tx) =>
    sql`delete from insight.learner where identifier = ${`lti|${platform.url}|5`}`.execute(tx),
  )
  await purgeLti(server.services)
  expect(await subjects()).toEqual(new Set(['3', '4']))
})

test('launches are kept as long as the institution says, by whole months', async () => {
  const { server, platform } = scene.current
  const count = async () => (await scene.current.details(platform)).launches.length
  const before = await count()
  expect(before).toBeGreaterThan(0)
  await server.inTenant((tx) => sql`update lti.launch set begun_at = begun_at - interval '70 days'`.execute(tx))
  for (const months of [null, 3]) {
    await scene.current.administer('PUT', '/api/insight/retention/launches', { months, legalBasis: null })
    await purgeLti(server.services)
    expect(await count()).toBe(before)
  }
  await scene.current.administer('PUT', '/api/insight/retention/launches', { months: 1, legalBasis: null })
  await purgeLti(server.services)
  expect(await count()).toBe(0)
})

const statusOf = async (token: string) =>
  (await scene.current.ask('/api/insight/viewer', { headers: { authorization: `Bearer ${token}` } })).status

test('a withdrawn platform opens nothing any more, and what it opened is over', async () => {
  const { platform: known } = await scene.current.details(scene.current.other)
  const kept = await scene.current.launch(scene.current.platform, '3')
  const { token } = await scene.current.launch(scene.current.other, '3')
  expect(await statusOf(token)).toBe(200)
  await scene.current.administer('DELETE', `/api/lti/platforms/${known.id}`)
  expect(
    (await scene.current.ask(`/api/lti/login?${new URLSearchParams(scene.current.other.announce('4')).toString()}`))
      .status,
  ).toBe(403)
  expect(await statusOf(token)).toBe(401)
  expect(await statusOf(kept.token)).toBe(200)
})
