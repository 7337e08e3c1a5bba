/**
 * The process that holds the embedded ClickHouse (chDB) and answers ClickHouse's HTTP interface on a unix socket, so
 * that the client library, the SQL and the errors are those of a server. Started by `embedded-clickhouse.ts` with the
 * directory, the socket and the name of the database as arguments; ends by itself when the last program present has gone.
 *
 * Not offered, and refused with NOT_IMPLEMENTED: sessions, roles, ClickHouse's own block compression, and binary
 * formats for insertion.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { Readable, type Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as wait } from 'node:timers/promises'
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createGzip,
  createInflate,
  createZstdCompress,
  createZstdDecompress,
} from 'node:zlib'
import type { RawInsertFormat, Session } from 'chdb'
import { type Load, quoteName, quoteString, readStatement } from './clickhouse-statement.ts'

/** What the process tells the one that started it: one message, then silence. */
export type StartMessage = { kind: 'ready' } | { kind: 'failed'; reason: string }

/** Statements run at once. Each holds a session; a session runs one statement at a time. */
const sessionCount = 4
/** Statements that may wait for a session, beyond which a client is told to come back. */
const longestQueue = 1000
/** Rows are inserted in blocks of at least this many bytes, each whole or not at all; a smaller body is one block. */
const blockSize = 16 * 1024 * 1024
/** Largest body that cannot be cut: a statement with its rows, or rows in CSV. In bytes. */
const largestWhole = 256 * 1024 * 1024
/** How long the process waits for a program to show up, in ms. */
const patience = 15_000

/** Settings of every statement unless it says otherwise: a machine of 2 cores and a few GB, shared with PostgreSQL. */
const baseSettings: Record<string, string> = {
  max_threads: '2',
  max_insert_threads: '1',
  // One statement may not take all the memory; sorting and grouping go to disk before that.
  max_memory_usage: '1000000000',
  max_bytes_before_external_group_by: '400000000',
  max_bytes_before_external_sort: '400000000',
  // `clickhouse-local` reads `1 + 1` as a query; a server does not, and its syntax errors are clearer.
  implicit_select: '0',
}

/** Configuration of the engine, which reads it once at its start. */
function writeConfiguration(directory: string): string {
  const escape = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  const file = join(directory, 'config.xml')
  writeFileSync(
    file,
    `<clickhouse>
  <timezone>UTC</timezone>
  <max_server_memory_usage>1500000000</max_server_memory_usage>
  <mark_cache_size>100000000</mark_cache_size>
  <index_mark_cache_size>50000000</index_mark_cache_size>
  <background_pool_size>4</background_pool_size>
  <background_schedule_pool_size>8</background_schedule_pool_size>
  <merge_tree>
    <!-- An acknowledged row is on disk, not in the memory of the system. -->
    <fsync_after_insert>1</fsync_after_insert>
    <fsync_part_directory>1</fsync_part_directory>
    <!-- These count free places in the pool of merges, which is smaller than they expect. -->
    <number_of_free_entries_in_pool_to_execute_mutation>2</number_of_free_entries_in_pool_to_execute_mutation>
    <number_of_free_entries_in_pool_to_lower_max_size_of_merge>2</number_of_free_entries_in_pool_to_lower_max_size_of_merge>
    <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>2</number_of_free_entries_in_pool_to_execute_optimize_entire_partition>
  </merge_tree>
  <backups><allowed_path>${escape(join(directory, 'backups'))}</allowed_path></backups>
</clickhouse>
`,
    { mode: 0o600 },
  )
  return file
}

// ------------------------------------------------------------------------------------------------------------- errors

/** An error as ClickHouse words it: `Code: 62. DB::Exception: … (SYNTAX_ERROR)`. */
class ClickhouseError extends Error {
  readonly code: number

  constructor(code: number, name: string, text: string) {
    super(`Code: ${code}. DB::Exception: ${text} (${name})`)
    this.code = code
  }
}

const refuse = (what: string) => new ClickhouseError(48, 'NOT_IMPLEMENTED', `The embedded ClickHouse has no ${what}.`)

