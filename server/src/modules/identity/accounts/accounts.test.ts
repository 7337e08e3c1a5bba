import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listAudit } from '#kernel/audit'
import { issueAccessCode } from '#modules/identity'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makeEstablishment, makePerson } from '../../../../test/make.ts'
import { updatePolicy } from '../policy.queries.ts'
import { purgeExpired } from '../purge.ts'

let server: TestApp
let clock = new Date('2026-11-23T08:00:00Z')
const password = 'le cartable bleu de mamie'

beforeAll(async () => {
  server = await openTestApp({ now: () => clock })
})
afterAll(() => server.close())

type Headers = { cookie: string }
const anyone = { cookie: '' }
const call = (method: 'GET' | 'POST' | 'PUT', url: string, headers: Headers, payload?: object) =>
  server.app.inject({ method, url: `/api/identity/${url}`, headers, ...(payload ? { payload } : {}) })

/** A teacher with an account in use, and the head of the school. */
async function makeTeacher() {
  const school = await server.inTenant((tx) => makeEstablishment(tx))
  const teacher = await server.inTenant((tx) => makePerson(tx, { profile: 'teacher', in: school }))
  const head = await server.signIn(await server.inTenant((tx) => makePerson(tx, { profile: 'head', in: school })))
  const { code, login } = await issue(teacher)
  const redeemed = await call('POST', 'codes/redeem', anyone, { code, password })
  return { teacher, head, login, headers: { cookie: `preau_session=${redeemed.cookies[0]?.value ?? ''}` } }
}
const issue = (personId: string) =>
  server.inTenant((tx) => issueAccessCode(tx, { tenantId: server.tenant.id, personId, issuedBy: null }, clock))
const isOpen = async (headers: Headers) => (await call('GET', 'session', headers)).json().signedIn as boolean

test('a compromised account is closed at once, opened by a new code, and its holder is told', async () => {
  const { teacher, head, login, headers } = await makeTeacher()
  const former = await issue(teacher)
  expect((await call('POST', `people/${teacher}/compromised`, head)).statusCode).toBe(204)
  expect(await isOpen(headers)).toBe(false)
  expect((await call('POST', 'sign-in', anyone, { login, password })).json().code).toBe('sign_in_refused')
  expect((await call('POST', 'codes/check', anyone, { code: former.code })).json().code).toBe('code_replaced')
  expect((await call('GET', `people/${teacher}/account`, head)).json().account).toMatchObject({ compromised: true })

  const { code, purpose } = (await call('POST', `people/${teacher}/access-code`, head)).json()
  expect(purpose).toBe('reset')
  const redeemed = await call('POST', 'codes/redeem', anyone, { code, password: 'quatre chats sur un toit' })
  const back = { cookie: `preau_session=${redeemed.cookies[0]?.value ?? ''}` }
  expect((await call('GET', 'session', back)).json().compromisedAt).toBe(clock.toISOString())
  expect((await call('POST', 'accounts/compromised/told', back)).statusCode).toBe(204)
  expect((await call('GET', 'session', back)).json().compromisedAt).toBeNull()
  expect((await call('GET', `people/${teacher}/account`, head)).json().account).toMatchObject({ compromised: false })
  const trail = await server.inTenant((tx) => listAudit(tx, 20, teacher))
  expect(trail.find(({ action }) => action === 'identity.account_compromised')).toMatchObject({
    detail: { endedSessions: 1 },
  })
})

test('only who manages somebody closes their account; one closes one’s own', async () => {
  const { teacher, headers } = await makeTeacher()
  const stranger = await makeTeacher()
  for (const who of [stranger.head, stranger.headers]) {
    expect((await call('POST', `people/${teacher}/compromised`, who)).statusCode).toBe(403)
  }
  expect(await isOpen(headers)).toBe(true)
  const own = await call('POST', 'accounts/compromised', headers)
  expect(own.statusCode).toBe(204)
  expect(own.headers['set-cookie']).toContain('preau_session=;')
  expect(await isOpen(headers)).toBe(false)
  const trail = await server.inTenant((tx) => listAudit(tx, 1, teacher))
  expect(trail).toMatchObject([{ action: 'identity.account_compromised', actorPersonId: teacher }])
})

