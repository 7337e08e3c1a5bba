import { createHash } from 'node:crypto'
import { chmodSync, chownSync, lstatSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The system user that owns files or runs a program. */
export interface SystemUser {
  uid: number
  gid: number
}

// unix(7): `sun_path` holds 108 bytes, the last of which is zero.
const longestPath = 107

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
