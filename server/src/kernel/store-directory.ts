import { createHash } from 'node:crypto'
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmdirSync,
  statfsSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

/** The system user that owns files or runs a program. */
export interface SystemUser {
  uid: number
  gid: number
}

// unix(7): `sun_path` holds 108 bytes, the last of which is zero.
const longestPath = 107

/**
 * Makes the directory of a store if it is missing, and says whose it is. What root makes belongs to the owner of the
 * folder it is made in: a command run once as root must not lock out the user the server runs as. Root's own folders
 * can be passed through by others, for the store may run as somebody else.
 * @returns its real path, and the user who may write there.
 */
export function makeStoreDirectory(path: string): { directory: string; owner: SystemUser } {
  const wanted = resolve(path)
  const first = makeMissingDirectories(wanted)
  if (first !== undefined && process.getuid?.() === 0) {
    const { uid, gid } = statSync(dirname(first))
    for (let each = wanted; each.length >= first.length; each = dirname(each)) {
      chownSync(each, uid, gid)
      chmodSync(each, 0o711)
    }
  }
  const directory = realpathSync(wanted)
  const { uid, gid } = statSync(directory)
  const self = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
  try {
    accessSync(directory, constants.W_OK | constants.X_OK)
  } catch {
    const way = uid === self.uid ? 'open it by `chmod u+rwx`' : `run it as user ${uid}`
    throw new Error(
      `${directory} belongs to user ${uid} and is closed to user ${self.uid}, who runs this program: ${way}, or choose another data directory (PREAU_DATA).`,
    )
  }
  try {
    // What permissions do not tell: a read-only disk, or something that only looks like a folder.
    rmdirSync(mkdtempSync(join(directory, '.preau-')))
  } catch (error) {
    throw unfit(directory, error as NodeJS.ErrnoException)
  }
  return { directory, owner: self.uid === 0 ? { uid, gid } : self }
}

/**
 * Makes a directory and those above it that are missing. `mkdirSync` with `recursive` never ends where a file system
 * takes no directory, as below `/proc`: it takes that for an ancestor just removed, and begins again.
 * @returns the first one made; undefined when all were there.
 */
function makeMissingDirectories(path: string): string | undefined {
  const missing: string[] = []
  try {
    for (let each = path; statSync(each, { throwIfNoEntry: false }) === undefined; each = dirname(each)) {
      missing.unshift(each)
    }
    for (const each of missing) mkdirSync(each, { mode: 0o700 })
    if (!statSync(path).isDirectory()) throw Object.assign(new Error('not a folder'), { code: 'ENOTDIR' })
  } catch (error) {
    throw unfit(path, error as NodeJS.ErrnoException)
  }
  return missing[0]
}

function unfit(path: string, error: NodeJS.ErrnoException): Error {
  const reason = reasons[error.code ?? ''] ?? error.message
  return new Error(`${path} cannot hold data: ${reason}. Choose another data directory (PREAU_DATA).`, { cause: error })
}

const reasons: Partial<Record<string, string>> = {
  EACCES: 'the user who runs this program may not make it there',
  EPERM: 'the user who runs this program may not make it there',
  ENOENT: 'no folder can be made there',
  ENOTDIR: 'a part of this path is a file',
  EROFS: 'this disk can only be read',
  ENOSPC: 'the disk is full',
  ENAMETOOLONG: 'the path is too long',
  ELOOP: 'its links go round in circles',
}

/**
 * Says that the disk of a directory is full, as far as a store that broke may have been broken by that; undefined while
 * there is room. PostgreSQL writes its journal by pieces of 16 MB, and ends when it cannot.
 */
export function describeFullDisk(directory: string, leastMegabytes = 64): string | undefined {
  if (!existsSync(directory)) return undefined
  const { bavail, bsize } = statfsSync(directory)
  const left = Math.floor((bavail * bsize) / 1_048_576)
  return left < leastMegabytes
    ? `Only ${left} MB are left on the disk of ${directory}: free some, and start again.`
    : undefined
}

/** Options for `spawn` to run as a user: nothing when that is who we are, since only root may change. */
export function runAs(user: SystemUser): Partial<SystemUser> {
  return process.getuid?.() === user.uid ? {} : user
}

/**
 * Chooses where the unix socket of a store lives: `preferred`, or, when its path is too long for a socket, a short
 * directory under the temporary one, derived from `preferred` so that every program finds the same.
 */
export function chooseSocketDirectory(preferred: string, socketName: string): string {
  const digest = createHash('sha256').update(preferred).digest('hex').slice(0, 16)
  const candidates = [preferred, join(tmpdir(), `preau-${digest}`), `/tmp/preau-${digest}`]
  const fitting = candidates.find((each) => Buffer.byteLength(join(each, socketName)) <= longestPath)
  if (fitting === undefined) throw new Error(`The name of socket ${socketName} is too long.`)
  return fitting
}

/**
 * Makes a directory that only its owner may enter (mode 0700): whoever reaches a socket inside is trusted by the store.
 * @throws Error when something else is already there: the temporary directory is open to everyone, so a directory
 *   prepared by another user must not be adopted.
 */
export function makePrivateDirectory(path: string, owner: SystemUser): void {
  const made = mkdirSync(path, { recursive: true, mode: 0o700 }) !== undefined
  if (made) chownSync(path, owner.uid, owner.gid)
  const found = lstatSync(path)
  if (!found.isDirectory() || found.uid !== owner.uid) {
    throw new Error(`${path} must be a directory that belongs to user ${owner.uid}: remove it, then start again.`)
  }
  chmodSync(path, 0o700)
}
