import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest'
import { type ClickHouseClient, openClickhouse } from '#kernel/clickhouse'
import { startEmbeddedClickhouse } from '#kernel/embedded-clickhouse'
import { migrateClickhouse } from '#kernel/migrate'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { killWhileProjecting, type Step } from '../../../../test/project-and-die.ts'
import { openXapiClient, type XapiClient } from '../../../../test/xapi.ts'
import { insertLearnerMoves } from '../identities/learners.queries.ts'
import { listBuilds } from './builds.queries.ts'
import { addsUp } from './events.queries.ts'
import { projectAll, startRebuild } from './projection.ts'

let app: TestApp
let tool: XapiClient
let database: string
beforeAll(async () => {
  app = await openTestApp()
  tool = await openXapiClient(app, '1.0.3')
  const { rows } = await app.services.owner.query<{ name: string }>('select current_database() as name')
  database = rows[0]?.name ?? ''
})
afterAll(() => app.close())

const die = (step: Step) =>
  killWhileProjecting({
    postgres: { ...inject('postgres'), database },
    clickhouse: { directory: inject('clickhouseDirectory'), database },
    tenantId: app.tenant.id,
    step,
  })

const view = (name: string, id = randomUUID()) => ({
  id,
  actor: { account: { homePage: 'https://lms.example', name } },
  verb: { id: 'http://id.tincanapi.com/verb/viewed' },
  object: { id: 'https://lms.example/page/1' },
  timestamp: '2026-11-02T09:00:00Z',
})
const voiding = (id: string) => ({
  actor: { mbox: 'mailto:admin@lms.example' },
  verb: { id: 'http://adlnet.gov/expapi/verbs/voided' },
  object: { objectType: 'StatementRef', id },
})
async function send(...statements: object[]): Promise<void> {
  const answer = await tool.call({ method: 'POST', path: '/statements', body: statements })
  expect(answer.statusCode).toBe(200)
}

/** How many times each learner viewed something, the most first, as events and as days tell it. */
async function count(clickhouse: Pick<TestApp['services'], 'clickhouse'> = app.services) {
  const { build } = (await app.inTenant(listBuilds)).find(({ state }) => state === 'read')!
  const client = await clickhouse.clickhouse()
  const sets = { days: new Set(['2026-11-02']), arrivals: new Set([new Date().toISOString().slice(0, 10)]) }
  expect(await addsUp(client, app.tenant.id, build, sets)).toBe(true)
  return listCounts(client, build)
}
async function listCounts(client: ClickHouseClient, build: number): Promise<number[]> {
  const result = await client.query({
    query: `select toInt32(sum(sign)) as n from learning_event_v1 where build = {build: UInt32} and action = 'viewed'
      group by learner having n <> 0 order by n desc`,
    query_params: { build },
    format: 'JSONEachRow',
  })
  return (await result.json<{ n: number }>()).map(({ n }) => n)
}

describe.each(['before', 'during', 'after'] as const)('killed %s its rows are sent', (step) => {
  test('a batch, what it takes back and a rebuild are there once', async () => {
    const before = await projectAll(app.services, app.tenant.id).then(() => count())
    const [ana, bob, cyd] = [`ana ${step}`, `bob ${step}`, randomUUID()]
    await send(view(ana), view(ana), view(ana), view(bob), view('cyd', cyd))
    expect(await die(step)).toBe('SIGKILL')
    // What comes meanwhile is of the next batch.
    await send(voiding(cyd), view(bob))
    await projectAll(app.services, app.tenant.id)
    const after = [...before, 3, 2].toSorted((a, b) => b - a)
    expect(await count()).toEqual(after)

    await app.inTenant((tx) => startRebuild(tx, null, new Date()))
    expect(await die(step)).toBe('SIGKILL')
    expect(await count()).toEqual(after)
    await projectAll(app.services, app.tenant.id)
    const builds = await app.inTenant(listBuilds)
    expect(builds[0]).toMatchObject({ state: 'read', build: Math.max(...builds.map(({ build }) => build)) })
    expect(await count()).toEqual(after)
  })

  test('an identifier that moves takes along what it did, once', async () => {
    await send(view(`dan ${step}`), view(`dan ${step}`), view(`eve ${step}`))
    await projectAll(app.services, app.tenant.id)
    const before = await count()
    const identifier = `account|https://lms.example|dan ${step}`
    await app.inTenant(async (tx) => {
      const { rows } = await sql<{ from: string; to: string }>`
        select d.learner::text as from, e.learner::text as to from insight.learner d, insight.learner e
        where d.identifier = ${identifier} and e.identifier = ${`account|https://lms.example|eve ${step}`}`.execute(tx)
      const { from, to } = rows[0]!
      await sql`update insight.learner set learner = ${to}::bigint where identifier = ${identifier}`.execute(tx)
      await insertLearnerMoves(tx, { identifier, from, to })
    })
    expect(await die(step)).toBe('SIGKILL')
    await send(view(`dan ${step}`))
    await projectAll(app.services, app.tenant.id)
    const after = [...before]
    after.splice(after.indexOf(2), 1, 4)
    after.splice(after.indexOf(1), 1)
    expect(await count()).toEqual(after.toSorted((a, b) => b - a))
  })
})