function toClickhouseError(error: unknown): { code: number; text: string } {
  const text = error instanceof Error ? error.message : String(error)
  if (error instanceof ClickhouseError) return { code: error.code, text }
  const code = /Code: (\d+)/.exec(text)?.[1]
  if (code !== undefined) return { code: Number(code), text: text.slice(text.indexOf('Code: ')).trim() }
  return { code: 1002, text: `Code: 1002. DB::Exception: ${text} (UNKNOWN_EXCEPTION)` }
}

// After ClickHouse's own table (src/Server/HTTP/exceptionCodeToHTTPStatus.cpp); 500 for the others.
const statusOfCode = new Map([
  ...[6, 26, 27, 36, 38, 41, 43, 53, 62, 72, 117, 131, 386, 456, 457].map((code) => [code, 400] as const),
  ...[16, 46, 47, 50, 56, 60, 63, 73, 81, 82, 115].map((code) => [code, 404] as const),
  ...[48].map((code) => [code, 501] as const),
  ...[159].map((code) => [code, 408] as const),
  ...[202].map((code) => [code, 503] as const),
  ...[307].map((code) => [code, 413] as const),
])

// ----------------------------------------------------------------------------------------------------------- sessions

/** A session of the engine and what statements have changed in it. */
interface Slot {
  session: Session
  /** Its statements bear it as their `log_comment`, by which they can be cancelled. */
  mark: string
  database: string
  changed: Set<string>
}

interface Surroundings {
  database: string
  settings: Map<string, string>
  parameters: Map<string, string>
}

interface Work<T> {
  run: (session: Session) => Promise<T>
  /** Whether the session can be used again after a success; true unless given. After a failure it never is. */
  keep?: () => boolean
  /** Cancels the statement. */
  abandoned?: AbortSignal
}

interface Engine {
  /** Runs `work` with a session prepared for it: database, settings and parameters of this request and no other. */
  with<T>(surroundings: Surroundings, work: Work<T>): Promise<T>
  /** Cancels what runs and closes the sessions. @returns false if something would not end. */
  close(): Promise<boolean>
}

async function openEngine(open: () => Session): Promise<Engine> {
  const assign = async (session: Session, assignments: string[]) => {
    if (assignments.length > 0) await session.queryAsync(`SET ${assignments.join(', ')}`)
  }
  const baseOf = (mark: string): Record<string, string> => ({ ...baseSettings, log_comment: mark })
  const openSlot = async (mark: string): Promise<Slot> => {
    const session = open()
    const base = Object.entries(baseOf(mark))
    await assign(
      session,
      base.map(([name, value]) => `${name} = ${quoteString(value)}`),
    )
    return { session, mark, database: 'default', changed: new Set() }
  }
  const prepare = async (slot: Slot, { database, settings, parameters }: Surroundings) => {
    const assignments: string[] = []
    const base = baseOf(slot.mark)
    for (const name of slot.changed) {
      const value = base[name]
      if (!settings.has(name)) assignments.push(`${name} = ${value === undefined ? 'DEFAULT' : quoteString(value)}`)
    }
    for (const [name, value] of settings) assignments.push(`${name} = ${quoteString(value)}`)
    for (const [name, value] of parameters) assignments.push(`param_${name} = ${quoteString(value)}`)
    await assign(slot.session, assignments)
    slot.changed = new Set(settings.keys())
    if (slot.database !== database) {
      await slot.session.queryAsync(`USE ${quoteName(database)}`)
      slot.database = database
    }
  }

  const control = open()
  const cancel = (condition: string) => control.queryAsync(`KILL QUERY WHERE ${condition} ASYNC`).catch(() => {})
  const cancelled = () => new ClickhouseError(394, 'QUERY_WAS_CANCELLED', 'The statement was cancelled.')

  const marks = Array.from({ length: sessionCount }, (_, index) => `preau ${index}`)
  const free = await Promise.all(marks.map(openSlot))
  const waiting: ((slot: Slot) => void)[] = []
  let closing = false
  const give = (slot: Slot) => {
    const next = waiting.shift()
    if (next) next(slot)
    else free.push(slot)
  }
  return {
    async with(surroundings, { run, keep = () => true, abandoned }) {
      if (waiting.length >= longestQueue) {
        throw new ClickhouseError(202, 'TOO_MANY_SIMULTANEOUS_QUERIES', 'Too many statements are waiting.')
      }
      let slot = free.pop() ?? (await new Promise<Slot>((resolve) => waiting.push(resolve)))
      const { mark } = slot
      let reusable = false
      let cancelling: Promise<unknown> | undefined
      const onAbandoned = () => {
        cancelling = cancel(`Settings['log_comment'] = ${quoteString(mark)}`)
      }
      try {
        if (closing || abandoned?.aborted) {
          reusable = true
          throw cancelled()
        }
        await prepare(slot, surroundings)
        abandoned?.addEventListener('abort', onAbandoned)
        const result = await run(slot.session)
        // Nothing can be set any more in a session that only reads.
        reusable = keep() && !surroundings.settings.has('readonly')
        return result
      } finally {
        abandoned?.removeEventListener('abort', onAbandoned)
        // The next statement of this session bears the same mark.
        await cancelling
        // chDB puts what a failed statement had begun to answer in front of the next answer of its session: one
        // person's data before another's. A session in which anything failed is never used again.
        if (!reusable) {
          slot.session.close()
          slot = await openSlot(mark)
        }
        give(slot)
      }
    },
    async close() {
      closing = true
      if (free.length < sessionCount) await cancel(`query NOT ILIKE 'KILL QUERY%'`)
      for (const deadline = Date.now() + 2000; free.length < sessionCount; await wait(10)) {
        if (Date.now() > deadline) return false
      }
      for (const { session } of [...free, { session: control }]) session.close()
      return true
    },
  }
}

