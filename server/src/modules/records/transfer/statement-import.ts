import { createHash } from 'node:crypto'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { hasDigest } from '../store/attachment-digests.ts'
import { insertAttachments } from '../store/attachments.queries.ts'
import type { CredentialIdentity } from '../credentials/authentication.ts'
import { parseJson } from '../model/exact-json.ts'
import type { Line } from './lines.ts'
import type { Statement, XapiVersion } from '../model/statement.ts'
import { areSame } from '../model/statement-equality.ts'
import { mayNeedVersion } from '../model/statement-formats.ts'
import { openLane } from '../quarantine/quarantine.ts'
import { listKept } from '../store/statement-storing.queries.ts'
import { checkStatement } from '../model/statement-validation.ts'
import { findTreat } from '../treatment/treatments.ts'
import type { StatementWriter } from '../store/statement-writer.ts'
import { StatementError } from '../model/value-validation.ts'

/** What became of a line that did not bring a new statement. */
export type LineFate =
  | { line: number; outcome: 'already_there'; id: string }
  | { line: number; outcome: 'attachment'; sha2: string }
  | { line: number; outcome: 'repaired'; id: string }
  | { line: number; outcome: 'set_aside'; id: string; pointer: string; message: string }
  | { line: number; outcome: 'refused'; code: string; pointer?: string; message: string }

/** Every line is in one of the counts. */
export interface ImportCounts {
  lines: number
  stored: number
  alreadyThere: number
  attachments: number
  /** Of a lenient source: faulty, and stored once repaired; or in quarantine. */
  repaired: number
  setAside: number
  refused: number
  empty: number
}

export interface StatementImport {
  tenantId: string
  /** In whose name: it becomes the authority of every statement. */
  credential: CredentialIdentity
  lines: AsyncIterable<Line>
  /** Told of each line that did not bring a new statement, in no order. */
  tell: (fate: LineFate) => void
  signal: AbortSignal
  /** Told after each batch. */
  onProgress?: (counts: ImportCounts) => void
}

interface Pending {
  line: number
  id: string
  statement: Statement
}

/** A batch, and how many are stored at once: the writer puts them in few transactions. */
const batchLines = 500
const batchBytes = 4_000_000
const mostAtOnce = 4

/**
 * Stores the statements of lines of JSON, each by itself: a bad one keeps none out. A line without identifier is given one
 * made from its text, so that the same file read twice stores nothing twice. A line may be an attachment's content too, as
 * exports write it.
 * @returns the counts; they are those so far when it is aborted.
 */