test('a projection whose rows ClickHouse noted and did not keep is replaced by a whole one', async () => {
  await projectAll(app.services, app.tenant.id)
  const before = await count()
  await send(view('gus'), view('gus'))
  expect(await die('before')).toBe('SIGKILL')
  const [lacking] = await app.inTenant(listBuilds)
  const { build, cursor, pendingUntil } = lacking!
  // As when it is killed between the two: the table knows the token, and has nothing.
  const client = await app.services.clickhouse()
  const views = ['learner_day_mv_v1', 'statement_day_mv_v1']
  for (const each of views) await client.command({ query: `detach table ${each}` })
  await client.command({
    query: `insert into learning_event_v1 (build, seq, sign) select ${build}, ${cursor + 1}, 0`,
    clickhouse_settings: { insert_deduplication_token: `${app.tenant.id}:${build}:${cursor}:${pendingUntil}` },
  })
  await client.command({
    query: 'alter table learning_event_v1 delete where sign = 0',
    clickhouse_settings: { mutations_sync: '2' },
  })
  for (const each of views) await client.command({ query: `attach table ${each}` })
  await projectAll(app.services, app.tenant.id)
  expect((await app.inTenant(listBuilds))[0]?.build).toBeGreaterThan(build)
  expect(await count()).toEqual([...before, 2].toSorted((a, b) => b - a))
})

test('with ClickHouse away or killed, records are stored, and put in once it is back', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'preau-projection-'))
  const store = await startEmbeddedClickhouse({ directory: join(directory, 'clickhouse') })
  const client = openClickhouse(store.connection)
  onTestFinished(async () => {
    await client.close()
    await store.stop()
    rmSync(directory, { recursive: true, force: true })
  })
  await migrateClickhouse(client)
  let isThere = false
  const services = {
    ...app.services,
    clickhouse: () => (isThere ? Promise.resolve(client) : Promise.reject(new Error('away'))),
  }
  // All there is, in a projection that this ClickHouse holds.
  await app.inTenant((tx) => startRebuild(tx, null, new Date()))
  const { build } = (await app.inTenant(listBuilds)).find(({ state }) => state === 'filling')!
  await send(view('fay'))
  await expect(projectAll(services, app.tenant.id)).rejects.toThrow('away')
  await send(view('fay'))
  isThere = true
  const killed = store.pid
  const projecting = projectAll(services, app.tenant.id).catch(() => undefined)
  setTimeout(() => process.kill(killed, 'SIGKILL'), 60)
  await projecting
  await send(view('fay'))
  await expect
    .poll(
      () =>
        projectAll(services, app.tenant.id).then(
          () => true,
          () => false,
        ),
      { timeout: 30_000 },
    )
    .toBe(true)
  expect(store.pid).not.toBe(killed)
  const kept = await app.inTenant((tx) =>
    sql<{ n: number }>`select count(*) as n from records.statement where not exists (
      select from records.voiding v where v.target_id = id or v.statement_id = id)`.execute(tx),
  )
  const counts = await listCounts(client, build)
  expect(counts.reduce((sum, each) => sum + each, 0)).toBe(kept.rows[0]?.n)
  expect(await count(services)).toEqual(counts)
}, 60_000)
