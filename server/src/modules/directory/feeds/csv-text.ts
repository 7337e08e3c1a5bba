import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { TextDecoder } from 'node:util'
import { CsvError, parse } from 'csv-parse'
import { FeedRefusal } from './feed.ts'

/** Characters of a row and columns beyond which a file is refused: memory stays constant. */
const csvLimits = { row: 1_048_576, columns: 200 }

const chunkBytes = 262_144

// Rows that tell whether every line ends with empty values.
const sampled = 20

export type CsvEncoding = 'utf-8' | 'iso-8859-15' | 'windows-1252'
export type CsvSeparator = ';' | ',' | '\t' | '|'

/** A CSV file whose bytes were all looked at: nobody says how it is written, so it is found out. */
export interface CsvFile {
  name: string
  path: string
  bytes: number
  encoding: CsvEncoding
  separator: CsvSeparator
  /** As written in its first line, trimmed, those that are empty at its end left out. */
  headers: string[]
  /** Values of a row: as many as headers, or more where every line ends with empty ones. */
  width: number
}

/** One row under the headers. */
interface CsvRow {
  /** Line of its beginning, from 1. */
  line: number
  values: string[]
  /** Bytes read since the row before. */
  bytes: number
}

/**
 * Finds out the encoding, the separator and the headers of a file.
 * @throws FeedRefusal when it is empty, no text, or of two encodings at once, saying where.
 */
export async function openCsvFile(path: string, name: string): Promise<CsvFile> {
  const { encoding, bytes } = await findEncoding(path, name)
  let start = ''
  for await (const { text } of readText(path, name, encoding)) {
    start += text
    if (start.length > csvLimits.row || /\n[^\n]*\S/.test(start)) break
  }
  const separator = findSeparator(start)
  const file = { name, path, bytes, encoding, separator }
  let rows = 0
  let headers: string[] | undefined
  const widths = new Set<number>()
  for await (const { values } of readRecords(file)) {
    if (headers) {
      widths.add(values.length)
      if (widths.size > 1 || values.slice(headers.length).some((value) => value.trim() !== '')) {
        widths.clear()
        break
      }
      if (++rows === sampled) break
      continue
    }
    headers = values.map((value) => value.trim())
    widths.add(headers.length)
    while (headers.at(-1) === '') headers.pop()
    if (headers.length === 0) break
    if (headers.length > csvLimits.columns) {
      throw new FeedRefusal('csv_header', `The first line names more than ${csvLimits.columns} columns.`, {
        file: name,
        line: 1,
      })
    }
    if (widths.has(headers.length)) widths.clear()
  }
  if (headers?.length) return { ...file, headers, width: [...widths][0] ?? headers.length }
  throw new FeedRefusal('csv_header', 'The first line does not name the columns.', { file: name, line: 1 })
}

/** Reads the rows under the headers; those without any value are no rows. @throws FeedRefusal saying where. */
export async function* readCsvRows(file: CsvFile): AsyncGenerator<CsvRow> {
  let first = true
  let passed = 0
  for await (const { line, values, bytes } of readRecords(file)) {
    passed += bytes
    if (first) {
      first = false
      continue
    }
    if (values.every((value) => value.trim() === '')) continue
    const whole =
      values.length === file.width && values.slice(file.headers.length).every((value) => value.trim() === '')
    yield { line, values: whole ? values.slice(0, file.headers.length) : values, bytes: passed }
    passed = 0
  }
}

async function* readRecords(file: Omit<CsvFile, 'headers' | 'width'>): AsyncGenerator<CsvRow> {
  let bytes = 0
  const texts = async function* () {
    for await (const chunk of readText(file.path, file.name, file.encoding)) {
      bytes += chunk.bytes
      if (chunk.text !== '') yield chunk.text
    }
  }
  const source = Readable.from(texts())
  const parser = parse({
    delimiter: file.separator,
    record_delimiter: '\n',
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: csvLimits.row,
    info: true,
  })
  source.on('error', (error) => parser.destroy(error))
  source.pipe(parser)
  let end = 0
  let empty = 0
  try {
    for await (const { record, info } of parser as AsyncIterable<Parsed>) {
      const line = end + info.empty_lines - empty + 1
      end = info.lines
      empty = info.empty_lines
      const read = bytes
      bytes = 0
      yield { line, values: record, bytes: read }
    }
  } catch (error) {
    throw toRefusal(error, file.name, end + 1)
  } finally {
    source.destroy()
    parser.destroy()
  }
}

interface Parsed {
  record: string[]
  info: { lines: number; empty_lines: number }
}

function toRefusal(error: unknown, file: string, begun: number): unknown {
  if (!(error instanceof CsvError)) return error
  const line = typeof error['lines'] === 'number' ? error['lines'] : begun
  if (error.code === 'CSV_QUOTE_NOT_CLOSED') {
    return new FeedRefusal('csv_truncated', 'A quote opened in this row is never closed: the file ends too early.', {
      file,
      line: begun,
    })
  }
  if (error.code === 'CSV_MAX_RECORD_SIZE') {
    return new FeedRefusal('record_too_long', `A row exceeds ${csvLimits.row} characters: is a quote never closed?`, {
      file,
      line: begun,
    })
  }
  return new FeedRefusal('csv_ill_formed', 'A quote stands in the middle of a value: such values must be quoted.', {
    file,
    line,
  })
}

