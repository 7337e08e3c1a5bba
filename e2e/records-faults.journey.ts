import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { findFreePort, listProcesses, type Product, root, run, startProduct } from './product.ts'

// Sources send learning records all the while, as fast as they are taken, and send again what was not acknowledged; what
// keeps or counts them is killed under it. In the end each statement is there, once, and counted once.

test.each([
  ['the server', ({ child }: Product) => child.pid],
  [
    'PostgreSQL',
    (_: Product, data: string) => listProcesses(data).find(({ command }) => command.includes('bin/postgres'))?.pid,
  ],
  [
    'ClickHouse',
    (_: Product, data: string) => listProcesses(data).find(({ command }) => command === 'preau-clickhouse')?.pid,
  ],
])('%s killed under load: no acknowledged statement is lost, none is there or counted twice', async (name, find) => {
  const data = mkdtempSync(join(tmpdir(), 'preau-records-'))
  chmodSync(data, 0o711)
  onTestFinished(() => {
    for (const { pid } of listProcesses(data)) process.kill(pid, 'SIGKILL')
    rmSync(data, { recursive: true, force: true, maxRetries: 5 })
  })
  const start = async (port: number) => startProduct({ data, port, variables: { PREAU_DEMO: '0' } })
  const port = await findFreePort()
  let product = await start(port)
  const headers = {
    authorization: await createCredential(data),
    'content-type': 'application/json',
    'x-experience-api-version': '1.0.3',
  }
  const url = `${product.url}/xapi/statements`

  const acknowledged = new Set<string>()
  const sent = new Set<string>()
  let refusals = 0
  let going = true
  async function send(size: number): Promise<void> {
    while (going) {
      const statements = Array.from({ length: size }, makeStatement)
      const body = JSON.stringify(statements)
      for (const { id } of statements) sent.add(id)
      while (!(await fetch(url, { method: 'POST', headers, body }).then(isStored, () => false))) {
        refusals += 1
        await wait(50)
      }
      for (const { id } of statements) acknowledged.add(id)
    }
  }
  const sources = [1, 1, 1, 1, 5, 5, 20, 20].map(send)
  await until(() => acknowledged.size > 500)
  const pid = find(product, data)
  if (pid === undefined) throw new Error('It does not run.')
  process.kill(pid, 'SIGKILL')
  if (pid === product.child.pid) {
    await once(product.child, 'exit')
    product = await start(port)
  }
  const before = acknowledged.size
  await until(() => acknowledged.size > before + 500)
  going = false
  await Promise.all(sources)
  // Sources never wait for what counts.
  if (name === 'ClickHouse') expect(refusals).toBe(0)
  else expect(refusals).toBeGreaterThan(0)

  const kept: string[] = []
  for (let more = '/xapi/statements?ascending=true'; more !== '';) {
    const answer = await fetch(`${product.url}${more}`, { headers })
    const page = (await answer.json()) as { statements: { id: string }[]; more: string }
    kept.push(...page.statements.map(({ id }) => id))
    more = page.more
  }
  expect(kept.toSorted()).toEqual([...sent].toSorted())
  expect(acknowledged.size).toBe(sent.size)
  const counted = async () => {
    const { builds } = await askCommand<{ builds: { waiting: number }[] }>(data, 'insight projection status')
    const { statements } = await askCommand<{ statements: number }>(data, 'insight coverage')
    return { waiting: builds[0]?.waiting, statements }
  }
  await expect.poll(counted, { timeout: 60_000, interval: 1_000 }).toEqual({ waiting: 0, statements: sent.size })
  expect(await product.stop()).toBe(0)
})

const isStored = (answer: Response): boolean => {
  if (answer.status < 500 && !answer.ok) throw new Error(`A statement is refused: ${answer.status}`)
  return answer.ok
}

const makeStatement = () => ({
  id: randomUUID(),
  actor: { mbox: `mailto:${Math.floor(Math.random() * 100)}@school.example` },
  verb: { id: 'https://verbs.example/seen' },
  object: { id: `https://school.example/lessons/${Math.floor(Math.random() * 100)}` },
})

/** What a command of the product answers. */
async function askCommand<Answer>(data: string, line: string, ...values: string[]): Promise<Answer> {
  const { child, output } = run([join(root, 'server/src/cli.ts'), ...line.split(' '), ...values, '--json'], { data })
  let answer = ''
  child.stdout?.on('data', (chunk: Buffer) => (answer += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${line} failed: ${output()}`)
  return JSON.parse(answer) as Answer
}

/** @returns the header by which a new source shows who it is. */
async function createCredential(data: string): Promise<string> {
  type Made = { key: string; secret: string }
  const { key, secret } = await askCommand<Made>(data, 'records credential create', '--name', 'Essai')
  return `Basic ${Buffer.from(`${key}:${secret}`).toString('base64')}`
}

async function until(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 60_000; !condition(); await wait(20)) {
    if (Date.now() > deadline) throw new Error('It never happened.')
  }
}
