import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, rm, stat, symlink, utimes } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { crc32, createGunzip } from 'node:zlib'
import { extract, type Header } from 'tar-stream'
import { openPromise, type Entry } from 'yauzl'
import { FeedRefusal } from './feed.ts'
import { isFeedFileName } from './formats.ts'

/** What an archive may hold; an academy's export of a million people is a few gigabytes, compressed some twenty times. */
export const archiveLimits = {
  files: 1000,
  /** Bytes of one unpacked file, and of all. */
  fileBytes: 4_294_967_296,
  totalBytes: 17_179_869_184,
  /** Unpacked bytes for one of the archive, beyond the first `freeBytes`. */
  ratio: 200,
  freeBytes: 67_108_864,
}

/** Whether a name is that of an archive that can be opened; it holds no path. */
export function isArchiveName(name: string): boolean {
  return name.length <= 200 && /^[^./\\\0][^/\\\0]*\.(zip|tgz|tar\.gz)$/i.test(name)
}

// What archivers and academies put beside a feed, and that says nothing of people.
const isBeside = (path: string) =>
  /(^|\/)(__MACOSX\/.*|\.DS_Store|Thumbs\.db|desktop\.ini|[^/]+\.(dtd|md5|sha1|sha256))$/i.test(path)

/**
 * Makes plain files of a feed that may come in archives.
 * @param path a folder, or one archive.
 * @param work a folder to make, which is the caller's to remove; when it fails, nothing is left of it.
 * @returns the folder to read: `path` itself when there is no archive, else `work`.
 * @throws FeedRefusal when an archive is damaged, or holds what no archive of a feed does.
 */
export async function unpackFeed(
  path: string,
  work: string,
  options: { signal?: AbortSignal | undefined; limits?: typeof archiveLimits } = {},
): Promise<string> {
  const alone = (await stat(path)).isFile()
  const folder = alone ? dirname(path) : path
  const names = alone ? [basename(path)] : (await readdir(folder)).sort()
  const archives = names.filter(isArchiveName)
  if (archives.length === 0) return path
  const unpacking = new Unpacking(work, options.limits ?? archiveLimits, options.signal)
  await rm(work, { recursive: true, force: true })
  await mkdir(work, { recursive: true, mode: 0o700 })
  try {
    for (const name of names.filter(isFeedFileName)) {
      await symlink(join(folder, name), join(work, name))
      unpacking.names.add(name.toLowerCase())
    }
    for (const name of archives) {
      await unpacking.open(join(folder, name), name)
    }
    return work
  } catch (error) {
    await rm(work, { recursive: true, force: true })
    throw error
  }
}

/** The unpacking of all the archives of one feed: the limits are for all of them together. */
class Unpacking {
  readonly names = new Set<string>()
  private readonly folder: string
  private readonly limits: typeof archiveLimits
  private readonly signal: AbortSignal | undefined
  private archive = ''
  private packed = 0
  private unpacked = 0

  constructor(folder: string, limits: typeof archiveLimits, signal: AbortSignal | undefined) {
    this.folder = folder
    this.limits = limits
    this.signal = signal
  }

  async open(path: string, name: string): Promise<void> {
    this.archive = name
    this.packed += (await stat(path)).size
    try {
      await (/\.zip$/i.test(name) ? this.openZip(path) : this.openTar(path))
    } catch (error) {
      if (error instanceof FeedRefusal || this.signal?.aborted || isOfSystem(error)) throw error
      const { message } = error as Error
      // The reader of zip archives checks names too.
      const outside = /^(absolute path|invalid relative path|invalid characters in fileName)/.test(message)
      throw outside
        ? this.refuse('archive_path', `It holds a file outside of it: ${message.slice(0, 200)}.`)
        : this.refuse('archive_damaged', `It is damaged or not whole: ${message.slice(0, 200)}.`)
    }
  }

  private refuse(code: string, detail: string): FeedRefusal {
    return new FeedRefusal(code, detail, { file: this.archive })
  }

