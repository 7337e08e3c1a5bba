import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTenant } from '#kernel/tenancy'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makePerson } from '../../../../test/make.ts'
import { createApp } from '../../../app.ts'
import { purgeExpired } from '../purge.ts'
import { updateAccount } from '../accounts/accounts.queries.ts'
import { describeDevice } from './sessions.ts'
import { tables } from '../tables.ts'

let server: TestApp
let clock = new Date('2026-11-23T08:00:00Z')
const minutes = (count: number) => {
  clock = new Date(clock.getTime() + count * 60_000)
}

beforeAll(async () => {
  server = await openTestApp({ now: () => clock })
})
afterAll(() => server.close())

type Headers = Record<string, string>
const request = (method: 'GET' | 'POST' | 'DELETE', url: string, headers: Headers) =>
  server.app.inject({ method, url: `/api/identity/${url}`, headers })
const isOpen = async (headers: Headers) => (await request('GET', 'session', headers)).json().signedIn as boolean
const make = () => server.inTenant((tx) => makePerson(tx))

test('a session ends twelve hours after it began, however much it is used', async () => {
  const headers = await server.signIn(await make())
  for (let hour = 1; hour < 12; hour += 1) {
    minutes(60)
    expect(await isOpen(headers)).toBe(true)
  }
  minutes(60)
  expect(await isOpen(headers)).toBe(false)
})

test('a holder of a right is signed out after two hours unused; someone without is not', async () => {
  const operator = await server.signIn(await make(), [{ right: 'instance.operate' }])
  const pupil = await server.signIn(await make())
  minutes(110)
  expect(await isOpen(operator)).toBe(true)
  minutes(121)
  expect([await isOpen(operator), await isOpen(pupil)]).toEqual([false, true])
})

test('the last use is written once in five minutes', async () => {
  const headers = await server.signIn(await make())
  const begun = clock.toISOString()
  const lastSeen = async () => (await request('GET', 'sessions', headers)).json().sessions[0].lastSeenAt as string
  minutes(4)
  expect(await lastSeen()).toBe(begun)
  minutes(2)
  expect(await lastSeen()).toBe(clock.toISOString())
})

test('one sees one’s own sessions, ends one of them, or all of them at once', async () => {
  const personId = await make()
  const here = await server.signIn(personId)
  const there = await server.signIn(personId)
  const stranger = await server.signIn(await make())
  const { sessions } = (await request('GET', 'sessions', here)).json() as {
    sessions: { id: string; current: boolean; device: string | null }[]
  }
  expect(sessions.map((each) => each.current).sort()).toEqual([false, true])
  const other = sessions.find((each) => !each.current)?.id ?? ''
  expect((await request('DELETE', `sessions/${other}`, stranger)).statusCode).toBe(404)
  expect(await isOpen(there)).toBe(true)
  expect((await request('DELETE', `sessions/${other}`, here)).statusCode).toBe(204)
  expect([await isOpen(there), await isOpen(here)]).toEqual([false, true])
  const again = await server.signIn(personId)
  const out = await request('POST', 'sign-out-everywhere', here)
  expect(out.json()).toEqual({ redirect: null })
  expect(out.headers['set-cookie']).toContain('preau_session=;')
  expect([await isOpen(here), await isOpen(again), await isOpen(stranger)]).toEqual([false, false, true])
})

test('signing out ends this session only, and is possible without one', async () => {
  const personId = await make()
  const [here, there] = [await server.signIn(personId), await server.signIn(personId)]
  expect((await request('POST', 'sign-out', here)).json()).toEqual({ redirect: null })
  expect([await isOpen(here), await isOpen(there)]).toEqual([false, true])
  expect((await request('POST', 'sign-out', here)).statusCode).toBe(200)
})

test('a cookie that was tampered with is nobody’s', async () => {
  const { cookie } = await server.signIn(await make())
  const flipped = cookie.slice(0, -2) + (cookie.at(-2) === 'A' ? 'B' : 'A') + cookie.slice(-1)
  for (const each of [
    flipped,
    cookie.slice(0, -1),
    `${cookie}A`,
    'preau_session=',
    'preau_session=%00',
    'preau_session="x',
  ]) {
    expect(await isOpen({ cookie: each })).toBe(false)
    expect((await request('GET', 'sessions', { cookie: each })).statusCode).toBe(401)
  }
})

test('a blocked account has no session left', async () => {
  const personId = await make()
  const headers = await server.signIn(personId)
  await server.inTenant(async (tx) => {
    const { id } = await tables(tx)
      .selectFrom('identity.account')
      .select('id')
      .where('person_id', '=', personId)
      .executeTakeFirstOrThrow()
    await updateAccount(tx, id, { state: 'blocked' })
  })
  expect(await isOpen(headers)).toBe(false)
})

test('what time has ended is purged, the rest stays', async () => {
  const before = await server.inTenant((tx) => tables(tx).selectFrom('identity.session').select('id').execute())
  const headers = await server.signIn(await make())
  minutes(60)
  const kept = await server.signIn(await make())
  minutes(11 * 60 + 1)
  await purgeExpired(server.services)
  const left = await server.inTenant((tx) => tables(tx).selectFrom('identity.session').select('id').execute())
  expect(before.length).toBeGreaterThan(0)
  expect(left).toHaveLength(1)
  expect([await isOpen(headers), await isOpen(kept)]).toEqual([false, true])
})

test.each([
  ['Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox, Windows'],
  [
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
    'Chrome, Linux',
  ],
  ['Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 Edg/140.0', 'Edge, Windows'],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile Safari/604',
    'Safari, iPhone',
  ],
  [
    'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 SamsungBrowser/28.0 Chrome/130.0 Mobile Safari/537.36',
    'Samsung Internet, Android',
  ],
  ['curl/8.0', null],
  [undefined, null],
])('%s is shown as %s', (userAgent, label) => {
  expect(describeDevice(userAgent)).toBe(label)
})

// Last: the tenants it adds are known to the other tests' server a few seconds later.
test('a session of one workspace is none in another', async () => {
  const { cookie } = await server.signIn(await make())
  await server.services.owner.query(`update kernel.tenant set host = 'first.example'`)
  await createTenant(server.services.owner, { slug: 'other', name: 'Autre', host: 'other.example' })
  const twin = await createApp(server.config, server.services)
  const ask = async (host: string) =>
    (await twin.inject({ url: '/api/identity/session', headers: { cookie, host } })).json().signedIn as boolean
  try {
    expect([await ask('first.example'), await ask('other.example')]).toEqual([true, false])
  } finally {
    await twin.close()
  }
})
