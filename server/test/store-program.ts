import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import type { SystemUser } from '#kernel/store-directory'

/** Another program that uses an embedded store. */
export interface StoreProgram {
  /** What the store said of itself there. */
  store: { pid: number; reused: boolean }
  /** Stops politely. @returns whether that stopped the store. */
  stop(): Promise<boolean>
  /** Ends at once, as `kill -9` does. */
  kill(): Promise<void>
}

export interface StoreProgramOptions {
  start: 'startEmbeddedPostgres' | 'startEmbeddedClickhouse'
  directory: string
  /** Folder of the kernel to run, when it is a copy. */
  kernel?: string
  user?: SystemUser | undefined
}

const source = `
const { default: readline } = await import('node:readline')
const [kernel, start, directory] = process.argv.slice(1)
const file = start === 'startEmbeddedPostgres' ? 'embedded-postgres.ts' : 'embedded-clickhouse.ts'
const store = await (await import(kernel + '/' + file))[start]({ directory })
console.log(JSON.stringify({ pid: store.pid, reused: store.reused }))
for await (const line of readline.createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await store.stop()))
  break
}
process.stdin.destroy()
`

type Child = ChildProcessByStdio<Writable, Readable, Readable>

/** Runs the program without waiting for its store. */
export function spawnStoreProgram({ start, directory, kernel, user }: StoreProgramOptions): Child {
  const folder = kernel ?? join(import.meta.dirname, '../src/kernel')
  return spawn(process.execPath, ['--input-type=module', '-e', source, folder, start, directory], {
    ...user,
    cwd: '/',
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: '/usr/bin:/bin' },
  })
}

/** Runs the program and waits for its store. @throws Error with what the program said when it fails. */
export async function startStoreProgram(options: StoreProgramOptions): Promise<StoreProgram> {
  const child = spawnStoreProgram(options)
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const read = async (): Promise<unknown> => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`The program ended: ${said}`)
    return JSON.parse(value)
  }
  return {
    store: (await read()) as StoreProgram['store'],
    async stop() {
      child.stdin.write('stop\n')
      const stopped = (await read()) as boolean
      await ended
      return stopped
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
