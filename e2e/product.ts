import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

export const root = join(import.meta.dirname, '..')

/** The whole product, running as people run it. */
export interface Product {
  /** Where people use it, without a trailing slash. */
  url: string
  child: ChildProcess
  /** What it has printed so far. */
  output: () => string
  /** From its start to the first 200 of `/readyz`, in ms. */
  startedIn: number
  /** Stops it as Ctrl-C does. @returns its exit code. */
  stop(): Promise<number | null>
}

export interface ProductOptions {
  /** Becomes PREAU_DATA. */
  data: string
  port?: number
  /** `main.ts` by Node itself, or by the launcher of `npm start`. */
  by?: 'node' | 'launcher'
  variables?: Record<string, string>
  /** Another user to run as, when the tests run as root. */
  user?: number
}

/** A port nobody uses. */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0)
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (typeof address !== 'object' || address === null) throw new Error('The system gave no port.')
  return address.port
}

/** Runs an entry point of the product without waiting for anything. Signals to `-pid` reach it as Ctrl-C would. */
export function run(
  entry: string[],
  options: Omit<ProductOptions, 'by'>,
): { child: ChildProcess; output: () => string } {
  const { data, port, variables, user } = options
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(VITEST|NODE_ENV|NODE_OPTIONS|DATABASE_URL|CLICKHOUSE_URL)/.test(name),
  )
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...entry], {
    cwd: root,
    env: {
      ...Object.fromEntries(inherited),
      PREAU_DATA: data,
      ...(port === undefined ? {} : { PORT: String(port) }),
      ...variables,
    },
    // A group of its own; and by the channel it ends when the tests are killed.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    ...(user === undefined ? {} : { uid: user, gid: user }),
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  return { child, output: () => said }
}

/**
 * Starts the product and waits until it is ready.
 * @throws Error with what it printed when it ends before, or is not ready within three minutes.
 */
export async function startProduct(options: ProductOptions): Promise<Product> {
  const port = options.port ?? (await findFreePort())
  const main = join(root, 'server/src/main.ts')
  const entry = options.by === 'launcher' ? [join(root, 'tools/run.mjs'), 'server/src/main.ts'] : [main]
  if (options.by === 'launcher' && !existsSync(join(root, 'node_modules/.preau-installed.json'))) {
    // It would begin by installing every package anew, under the feet of these tests.
    throw new Error('The packages were not installed by the launcher: run the journeys by `npm test -- e2e`.')
  }
  const begun = performance.now()
  const { child, output } = run(entry, { ...options, port })
  const url = `http://localhost:${port}`
  const ended = once(child, 'exit').then(() => 'ended' as const)
  for (;;) {
    if (await isReady(url)) break
    if ((await Promise.race([ended, wait(100)])) === 'ended') throw new Error(`The product did not start:\n${output()}`)
    if (performance.now() - begun > 180_000) {
      if (child.pid) process.kill(-child.pid, 'SIGKILL')
      throw new Error(`The product was not ready within three minutes:\n${output()}`)
    }
  }
  const startedIn = performance.now() - begun
  return {
    url,
    child,
    output,
    startedIn,
    async stop() {
      if (child.exitCode === null && child.signalCode === null && child.pid) process.kill(-child.pid, 'SIGINT')
      await ended
      return child.exitCode
    },
  }
}

export async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5_000) })).status === 200
  } catch {
    return false
  }
}

/** A process of this machine that works for one data folder: the server, its launcher, its databases. */
export interface DataProcess {
  pid: number
  command: string
}

/** Every process that names the data folder in its command or its environment, stands in it, or has a file of it open. */
export function listProcesses(data: string): DataProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      const command = read(`/proc/${name}/cmdline`).replaceAll('\0', ' ').trim()
      const state = /^State:\s+(\w)/m.exec(read(`/proc/${name}/status`))?.[1]
      const open = list(`/proc/${name}/fd`).map((each) => link(`/proc/${name}/fd/${each}`))
      const traces = [command, link(`/proc/${name}/cwd`), read(`/proc/${name}/environ`), ...open]
      const ours = traces.some((trace) => trace.includes(data))
      return ours && state !== 'Z' && state !== 'X' ? [{ pid: Number(name), command }] : []
    })
}

/** The processes that still run for a data folder, given the time a polite stop may take. */
export async function listLeftovers(data: string, patience = 5_000): Promise<DataProcess[]> {
  for (const deadline = Date.now() + patience; Date.now() < deadline; await wait(100)) {
    if (listProcesses(data).length === 0) return []
  }
  return listProcesses(data)
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // The process ended, or belongs to somebody else.
    return ''
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
