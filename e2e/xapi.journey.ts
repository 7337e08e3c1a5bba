import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, inject, onTestFinished, test } from 'vitest'
import { launchBrowser } from './browser.ts'
import { findFreePort, listProcesses, type Product, root, run, startProduct } from './product.ts'

// The record store as what speaks to it: a page of content served elsewhere, a platform that sends without pause.

test('a page of another site records what its learner does, from the browser', async () => {
  const page = await openContent()
  const { headers } = await createCredential(inject('data'))
  const done = await page.evaluate(recordFromContent, { root: `${inject('url')}/xapi`, headers })
  expect(done).toEqual({
    put: 204,
    read: 'https://content.example/verbs/finished',
    consistentThrough: true,
    version: '2.0.0',
    kept: 204,
    stale: 412,
    replaced: 204,
    strange: 401,
  })
})

test('the server killed under load, three times: no statement it acknowledged is lost, none is there twice', async () => {
  const data = mkdtempSync(join(tmpdir(), 'preau-xapi-'))
  chmodSync(data, 0o711)
  onTestFinished(() => {
    for (const { pid } of listProcesses(data)) process.kill(pid, 'SIGKILL')
    rmSync(data, { recursive: true, force: true, maxRetries: 5 })
  })
  const port = await findFreePort()
  const start = () => startProduct({ data, port, variables: { PREAU_DEMO: '0' } })
  let product = await start()
  const { headers } = await createCredential(data)
  const statements = `${product.url}/xapi/statements`
  const load = sendWithoutPause(statements, headers)
  for (let time = 0; time < 3; time++) {
    const before = load.acknowledged.size
    await expect.poll(() => load.acknowledged.size, { timeout: 30_000 }).toBeGreaterThan(before + 500)
    await kill(product)
    product = await start()
  }
  await load.stop()

  const kept = await listIds(statements, headers)
  expect(new Set(kept).size).toBe(kept.length)
  expect([...load.acknowledged].filter((id) => !kept.includes(id))).toEqual([])
  await product.stop()
})

/** What a page of content does: runs in the browser. */
async function recordFromContent({ root, headers }: { root: string; headers: Record<string, string> }) {
  const statementId = crypto.randomUUID()
  const actor = { account: { homePage: 'https://content.example', name: 'ana' } }
  const verb = { id: 'https://content.example/verbs/finished' }
  const call = (path: string, query: Record<string, string>, init: RequestInit = {}) =>
    fetch(`${root}${path}?${new URLSearchParams(query).toString()}`, {
      ...init,
      headers: { ...headers, 'content-type': 'application/json', ...(init.headers as Record<string, string>) },
    })
  const statement = JSON.stringify({ actor, verb, object: { id: 'https://content.example/lesson' } })
  const put = await call('/statements', { statementId }, { method: 'PUT', body: statement })
  const read = await call('/statements', { statementId })
  const { verb: told } = (await read.json()) as { verb: { id: string } }
  const place = {
    activityId: `https://content.example/${statementId}`,
    agent: JSON.stringify(actor),
    stateId: 'bookmark',
  }
  const keep = (body: string, condition: Record<string, string>) =>
    call('/activities/state', place, { method: 'PUT', body, headers: condition })
  const kept = await keep('{"page":1}', { 'if-none-match': '*' })
  const stale = await keep('{"page":2}', { 'if-match': '"1234"' })
  const etag = (await call('/activities/state', place)).headers.get('etag') ?? 'hidden from the page'
  const replaced = await keep('{"page":2}', { 'if-match': etag })
  const strange = await call('/statements', {}, { headers: { authorization: 'Basic eDp5' } })
  return {
    put: put.status,
    read: told.id,
    consistentThrough: Date.parse(read.headers.get('x-experience-api-consistent-through') ?? '') > 0,
    version: read.headers.get('x-experience-api-version'),
    kept: kept.status,
    stale: stale.status,
    replaced: replaced.status,
    strange: strange.status,
  }
}

/** A page of a site that is not the product's. */
async function openContent() {
  const site = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>Lesson</title>')
  }).listen(0, '127.0.0.1')
  await once(site, 'listening')
  const browser = await launchBrowser(inject('browser'))
  onTestFinished(async () => {
    await browser.close()
    site.close()
  })
  const page = await browser.newPage()
  await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`)
  return page
}

async function createCredential(data: string): Promise<{ headers: Record<string, string> }> {
  const words = ['records', 'credential', 'create', '--name', `Content ${randomUUID()}`, '--json']
  const { child, output } = run([join(root, 'server/src/cli.ts'), ...words], { data })
  let answer = ''
  child.stdout?.on('data', (chunk: Buffer) => (answer += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(output())
  const { key, secret } = JSON.parse(answer) as { key: string; secret: string }
  const authorization = `Basic ${Buffer.from(`${key}:${secret}`).toString('base64')}`
  return { headers: { authorization, 'x-experience-api-version': '2.0.0' } }
}

/** A platform that sends batches by several connections, and begins again when nobody answers. */
function sendWithoutPause(url: string, headers: Record<string, string>) {
  const acknowledged = new Set<string>()
  let going = true
  const send = async () => {
    const ids = Array.from({ length: 20 }, () => randomUUID())
    const about = { verb: { id: 'https://example.org/did' }, object: { id: 'https://example.org/it' } }
    const body = JSON.stringify(ids.map((id) => ({ id, actor: { mbox: 'mailto:a@example.org' }, ...about })))
    const answer = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body,
    })
    await answer.text()
    if (answer.status === 200) for (const id of ids) acknowledged.add(id)
  }
  const connections = Array.from({ length: 8 }, async () => {
    while (going) await send().catch(() => wait(20))
  })
  return {
    acknowledged,
    async stop() {
      going = false
      await Promise.all(connections)
    },
  }
}

async function listIds(url: string, headers: Record<string, string>): Promise<string[]> {
  const ids: string[] = []
  for (let path = '/xapi/statements?format=ids'; path !== '';) {
    const page = (await (await fetch(new URL(path, url), { headers })).json()) as {
      statements: { id: string }[]
      more: string
    }
    ids.push(...page.statements.map(({ id }) => id))
    path = page.more
  }
  return ids
}

async function kill({ child }: Product): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
