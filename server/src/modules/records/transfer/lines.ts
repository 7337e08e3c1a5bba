import { isUtf8 } from 'node:buffer'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { Problem } from '#kernel/problem'

/** A line of a file. */
export interface Line {
  /** From 1. */
  number: number
  /** Without its end; undefined for one that cannot be read. */
  text: string | undefined
  /** Why it cannot be. */
  fault?: 'line_too_long' | 'line_not_utf8'
}

/** A file, or what comes in, read line by line; whatever its size, one line is in memory. */
export interface LineFile {
  lines: AsyncIterable<Line>
  /** Bytes read so far, packed if it is packed. */
  done(): number
  /** Bytes in all; undefined for what comes in. */
  total: number | undefined
}

const newline = 0x0a

/**
 * Opens a file of lines, unpacking it when it is gzip, whatever its name.
 * @param path `-` for standard input.
 * @param longest bytes of the longest line that is read.
 * @throws Problem 404 `file_not_found`; while reading, Problem 400 `file_truncated` when what is packed is not whole.
 */
export async function openLines(path: string, longest = 64 * 1024 * 1024): Promise<LineFile> {
  let total: number | undefined
  if (path !== '-') {
    const found = await stat(path).catch(() => undefined)
    if (!found?.isFile()) throw new Problem(404, 'file_not_found', `There is no file ${path}.`)
    total = found.size
  }
  let done = 0
  async function* count(chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      done += chunk.length
      yield chunk
    }
  }
  const input: AsyncIterable<Buffer> = path === '-' ? process.stdin : createReadStream(path, { highWaterMark: 1 << 18 })
  return { lines: split(unpack(count(input)), longest), done: () => done, total }
}

/** The same bytes, unpacked when they begin as gzip does (RFC 1952 §2.3.1). */
async function* unpack(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const first = await chunks.next()
  if (first.done) return
  async function* whole() {
    yield first.value as Buffer
    yield* chunks
  }
  if (first.value[0] !== 0x1f || first.value[1] !== 0x8b) {
    yield* whole()
    return
  }
  try {
    // Errors come out of the last stream, which is read here.
    yield* pipeline(Readable.from(whole()), createGunzip(), () => {}) as AsyncIterable<Buffer>
  } catch (error) {
    if (!(error as { code?: string }).code?.startsWith('Z_')) throw error
    throw new Problem(400, 'file_truncated', 'The packed file is cut short or damaged: what came before was read.')
  }
}

function read(number: number, bytes: Buffer | undefined): Line {
  if (bytes === undefined) return { number, text: undefined, fault: 'line_too_long' }
  if (!isUtf8(bytes)) return { number, text: undefined, fault: 'line_not_utf8' }
  const text = bytes.toString('utf8')
  return { number, text: number === 1 ? text.replace(/^\uFEFF/, '') : text }
}

async function* split(chunks: AsyncIterable<Buffer>, longest: number): AsyncGenerator<Line> {
  let number = 1
  let parts: Buffer[] = []
  let length = 0
  const add = (part: Buffer) => {
    length += part.length
    if (length <= longest) parts.push(part)
    else parts = []
  }
  const take = (): Line => {
    const line = read(number, length <= longest ? Buffer.concat(parts) : undefined)
    number += 1
    parts = []
    length = 0
    return line
  }
  for await (const chunk of chunks) {
    let from = 0
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, from)) {
      add(chunk.subarray(from, end))
      yield take()
      from = end + 1
    }
    if (from < chunk.length) add(chunk.subarray(from))
  }
  if (length > 0) yield take()
}