test('one sees who tried one’s account, how and with what, and nothing of others', async () => {
  const { login, headers } = await makeTeacher()
  clock = new Date(clock.getTime() + 60_000)
  await call('POST', 'sign-in', anyone, { login, password: 'not the password' })
  clock = new Date(clock.getTime() + 60_000)
  await server.app.inject({
    method: 'POST',
    url: '/api/identity/sign-in',
    headers: { 'user-agent': 'Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0' },
    payload: { login, password },
  })
  const first = (await call('GET', 'accounts/sign-ins?limit=2', headers)).json()
  expect(first.signIns).toMatchObject([
    { method: 'password', outcome: 'opened', device: 'Firefox, Windows' },
    { method: 'password', outcome: 'wrongPassword' },
  ])
  expect(first.months).toBe(13)
  const second = (await call('GET', `accounts/sign-ins?limit=2&before=${first.next}`, headers)).json()
  expect(second).toMatchObject({ signIns: [{ method: 'code', outcome: 'opened' }], next: null })
  const other = await makeTeacher()
  const theirs = (await call('GET', `accounts/sign-ins?before=${first.next}`, other.headers)).json()
  expect(theirs.signIns).toEqual([])
})

test('sign-ins are forgotten after the months of the policy', async () => {
  const { login, headers } = await makeTeacher()
  const begun = clock
  const count = async () => {
    const back = await call('POST', 'sign-in', anyone, { login, password })
    const cookie = { cookie: `preau_session=${back.cookies[0]?.value ?? ''}` }
    return ((await call('GET', 'accounts/sign-ins', cookie)).json().signIns as unknown[]).length
  }
  expect((await call('GET', 'accounts/sign-ins', headers)).json().signIns).toHaveLength(1)
  clock = new Date('2027-12-10T08:00:00Z')
  await purgeExpired(server.services)
  expect(await count()).toBe(2)
  clock = new Date('2027-12-24T08:00:00Z')
  await purgeExpired(server.services)
  expect(await count()).toBe(2)
  await server.inTenant((tx) => updatePolicy(tx, { signInMemoryMonths: 1 }))
  clock = new Date('2028-03-01T08:00:00Z')
  await purgeExpired(server.services)
  expect(await count()).toBe(1)
  await server.inTenant((tx) => updatePolicy(tx, { signInMemoryMonths: 13 }))
  clock = begun
})

test('an account holds twenty sessions: one more ends the one unused for longest', async () => {
  const personId = await server.inTenant((tx) => makePerson(tx))
  const sessions: Headers[] = []
  for (let i = 0; i < 21; i += 1) {
    clock = new Date(clock.getTime() + 1_000)
    sessions.push(await server.signIn(personId))
  }
  expect(await isOpen(sessions[0] ?? anyone)).toBe(false)
  expect(await isOpen(sessions[1] ?? anyone)).toBe(true)
  const { rows } = await server.inTenant((tx) =>
    sql`select s.id from identity.session s join identity.account a on a.id = s.account_id
      where a.person_id = ${personId}`.execute(tx),
  )
  expect(rows).toHaveLength(20)
})

test('one gives an address to be reached at, and takes it back', async () => {
  const { headers } = await makeTeacher()
  const put = (email: string | null) => call('PUT', 'accounts/contact-email', headers, { email })
  const read = async () => (await call('GET', 'session', headers)).json().contactEmail as string | null
  expect((await put('nobody')).json().code).toBe('email_unusable')
  expect((await put(' zoe@example.org ')).statusCode).toBe(204)
  expect(await read()).toBe('zoe@example.org')
  expect((await put('')).statusCode).toBe(204)
  expect(await read()).toBeNull()
})
