import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, linkSync, readFileSync, readlinkSync, realpathSync, renameSync, unlinkSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { environment, errorCode } from './embedded-postgres-binaries.ts'
import { database, superuser } from './embedded-postgres-cluster.ts'
import { isRunningProcess } from './local-process.ts'
import type { Presence } from './presence.ts'
import { openStoreLog } from './store-log.ts'
import { runAs, type SystemUser } from './store-directory.ts'

export const port = 5432
export const socketName = `.s.PGSQL.${port}`

/** Settings given to the postmaster: a machine of 2 cores and a few GB, shared with Node and ClickHouse. */
const settings: Record<string, string> = {
  // Only the unix socket: initdb trusts whoever reaches it, and its directory (0700) says who that is.
  listen_addresses: '',
  port: String(port),
  max_connections: '100',
  // What was acknowledged survives a power cut: never traded for speed.
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  shared_buffers: '256MB',
  effective_cache_size: '1GB',
  work_mem: '16MB',
  maintenance_work_mem: '128MB',
  // One helper at most: two cores also serve requests. Each also needs /dev/shm, which containers limit to 64 MB.
  max_parallel_workers_per_gather: '1',
  // Bulk loads: fewer checkpoints. Pages written whole after each are not packed: these binaries only have pglz, which took
  // two thirds of the time of a delta for half the bytes.
  max_wal_size: '4GB',
  checkpoint_timeout: '15min',
  wal_compression: 'off',
  // Data lies on an SSD or in memory.
  random_page_cost: '1.1',
  // Compiling costs more than it gains on short queries; these binaries have no JIT, another build may.
  jit: 'off',
  TimeZone: 'UTC',
  // The log keeps the life of the server; a failed statement and its values (personal data) stay out of it.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
  log_autovacuum_min_duration: '-1',
  log_line_prefix: '%m [%p] ',
}

/** Opens the session, or says why there is none: nobody listens (`absent`), or a server that starts or stops (`busy`). */
export async function joinRunning(host: string, data: string): Promise<Presence | 'absent' | 'busy'> {
  if (!existsSync(join(host, socketName))) return 'absent'
  const socket = new Socket()
  const client = new pg.Client({
    host,
    port,
    user: superuser,
    database,
    application_name: 'preau presence',
    connectionTimeoutMillis: 5000,
    stream: () => socket,
  })
  let alive = true
  const listeners: (() => void)[] = []
  client.on('error', () => {})
  client.on('end', () => {
    if (alive) {
      alive = false
      for (const each of listeners) each()
    }
  })
  let pid: number
  try {
    await client.connect()
    const { rows } = await client.query<{ data: string }>(`select current_setting('data_directory') as data`)
    const served = rows[0]?.data ?? ''
    const running = readPostmaster(data)
    if (served !== realpathSync(data) || running === undefined) {
      alive = false
      await client.end()
      throw new Error(`The PostgreSQL that listens in ${host} serves ${served}, not ${data}.`)
    }
    pid = running.pid
  } catch (error) {
    alive = false
    if (!(error instanceof Error)) throw error
    const code = 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return 'absent'
    // 57P03: starting, recovering or stopping. 57P01 and a closed socket: stopped while we were connecting.
    if (code === '57P03' || code === '57P01' || code === 'ECONNRESET' || code === 'EPIPE') return 'busy'
    if (/terminated unexpectedly/.test(error.message)) return 'busy'
    throw error
  }
  // The session must not keep a program alive that forgot to stop.
  socket.unref()
  return {
    pid,
    alive: () => alive,
    onLost: (listener) => listeners.push(listener),
    async leave() {
      socket.ref()
      try {
        return await leave(client, pid, data)
      } finally {
        await client.end().catch(() => {})
      }
    },
  }
}

