import { sql } from 'kysely'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { readMoment } from '../model/moments.ts'
import { listStatementsAfter } from '../store/statements-after.queries.ts'
import { tables } from '../tables.ts'

export interface StatementExport {
  tenantId: string
  /** Moment up to which the store is settled: nothing earlier will appear. */
  until: Date
  /** Timestamp: only what was stored after it. */
  since?: string | undefined
  signal: AbortSignal
  /** Told how far it is: a share of the time covered. */
  onProgress?: (done: number, total: number) => void
}

export interface ExportCounts {
  attachments: number
  statements: number
}

const pageSize = 1000

/**
 * The whole store as lines of JSON: the contents of attachments, then every statement in the order of its storing, those
 * that void and those voided too. Whatever its size, one page is in memory.
 * @param counts what was written so far is added to it.
 */
export async function* exportStatements(
  { db }: Pick<Services, 'db'>,
  { tenantId, until, since, signal, onProgress }: StatementExport,
  counts: ExportCounts,
): AsyncGenerator<string> {
  const after = since === undefined ? 0 : readMoment(since)
  for (let last = ''; ;) {
    const attachment = await inTenant(db, tenantId, (tx) => findAttachmentAfter(tx, last, new Date(after / 1000)))
    if (!attachment || signal.aborted) break
    const { sha2, contentType, content } = attachment
    yield `${JSON.stringify({ sha2, contentType, content: content.toString('base64') })}\n`
    counts.attachments += 1
    last = sha2
  }
  const end = until.getTime() * 1000
  const range = await inTenant(db, tenantId, (tx) => findRange(tx, after, end))
  for (let seq = after; range && !signal.aborted;) {
    const page = await inTenant(db, tenantId, (tx) =>
      listStatementsAfter(tx, { tenantId, after: seq, until: end }, pageSize),
    )
    const last = page.at(-1)
    if (!last) break
    yield page.map(({ body }) => `${body}\n`).join('')
    counts.statements += page.length
    seq = last.seq
    onProgress?.(seq - range.first, range.last - range.first)
  }
}

/** The moments of the first and the last statement to be written. */
async function findRange(tx: Tx, after: number, until: number): Promise<{ first: number; last: number } | undefined> {
  const { first, last } = await tables(tx)
    .selectFrom('records.statement')
    .select((row) => [row.fn.min('seq').as('first'), row.fn.max('seq').as('last')])
    .where('tenant_id', '=', sql<string>`kernel.current_tenant()`)
    .where('seq', '>', after)
    .where('seq', '<=', until)
    .executeTakeFirstOrThrow()
  return first === null ? undefined : { first, last }
}

/** The content that comes next by its digest; one at a time, as it may be large. */
function findAttachmentAfter(tx: Tx, sha2: string, since: Date) {
  return tables(tx)
    .selectFrom('records.attachment')
    .select(['sha2', 'content_type as contentType', 'content'])
    .where('sha2', '>', sha2)
    .where('stored_at', '>=', since)
    .orderBy('sha2')
    .limit(1)
    .executeTakeFirst()
}
