import { randomUUID } from 'node:crypto'
import {
  mayNeedVersion,
  type NewAttachment,
  parseJson,
  type Statement,
  toVersion,
  type XapiVersion,
} from '#modules/records'
import { writeEnd, writePartHead } from './multipart.ts'
import { attachmentsOf } from './statement-requests.ts'
import type { ForwardingFailure } from './tables.ts'
import { versionHeader } from './versions.ts'

/** Another store, and what opens it. */
export interface OtherStore {
  endpoint: string
  key: string
  secret: string
  version: XapiVersion
}

/** A statement as it is kept. */
export interface Sendable {
  id: string
  seq: number
  body: string
}

/** Why nothing can be sent now. Its message holds neither secret nor anything that was answered. */
export class StoreFailure extends Error {
  readonly failure: ForwardingFailure
  /** Seconds to wait, when the store said so. */
  readonly retryAfter: number | undefined

  constructor(failure: ForwardingFailure, retryAfter?: number) {
    super(failure.status === null ? failure.code : `${failure.code} ${failure.status}`)
    this.failure = failure
    this.retryAfter = retryAfter
  }
}

const patience = 120_000

/** A statement that another store would not take by itself, with the HTTP status it answered. */
export interface Refusal {
  seq: number
  id: string
  status: number
}

/**
 * Sends statements to another store, with the contents of their attachments. What makes a batch be refused is looked for,
 * so that it keeps nothing else out.
 * @param readAttachments the contents kept of these, by digest.
 * @throws StoreFailure when nothing can be sent now.
 */
export async function sendStatements(
  store: OtherStore,
  statements: Sendable[],
  readAttachments: (sha2s: string[]) => Promise<NewAttachment[]>,
  signal: AbortSignal,
): Promise<Refusal[]> {
  const outgoing = statements.map((each) => prepare(each, store.version))
  const refusals = await sendHalves(
    store,
    outgoing.filter(({ sha2s }) => sha2s.length === 0),
    signal,
  )
  // Contents may be large: those of one statement at a time are in memory.
  for (const each of outgoing.filter(({ sha2s }) => sha2s.length > 0)) {
    const status = await post(store, [each.json], await readAttachments(each.sha2s), signal)
    if (status !== undefined) refusals.push({ seq: each.seq, id: each.id, status })
  }
  return refusals
}

interface Outgoing {
  id: string
  seq: number
  json: string
  /** Of its attachments. */
  sha2s: string[]
}

function prepare({ id, seq, body }: Sendable, version: XapiVersion): Outgoing {
  const isNewer = mayNeedVersion(body, version)
  if (!isNewer && !body.includes('"attachments":')) return { id, seq, json: body, sha2s: [] }
  const statement = parseJson(body) as Statement
  const sha2s = [...new Set(attachmentsOf(statement).map(({ sha2 }) => sha2.toLowerCase()))]
  return { id, seq, json: isNewer ? JSON.stringify(toVersion(statement, version)) : body, sha2s }
}

async function sendHalves(store: OtherStore, outgoing: Outgoing[], signal: AbortSignal): Promise<Refusal[]> {
  const [first] = outgoing
  if (!first) return []
  const json = outgoing.map((each) => each.json)
  const status = await post(store, json, [], signal)
  if (status === undefined) return []
  if (outgoing.length === 1) return [{ seq: first.seq, id: first.id, status }]
  const half = Math.ceil(outgoing.length / 2)
  return [
    ...(await sendHalves(store, outgoing.slice(0, half), signal)),
    ...(await sendHalves(store, outgoing.slice(half), signal)),
  ]
}

/** @returns the status when these statements are refused; undefined when they are taken. */
async function post(
  { endpoint, key, secret, version }: OtherStore,
  statements: string[],
  attachments: NewAttachment[],
  signal: AbortSignal,
): Promise<number | undefined> {
  const json = `[${statements.join(',')}]`
  const { contentType, content } =
    attachments.length > 0 ? writeMixed(json, attachments) : { contentType: 'application/json', content: json }
  let answer: Response
  try {
    answer = await fetch(`${endpoint}/statements`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${key}:${secret}`).toString('base64')}`,
        'content-type': contentType,
        [versionHeader]: version,
      },
      body: content,
      // A redirection would carry the credentials elsewhere.
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(patience)]),
    })
    // Nothing of it is needed, and an answer left unread keeps its connection.
    await answer.arrayBuffer()
  } catch {
    signal.throwIfAborted()
    throw new StoreFailure({ code: 'store_unreachable', status: null })
  }
  const { status } = answer
  if (status >= 200 && status < 300) return undefined
  if (status === 401 || status === 403) throw new StoreFailure({ code: 'credentials_refused', status })
  if (status === 408 || status === 429 || status >= 500) {
    const seconds = Number(answer.headers.get('retry-after'))
    throw new StoreFailure({ code: 'store_failing', status }, seconds > 0 ? seconds : undefined)
  }
  // Not one statement or another, but the address, or the version.
  if (status < 400 || status === 404 || status === 405) throw new StoreFailure({ code: 'store_refuses', status })
  return status
}

/** Statements and contents as one body (xAPI 1.0.3, Communication 1.5.2). */
function writeMixed(
  json: string,
  attachments: NewAttachment[],
): { contentType: string; content: Uint8Array<ArrayBuffer> } {
  const boundary = `preau-${randomUUID()}`
  const parts: Uint8Array[] = [
    Buffer.from(writePartHead(boundary, { 'Content-Type': 'application/json' }).trimStart()),
    Buffer.from(json),
  ]
  for (const { contentType, content, sha2 } of attachments) {
    const headers = {
      'Content-Type': contentType,
      'Content-Transfer-Encoding': 'binary',
      'X-Experience-API-Hash': sha2,
    }
    parts.push(Buffer.from(writePartHead(boundary, headers)), content)
  }
  parts.push(Buffer.from(writeEnd(boundary)))
  return { contentType: `multipart/mixed; boundary=${boundary}`, content: Buffer.concat(parts) }
}
