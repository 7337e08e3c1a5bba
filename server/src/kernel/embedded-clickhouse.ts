import { type ChildProcess, fork } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { Agent, type ClientRequestArgs, type IncomingMessage, request } from 'node:http'
import { createRequire } from 'node:module'
import { connect, Socket } from 'node:net'
import { dirname, join } from 'node:path'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import type { StartMessage } from './embedded-clickhouse-process.ts'
import { isRunningProcess } from './local-process.ts'
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
 * A ClickHouse of our own (chDB), in a process beside this program and perhaps used by others (a server, a command
 * line). If its process dies it is started again, and requests made meanwhile wait for it, up to ten seconds; those it
 * was answering fail (`socket hang up`), and an insertion among them may or may not have been done.
 */
export interface EmbeddedClickhouse extends SupervisedStore {
  /** Options for `createClient` of `@clickhouse/client`. */
  readonly connection: ClickhouseConnection
  /** True when it was already running, started by another program. */
  readonly reused: boolean
}

export interface ClickhouseConnection {
  /** The host means nothing: `http_agent` leads every request to the unix socket. */
  url: string
  database: string
  http_agent: Agent
  keep_alive: { enabled: true; idle_socket_ttl: number }
}

export interface EmbeddedClickhouseOptions {
  /** Holds the tables, the configuration, the log and the socket. Made when missing. */
  directory: string
  /** Told what happens, in one line each. */
  log?: (message: string) => void
}

const database = 'preau'
const socketName = 'clickhouse.sock'
const useYourOwn = 'To use a ClickHouse of your own, set CLICKHOUSE_URL.'
/** How long a start may take, and a request may wait for one, in ms. */
const longestStart = 30_000
const longestWait = 10_000
/** More than the sessions of the store, so that a long answer does not keep short ones from being asked. */
const mostConnections = 32

/**
 * Starts the ClickHouse of `directory`, or joins the one another program runs there: one process holds a directory.
 * The process ends with the last program that uses it, however that program ends.
 * @throws Error in plain words when the platform or the place does not allow it.
 */
export async function startEmbeddedClickhouse(options: EmbeddedClickhouseOptions): Promise<EmbeddedClickhouse> {
  const log = options.log ?? (() => {})
  requirePackage()
  const { directory, owner } = makeStoreDirectory(options.directory)
  const socket = findSocket(directory)
  let spawned = false

  const launch = async (): Promise<Presence> => {
    const giveUp = Date.now() + longestStart
    let attempt: Attempt | undefined
    try {
      for (;;) {
        const joined = await joinRunning(socket)
        if (joined !== undefined) {
          spawned = joined.pid === attempt?.child.pid
          return joined
        }
        attempt ??= spawnProcess(directory, socket, owner)
        const message = await Promise.race([attempt.answer, wait(giveUp - Date.now(), undefined, { ref: false })])
        if (message === undefined || Date.now() > giveUp) {
          throw new Error(`ClickHouse in ${directory} does not answer: see ${logFile(directory)}.`)
        }
        if (message.kind === 'failed') {
          // One process per directory: another program's is starting or stopping.
          if (!/Cannot lock file/.test(attempt.said())) {
            throw new Error(
              `ClickHouse could not start in ${directory}: ${message.reason}\n${attempt.said()}\n${useYourOwn}`,
            )
          }
          attempt = undefined
          await wait(50)
        }
      }
    } finally {
      // Its life depends on who is present, no longer on us.
      if (attempt?.child.connected) attempt.child.disconnect()
      attempt?.child.unref()
    }
  }

  const store = await superviseStore('ClickHouse', launch, log)
  return {
    ...store,
    // A getter: a restart changes it.
    get pid() {
      return store.pid
    },
    reused: !spawned,
    connection: makeConnection(socket, () => store.ensureRunning()),
  }
}

/**
 * Finds the ClickHouse another program runs in `directory`, for a program that must not start one. It is not kept
 * running for the caller: `startEmbeddedClickhouse` joins it for as long as needed.
 */
export async function findEmbeddedClickhouse({
  directory,
}: {
  directory: string
}): Promise<ClickhouseConnection | undefined> {
  if (!existsSync(directory)) return undefined
  const socket = findSocket(realpathSync(directory))
  const count = await countPresences(socket)
  return count === undefined ? undefined : makeConnection(socket)
}

function findSocket(directory: string): string {
  return join(chooseSocketDirectory(join(directory, 'run'), socketName), socketName)
}

function requirePackage(): void {
  const supported = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64']
  const platform = `${process.platform}-${process.arch}`
  try {
    if (!supported.includes(platform)) throw new Error(platform)
    createRequire(import.meta.url).resolve('chdb')
  } catch {
    throw new Error(`There is no embedded ClickHouse for ${process.platform} ${process.arch}. ${useYourOwn}`)
  }
}

// --------------------------------------------------------------------------------------------------------- connection

