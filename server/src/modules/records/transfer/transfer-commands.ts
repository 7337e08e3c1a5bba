import { once } from 'node:events'
import { createWriteStream, existsSync, type WriteStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { Command, Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { getCredential } from '../credentials/authentication.ts'
import { ensureImportCredential } from '../credentials/credentials.ts'
import { openLines } from './lines.ts'
import { exportStatements } from './statement-export.ts'
import { type ImportCounts, importStatements } from './statement-import.ts'
import { findSettled } from '../store/statement-storing.queries.ts'
import { createStatementWriter } from '../store/statement-writer.ts'
import { checkTimestamp, StatementError } from '../model/value-validation.ts'

const text = { type: 'string' } as const

/** `records import | export`: statements as lines of JSON, by the gigabyte. */
export const transferCommands: Command[] = [
  {
    name: 'import',
    usage: '<FILE|-> [--source NAME] [--report FILE]',
    summary: 'Stores the statements of a file of JSON lines (packed by gzip or not) and reports on every line.',
    options: { source: text, report: text },
    async run({ tenant, print, progress, signal, ...services }, [path], { source, report }) {
      if (path === undefined)
        throw new Problem(400, 'invalid_request', 'Name the file to import, or - for what comes in.')
      const file = await openLines(path)
      const { id: tenantId } = await tenant()
      const name = typeof source === 'string' && source.trim() !== '' ? source.trim().slice(0, 200) : 'Import'
      const id = await inTenant(services.db, tenantId, (tx) => ensureImportCredential(tx, name, services.now()))
      const credential = await getCredential(services, tenantId, id)
      const reportPath = typeof report === 'string' ? report : await placeReport(services, path)
      const reporting = await openReport(reportPath)
      const writer = createStatementWriter(services)
      const startedAt = performance.now()
      let counts: ImportCounts
      try {
        counts = await importStatements(services, writer, {
          tenantId,
          credential,
          lines: pace(file.lines, reporting),
          tell: (fate) => reporting.write(`${JSON.stringify(fate)}\n`),
          signal,
          onProgress: () => {
            if (file.total !== undefined) progress(basename(path), file.done(), file.total)
          },
        })
        reporting.write(`${JSON.stringify({ summary: counts, interrupted: signal.aborted })}\n`)
      } finally {
        await writer.close()
        reporting.end()
        await finished(reporting)
      }
      const seconds = (performance.now() - startedAt) / 1000
      const { lines, stored, alreadyThere, attachments, repaired, setAside, refused, empty } = counts
      print(`${lines} lines in ${seconds.toFixed(1)} s, as source ${name}${signal.aborted ? ' (interrupted)' : ''}:`)
      print(
        `  ${stored} stored, ${alreadyThere} already there, ${refused} refused, ${attachments} attachments, ${empty} empty`,
      )
      if (repaired + setAside > 0) print(`  ${repaired} stored once repaired, ${setAside} set aside`)
      print(`Every line that is not stored is in ${reportPath}.`)
      return { ...counts, seconds, source: name, report: reportPath, interrupted: signal.aborted }
    },
  },
  {
    name: 'export',
    usage: '<FILE|-> [--since TIMESTAMP]',
    summary: 'Writes every statement and attachment as lines of JSON, packed by gzip when FILE ends in .gz.',
    options: { since: text },
    async run({ tenant, print, progress, signal, ...services }, [path], { since }) {
      if (path === undefined)
        throw new Problem(400, 'invalid_request', 'Name the file to write, or - for what goes out.')
      if (since !== undefined) checkSince(since)
      const { id: tenantId } = await tenant()
      const until = new Date(await findSettled(services.db))
      const counts = { attachments: 0, statements: 0 }
      const lines = exportStatements(
        services,
        {
          tenantId,
          until,
          since: typeof since === 'string' ? since : undefined,
          signal,
          onProgress: (done, total) => path !== '-' && progress('export', done, total),
        },
        counts,
      )
      if (path === '-') {
        // Standard output is not ours to close.
        await pipeline(Readable.from(lines), process.stdout, { end: false })
        return { ...counts, until }
      }
      if (existsSync(path)) throw new Problem(409, 'file_exists', `There is a file ${path} already: it stays as it is.`)
      // Under its own name only once whole: what a killed export leaves is never taken for an export.
      const part = `${path}.part`
      const output = createWriteStream(part)
      try {
        await (path.endsWith('.gz')
          ? pipeline(Readable.from(lines), createGzip(), output)
          : pipeline(Readable.from(lines), output))
      } catch (error) {
        await rm(part, { force: true })
        throw error
      }
      if (signal.aborted) await rm(part, { force: true })
      else {
        await rename(part, path)
        print(`${counts.statements} statements and ${counts.attachments} attachments are in ${path}.`)
      }
      return { ...counts, until, interrupted: signal.aborted }
    },
  },
]

/** Where reports are kept unless a place is named. */
async function placeReport({ dataDirectory, now }: Pick<Services, 'dataDirectory' | 'now'>, path: string) {
  const folder = join(dataDirectory, 'records-imports')
  await mkdir(folder, { recursive: true })
  const moment = now().toISOString().replace(/\D/g, '').slice(0, 14)
  return join(folder, `${moment}-${path === '-' ? 'input' : basename(path)}.report.jsonl`)
}

/** Opened before anything is stored: a report that cannot be kept is known at once. */
function openReport(path: string): Promise<WriteStream> {
  const report = createWriteStream(path)
  return new Promise((resolve, reject) => {
    report.once('open', () => resolve(report))
    report.once('error', ({ message }) =>
      reject(new Problem(400, 'report_unwritable', `The report cannot be written: ${message}.`)),
    )
  })
}

/** Reads no faster than the report is written: a file that is there already reports on every line. */
async function* pace<T>(lines: AsyncIterable<T>, report: WriteStream): AsyncGenerator<T> {
  for await (const line of lines) {
    if (report.writableNeedDrain) await once(report, 'drain')
    yield line
  }
}

function checkSince(since: unknown): void {
  try {
    checkTimestamp(since, '2.0.0', 'since')
  } catch (error) {
    if (error instanceof StatementError) throw new Problem(400, 'invalid_request', error.message)
    throw error
  }
}
