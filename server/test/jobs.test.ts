import { afterAll, beforeAll, expect, test } from 'vitest'
import { peopleMerged } from '#modules/directory'
import { openTestApp, type TestApp } from './app.ts'
import { defineQueue, openJobs } from '#kernel/jobs'
import type { Tx } from '#kernel/postgres'

let server: TestApp
beforeAll(async () => {
  server = await openTestApp()
})
afterAll(() => server.close())

const open = (queue: ReturnType<typeof defineQueue>) =>
  openJobs(server.services.owner, [queue], { supervise: false, onError: () => {} })
const settings = async (name: string) => {
  const { rows } = await server.services.owner.query<{ limit: number; longest: number; silence: number }>(
    `select retry_limit as limit, retry_delay_max as longest, heartbeat_seconds as silence
     from pgboss.queue where name like $1`,
    [name],
  )
  return rows[0]
}

test('a failed job keeps what failed and where, never the values a database refused', async () => {
  const queue = defineQueue<Record<never, never>>('test-refused', { retries: 0 })
  const jobs = await open(queue)
  await jobs.work(queue, async () => {
    await server.services.owner.query(`select 'DUPONT Zoé'::date`)
  })
  await server.inTenant((tx: Tx) => jobs.enqueue(tx, queue, {}))
  const output = async () => {
    const { rows } = await server.services.owner.query<{ output: string }>(
      `select output::text from pgboss.job where name = $1 and state = 'failed'`,
      [queue.name],
    )
    return rows[0]?.output
  }
  await expect.poll(output, { timeout: 10_000 }).toContain('22007')
  expect(await output()).toContain('jobs.test.ts')
  expect(await output()).not.toContain('DUPONT')
  await jobs.stop()
})

test('a queue made by an earlier version gets the settings of this one', async () => {
  await (await open(defineQueue('test-settings', { retries: 1 }))).stop()
  await (await open(defineQueue('test-settings', { retries: 7 }))).stop()
  expect(await settings('test-settings')).toMatchObject({ limit: 7 })
})

test('a reaction to an event outlives a night without what it writes to', async () => {
  const { limit, longest } = (await settings(`${peopleMerged.name}-%`))!
  const waits = Array.from({ length: limit }, (_, attempt) => Math.min(longest, 2 ** attempt / 2))
  expect(waits.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(12 * 3_600)
})
