import { randomUUID } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { startEmbeddedPostgres } from '#kernel/embedded-postgres'
import { isRunningProcess } from '#kernel/local-process'
import { migratePostgres } from '#kernel/migrate'
import { openPostgres } from '#kernel/postgres'
import { createTenant } from '#kernel/tenancy'
import type { Statement } from '../model/statement.ts'
import { createStatementWriter } from './statement-writer.ts'

// What was acknowledged is there, whatever dies.

const authority = { account: { homePage: 'https://ent.example', name: 'moodle' } }
const makeStatement = (): Statement => ({
  id: randomUUID(),
  actor: { mbox: `mailto:${Math.floor(Math.random() * 100)}@a.example` },
  verb: { id: 'https://v.example/seen' },
  object: { id: `https://a.example/${Math.floor(Math.random() * 100)}`, definition: { name: { fr: 'Une activité' } } },
})

it('PostgreSQL killed under load, twice: no acknowledged statement is lost, none is there twice', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'preau-records-'))
  chmodSync(folder, 0o711)
  const store = await startEmbeddedPostgres({ directory: join(folder, 'store') })
  const postgres = openPostgres(store.connection, () => {})
  onTestFinished(async () => {
    await postgres.close()
    await store.stop()
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  })
  await migratePostgres(postgres.owner)
  const { id: tenantId } = await createTenant(postgres.owner, { slug: 'main', name: 'Essai' })
  const writer = createStatementWriter({ db: postgres.web, now: () => new Date() })

  const acknowledged: string[] = []
  const sent: string[] = []
  let refusals = 0
  let going = true
  /** A source: sends again what was not acknowledged, until it is. */
  async function send(size: number): Promise<void> {
    while (going) {
      const statements = Array.from({ length: size }, makeStatement)
      sent.push(...statements.map(({ id = '' }) => id))
      for (;;) {
        const batch = {
          tenantId,
          credentialId: null,
          authority,
          version: '1.0.3' as const,
          statements,
          attachments: [],
        }
        const ids = await writer.store(batch).catch(() => undefined)
        if (ids) {
          acknowledged.push(...ids)
          break
        }
        refusals += 1
        await wait(20)
      }
    }
  }
  const sources = [1, 1, 1, 1, 10, 10, 10, 50, 50].map(send)
  for (let killed = 0; killed < 2; killed++) {
    const before = acknowledged.length
    await until(() => acknowledged.length > before + 1000)
    const { pid } = store
    process.kill(pid, 'SIGKILL')
    await until(() => !isRunningProcess(pid))
    // Those who served it go on for a moment without it: only the next one counts.
    await until(() => store.pid !== pid)
    const after = acknowledged.length
    await until(() => acknowledged.length > after + 1000)
  }
  going = false
  await Promise.all(sources)
  await writer.close()
  expect(refusals).toBeGreaterThan(0)

  const { rows } = await postgres.owner.query<{ id: string }>('select id from records.statement order by seq')
  const kept = rows.map(({ id }) => id)
  expect(acknowledged.toSorted()).toEqual(sent.toSorted())
  expect(kept.toSorted()).toEqual(sent.toSorted())
}, 120_000)

async function until(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 40_000; !condition(); await wait(10)) {
    if (Date.now() > deadline) throw new Error('It never happened.')
  }
}