// ----------------------------------------------------------------------------------------------------------- requests

// Parameters of the URL that speak to the HTTP interface; the others are settings.
const interfaceParameters = new Set(
  'query database default_format query_id wait_end_of_query buffer_size enable_http_compression http_zlib_compression_level session_timeout session_check close_session user password quota_key stacktrace send_progress_in_http_headers http_headers_progress_interval_ms'.split(
    ' ',
  ),
)
const refusedParameters = new Set(['session_id', 'role', 'compress', 'decompress'])

const rowsApart = new Set<string>([
  'JSONEachRow',
  'JSONCompactEachRow',
  'CSV',
  'CSVWithNames',
  'TSV',
  'TabSeparated',
  'TSVWithNames',
  'TabSeparatedWithNames',
] satisfies RawInsertFormat[])
/** One row a line: a body may be cut at any end of line. */
const rowPerLine = new Set(['JSONEachRow', 'JSONCompactEachRow', 'TSV', 'TabSeparated'])
/** Formats whose pieces can be put end to end: these answers are sent as they are made. */
const streamed = new Set(
  'JSONEachRow JSONCompactEachRow JSONStringsEachRow JSONCompactStringsEachRow CSV TSV TabSeparated TSVRaw TabSeparatedRaw'.split(
    ' ',
  ),
)
const binary = /^(Native|RowBinary\w*|Parquet|ORC|Arrow\w*|Avro|BSON\w*|MsgPack|Npy|Protobuf\w*|CapnProto)$/
/** Statements that leave nothing behind in their session. */
const harmless = new Set(['SELECT', 'WITH', 'INSERT', 'SHOW', 'DESCRIBE', 'DESC', 'EXISTS', 'EXPLAIN', '('])

const contentTypes: [RegExp, string][] = [
  [/^JSON.*EachRow/, 'application/x-ndjson; charset=UTF-8'],
  [/^JSON/, 'application/json; charset=UTF-8'],
  [/^(TSV|TabSeparated)/, 'text/tab-separated-values; charset=UTF-8'],
  [/^CSV/, 'text/csv; charset=UTF-8'],
  [binary, 'application/octet-stream'],
]

