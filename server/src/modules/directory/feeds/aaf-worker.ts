import { parentPort, workerData } from 'node:worker_threads'
import type { Degree } from './aaf-attributes.ts'
import type { FeedFile } from './aaf-files.ts'
import { readAafFile } from './aaf-parser.ts'
import { readRecord } from './aaf-records.ts'
import { FeedRefusal } from './feed.ts'
import { type NamedGroup, toStagedRow } from './records.ts'
import type { Refusal } from '../tables.ts'

// A thread that turns files of a feed into rows of directory.staged_record, as COPY's text, for `aaf-reading.ts`.

/** What the thread is told. */
export type WorkerRequest =
  | { type: 'establishments'; known: Set<string> }
  | { type: 'read'; file: FeedFile; number: number }
  /** Rows sent before were written: more may come. */
  | { type: 'written' }

/** What it answers. */
export type WorkerReply =
  | { type: 'rows'; rows: Uint8Array<ArrayBuffer>; bytesRead: number }
  | { type: 'read'; warnings: Map<string, number>; groups: NamedGroup[] }
  | { type: 'refused'; refusal: Refusal }

const port = parentPort
if (!port) throw new Error('aaf-worker.ts runs as a worker thread only.')
const { schoolYear, degree } = workerData as { schoolYear: number; degree: Degree }

const rowsPerMessage = 262_144
const messagesAhead = 4

let establishments: ReadonlySet<string> = new Set()
let unwritten = 0
let goOn: (() => void) | undefined
const namedGroups = new Set<string>()

port.on('message', (request: WorkerRequest) => {
  if (request.type === 'establishments') establishments = request.known
  else if (request.type === 'written') {
    unwritten--
    goOn?.()
  } else {
    void read(request.file, request.number)
  }
})

function send(reply: WorkerReply): void {
  port!.postMessage(reply, reply.type === 'rows' ? [reply.rows.buffer] : [])
}

async function read(file: FeedFile, number: number): Promise<void> {
  let rows = ''
  let bytesRead = 0
  const warnings = new Map<string, number>()
  const groups: NamedGroup[] = []
  const flush = () => {
    const bytes = new TextEncoder().encode(rows)
    rows = ''
    unwritten++
    send({ type: 'rows', rows: bytes, bytesRead })
    bytesRead = 0
  }
  try {
    await readAafFile(
      file.path,
      file.name,
      (record) => {
        if (!file.categories.includes(record.category)) {
          const detail = `A record of category ${record.category.slice(0, 40) || '(none)'} does not belong in this file.`
          throw new FeedRefusal('category_unexpected', detail, { file: file.name, line: record.line })
        }
        const outcome = readRecord(file.kind, record, { schoolYear, degree, establishments })
        rows += toStagedRow(file.kind, outcome, number, record.line)
        if (outcome.fate !== 'accepted') return
        for (const warning of outcome.warnings) warnings.set(warning, (warnings.get(warning) ?? 0) + 1)
        for (const group of outcome.groups) {
          const key = `${group.kind} ${group.establishment}$${group.code}`
          if ((group.name === undefined || group.referred) && namedGroups.has(key)) continue
          namedGroups.add(key)
          const { kind, establishment, code, name, referred } = group
          groups.push({ kind, establishment, code, ...(name !== undefined && { name }), ...(referred && { referred }) })
        }
      },
      async (bytes) => {
        bytesRead += bytes
        if (rows.length < rowsPerMessage) return
        flush()
        while (unwritten >= messagesAhead) await new Promise<void>((resolve) => (goOn = resolve))
      },
    )
    flush()
    send({ type: 'read', warnings, groups })
  } catch (error) {
    if (!(error instanceof FeedRefusal)) throw error
    send({ type: 'refused', refusal: error.refusal })
  }
}
