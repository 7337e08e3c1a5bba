/**
 * The process that holds the embedded ClickHouse (chDB) and answers ClickHouse's HTTP interface on a unix socket, so
 * that the client library, the SQL and the errors are those of a server. Started by `embedded-clickhouse.ts` with the
 * directory, the socket and the name of the database as arguments; ends by itself when the last program present has gone.
 *
 * Not offered, and refused with NOT_IMPLEMENTED: sessions, roles, ClickHouse's own block compression, and binary
 * formats for insertion.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { quoteName } from './clickhouse-statement.ts'
import { type Engine, openEngine } from './embedded-clickhouse-engine.ts'
import { statusOfCode, toClickhouseError } from './embedded-clickhouse-errors.ts'
import { answer } from './embedded-clickhouse-requests.ts'

/** What the process tells the one that started it: one message, then silence. */
export type StartMessage = { kind: 'ready' } | { kind: 'failed'; reason: string }

/** How long the process waits for a program to show up, in ms. */
const patience = 15_000

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
