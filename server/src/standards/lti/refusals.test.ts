import { createPublicKey } from 'node:crypto'
import { SignJWT } from 'jose'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { claim, type Exchanged, problemOf, type Token, useScene } from '../../../test/lti-scene.ts'

const scene = useScene()

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
    ['no link', 'launch_token_claims', { claims: ({ [claim('resource_link')]: _, ...claims }) => claims }],
    [
      'a link without an identifier',
      'launch_token_claims',
      { claims: (claims) => ({ ...claims, [claim('resource_link')]: { title: 'Préau' } }) },
    ],
    [
      'a choice without settings',
      'launch_token_claims',
      { claims: (claims) => ({ ...claims, [claim('message_type')]: 'LtiDeepLinkingRequest' }) },
    ],
    ...['version', 'message_type', 'deployment_id'].map((name): [string, string, Token] => [
      `no ${name}`,
      'launch_token_claims',
      { claims: ({ [claim(name)]: _, ...claims }) => claims },
    ]),
    ['no target', 'launch_target_foreign', { claims: ({ [claim('target_link_uri')]: _, ...claims }) => claims }],
    ['no roles', 'launch_role', { claims: ({ [claim('roles')]: _, ...claims }) => claims }],
    ['no course', 'launch_context_missing', { claims: ({ [claim('context')]: _, ...claims }) => claims }],
    ['a role that shows nothing', 'launch_role', { claims: (claims) => ({ ...claims, [claim('roles')]: [] }) }],
    ['a student without a name to go by', 'launch_identity_rule', { claims: ({ sub: _, ...claims }) => claims }],
    ['no token at all', 'launch_token_malformed', { id_token: 'nothing' }],
  ]
  test.each(wrong)('%s: %s', async (_, code, token) => {
    expect(
      problemOf(
        await scene.current.answer(
          scene.current.platform,
          await scene.current.leave(scene.current.platform, '4'),
          token,
        ),
      ),
    ).toBe(code)
  })

  test('a choice of what is no link of a tool', async () => {
    const settings = 'https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings'
    const left = await scene.current.leave(scene.current.platform, '3', { lti_message_hint: 'choose' })
    const claims = (given: Record<string, unknown>) => ({
      ...given,
      [settings]: { ...(given[settings] as object), accept_types: ['html', 'file'] },
    })
    expect(problemOf(await scene.current.answer(scene.current.platform, left, { claims }))).toBe('launch_token_claims')
  })

  test('a token that names no key', async () => {
    const left = await scene.current.leave(scene.current.platform, '4')
    const claims = scene.current.platform.claims(new URL(left.url).searchParams)
    const id_token = await scene.current.platform.sign(claims, {})
    expect(problemOf(await scene.current.answer(scene.current.platform, left, { id_token }))).toBe(
      'launch_token_signature',
    )
  })

  test('who teaches without saying who they are sees figures, no names', async () => {
    const left = await scene.current.leave(scene.current.platform, '3')
    const page = await scene.current.answer(scene.current.platform, left, {
      claims: ({ sub: _, name: __, email: ___, ...claims }) => claims,
    })
    const { token } = (await (await scene.current.exchange(page, { cookie: left.cookie })).json()) as Exchanged
    expect(await scene.current.look(token)).toMatchObject({ audience: 'teacher', nominative: false })
  })

  test('algorithms by which anyone could sign', async () => {
    const left = await scene.current.leave(scene.current.platform, '4')
    const claims = scene.current.platform.claims(new URL(left.url).searchParams)
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const none = `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims)}.`
    expect(problemOf(await scene.current.answer(scene.current.platform, left, { id_token: none }))).toBe(
      'launch_token_algorithm',
    )
    const shared = new SignJWT(claims).setProtectedHeader({
      alg: 'HS256',
      kid: scene.current.platform.publicKey.kid ?? '',
    })
    // The public key as if it were a shared secret.
    const key = createPublicKey({ key: scene.current.platform.publicKey, format: 'jwk' }).export({
      type: 'spki',
      format: 'pem',
    })
    const confused = await shared.sign(Buffer.from(key))
    const again = await scene.current.leave(scene.current.platform, '4')
    expect(problemOf(await scene.current.answer(scene.current.platform, again, { id_token: confused }))).toBe(
      'launch_token_algorithm',
    )
  })

  test('another platform’s token, though it is a good one', async () => {
    const left = await scene.current.leave(scene.current.platform, '4')
    // Signed by the other platform, in its own name, or in that of the first.
    expect(problemOf(await scene.current.answer(scene.current.platform, left, { by: scene.current.other }))).toBe(
      'launch_token_signature',
    )
    const asked = new URL((await scene.current.leave(scene.current.platform, '4')).url).searchParams
    const mixed = await scene.current.leave(scene.current.platform, '4')
    const id_token = await scene.current.other.sign({
      ...scene.current.other.claims(asked),
      nonce: new URL(mixed.url).searchParams.get('nonce'),
    })
    expect(problemOf(await scene.current.answer(scene.current.platform, mixed, { id_token }))).toMatch(
      /^launch_token_(signature|issuer)$/,
    )
  })

  test('an answer posted twice', async () => {
    const left = await scene.current.leave(scene.current.platform, '4')
    const asked = new URL(left.url).searchParams
    const form = {
      state: asked.get('state') ?? '',
      id_token: await scene.current.platform.sign(scene.current.platform.claims(asked)),
    }
    expect((await scene.current.post(form)).status).toBe(303)
    const again = await scene.current.post(form)
    expect(again.status).toBe(400)
    expect(await again.text()).toContain('launch_over')
    // A state of another launch does not help the same token.
    const next = new URL((await scene.current.leave(scene.current.platform, '4')).url).searchParams.get('state') ?? ''
    const page = new URL(
      (await scene.current.post({ state: next, id_token: form.id_token })).headers.get('location') ?? '',
    )
    expect(problemOf(page)).toBe('launch_token_nonce')
  })

  test('an answer to a launch nobody began, or begun long ago', async () => {
    expect((await scene.current.post({ state: 'invented', id_token: 'x' })).status).toBe(400)
    const left = await scene.current.leave(scene.current.platform, '4')
    await scene.current.server.inTenant((tx) =>
      sql`update lti.launch set begun_at = begun_at - interval '20 minutes'`.execute(tx),
    )
    const asked = new URL(left.url).searchParams
    const id_token = await scene.current.platform.sign(scene.current.platform.claims(asked))
    expect((await scene.current.post({ state: asked.get('state') ?? '', id_token })).status).toBe(400)
  })

  test('a code taken to another browser, used twice, or of another launch', async () => {
    const left = await scene.current.leave(scene.current.platform, '4')
    const page = await scene.current.answer(scene.current.platform, left)
    const thief = await scene.current.leave(scene.current.platform, '5')
    for (const given of [{}, { cookie: thief.cookie }, { proof: thief.secret }, { proof: '' }]) {
      const refused = await scene.current.exchange(page, given)
      expect(refused.status).toBe(403)
      expect(await refused.json()).toMatchObject({ code: 'launch_other_browser' })
    }
    const elsewhere = await scene.current.answer(scene.current.platform, thief)
    const swapped = new URL(elsewhere.pathname + page.hash, scene.current.url)
    expect((await scene.current.exchange(swapped, { cookie: thief.cookie })).status).toBe(401)
    expect((await scene.current.exchange(page, { cookie: left.cookie })).status).toBe(200)
    expect((await scene.current.exchange(page, { cookie: left.cookie })).status).toBe(401)
  })

  test('an announcement by an unknown scene.current.platform, for another address, or of LTI 1.1', async () => {
    const announce = (said: Record<string, string>) =>
      scene.current.ask(
        `/api/lti/login?${new URLSearchParams({ ...scene.current.platform.announce('4'), ...said }).toString()}`,
      )
    expect((await announce({ iss: 'https://unknown.test' })).status).toBe(403)
    expect((await announce({ target_link_uri: 'https://elsewhere.test/launch' })).status).toBe(400)
    const old = await scene.current.ask('/api/lti/launch', {
      method: 'POST',
      body: new URLSearchParams({ lti_version: 'LTI-1p0', oauth_consumer_key: 'key' }),
    })
    expect(old.status).toBe(400)
    expect(await old.text()).toContain('LTI 1.3 seulement')
  })

  test('every refusal is noted with the platform, and the two sides of what is known', async () => {
    await scene.current.answer(scene.current.platform, await scene.current.leave(scene.current.platform, '6'))
    const { launches } = await scene.current.details(scene.current.platform)
    expect(launches[0]).toMatchObject({
      outcome: 'launch_role',
      person: { subject: '6', identifier: `account|${scene.current.platform.url}|6`, events: 0 },
      course: { iri: `${scene.current.platform.url}/course/view.php?id=7` },
    })
  })
})
