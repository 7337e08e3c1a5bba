import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAccount, openSession } from '#modules/identity'
import { makePerson } from '../../../../test/make.ts'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { countSignIns } from './sign-ins.ts'

let server: TestApp
let now = new Date('2026-11-20T09:00:00Z')
let headers: { cookie: string }

beforeAll(async () => {
  server = await openTestApp({ now: () => now })
  headers = await server.signIn(await server.inTenant((tx) => makePerson(tx)), [{ right: 'instance.operate' }])
})
afterAll(() => server.close())

const signIn = (personId: string) =>
  server.inTenant(async (tx) => {
    const account = await createAccount(tx, personId, now)
    await openSession(tx, { account, method: 'password' }, now)
  })

/** What the history of three days says, by the clock of ClickHouse: the day of the test is in it whatever the hour. */
const days = async () => {
  const { clickhouse } = server.services
  const result = await (
    await clickhouse()
  ).query({
    query: `select toString(toDate(occurred_at)) as day, toUInt32(count()) as signIns, toUInt32(uniqExact(visitor)) as visitors
      from events_v1 final group by day order by day`,
    format: 'JSONEachRow',
  })
  return result.json()
}

test('sign-ins of the history are counted once each, whatever repeats', async () => {
  const ana = await server.inTenant((tx) => makePerson(tx))
  await signIn(ana)
  await signIn(ana)
  await countSignIns(server.services)
  // A sign-in may be in the history a moment after one that began later.
  expect(await days()).toEqual([])

  now = new Date('2026-11-20T09:01:30Z')
  await countSignIns(server.services)
  await countSignIns(server.services)
  expect(await days()).toEqual([{ day: '2026-11-20', signIns: 3, visitors: 2 }])

  // Killed before it could note how far it was, it sends the same again.
  await server.services.owner.query('delete from insight.sign_in_count')
  await signIn(ana)
  now = new Date('2026-11-20T09:10:00Z')
  await countSignIns(server.services)
  expect(await days()).toEqual([{ day: '2026-11-20', signIns: 4, visitors: 2 }])

  const answer = await server.app.inject({ url: '/api/insight/sign-ins?days=1', headers })
  expect(answer.statusCode).toBe(200)
})
