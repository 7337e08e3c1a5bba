import { createWriteStream } from 'node:fs'
import { mkdir, readdir, rm, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Problem } from '#kernel/problem'
import { isArchiveName, unpackFeed } from '../feeds/archives.ts'
import { isFeedFileName } from '../feeds/formats.ts'

/** At most this much of one upload: an academy's files hold a few gigabytes in all. */
export const uploadLimits = { fileSize: 4_294_967_296, files: 1000, fields: 0 }

/** Where the files of an uploaded import are kept until it is applied or given up. */
export function uploadFolder(dataDirectory: string, importId: string): string {
  return join(dataDirectory, 'incoming', importId)
}

/**
 * Writes one uploaded file to the import's folder, as it comes.
 * @throws Problem 400 when its name is not that of a file of a feed, or comes twice; 413 when it is too large.
 */
export async function receiveFile(
  dataDirectory: string,
  importId: string,
  name: string | undefined,
  content: Readable,
): Promise<void> {
  // The names that are known hold no path: none leads out of the folder.
  if (name === undefined || !(isFeedFileName(name) || isArchiveName(name))) {
    content.resume()
    const named = name?.slice(0, 100) ?? 'A part without a name'
    throw new Problem(400, 'file_name_unexpected', `${named} is not the name of a file of a feed.`)
  }
  const folder = uploadFolder(dataDirectory, importId)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  try {
    await pipeline(content, createWriteStream(join(folder, name), { flags: 'wx', mode: 0o600 }))
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST') throw error
    throw new Problem(400, 'file_twice', `${name} comes twice.`)
  }
  if ('truncated' in content && content.truncated === true) {
    throw new Problem(413, 'file_too_large', `${name} exceeds ${uploadLimits.fileSize} bytes.`)
  }
}

const unpackedFolder = (dataDirectory: string, importId: string) =>
  join(uploadFolder(dataDirectory, importId), 'unpacked')

/** Makes plain files of an import's, which may come in archives. @returns the folder to read. @throws FeedRefusal. */
export function unpackUpload(dataDirectory: string, importId: string, path: string, signal?: AbortSignal) {
  return unpackFeed(path, unpackedFolder(dataDirectory, importId), { signal })
}

/** Removes what was unpacked, and leaves what was received. */
export async function discardUnpacked(dataDirectory: string, importId: string): Promise<void> {
  await rm(unpackedFolder(dataDirectory, importId), { recursive: true, force: true })
  // Empty when the files were read where they are.
  await rmdir(uploadFolder(dataDirectory, importId)).catch(() => {})
}

export async function discardUpload(dataDirectory: string, importId: string): Promise<void> {
  await rm(uploadFolder(dataDirectory, importId), { recursive: true, force: true })
}

/** Whether the files of an uploaded import are still there. */
export async function hasUpload(dataDirectory: string, importId: string): Promise<boolean> {
  return (await stat(uploadFolder(dataDirectory, importId)).catch(() => undefined)) !== undefined
}

/** Removes uploads that no import needs any more; one of the last day may still be on its way. */
export async function sweepUploads(dataDirectory: string, needed: ReadonlySet<string>, now: Date): Promise<void> {
  const parent = join(dataDirectory, 'incoming')
  for (const importId of await readdir(parent).catch(() => [])) {
    if (needed.has(importId)) continue
    const found = await stat(join(parent, importId)).catch(() => undefined)
    if (found && now.getTime() - found.mtimeMs > 86_400_000) await discardUpload(dataDirectory, importId)
  }
}
