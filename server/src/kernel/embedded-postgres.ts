import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { findPackagedBinaries, prepareBinaries, removeOldBinaries, useYourOwn } from './embedded-postgres-binaries.ts'
import { database, initialise, requireSameVersion, role } from './embedded-postgres-cluster.ts'
import {
  type Attempt,
  joinRunning,
  logFile,
  port,
  readPostmaster,
  removeStalePidFile,
  runsIn,
  socketName,
  spawnPostmaster,
} from './embedded-postgres-postmaster.ts'
import { markProcess } from './local-process.ts'
import { type Presence, superviseStore, type SupervisedStore } from './presence.ts'
import { chooseSocketDirectory, makePrivateDirectory, makeStoreDirectory, type SystemUser } from './store-directory.ts'

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