async function answer(engine: Engine, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const begun = process.hrtime.bigint()
  const { searchParams } = new URL(request.url ?? '/', 'http://localhost')
  const { text, rest } = await readQuery(request, searchParams)
  const surroundings = readSurroundings(searchParams)
  const statement = readStatement(text)
  response.setHeader('X-ClickHouse-Query-Id', searchParams.get('query_id') ?? '')
  response.setHeader('X-ClickHouse-Timezone', 'UTC')

  if (statement.verb === '' && statement.words.size === 0 && text.trim() === '') {
    throw new ClickhouseError(62, 'SYNTAX_ERROR', 'Syntax error: Empty query')
  }
  if (statement.secondAt !== undefined) {
    throw new ClickhouseError(
      62,
      'SYNTAX_ERROR',
      `Syntax error (Multi-statements are not allowed): failed at position ${statement.secondAt + 1}.`,
    )
  }
  for (const name of statement.parameters) {
    // Sessions are used again: without this, a forgotten parameter would have the value of another request.
    if (!surroundings.parameters.has(name)) {
      throw new ClickhouseError(456, 'UNKNOWN_QUERY_PARAMETER', `Substitution \`${name}\` is not set.`)
    }
  }
  const summary = (written: { rows: number; bytes: number }, read = { rows: 0, bytes: 0 }) =>
    JSON.stringify({
      read_rows: String(read.rows),
      read_bytes: String(read.bytes),
      written_rows: String(written.rows),
      written_bytes: String(written.bytes),
      total_rows_to_read: '0',
      result_rows: String(written.rows),
      result_bytes: String(written.bytes),
      elapsed_ns: String(process.hrtime.bigint() - begun),
    })

  if (rest !== undefined && statement.load !== undefined && rowsApart.has(statement.load.format)) {
    const written = await load(engine, surroundings, statement.load, rest)
    response.setHeader('X-ClickHouse-Summary', summary(written))
    response.end()
    return
  }

  let sql = text
  if (rest !== undefined) {
    if (statement.verb === 'INSERT' && binary.test(statement.format ?? ''))
      throw refuse(`insertion of ${statement.format}`)
    const data = await readWhole(rest)
    if (data.length > 0) sql = `${text}\n${data.toString()}`
  }
  const format = statement.format ?? searchParams.get('default_format') ?? 'TabSeparated'
  response.setHeader('X-ClickHouse-Format', format)
  response.setHeader(
    'Content-Type',
    contentTypes.find(([name]) => name.test(format))?.[1] ?? 'text/plain; charset=UTF-8',
  )

  const selects = (statement.verb === 'SELECT' || statement.verb === 'WITH') && !statement.words.has('INSERT')
  // Nobody reads the answer any more: what only reads is cancelled, what writes goes on to its end.
  const abandonment = new AbortController()
  response.once('close', () => {
    if (selects && !response.writableFinished) abandonment.abort()
  })
  if (selects && streamed.has(format)) {
    let failed = false
    await engine.with(surroundings, {
      async run(session) {
        const tag = randomBytes(8).toString('hex')
        response.setHeader('X-ClickHouse-Exception-Tag', tag)
        const rows = session.queryStream(sql, { format })[Symbol.asyncIterator]()
        const pieces = markErrors(rows, tag, () => {
          failed = true
        })
        // An error before the first row still has its own status; afterwards it is written among the rows.
        const first = await pieces.next()
        await send(request, response, searchParams, concatenate(first, pieces))
      },
      keep: () => !failed,
      abandoned: abandonment.signal,
    })
    return
  }
  const result = await engine.with(surroundings, {
    run: (session) => session.queryAsync(sql, { format }),
    keep: () => harmless.has(statement.verb || '('),
    abandoned: abandonment.signal,
  })
  const read = { rows: result.rowsRead, bytes: result.bytesRead }
  response.setHeader('X-ClickHouse-Summary', summary({ rows: 0, bytes: 0 }, read))
  await send(request, response, searchParams, [result.bytes()])
}

function readSurroundings(searchParams: URLSearchParams): Surroundings {
  const settings = new Map<string, string>()
  const parameters = new Map<string, string>()
  for (const [name, value] of searchParams) {
    if (refusedParameters.has(name)) {
      if (value !== '' && value !== '0') throw refuse(`'${name}'`)
    } else if (/^param_\w+$/.test(name)) {
      parameters.set(name.slice('param_'.length), value)
    } else if (!interfaceParameters.has(name)) {
      if (!/^\w+$/.test(name)) throw new ClickhouseError(115, 'UNKNOWN_SETTING', `Unknown setting '${name}'.`)
      settings.set(name, value)
    }
  }
  return { database: searchParams.get('database') || 'default', settings, parameters }
}

/**
 * The statement, and the rest of the request if the statement came in the URL. Long parameters come as a form, with the
 * statement as one of its fields: they are added to `searchParams`.
 */
