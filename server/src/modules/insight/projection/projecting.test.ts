import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CommandContext } from '#kernel/module'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makePerson } from '../../../../test/make.ts'
import { openXapiClient, type XapiClient } from '../../../../test/xapi.ts'
import { countEvents } from './events.queries.ts'
import { projectionCommands } from './projection-commands.ts'
import { projectAll } from './projection.ts'

let app: TestApp
let tool: XapiClient
let administrator: { cookie: string }
let somebody: { cookie: string }
beforeAll(async () => {
  app = await openTestApp({ workers: true })
  tool = await openXapiClient(app, '1.0.3')
  const [first, second] = await app.inTenant(async (tx) => [await makePerson(tx), await makePerson(tx)])
  administrator = await app.signIn(first!, [{ right: 'records.administer' }])
  somebody = await app.signIn(second!)
})
afterAll(() => app.close())

async function send(): Promise<void> {
  const statement = {
    id: randomUUID(),
    actor: { mbox: 'mailto:ana@lms.example' },
    verb: { id: 'http://id.tincanapi.com/verb/viewed' },
    object: { id: 'https://lms.example/page/1' },
  }
  expect((await tool.call({ method: 'POST', path: '/statements', body: statement })).statusCode).toBe(200)
}

interface State {
  builds: { build: number; state: string; waiting: number; lag: number; statements: number; current: boolean }[]
}
const readState = async () =>
  (await app.app.inject({ url: '/api/insight/projection', headers: administrator })).json<State>()

test('a server follows the store by itself, and says how far it is', async () => {
  await send()
  await send()
  const read = async () => (await readState()).builds[0]
  await expect
    .poll(read, { timeout: 30_000 })
    .toMatchObject({ state: 'read', statements: 2, waiting: 0, lag: 0, current: true })
  await send()
  await expect.poll(read, { timeout: 5_000 }).toMatchObject({ statements: 3, waiting: 0 })
})

test('only who administers records sees it and has it made anew', async () => {
  const ask = (method: 'GET' | 'POST', url: string, headers: { cookie: string }) =>
    app.app.inject({ method, url, headers })
  expect((await ask('GET', '/api/insight/projection', somebody)).statusCode).toBe(403)
  expect((await ask('POST', '/api/insight/projection/rebuild', somebody)).statusCode).toBe(403)
  const { build: before } = (await readState()).builds[0]!
  const begun = await ask('POST', '/api/insight/projection/rebuild', administrator)
  const { build } = begun.json<{ build: number }>()
  expect(build).toBeGreaterThan(before)
  await expect.poll(readState, { timeout: 30_000 }).toMatchObject({
    builds: [
      { build, state: 'read', statements: 3 },
      { build: before, state: 'left' },
    ],
  })
})

test('a command has it made anew and waits; what is left goes, and what is read stays', async () => {
  const clickhouse = await app.services.clickhouse()
  const { build: before } = (await readState()).builds[0]!
  const command = projectionCommands.find(({ name }) => name === 'projection rebuild')!
  const context: CommandContext = {
    ...app.services,
    tenant: () => Promise.resolve(app.tenant),
    print: () => {},
    progress: () => {},
    signal: new AbortController().signal,
  }
  const { build } = (await command.run(context, [], { wait: true })) as { build: number }
  expect((await readState()).builds[0]).toMatchObject({ build, state: 'read', statements: 3 })
  expect(await countEvents(clickhouse, app.tenant.id, before)).toBe(3)
  const later = { ...app.services, now: () => new Date(Date.now() + 61_000) }
  await expect
    .poll(
      async () => {
        await projectAll(later, app.tenant.id)
        return (await readState()).builds.map((each) => each.build)
      },
      { timeout: 30_000 },
    )
    .toEqual([build])
  expect(await countEvents(clickhouse, app.tenant.id, before)).toBe(0)
  expect(await countEvents(clickhouse, app.tenant.id, build)).toBe(3)
})
