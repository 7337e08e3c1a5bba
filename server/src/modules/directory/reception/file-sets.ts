import { copyFile, lstat, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isArchiveName } from '../feeds/archives.ts'
import { isFeedFileName } from '../feeds/formats.ts'

/** Files of a folder that are one export together. */
export interface FileSet {
  /** Beginning of their names up to the date of the export; '' for those whose names hold none. */
  key: string
  files: { name: string; bytes: number }[]
  /** Whether nothing of it has changed for a while, or a marker says that it is whole. */
  settled: boolean
}

// {anything}{yyyymmdd}: what comes before and the date tell one export from another in the same folder.
const dated = /^.*?(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)/

/** Name of the file that says that all that is in a folder is whole. */
const wholeMarker = 'complete.ok'

/**
 * The sets of files in a folder, the oldest export first. Names that no feed has are left alone: whoever writes a file
 * under another name first, and renames it, is never read too early. So are links: they may lead to what only the server
 * may read.
 * @param settleMs how long nothing of a set must have changed, unless a marker `{key}.ok` or `complete.ok` is there.
 */
export async function listFileSets(folder: string, now: Date, settleMs: number): Promise<FileSet[]> {
  const names = await readdir(folder)
  const markers = names.filter((name) => name.endsWith('.ok')).map((name) => name.slice(0, -'.ok'.length))
  const sets = new Map<string, FileSet>()
  for (const name of names.filter((each) => isFeedFileName(each) || isArchiveName(each)).sort()) {
    const found = await lstat(join(folder, name)).catch(() => undefined)
    if (!found?.isFile()) continue
    const key = dated.exec(name)?.[0] ?? ''
    const set = sets.get(key) ?? { key, files: [], settled: true }
    sets.set(key, set)
    set.files.push({ name, bytes: found.size })
    // The change time follows every write, and no program that copies times along can set it.
    if (now.getTime() - Math.max(found.mtimeMs, found.ctimeMs) < settleMs) set.settled = false
  }
  for (const set of sets.values()) {
    const whole = set.files.some(({ name }) => markers.includes(name)) || (set.key !== '' && markers.includes(set.key))
    if (whole || markers.includes('complete')) set.settled = true
  }
  return [...sets.values()].sort((one, other) => (dateOf(one) < dateOf(other) ? -1 : 1))
}

const dateOf = ({ key }: FileSet) => `${key.slice(-8)} ${key}`

/** Removes the markers of a set that was taken; `complete.ok` with the last set of its folder. */
export async function removeMarkers(folder: string, files: readonly { name: string }[]): Promise<void> {
  const names = await readdir(folder)
  const keys = new Set(files.flatMap(({ name }) => [name, dated.exec(name)?.[0] ?? name]))
  for (const key of keys) await rm(join(folder, `${key}.ok`), { force: true })
  if (!names.some((name) => isFeedFileName(name) || isArchiveName(name))) {
    await rm(join(folder, wholeMarker), { force: true })
  }
}

/**
 * Moves files from one folder to another; called again, it goes on where it was stopped. What is in `to` is always
 * whole: across file systems it is copied under another name first.
 * @param notedAt when the move was decided.
 * @returns false, and every file back in its place, when one was still growing.
 */
export async function moveFiles(
  from: string,
  to: string,
  files: readonly { name: string; bytes: number }[],
  notedAt: Date,
): Promise<boolean> {
  await mkdir(to, { recursive: true, mode: 0o700 })
  for (const { name } of files) await moveFile(join(from, name), join(to, name), notedAt)
  const moved = await Promise.all(
    files.map(async ({ name, bytes }) => ({ name, bytes, found: await lstat(join(to, name)).catch(() => undefined) })),
  )
  if (moved.every(({ bytes, found }) => found === undefined || (found.isFile() && found.size === bytes))) return true
  for (const { name, found } of moved) if (found) await moveFile(join(to, name), join(from, name), notedAt)
  return false
}

async function moveFile(from: string, to: string, notedAt: Date): Promise<void> {
  try {
    if (await stat(to).catch(() => undefined)) {
      // It was moved before. What has its name now is another export's, unless a copy stopped before its last step.
      const left = await stat(from)
      if (left.ctime < notedAt) await rm(from)
      return
    }
    await rename(from, to)
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'ENOENT') return
    if (code !== 'EXDEV') throw error
    const part = `${to}.part`
    await copyFile(from, part)
    const copy = await open(part, 'r+')
    try {
      await copy.sync()
    } finally {
      await copy.close()
    }
    await rename(part, to)
    await rm(from)
  }
}
