import { hash } from '@node-rs/argon2'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findAccount, issueAccessCode } from '#modules/identity'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makePerson } from '../../../../test/make.ts'
import { updateAccount } from '../accounts/accounts.queries.ts'
import { listSessions } from './sessions.queries.ts'
import { signIn } from './sign-in.ts'

let server: TestApp
let clock = new Date('2026-11-23T08:00:00Z')
const password = 'le cartable bleu de mamie'

beforeAll(async () => {
  server = await openTestApp({ now: () => clock })
})
afterAll(() => server.close())

const later = (seconds: number) => {
  clock = new Date(clock.getTime() + seconds * 1_000)
}
const post = (url: string, payload: object, headers: Record<string, string> = {}) =>
  server.app.inject({ method: 'POST', url: `/api/identity/${url}`, payload, headers })
const get = (url: string, headers: Record<string, string> = {}) =>
  server.app.inject({ method: 'GET', url: `/api/identity/${url}`, headers })
const cookieOf = (response: { cookies: { name: string; value: string }[] }) => {
  const found = response.cookies.find((cookie) => cookie.name === 'preau_session')
  if (!found) throw new Error('no session cookie')
  return { cookie: `preau_session=${found.value}` }
}

/** Someone with an open account. */
async function activate(givenName: string): Promise<{ personId: string; login: string }> {
  const { personId, code, login } = await server.inTenant(async (tx) => {
    const id = await makePerson(tx, { givenName })
    const issued = await issueAccessCode(tx, { tenantId: server.tenant.id, personId: id, issuedBy: null }, clock)
    return { personId: id, ...issued }
  })
  expect((await post('codes/redeem', { code, password })).statusCode).toBe(204)
  return { personId, login }
}

test('a login and its password open a session, in a cookie that scripts cannot read', async () => {
  const { login, personId } = await activate('Zoé')
  const response = await post('sign-in', { login: ` ${login.toUpperCase()} `, password })
  expect(response.statusCode).toBe(204)
  expect(response.headers['set-cookie']).toMatch(
    /^preau_session=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Lax$/,
  )
  const session = await get('session', cookieOf(response))
  expect(session.json()).toMatchObject({
    signedIn: true,
    login,
    hasPassword: true,
    rights: [],
    person: { id: personId },
  })
  expect((await get('session')).json()).toEqual({ signedIn: false })
})

test('over https the cookie never travels in clear', async () => {
  const secure = await openTestApp({ publicUrl: 'https://preau.example', now: () => clock })
  try {
    const code = await secure.inTenant(async (tx) =>
      issueAccessCode(tx, { tenantId: secure.tenant.id, personId: await makePerson(tx), issuedBy: null }, clock),
    )
    const response = await secure.app.inject({
      method: 'POST',
      url: '/api/identity/codes/redeem',
      payload: { code: code.code, password },
    })
    expect(response.headers['set-cookie']).toContain('Secure')
  } finally {
    await secure.close()
  }
})

test('an unknown login, an account not activated and a wrong password answer alike', async () => {
  const { login } = await activate('Gaspard')
  const waiting = await server.inTenant(async (tx) => {
    const personId = await makePerson(tx, { givenName: 'Attend' })
    return issueAccessCode(tx, { tenantId: server.tenant.id, personId, issuedBy: null }, clock)
  })
  const answers = await Promise.all(
    [login, waiting.login, 'nobody.at-all'].map((each) => post('sign-in', { login: each, password: 'not this one!' })),
  )
  for (const answer of answers) {
    expect(answer.statusCode).toBe(401)
    expect({ ...answer.json(), requestId: '' }).toEqual({ ...answers[0]?.json(), requestId: '' })
    expect(answer.json().code).toBe('sign_in_refused')
  }
})

test('a session from before a sign-in is neither kept nor continued', async () => {
  const { login } = await activate('Fixe')
  const planted = 'A'.repeat(43)
  const first = await post('sign-in', { login, password }, { cookie: `preau_session=${planted}` })
  expect(cookieOf(first).cookie).not.toContain(planted)
  const second = await post('sign-in', { login, password }, cookieOf(first))
  expect(cookieOf(second)).not.toEqual(cookieOf(first))
  expect((await get('session', cookieOf(first))).json()).toEqual({ signedIn: false })
  expect((await get('session', cookieOf(second))).json().signedIn).toBe(true)
})

test('guessing is slowed by login, one attempt at a time, and the right password waits too', async () => {
  const { login } = await activate('Devine')
  const guess = () => post('sign-in', { login, password: 'a wrong guess' })
  const burst = await Promise.all(Array.from({ length: 12 }, guess))
  expect(burst.filter((each) => each.statusCode === 401)).toHaveLength(5)
  const refused = burst.find((each) => each.statusCode === 429)
  expect(refused?.json()).toMatchObject({ code: 'too_many_attempts', retryAfter: 2 })
  expect(refused?.headers['retry-after']).toBe('2')
  // Neither does the right password, nor the same login otherwise written.
  expect((await post('sign-in', { login: login.toUpperCase(), password })).statusCode).toBe(429)
  // Someone else at the same address does not notice.
  const { login: neighbour } = await activate('Voisine')
  expect((await post('sign-in', { login: neighbour, password })).statusCode).toBe(204)
  later(2)
  expect((await guess()).statusCode).toBe(401)
  later(3)
  expect((await guess()).json()).toMatchObject({ code: 'too_many_attempts', retryAfter: 1 })
  later(1)
  expect((await post('sign-in', { login, password })).statusCode).toBe(204)
  // A success forgets the failures.
  expect((await guess()).statusCode).toBe(401)
})

