import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { createTenant } from '#kernel/tenancy'
import { type FeedOptions, nextExport, writeAafFeed } from '#demonstration'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { applyImport } from './import-applying.ts'
import { stageImport } from './imports.ts'
import type { ImportView } from './imports.routes.ts'

// Whatever dies in the middle, the directory is as before or as after, and the import is run again at once.

const options: FeedOptions = { people: 3000, seed: 3 }
let folder: string
let test: TestApp
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preau-faults-'))
  await writeAafFeed(join(folder, 'first'), options)
  const changes = { leavers: 0.05, arrivals: 0.05, newContacts: 0.2, classChanges: 0.1, staffReplaced: 0.05 }
  await writeAafFeed(join(folder, 'second'), nextExport(options, changes))
  test = await openTestApp()
})
afterAll(async () => {
  await test.close()
  await rm(folder, { recursive: true })
})

function startImport(feed: string): {
  child: ChildProcessWithoutNullStreams
  ended: Promise<number | null>
  said: () => string
} {
  const { host, user, port } = inject('postgres')
  const [{ database }] = [test.services.owner.options as { database: string }]
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, '../../../cli.ts'), 'directory', 'import', join(folder, feed)],
    {
      env: {
        PATH: '/usr/bin:/bin',
        PREAU_DATA: test.config.dataDirectory,
        DATABASE_URL: `postgresql://${user}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`,
      },
    },
  )
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  return { child, ended, said: () => text }
}

async function killAt(feed: string, words: RegExp): Promise<void> {
  const { child, ended, said } = startImport(feed)
  let over = false
  void ended.then(() => (over = true))
  while (!words.test(said())) {
    if (over) throw new Error(`it ended before ${words.source}: ${said()}`)
    await setTimeout(1)
  }
  child.kill('SIGKILL')
  await ended
}

async function state(): Promise<Record<string, string>> {
  const names =
    'person affiliation enrolment membership teaching staff_function guardianship source_record teaching_group'
  return test.inTenant(async (tx) => {
    const texts: Record<string, string> = {}
    for (const name of names.split(' ')) {
      const { rows } = await sql<{
        text: string
      }>`select count(*) || md5(coalesce(string_agg(t::text, ',' order by t::text), '')) as text
        from ${sql.table(`directory.${name}`)} t`.execute(tx)
      texts[name] = rows[0]?.text ?? ''
    }
    return texts
  })
}

async function lastImports(): Promise<string[]> {
  const { rows } = await test.inTenant((tx) =>
    sql<{ state: string }>`select state from directory.import order by id desc`.execute(tx),
  )
  return rows.map((row) => row.state)
}

const byHand = (path: string): Promise<ImportView> =>
  stageImport(test.services, { tenantId: test.tenant.id, folder: join(folder, path), actorPersonId: null })
const apply = (id: string, onStep: (done: number) => void = () => {}) =>
  applyImport(
    test.services,
    { tenantId: test.tenant.id, id, actorPersonId: null, acceptAlerts: true },
    { onProgress: ({ done }) => onStep(done) },
  )

it('the program killed while it reads, then while it applies a first load: nothing, then all', async () => {
  const before = await state()
  await killAt('first', /Reading the feed: [1-5]0 %/)
  await killAt('first', /Applying: 50 %/)
  expect(await state()).toEqual(before)
  const { ended, said } = startImport('first')
  expect([await ended, said()]).toEqual([0, expect.stringContaining('The import was applied.')])
  expect(await lastImports()).toEqual(['applied', 'interrupted', 'interrupted'])
  const { rows } = await test.services.owner.query(
    `select relname from pg_class where relname ~ '^staged_[0-9a-f]{32}$'`,
  )
  expect(rows).toEqual([])
})

it.each([
  [3, 'second'],
  [11, 'first'],
  [17, 'second'],
])('a connection killed at step %i of an application: as before, and applied at the next try', async (step, feed) => {
  const before = await state()
  const staged = await byHand(feed)
  expect(staged.nothingToDo).toBe(false)
  let killed: Promise<unknown> | undefined
  const stopped = apply(staged.id, (done) => {
    if (done !== step) return
    killed = test.services.owner.query(`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'preau work' and xact_start is not null and backend_xid is not null`)
  })
  await expect(stopped).rejects.toThrow(/terminat|connection|ECONNRESET|EPIPE/i)
  await killed
  expect(await state()).toEqual(before)
  expect((await lastImports())[0]).toBe('interrupted')
  const applied = await apply(staged.id)
  expect(applied.state).toBe('applied')
  expect((await byHand(feed)).nothingToDo).toBe(true)
})

it('the connection that holds the lock and the feed killed while reading: interrupted, and run again', async () => {
  const before = await state()
  const broken = stageImport(
    test.services,
    { tenantId: test.tenant.id, folder: join(folder, 'first'), actorPersonId: null },
    {
      onProgress: ({ phase, done }) => {
        if (phase === 'reading' && done === 0) {
          void test.services.owner.query(`select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and application_name = 'preau owner' and pid <> pg_backend_pid()`)
        }
      },
    },
  )
  await expect(broken).rejects.toThrow(/terminat|connection|ECONNRESET|EPIPE/i)
  expect(await state()).toEqual(before)
  expect((await lastImports())[0]).toBe('interrupted')
  expect((await byHand('first')).state).toBe('ready')
})

it('the connection that holds the lock killed while a first load is applied: applied, and said so', async () => {
  const { id: tenantId } = await createTenant(test.services.owner, { slug: 'alone', name: 'Alone' })
  const input = { tenantId, actorPersonId: null, acceptAlerts: false }
  const staged = await stageImport(test.services, { ...input, folder: join(folder, 'first') })
  let killed: Promise<unknown> | undefined
  const applied = await applyImport(
    test.services,
    { ...input, id: staged.id },
    {
      onProgress: () => {
        killed ??= test.services.owner.query(`select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and application_name = 'preau owner' and pid <> pg_backend_pid()`)
      },
    },
  )
  await killed
  expect(applied).toMatchObject({ state: 'applied', refusal: null })
})