/** The separator that parts the most names of columns, quoted ones apart. */
function findSeparator(start: string): CsvSeparator {
  const header = /^(?:"(?:[^"]|"")*"|[^"\n])*/.exec(start.trimStart())?.[0].replace(/"(?:[^"]|"")*"/g, '') ?? ''
  const counted = ([';', ',', '\t', '|'] as const).map((separator) => ({
    separator,
    count: header.split(separator).length,
  }))
  return counted.reduce((best, each) => (each.count > best.count ? each : best)).separator
}

/** The text of a file, chunk by chunk, its lines ended by line feeds and nothing else. */
async function* readText(
  path: string,
  file: string,
  encoding: CsvEncoding,
): AsyncGenerator<{ text: string; bytes: number }> {
  const decoder = new TextDecoder(encoding)
  let held = ''
  for await (const chunk of readBytes(path)) {
    let text = held + decoder.decode(chunk, { stream: true })
    // The line feed of a CRLF may be in the next chunk.
    held = text.endsWith('\r') ? '\r' : ''
    if (held) text = text.slice(0, -1)
    yield { text: text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text, bytes: chunk.length }
  }
  const text = held + decoder.decode()
  if (text.includes('\uFFFD')) throw new FeedRefusal('csv_truncated', 'The file ends within a character.', { file })
  yield { text: text.replace(/\r/g, '\n'), bytes: 0 }
}

async function* readBytes(path: string): AsyncGenerator<Buffer> {
  const handle = await open(path, 'r')
  try {
    for (;;) {
      const buffer = Buffer.allocUnsafe(chunkBytes)
      const { bytesRead } = await handle.read(buffer, 0, chunkBytes, null)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await handle.close()
  }
}

// Bytes that stand for nothing in Windows-1252.
const undefined1252 = new Set([0x81, 0x8d, 0x8f, 0x90, 0x9d])

/**
 * Looks at every byte. UTF-8 has rules that other encodings break at the first accent; among these, bytes 80 to 9F are
 * letters and quotes of Windows-1252 and nothing in ISO-8859-15.
 */
async function findEncoding(path: string, file: string): Promise<{ encoding: CsvEncoding; bytes: number }> {
  let bytes = 0
  let line = 1
  let due = 0
  let lead = 0
  // Lines where something was first seen; 0 for not yet.
  let stray = 0
  let doubled = 0
  let windows = 0
  let nothing = 0
  for await (const chunk of readBytes(path)) {
    if (bytes === 0) refuseOtherUnicode(chunk, file)
    bytes += chunk.length
    for (const byte of chunk) {
      if (due > 0) {
        if (byte >= 0x80 && byte < 0xc0) {
          due--
          // "Ã" followed by a sign: no French word has it, so this accent is written in UTF-8.
          if (due === 0 && lead === 0xc3 && doubled === 0) doubled = line
          continue
        }
        due = 0
        if (stray === 0) stray = line
      }
      if (byte < 0x80) {
        if (byte === 10) line++
        else if (byte === 0)
          throw new FeedRefusal('csv_no_text', 'This is no text: it holds zero bytes.', { file, line })
        continue
      }
      if (byte < 0xa0) {
        if (windows === 0) windows = line
        if (nothing === 0 && undefined1252.has(byte)) nothing = line
      }
      lead = byte
      if (byte >= 0xc2 && byte < 0xe0) due = 1
      else if (byte >= 0xe0 && byte < 0xf0) due = 2
      else if (byte >= 0xf0 && byte < 0xf5) due = 3
      else if (stray === 0) stray = line
    }
  }
  if (due > 0) {
    if (stray === 0 && doubled > 0)
      throw new FeedRefusal('csv_truncated', 'The file ends within a character.', { file, line })
    stray ||= line
  }
  if (bytes === 0) throw new FeedRefusal('csv_empty', 'The file is empty.', { file })
  if (stray === 0) return { encoding: 'utf-8', bytes }
  if (doubled > 0) {
    throw new FeedRefusal(
      'csv_encodings_mixed',
      `Accents are written in UTF-8 on line ${doubled} and in another encoding on line ${stray}.`,
      { file, line: Math.max(doubled, stray) },
    )
  }
  if (nothing > 0) {
    throw new FeedRefusal('encoding_wrong', 'A byte here stands for no character in any encoding of French.', {
      file,
      line: nothing,
    })
  }
  return { encoding: windows > 0 ? 'windows-1252' : 'iso-8859-15', bytes }
}

function refuseOtherUnicode(start: Buffer, file: string): void {
  const begins = (...bytes: number[]) => bytes.every((byte, index) => start[index] === byte)
  if (begins(0xff, 0xfe) || begins(0xfe, 0xff)) {
    throw new FeedRefusal('encoding_unsupported', 'Encoding UTF-16: save it as CSV UTF-8.', { file, line: 1 })
  }
  // The beginnings of zip archives, hence of .xlsx and .ods, and of .xls.
  if (begins(0x50, 0x4b, 3, 4) || begins(0xd0, 0xcf, 0x11, 0xe0)) {
    throw new FeedRefusal('csv_no_text', 'This is a spreadsheet or an archive, not CSV: export it as CSV.', { file })
  }
}
