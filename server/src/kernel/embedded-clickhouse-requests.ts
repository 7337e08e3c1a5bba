import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable, type Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createGzip,
  createInflate,
  createZstdCompress,
  createZstdDecompress,
} from 'node:zlib'
import type { RawInsertFormat } from 'chdb'
import { type Load, quoteName, readStatement } from './clickhouse-statement.ts'
import type { Engine, Surroundings } from './embedded-clickhouse-engine.ts'
import { ClickhouseError, refuse, toClickhouseError } from './embedded-clickhouse-errors.ts'

/** Rows are inserted in blocks of at least this many bytes, each whole or not at all; a smaller body is one block. */
const blockSize = 16 * 1024 * 1024
/** Largest body that cannot be cut: a statement with its rows, or rows in CSV. In bytes. */
const largestWhole = 256 * 1024 * 1024

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

/** Answers one request of ClickHouse's HTTP interface. @throws what `toClickhouseError` tells. */
export async function answer(engine: Engine, request: IncomingMessage, response: ServerResponse): Promise<void> {
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
