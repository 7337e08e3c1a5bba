import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { askVersion, claim, environment, temporaryMark } from './embedded-postgres-binaries.ts'
import { runAs, type SystemUser } from './store-directory.ts'

// The role is no superuser, so that a flaw in a query cannot reach the machine (`copy … to program`), and so that
// nothing here works that would not on a server where the administrator gave us an ordinary account.
export const role = 'preau'
export const superuser = 'postgres'
export const database = 'preau'

/**
 * Makes the cluster, with our role and database, under another name, then renames it: a program killed in the middle
 * leaves nothing that could be taken for a cluster, and of two programs at once one wins whole.
 */
export async function initialise(
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

/** @throws Error when the cluster was made by another major version. */
export function requireSameVersion(native: string, data: string, owner: SystemUser): void {
  const made = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim()
  const answer = askVersion(native, owner)
  if ('version' in answer && answer.version !== made) {
    throw new Error(
      `${data} was made by PostgreSQL ${made} and this program ships ${answer.version}: ` +
        `export it with the former, or set DATABASE_URL to a server of that version.`,
    )
  }
}
