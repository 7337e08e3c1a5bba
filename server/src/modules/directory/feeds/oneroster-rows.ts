import { createReadStream } from 'node:fs'
import { pipeline, Readable } from 'node:stream'
import { CsvError, parse } from 'csv-parse'
import { FeedRefusal } from './feed.ts'

/** A row of a OneRoster file: its cells by the name of their column, `''` when empty or when there is no such column. */
export interface OneRosterRow {
  /** From 1, that of the header. */
  line: number
  /** Bytes read since the row before. */
  bytes: number
  /** Number of its cells is not that of the header: none of them can be trusted. */
  broken: boolean
  get(column: string): string
}

// Columns without which a row says nothing (OneRoster 1.2 CSV binding, multiplicity 1). The others may be missing.
const neededColumns: Record<string, string[]> = {
  'manifest.csv': ['propertyName', 'value'],
  'academicSessions.csv': ['sourcedId', 'type', 'startDate', 'endDate'],
  'orgs.csv': ['sourcedId', 'name', 'type'],
  'courses.csv': ['sourcedId', 'title'],
  'classes.csv': ['sourcedId', 'title', 'classType', 'schoolSourcedId'],
  'users.csv': ['sourcedId', 'givenName', 'familyName'],
  'roles.csv': ['sourcedId', 'userSourcedId', 'role', 'orgSourcedId'],
  'enrollments.csv': ['sourcedId', 'classSourcedId', 'schoolSourcedId', 'userSourcedId', 'role'],
  'demographics.csv': ['sourcedId', 'birthDate'],
}

/**
 * Reads the rows of a file one by one: UTF-8, with or without a byte order mark, RFC 4180. Columns are found by their
 * names: other orders and further columns (`metadata.…`) do no harm.
 * @throws FeedRefusal `encoding_invalid`, `csv_no_text`, `csv_invalid`, `column_missing`.
 */
export async function* readOneRosterRows(path: string, name: string): AsyncGenerator<OneRosterRow> {
  const parser = parse({
    bom: true,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: 1_000_000,
  })
  let line = 0
  pipeline(Readable.from(decode(path, name)), parser, () => {})
  try {
    let header: Map<string, number> | undefined
    let readBefore = 0
    for await (const { record, info } of parser as AsyncIterable<{
      record: string[]
      info: { lines: number; bytes: number }
    }>) {
      // `lines` is that of the end of the row; no cell may hold a line end.
      line = info.lines
      if (!header) {
        const names = record.map((column) => column.trim())
        // Spreadsheets leave columns without a name behind the last.
        while (names.at(-1) === '') names.pop()
        header = new Map(names.map((column, index) => [column, index]))
        const missing = neededColumns[name]?.find((column) => !header?.has(column))
        if (missing !== undefined) {
          throw new FeedRefusal('column_missing', `It has no column ${missing}.`, { file: name, line: 1 })
        }
        continue
      }
      const columns = header
      yield {
        line,
        bytes: info.bytes - readBefore,
        broken: record.length < columns.size || record.slice(columns.size).some((cell) => cell.trim() !== ''),
        get(column) {
          const index = columns.get(column)
          return index === undefined ? '' : (record[index]?.trim() ?? '')
        },
      }
      readBefore = info.bytes
    }
    if (!header) throw new FeedRefusal('csv_invalid', 'It is empty, without a header.', { file: name, line: 1 })
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    throw new FeedRefusal('csv_invalid', `It cannot be read as CSV (${error.code}).`, { file: name, line: line + 1 })
  }
}

async function* decode(path: string, name: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      // UTF-8 has this sign, text has not: an archive does, and PostgreSQL keeps none.
      if (chunk.includes(0)) {
        throw new FeedRefusal('csv_no_text', 'This is no text: it holds zero bytes.', { file: name })
      }
      yield decoder.decode(chunk, { stream: true })
    }
    yield decoder.decode()
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new FeedRefusal('encoding_invalid', 'It is not in UTF-8.', { file: name })
  }
}