function makeConnection(socket: string, ensureRunning?: () => Promise<void>): ClickhouseConnection {
  return {
    url: 'http://localhost',
    database,
    http_agent: new SocketAgent(socket, ensureRunning),
    // Neither side ends an idle connection. Each client would after a while, by its own account: of two that share the
    // agent, one would end a connection that the other has just taken up.
    keep_alive: { enabled: true, idle_socket_ttl: 2 ** 31 - 1 },
  }
}

/** Connects every request to the unix socket, once the store runs. */
class SocketAgent extends Agent {
  readonly #socket: string
  readonly #ensureRunning: (() => Promise<void>) | undefined

  constructor(socket: string, ensureRunning: (() => Promise<void>) | undefined) {
    super({ keepAlive: true, maxSockets: mostConnections })
    this.#socket = socket
    this.#ensureRunning = ensureRunning
  }

  override createConnection(
    _options: ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | undefined {
    if (this.#ensureRunning === undefined || callback === undefined) return connect(this.#socket)
    void this.#connectOnceRunning(this.#ensureRunning, callback)
    return undefined
  }

  async #connectOnceRunning(
    ensureRunning: () => Promise<void>,
    callback: (error: Error | null, stream: Duplex) => void,
  ): Promise<void> {
    try {
      const late = wait(longestWait, 'late', { ref: false })
      if ((await Promise.race([ensureRunning(), late])) === 'late') throw new Error('it did not start in time')
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return callback(new Error(`The embedded ClickHouse is not running: ${reason}`, { cause: error }), new Socket())
    }
    callback(null, connect(this.#socket))
  }
}

// ----------------------------------------------------------------------------------------------------------- presence

async function joinRunning(socket: string): Promise<Presence | undefined> {
  const response = await ask(socket, '/presence')
  if (response === undefined) return undefined
  let alive = true
  const listeners: (() => void)[] = []
  const pid = await new Promise<number | undefined>((settle) => {
    response.on('data', (line: Buffer) => settle((JSON.parse(line.toString()) as { pid: number }).pid))
    response.on('error', () => {})
    response.on('close', () => {
      settle(undefined)
      alive = false
      for (const each of listeners) each()
    })
  })
  if (pid === undefined) return undefined
  // The connection must not keep a program alive that forgot to stop.
  response.socket.unref()
  return {
    pid,
    alive: () => alive,
    onLost: (listener) => listeners.push(listener),
    async leave() {
      const others = ((await countPresences(socket)) ?? 1) > 1
      response.destroy()
      if (others) return false
      for (const deadline = Date.now() + 2000; isRunningProcess(pid); await wait(10)) {
        // Another program came this very moment: the process lives on for it.
        if (Date.now() > deadline && (await countPresences(socket)) !== undefined) return false
      }
      return true
    },
  }
}

async function countPresences(socket: string): Promise<number | undefined> {
  const response = await ask(socket, '/presences')
  return response === undefined ? undefined : Number(await text(response))
}

/** Undefined when nobody listens, or the process ends just now. */
function ask(socketPath: string, path: string): Promise<IncomingMessage | undefined> {
  return new Promise((settle, reject) => {
    const asked = request({ socketPath, path, agent: false }, settle)
    asked.on('error', (error: NodeJS.ErrnoException) => {
      if (['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(error.code ?? '')) settle(undefined)
      else reject(error)
    })
    asked.end()
  })
}

// ------------------------------------------------------------------------------------------------------------ process

interface Attempt {
  child: ChildProcess
  /** What the process said of its start; its end says `failed`. */
  answer: Promise<StartMessage>
  /** What the log received since. */
  said(): string
}

function spawnProcess(directory: string, socket: string, owner: SystemUser): Attempt {
  makePrivateDirectory(dirname(socket), owner)
  const log = openStoreLog(logFile(directory))
  const child = fork(join(import.meta.dirname, 'embedded-clickhouse-process.ts'), [directory, socket, database], {
    // A session of its own: Ctrl-C in the terminal reaches our program, whose leaving then ends the process.
    ...runAs(owner),
    detached: true,
    stdio: ['ignore', log.descriptor, log.descriptor, 'ipc'],
    execArgv: [],
    // Each session occupies a thread of libuv while it works; files and compression need some too.
    env: { PATH: '/usr/bin:/bin', TZ: 'UTC', UV_THREADPOOL_SIZE: '8' },
  })
  log.close()
  const answer = new Promise<StartMessage>((settle) => {
    child.once('message', (message) => settle(message as StartMessage))
    child.once('error', (error) => settle({ kind: 'failed', reason: error.message }))
    child.once('exit', (code, signal) => settle({ kind: 'failed', reason: `its process ended (${signal ?? code}).` }))
  })
  return { child, answer, said: () => log.said() }
}

function logFile(directory: string): string {
  return join(directory, 'clickhouse.log')
}