  private async openTar(path: string): Promise<void> {
    const entries = extract()
    const closed = new AbortController()
    entries.once('close', () => closed.abort())
    let last: Buffer = Buffer.alloc(0)
    const feeding = pipeline(createReadStream(path), createGunzip(), async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) {
        this.signal?.throwIfAborted()
        last = Buffer.concat([last, chunk]).subarray(-512)
        if (!entries.write(chunk)) await once(entries, 'drain', { signal: closed.signal })
      }
      // tar ends with blocks of zeros: one cut between two files has none.
      if (last.length < 512 || last.some((byte) => byte !== 0)) throw new Error('unexpected end of file')
      entries.end(null)
    }).catch((error: Error) => {
      entries.destroy(error)
      throw error
    })
    feeding.catch(() => {})
    try {
      for await (const entry of entries) {
        const { name, type, mtime } = entry.header
        if (type === 'directory') entry.resume()
        else await this.add(name, typesOfTar[type] ?? 'other', mtime, async () => entry as AsyncIterable<Buffer>)
      }
      await feeding
    } catch (error) {
      entries.destroy(error as Error)
      // Why the archive could not be fed, where that is what stopped its entries.
      await feeding.catch((cause: Error) => {
        if (!(error instanceof FeedRefusal) && cause.name !== 'AbortError') throw cause
      })
      throw error
    }
  }

  private async openZip(path: string): Promise<void> {
    const zip = await openPromise(path, { strictFileNames: true, autoClose: false })
    try {
      for await (const entry of zip.eachEntry()) {
        if (entry.fileName.endsWith('/')) continue
        if (entry.isEncrypted()) throw this.refuse('archive_encrypted', `${shorten(entry.fileName)} has a password.`)
        const content = async () => checkContent(await zip.openReadStreamPromise(entry), entry.crc32)
        await this.add(entry.fileName, typeOfZip(entry), entry.getLastModDate(), content)
      }
    } finally {
      zip.close()
    }
  }

  /** Writes one file of the archive. */
  private async add(
    path: string,
    type: 'file' | 'link' | 'other',
    written: Date,
    open: () => Promise<AsyncIterable<Buffer>>,
  ): Promise<void> {
    this.signal?.throwIfAborted()
    if (/^([/\\]|[a-z]:)|[\\\0]/i.test(path) || path.split('/').includes('..')) {
      throw this.refuse('archive_path', `It holds a file outside of it: ${shorten(path)}.`)
    }
    if (type !== 'file') {
      throw this.refuse('archive_entry', `${shorten(path)} is a ${type === 'link' ? 'link' : 'device'}, not a file.`)
    }
    const aside = isBeside(path)
    const name = basename(path)
    if (!aside) {
      if (/\.(zip|tgz|gz|tar|bz2|xz|7z|rar)$/i.test(name)) {
        throw this.refuse('archive_nested', `${shorten(path)} is an archive in the archive.`)
      }
      if (!isFeedFileName(name)) {
        throw this.refuse('file_name_unexpected', `${shorten(path)} is not the name of a file of a feed.`)
      }
      if (this.names.has(name.toLowerCase())) {
        throw this.refuse('archive_duplicate', `${shorten(name)} comes twice.`)
      }
      this.names.add(name.toLowerCase())
      if (this.names.size > this.limits.files) {
        throw this.refuse('archive_too_large', `It holds more than ${this.limits.files} files.`)
      }
    }
    const chunks = this.measure(await open())
    if (aside) for await (const chunk of chunks) void chunk
    else {
      await pipeline(chunks, createWriteStream(join(this.folder, name), { flags: 'wx', mode: 0o600 }))
      // Some feeds say nowhere else when they were made.
      if (!Number.isNaN(written.getTime())) await utimes(join(this.folder, name), written, written)
    }
  }

  /** Passes on what is unpacked, as long as it stays within the limits. */
  private async *measure(chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
    const { fileBytes, totalBytes, ratio, freeBytes } = this.limits
    let bytes = 0
    for await (const chunk of chunks) {
      this.signal?.throwIfAborted()
      bytes += chunk.length
      this.unpacked += chunk.length
      if (bytes > fileBytes) throw this.refuse('archive_too_large', `One of its files exceeds ${fileBytes} bytes.`)
      if (this.unpacked > totalBytes) throw this.refuse('archive_too_large', `Its files exceed ${totalBytes} bytes.`)
      if (this.unpacked > freeBytes && this.unpacked > ratio * this.packed) {
        throw this.refuse('archive_ratio', `It unpacks to more than ${ratio} times its size.`)
      }
      yield chunk
    }
  }
}

const typesOfTar: Partial<Record<Header['type'], 'file' | 'link'>> = {
  file: 'file',
  'contiguous-file': 'file',
  link: 'link',
  symlink: 'link',
}

function typeOfZip(entry: Entry): 'file' | 'link' | 'other' {
  // The upper half is the mode that Unix gives its files; 0 elsewhere.
  const format = (entry.externalFileAttributes >>> 16) & 0o170000
  if (format === 0o120000) return 'link'
  return format === 0 || format === 0o100000 ? 'file' : 'other'
}

async function* checkContent(chunks: AsyncIterable<Buffer>, expected: number): AsyncIterable<Buffer> {
  let sum = 0
  for await (const chunk of chunks) {
    sum = crc32(chunk, sum)
    yield chunk
  }
  if (sum !== expected) throw new Error('a checksum is wrong')
}

// A full disk or a lost folder is no fault of the archive.
function isOfSystem(error: unknown): boolean {
  const { code, syscall } = error as { code?: string; syscall?: string }
  return syscall !== undefined && code !== undefined && code !== 'EEXIST'
}

const shorten = (path: string) => (path.length > 120 ? `…${path.slice(-119)}` : path).replaceAll(/\p{Cc}/gu, '?')
