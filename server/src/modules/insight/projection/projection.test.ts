import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { openXapiClient, type XapiClient } from '../../../../test/xapi.ts'
import { listBuilds } from './builds.queries.ts'
import { countEvents, deleteLearner } from './events.queries.ts'
import { projectAll, startRebuild } from './projection.ts'

let app: TestApp
let tool: XapiClient
beforeAll(async () => {
  app = await openTestApp()
  tool = await openXapiClient(app, '1.0.3')
})
afterAll(() => app.close())

const viewed = 'http://id.tincanapi.com/verb/viewed'
const voided = 'http://adlnet.gov/expapi/verbs/voided'
const course = {
  id: 'https://lms.example/course/1',
  definition: { type: 'http://adlnet.gov/expapi/activities/course', name: { fr: 'Histoire' } },
}

const view = (name: string, at: string, id = randomUUID()) => ({
  id,
  actor: { account: { homePage: 'https://lms.example', name }, name: `Nom de ${name}` },
  verb: { id: viewed },
  object: {
    id: 'https://lms.example/page/1',
    definition: { type: 'http://activitystrea.ms/schema/1.0/page', name: { fr: 'Page' } },
  },
  context: { contextActivities: { parent: [course] } },
  timestamp: at,
})
const voiding = (id: string) => ({
  actor: { mbox: 'mailto:admin@lms.example' },
  verb: { id: voided },
  object: { objectType: 'StatementRef', id },
})
async function send(...statements: object[]) {
  const answer = await tool.call({ method: 'POST', path: '/statements', body: statements })
  expect(answer.statusCode).toBe(200)
}
async function ask<Row>(query: string): Promise<Row[]> {
  const result = await (await app.services.clickhouse()).query({ query, format: 'JSONEachRow' })
  return result.json<Row>()
}
const days = () =>
  ask(`select toString(day) as day, uniqExact(learner) as learners, toInt32(sum(events)) as n from learner_day_v1
       where action = 'viewed' group by day having n <> 0 order by day`)

test('statements become events once, by day of the tenant and learner', async () => {
  // 23:30 UTC is the next day in Paris.
  await send(
    view('ana', '2026-11-02T09:00:00Z'),
    view('bob', '2026-11-02T23:30:00.5Z'),
    view('ana', '2026-11-03T10:00:00Z'),
  )
  await projectAll(app.services, app.tenant.id)
  await projectAll(app.services, app.tenant.id)
  expect(await days()).toEqual([
    { day: '2026-11-02', learners: 1, n: 1 },
    { day: '2026-11-03', learners: 2, n: 2 },
  ])
  expect(await ask('select toString(occurred_at) as at, action, sign from learning_event_v1 order by at')).toEqual([
    { at: '2026-11-02 09:00:00.000', action: 'viewed', sign: 1 },
    { at: '2026-11-02 23:30:00.500', action: 'viewed', sign: 1 },
    { at: '2026-11-03 10:00:00.000', action: 'viewed', sign: 1 },
  ])
})

test('what is voided is taken back, whichever comes first', async () => {
  const [first, second] = [randomUUID(), randomUUID()]
  await send(view('cyd', '2026-12-01T09:00:00Z', first))
  await projectAll(app.services, app.tenant.id)
  await send(voiding(first), voiding(second))
  await send(view('cyd', '2026-12-01T10:00:00Z', second), view('cyd', '2026-12-02T10:00:00Z'))
  await projectAll(app.services, app.tenant.id)
  const [row] = await ask<{ n: number }>(
    `select toInt32(sum(sign)) as n from learning_event_v1 where day >= '2026-12-01'`,
  )
  expect(row).toEqual({ n: 1 })
  expect((await days()).at(-1)).toMatchObject({ day: '2026-12-02', n: 1 })
})

test('a projection begins without what another time left under its number', async () => {
  const clickhouse = await app.services.clickhouse()
  const build = await app.inTenant((tx) => startRebuild(tx, null, new Date()))
  await clickhouse.command({
    query: `insert into learning_event_v1 (tenant_id, build, day, seq, sign)
      select '${app.tenant.id}', ${build}, '2026-11-02', toUnixTimestamp('2026-11-02 10:00:00') * 1000000, 1`,
  })
  await projectAll(app.services, app.tenant.id)
  const [read] = await app.inTenant(listBuilds)
  expect(read).toMatchObject({ build, state: 'read' })
  expect(await countEvents(clickhouse, app.tenant.id, build)).toBe(
    await countEvents(clickhouse, app.tenant.id, build - 1),
  )
})

test('what is deleted of a learner is gone from every projection, and others stay', async () => {
  const clickhouse = await app.services.clickhouse()
  const [{ learner } = { learner: '' }] = await ask<{ learner: string }>(
    `select toString(learner) as learner from learner_day_v1 where day = '2026-12-02'`,
  )
  const count = (where: string) =>
    ask<{ n: number }>(`select toInt32((select count() from learning_event_v1 where ${where})
      + (select count() from learner_day_v1 where ${where})) as n`).then(([row]) => row?.n)
  const others = await count(`learner <> ${learner}`)
  expect(await count(`learner = ${learner}`)).toBeGreaterThan(0)
  await deleteLearner(clickhouse, app.tenant.id, learner)
  expect(await count(`learner = ${learner}`)).toBe(0)
  expect(await count(`learner <> ${learner}`)).toBe(others)
  expect(others).toBeGreaterThan(0)
})