export async function importStatements(
  services: Pick<Services, 'db' | 'now'>,
  writer: StatementWriter,
  { tenantId, credential, lines, tell, signal, onProgress }: StatementImport,
): Promise<ImportCounts> {
  const counts: ImportCounts = {
    lines: 0,
    stored: 0,
    alreadyThere: 0,
    attachments: 0,
    repaired: 0,
    setAside: 0,
    refused: 0,
    empty: 0,
  }
  const refuse = (line: number, code: string, message: string, pointer?: string) => {
    counts.refused += 1
    tell({ line, outcome: 'refused', code, ...(pointer === undefined ? {} : { pointer }), message })
  }
  const treat = await findTreat(services, tenantId, credential.id, credential.authority)
  let failure: { error: unknown } | undefined
  const running = new Set<Promise<void>>()
  const runningIds = new Set<string>()
  let batch: Pending[] = []
  let batchIds = new Set<string>()
  let bytes = 0
  let version: XapiVersion = '1.0.3'

  async function store(pending: Pending[], of: XapiVersion): Promise<void> {
    if (pending.length === 0) return
    const statements = pending.map(({ statement, id }) => ({ ...statement, id }))
    const { id: credentialId, authority } = credential
    try {
      await writer.store({ tenantId, credentialId, authority, version: of, statements, attachments: [] })
      counts.stored += pending.length
    } catch (error) {
      if (!(error instanceof Problem) || error.status >= 500) throw error
      const [only] = pending
      if (pending.length === 1 && only) {
        refuse(only.line, error.code, error.message)
        return
      }
      // One of them is the cause.
      const half = Math.ceil(pending.length / 2)
      await store(pending.slice(0, half), of)
      await store(pending.slice(half), of)
    }
  }
  async function settle(pending: Pending[], of: XapiVersion): Promise<void> {
    const ids = pending.map(({ id }) => id)
    const kept = new Map(
      (await inTenant(services.db, tenantId, (tx) => listKept(tx, ids))).map((each) => [each.id, each]),
    )
    const fresh: Pending[] = []
    for (const each of pending) {
      const found = kept.get(each.id)
      if (!found) fresh.push(each)
      else if (areSame(parseJson(found.body) as Statement, each.statement)) {
        counts.alreadyThere += 1
        tell({ line: each.line, outcome: 'already_there', id: each.id })
      } else refuse(each.line, 'statement_conflict', `Another statement has the identifier ${each.id}.`)
    }
    await store(fresh, of)
  }
  /** Begins to store the batch; waits when many are being stored. */
  async function flush(): Promise<void> {
    if (batch.length > 0) {
      const pending = batch
      for (const id of batchIds) runningIds.add(id)
      const work = settle(pending, version)
        .catch((error: unknown) => {
          failure ??= { error }
        })
        .finally(() => {
          running.delete(work)
          for (const { id } of pending) runningIds.delete(id)
          onProgress?.(counts)
        })
      running.add(work)
    }
    batch = []
    batchIds = new Set()
    bytes = 0
    while (running.size >= mostAtOnce) await Promise.race(running)
    if (failure) throw failure.error
  }

  /** Takes a faulty statement by the lane of its source. @returns whether it has one. */
  async function mend(line: number, text: string, { value, version: of, fault }: Faulty): Promise<boolean> {
    const lane = await openLane(services, tenantId, credential, of)
    if (!lane) return false
    const { id: credentialId, authority } = credential
    const batch = { tenantId, credentialId, authority, version: of, attachments: [] }
    try {
      const [statement] = lane.admit([value], nameLine(tenantId, text))
      const store = () => (statement ? writer.store({ ...batch, statements: [statement] }) : Promise.resolve())
      const [id = ''] = await lane.settle([], store)
      if (statement) {
        counts.repaired += 1
        tell({ line, outcome: 'repaired', id })
      } else {
        counts.setAside += 1
        tell({ line, outcome: 'set_aside', id, pointer: fault.pointer, message: fault.message })
      }
    } catch (error) {
      if (!(error instanceof Problem) || error.status >= 500) throw error
      refuse(line, error.code, error.message)
    }
    return true
  }

  try {
    for await (const { number: line, text, fault } of lines) {
      if (signal.aborted) break
      counts.lines += 1
      if (text === undefined) {
        const isBytes = fault === 'line_not_utf8'
        refuse(line, fault ?? 'line_too_long', isBytes ? 'The line is not UTF-8.' : 'The line is too long to be read.')
        continue
      }
      if (text.trim() === '') {
        counts.empty += 1
        continue
      }
      const read = readLine(text)
      if ('message' in read) {
        refuse(line, read.code, read.message)
        continue
      }
      if ('fault' in read) {
        const { message, pointer } = read.fault
        // What is no object is no statement, even a faulty one.
        const isMended = pointer !== '' && (await mend(line, text, read))
        if (!isMended) refuse(line, 'statement_invalid', message, pointer)
        continue
      }
      if ('sha2' in read) {
        if (treat) {
          refuse(line, 'attachment_not_kept', 'Attachments of this source are not kept: it is pseudonymised.')
          continue
        }
        await inTenant(services.db, tenantId, (tx) => insertAttachments(tx, [read], services.now()))
        counts.attachments += 1
        tell({ line, outcome: 'attachment', sha2: read.sha2 })
        continue
      }
      const id = (read.statement.id ?? nameLine(tenantId, text)).toLowerCase()
      // What bears an identifier again is compared with what is stored: it waits until that is.
      const again = batchIds.has(id)
      if (read.version !== version || again || batch.length >= batchLines || bytes >= batchBytes) await flush()
      if (again || runningIds.has(id)) await Promise.all(running)
      version = read.version
      batchIds.add(id)
      batch.push({ line, id, statement: treat ? (treat(read.statement) as Statement) : read.statement })
      bytes += text.length
    }
    await flush()
  } finally {
    await Promise.all(running)
  }
  if (failure) throw failure.error
  return counts
}

type Read =
  | { statement: Statement; version: XapiVersion }
  | { sha2: string; contentType: string; content: Buffer }
  | { code: string; message: string }
  | Faulty

/** A statement that breaks a rule. */
interface Faulty {
  value: unknown
  version: XapiVersion
  fault: StatementError
}

function readLine(text: string): Read {
  let value: unknown
  try {
    value = parseJson(text)
  } catch {
    return { code: 'json_invalid', message: 'The line is no JSON.' }
  }
  const { sha2, contentType, content, version } = (value ?? {}) as Record<string, unknown>
  if (typeof sha2 === 'string' && typeof contentType === 'string' && typeof content === 'string') {
    const bytes = Buffer.from(content, 'base64')
    return hasDigest(bytes, sha2)
      ? { sha2: sha2.toLowerCase(), contentType, content: bytes }
      : { code: 'attachment_invalid', message: 'The content of the attachment is not what its digest says.' }
  }
  // What was sent in 2.0 may say 1.0 of itself, and have what only 2.0 knows.
  const isNewer = (typeof version === 'string' && version.startsWith('2')) || mayNeedVersion(text, '1.0.3')
  const of: XapiVersion = isNewer ? '2.0.0' : '1.0.3'
  try {
    return { statement: checkStatement(value, of), version: of }
  } catch (error) {
    if (!(error instanceof StatementError)) throw error
    return { value, version: of, fault: error }
  }
}

/** A name-based UUID (RFC 9562 §5.5) in the tenant's own space. */
function nameLine(tenantId: string, text: string): string {
  const space = Buffer.from(tenantId.replaceAll('-', ''), 'hex')
  const bytes = createHash('sha1').update(space).update(text).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