async function readQuery(
  request: IncomingMessage,
  searchParams: URLSearchParams,
): Promise<{ text: string; rest: Readable | undefined }> {
  const body = decode(request)
  const type = request.headers['content-type'] ?? ''
  if (type.startsWith('multipart/form-data')) {
    const whole = new Uint8Array(await readWhole(body))
    const form = await new Response(whole, { headers: { 'content-type': type } }).formData()
    for (const [name, value] of form) {
      if (typeof value !== 'string') throw refuse('external tables')
      searchParams.set(name, value)
    }
    return { text: searchParams.get('query') ?? '', rest: undefined }
  }
  const query = searchParams.get('query')
  if (query === null) return { text: (await readWhole(body)).toString(), rest: undefined }
  return { text: query, rest: request.method === 'POST' ? body : undefined }
}

function decode(request: IncomingMessage): Readable {
  const encoding = request.headers['content-encoding']
  if (encoding === undefined || encoding === 'identity') return request
  const decoders: Record<string, () => Transform> = {
    gzip: createGunzip,
    deflate: createInflate,
    br: createBrotliDecompress,
    zstd: createZstdDecompress,
  }
  const decoder = decoders[encoding]?.()
  if (decoder === undefined) throw refuse(`content encoding '${encoding}'`)
  // A failure on either side shows where the decoder is read.
  pipeline(request, decoder).catch(() => {})
  return decoder
}

async function readWhole(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of stream) {
    size += piece.length
    if (size > largestWhole) {
      throw new ClickhouseError(307, 'TOO_MANY_BYTES', `The request is larger than ${largestWhole} bytes.`)
    }
    pieces.push(piece)
  }
  return Buffer.concat(pieces, size)
}

/** Cuts a body at ends of lines, into blocks of at least `blockSize` bytes but the last. */
async function* cutBlocks(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = []
  let size = 0
  for await (const piece of stream) {
    const end = size + piece.length >= blockSize ? piece.lastIndexOf(0x0a) + 1 : 0
    if (size + piece.length > largestWhole) {
      throw new ClickhouseError(307, 'TOO_MANY_BYTES', `A row is larger than ${largestWhole} bytes.`)
    }
    if (end > 0) {
      yield Buffer.concat([...pieces, piece.subarray(0, end)])
      pieces = [piece.subarray(end)]
      size = piece.length - end
    } else {
      pieces.push(piece)
      size += piece.length
    }
  }
  if (size > 0) yield Buffer.concat(pieces, size)
}

/**
 * Inserts the rows of a body, block after block: a block is read while none is held in a session, and the client is
 * slowed down while one is being inserted. As with a server, the blocks before a faulty one stay.
 */
async function load(
  engine: Engine,
  surroundings: Surroundings,
  { table, columns, settings, format }: Load,
  rows: Readable,
): Promise<{ rows: number; bytes: number }> {
  const total = { rows: 0, bytes: 0 }
  const keep = () => settings === undefined
  const insert = (values: Buffer) =>
    engine.with(surroundings, {
      async run(session) {
        if (settings !== undefined) await session.queryAsync(`SET ${settings}`)
        const written = await session.insert({
          table,
          values,
          format: format as RawInsertFormat,
          ...(columns === undefined ? {} : { columns }),
        })
        total.rows += written.rowsWritten
        total.bytes += written.bytesWritten
      },
      keep,
    })
  let empty = true
  for await (const block of rowPerLine.has(format) ? cutBlocks(rows) : [await readWhole(rows)]) {
    if (block.length === 0) continue
    empty = false
    await insert(block)
  }
  // No row is no error; a wrong table or column is.
  if (empty) {
    const target = table.split('.').map(quoteName).join('.')
    const probe = `SELECT ${columns?.map(quoteName).join(', ') ?? '*'} FROM ${target} LIMIT 0`
    await engine.with(surroundings, { run: (session) => session.queryAsync(probe) })
  }
  return total
}

/** Writes an error that comes after the first rows in the way clients recognise (ClickHouse 25.11 and later). */
async function* markErrors(
  chunks: AsyncIterator<{ raw(): Uint8Array }>,
  tag: string,
  onError: () => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  let begun = false
  try {
    for (;;) {
      const next = await chunks.next()
      if (next.done) return
      yield next.value.raw()
      begun = true
    }
  } catch (error) {
    if (!begun) throw error
    onError()
    const text = `${toClickhouseError(error).text}\n`
    const mark = '__exception__'
    yield Buffer.from(`\r\n${mark}\r\n${tag}\r\n${text}${Buffer.byteLength(text)} ${tag}\r\n${mark}\r\n`)
  } finally {
    await chunks.return?.()
  }
}

