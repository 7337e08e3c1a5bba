import { closeSync, existsSync, fchownSync, openSync, readSync, renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** Size at which a log becomes `….1`, replacing the one before, at the next start. In bytes. */
const largest = 5_000_000

/** The log of an embedded store, open for the process about to be started. */
export interface StoreLog {
  /** For the output of the process: a file, since a pipe would break with the program that started it. */
  descriptor: number
  /** What was written since it was opened, up to 4 KB. */
  said(): string
  /** Closes it here; the process keeps it. */
  close(): void
}

/** Opens a log at its end. */
export function openStoreLog(file: string): StoreLog {
  if (existsSync(file) && statSync(file).size > largest) renameSync(file, `${file}.1`)
  const descriptor = openSync(file, 'a', 0o600)
  if (process.getuid?.() === 0) {
    // The owner of the directory must be able to open it again without being root.
    const { uid, gid } = statSync(dirname(file))
    fchownSync(descriptor, uid, gid)
  }
  const from = statSync(file).size
  return {
    descriptor,
    said() {
      const bytes = Buffer.alloc(4096)
      const reader = openSync(file, 'r')
      try {
        return bytes.toString('utf8', 0, readSync(reader, bytes, 0, bytes.length, from)).trim()
      } finally {
        closeSync(reader)
      }
    },
    close: () => closeSync(descriptor),
  }
}