/** Stops the postmaster if nobody else has a session. */
async function leave(client: pg.Client, pid: number, data: string): Promise<boolean> {
  try {
    // Two programs that leave at once would each see the other's session, and nobody would stop the postmaster.
    await client.query(`select pg_advisory_lock(hashtext('preau embedded stop'))`)
    // A session closed by its client is listed for some ms more. The other programs are known by their presence, so
    // only pools this program has just closed are worth waiting for.
    for (const begun = Date.now(); ; await wait(20)) {
      const { present, sessions } = await countOthers(client)
      if (present + sessions === 0) break
      if (Date.now() - begun > (present > 0 ? 200 : 2000)) return false
    }
  } catch {
    // The other program that was leaving stopped it, or it died: nothing is left to stop.
    await waitForEnd(pid, data)
    return true
  }
  // Two containers may share a directory: then the pid is none of ours.
  if (!runsIn(pid, data)) return false
  // Fast shutdown: a session that arrived this very moment is ended, then a checkpoint.
  process.kill(pid, 'SIGINT')
  await waitForEnd(pid, data)
  return true
}

async function waitForEnd(pid: number, data: string): Promise<void> {
  while (runsIn(pid, data)) await wait(5)
}

/** The other sessions, and those among them by which a program is present and not, like us, about to leave. */
async function countOthers(client: pg.Client): Promise<{ present: number; sessions: number }> {
  const { rows } = await client.query<{ present: number; sessions: number }>(
    `with other as (
       select application_name = 'preau presence' as presence, wait_event is not distinct from 'advisory' as leaving
       from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()
     )
     select count(*) filter (where presence and not leaving)::int as present,
       count(*) filter (where not presence)::int as sessions
     from other`,
  )
  return rows[0] ?? { present: 0, sessions: 0 }
}

/** What a running postmaster writes of itself (`postmaster.pid`: pid, data directory, start, port, socket directory). */
export function readPostmaster(data: string): { pid: number; socketDirectory: string | undefined } | undefined {
  let lines: string[]
  try {
    lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
  const pid = Number(lines[0])
  if (!Number.isInteger(pid) || pid <= 0) return undefined
  return { pid, socketDirectory: lines[4] || undefined }
}

/** Whether a process is a PostgreSQL of this data directory: a pid alone may belong to anybody after a reboot. */
export function runsIn(pid: number, data: string): boolean {
  if (!isRunningProcess(pid)) return false
  try {
    // The postmaster works in its data directory.
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(data)
  } catch {
    return false
  }
}

/**
 * PostgreSQL takes any living process with the pid of its lock file for itself, as long as both have the same owner: in
 * a container, where pids start over, that would forbid every start after a crash.
 */
export function removeStalePidFile(data: string, pid: number): void {
  if (!isRunningProcess(pid)) return
  const file = join(data, 'postmaster.pid')
  const aside = `${file}.${process.pid}`
  try {
    renameSync(file, aside)
    // A rival may have started in between: then it is its file, and goes back.
    if (Number(readFileSync(aside, 'utf8').split('\n')[0]) !== pid) linkSync(aside, file)
    unlinkSync(aside)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}

/** A postmaster that was started, and may have ended at once. */
export interface Attempt {
  child: ChildProcess
  ended: boolean
  failure: string | undefined
  /** What the log received since this attempt. */
  said(): string
}

/** Starts the postmaster; whether it listens is asked apart. */
export function spawnPostmaster(
  native: string,
  directory: string,
  data: string,
  socket: string,
  owner: SystemUser,
): Attempt {
  const log = openStoreLog(logFile(directory))
  // A list of directories, hence the quotes; doubled inside, as in SQL.
  const given = { ...settings, unix_socket_directories: `"${socket.replaceAll('"', '""')}"` }
  const child = spawn(
    join(native, 'bin/postgres'),
    ['-D', realpathSync(data), ...Object.entries(given).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    // A session of its own: Ctrl-C in the terminal reaches our program, which then stops the postmaster politely.
    { ...runAs(owner), cwd: '/', env: environment, detached: true, stdio: ['ignore', log.descriptor, log.descriptor] },
  )
  log.close()
  child.unref()
  const attempt: Attempt = {
    child,
    ended: false,
    failure: undefined,
    said: () => log.said(),
  }
  child.on('exit', () => {
    attempt.ended = true
  })
  child.on('error', (error) => {
    attempt.ended = true
    attempt.failure = error.message
  })
  return attempt
}

/** Where the postmaster writes what happens to it. */
export function logFile(directory: string): string {
  return join(directory, 'postgres.log')
}

function isMissing(error: unknown): boolean {
  return errorCode(error) === 'ENOENT'
}