async function* concatenate(
  first: IteratorResult<Uint8Array, void>,
  others: AsyncGenerator<Uint8Array, void>,
): AsyncGenerator<Uint8Array> {
  if (!first.done) yield first.value
  yield* others
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  searchParams: URLSearchParams,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const source = Readable.from(pieces, { objectMode: false })
  const accepted = request.headers['accept-encoding'] ?? ''
  const compresses = searchParams.get('enable_http_compression') === '1'
  if (compresses && /\bgzip\b/.test(String(accepted))) {
    response.setHeader('Content-Encoding', 'gzip')
    await pipeline(source, createGzip({ level: 3 }), response)
  } else if (compresses && /\bzstd\b/.test(String(accepted))) {
    response.setHeader('Content-Encoding', 'zstd')
    await pipeline(source, createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 1 } }), response)
  } else {
    await pipeline(source, response)
  }
}

// ------------------------------------------------------------------------------------------------------------ process

async function main(directory: string, socket: string, database: string): Promise<void> {
  const tell = (message: StartMessage) => {
    if (process.connected) process.send?.(message)
  }
  let engine: Engine
  try {
    const { Session } = await import('chdb')
    mkdirSync(join(directory, 'backups'), { recursive: true, mode: 0o700 })
    const configuration = writeConfiguration(directory)
    const open = () => new Session(join(directory, 'data'), { connectionArgs: [`--config-file=${configuration}`] })
    const session = open()
    // The default database of chDB reads any file of the machine as a table; ours holds tables and nothing else.
    session.query(`CREATE DATABASE IF NOT EXISTS ${quoteName(database)} ENGINE = Atomic`)
    engine = await openEngine(open)
    session.close()
  } catch (error) {
    tell({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) })
    process.exitCode = 1
    return process.disconnect?.()
  }

  let present = 0
  const server = createServer({ maxHeaderSize: 1024 * 1024, requestTimeout: 0, keepAliveTimeout: 0 })
  const leave = async () => {
    if (!server.listening) return
    clearTimeout(impatience)
    server.close()
    server.closeAllConnections()
    const closed = await engine.close()
    // A statement that does not end would keep the process; what was acknowledged is on disk.
    if (!closed) process.kill(process.pid, 'SIGKILL')
    process.exit()
  }
  const impatience = setTimeout(() => void leave(), patience)

  server.on('request', (request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0]
    if (path === '/presence') {
      clearTimeout(impatience)
      present++
      response.on('close', () => {
        present--
        if (present === 0) void leave()
      })
      response.writeHead(200, { 'Content-Type': 'application/x-ndjson' })
      response.write(`${JSON.stringify({ pid: process.pid })}\n`)
    } else if (path === '/presences') {
      response.end(String(present))
    } else if (path === '/ping' || (path === '/' && request.method === 'GET' && !request.url?.includes('query='))) {
      response.end('Ok.\n')
    } else {
      answer(engine, request, response).catch((error: unknown) => {
        const { code, text } = toClickhouseError(error)
        if (response.headersSent) return response.destroy()
        response.removeHeader('Content-Encoding')
        response.writeHead(statusOfCode.get(code) ?? 500, {
          'Content-Type': 'text/plain; charset=UTF-8',
          'X-ClickHouse-Exception-Code': String(code),
        })
        response.end(`${text}\n`)
      })
    }
  })
  // The lock is ours: a socket found here was left by a process that was killed.
  rmSync(socket, { force: true })
  server.listen(socket, () => tell({ kind: 'ready' }))

  process.on('SIGTERM', () => void leave())
  process.on('SIGINT', () => void leave())
  // The parent lets go once it is present; it has died if it goes before.
  process.on('disconnect', () => {
    if (present === 0) void leave()
  })
}

const [directory, socket, database] = process.argv.slice(2)
if (directory === undefined || socket === undefined || database === undefined) {
  throw new Error('Started by embedded-clickhouse.ts with a directory, a socket and a database.')
}
process.title = 'preau-clickhouse'
// The engine makes its files readable by everyone otherwise.
process.umask(0o077)
await main(directory, socket, database)