test('a login nobody has is slowed alike', async () => {
  const guess = () => post('sign-in', { login: 'fantome.essai', password: 'a wrong guess' })
  for (let i = 0; i < 5; i += 1) expect((await guess()).statusCode).toBe(401)
  expect((await guess()).statusCode).toBe(429)
})

test('a hash made under older parameters is made again at sign-in', async () => {
  const { login, personId } = await activate('Ancien')
  const old = await hash(password, { memoryCost: 8_192, timeCost: 1 })
  await server.inTenant(async (tx) => {
    const account = await findAccount(tx, { personId })
    if (account) await updateAccount(tx, account.id, { password_hash: old })
  })
  expect((await post('sign-in', { login, password })).statusCode).toBe(204)
  const renewed = await server.inTenant((tx) => findAccount(tx, { personId }))
  expect(renewed?.passwordHash).toMatch(/m=19456,t=2,p=1/)
  expect((await post('sign-in', { login, password })).statusCode).toBe(204)
})

test('a password is changed by who knows the former one; the other sessions end', async () => {
  const { login } = await activate('Change')
  const here = cookieOf(await post('sign-in', { login, password }))
  const elsewhere = cookieOf(await post('sign-in', { login, password }))
  const change = (current: string, next: string, headers: Record<string, string> = here) =>
    post('accounts/password', { current, password: next }, headers)
  expect((await change('not this one', 'chouette hulotte')).json().code).toBe('password_wrong')
  expect((await change(password, 'court')).json()).toMatchObject({ code: 'password_too_short', shortest: 12 })
  expect((await change(password, 'motdepasse123')).json().code).toBe('password_too_common')
  expect((await change(password, 'chouette hulotte', {})).statusCode).toBe(401)
  expect((await change(password, 'chouette hulotte')).statusCode).toBe(204)
  expect((await get('session', here)).json().signedIn).toBe(true)
  expect((await get('session', elsewhere)).json().signedIn).toBe(false)
  expect((await post('sign-in', { login, password })).statusCode).toBe(401)
  expect((await post('sign-in', { login, password: 'chouette hulotte' })).statusCode).toBe(204)
})

test('an unattended screen is no place to guess a password either', async () => {
  const { login } = await activate('Guette')
  const here = cookieOf(await post('sign-in', { login, password }))
  const codes: string[] = []
  for (let i = 0; i < 6; i += 1) {
    const answer = await post('accounts/password', { current: 'a wrong guess', password: 'chouette hulotte' }, here)
    codes.push(answer.json().code)
  }
  expect(codes).toEqual([...Array.from({ length: 5 }, () => 'password_wrong'), 'too_many_attempts'])
})

test('another site can send no sign-in', async () => {
  const { login } = await activate('Origine')
  for (const headers of [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ] as Record<string, string>[]) {
    const answer = await post('sign-in', { login, password }, headers)
    expect(answer.json().code).toBe('foreign_origin')
    expect(answer.cookies).toEqual([])
  }
})

test('what cannot be a login or a password is said, and changes nothing', async () => {
  expect((await post('sign-in', {})).json()).toMatchObject({ code: 'invalid_request' })
  expect((await post('sign-in', { login: 'a', password: 'x'.repeat(5_000) })).statusCode).toBe(400)
  expect((await post('sign-in', { login: "' or 1=1 --", password: '\u0000' })).statusCode).toBe(401)
  expect((await post('sign-in', { login: '\u0000', password: 'x' })).statusCode).toBe(401)
})

test('the accounts of a demonstration are told only by a demonstration', async () => {
  expect((await get('demonstration-accounts')).statusCode).toBe(404)
})

/** Signs in while a change happens, which comes before the turn of the password. */
async function signInMeanwhile(login: string, change: () => Promise<unknown>): Promise<string> {
  const hasher = {
    hash: () => Promise.reject(new Error('not asked for')),
    async verify() {
      await change()
      return { matches: true, outdated: false }
    },
  }
  const input = { login, password, browser: { device: null, former: undefined } }
  return signIn(server.services, hasher, server.tenant.id, input)
}

test.each([
  ['replaced', { password_hash: null }],
  ['blocked', { state: 'blocked' as const }],
])('a password %s while it is being verified opens nothing', async (_, change) => {
  const { personId, login } = await activate('Entretemps')
  const account = await server.inTenant((tx) => findAccount(tx, { personId }))
  const signingIn = signInMeanwhile(login, () => server.inTenant((tx) => updateAccount(tx, account!.id, change)))
  await expect(signingIn).rejects.toMatchObject({ code: 'sign_in_refused' })
  expect(await server.inTenant((tx) => listSessions(tx, account!.id, clock))).toHaveLength(1)
})

test('whoever leaves while their password is being verified opens nothing', async () => {
  const { personId, login } = await activate('Partante')
  const account = await server.inTenant((tx) => findAccount(tx, { personId }))
  const signingIn = signInMeanwhile(login, () =>
    server.inTenant((tx) =>
      sql`update directory.person set gone_on = ${clock}::date where id = ${personId}`.execute(tx),
    ),
  )
  await expect(signingIn).rejects.toMatchObject({ code: 'sign_in_refused' })
  expect(await server.inTenant((tx) => listSessions(tx, account!.id, clock))).toHaveLength(1)
})
