import { createHash } from 'node:crypto'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import {
  deleteDocumentAt,
  type Document,
  type DocumentPlace,
  findDocumentAt,
  lockDocument,
  type PlaceColumns,
  saveDocument,
  toColumns,
} from './documents.queries.ts'
import { parseJson } from '../model/exact-json.ts'

/** What a request wants to be true of a document before it changes it: headers as they were sent. */
export interface Preconditions {
  ifMatch?: string | undefined
  ifNoneMatch?: string | undefined
  /**
   * When neither is there, refuses to replace a document, so that nobody overwrites what they have not seen; or to keep
   * any at all.
   */
  needed?: 'to_replace' | 'always' | undefined
}

/** A document as it is sent. */
export interface NewDocument {
  contentType: string
  content: Buffer
}

/** A document, or undefined. A state without registration is another than that of any registration. */
export function findDocument(
  tx: Tx,
  tenantId: string,
  place: DocumentPlace,
  name: string,
): Promise<Document | undefined> {
  return findDocumentAt(tx, toColumns(tenantId, place), name)
}

/**
 * Keeps a document, in place of the one of that name if there is one.
 * @throws Problem 412 `precondition_failed`; when preconditions are needed and there are none, 409 `document_exists` or 400
 *   `precondition_missing`.
 */
export async function putDocument(
  tx: Tx,
  tenantId: string,
  at: DocumentPlace,
  name: string,
  sent: NewDocument,
  preconditions: Preconditions,
  now: Date,
): Promise<void> {
  const place = toColumns(tenantId, at)
  const kept = await findLocked(tx, place, name, preconditions)
  const { needed, ifMatch, ifNoneMatch } = preconditions
  if (needed !== undefined && ifMatch === undefined && ifNoneMatch === undefined) {
    if (kept) {
      throw new Problem(
        409,
        'document_exists',
        'There is a document of this name: read it, then set If-Match to its ETag to replace it.',
      )
    }
    if (needed === 'always') {
      throw new Problem(400, 'precondition_missing', 'Set If-None-Match to * to keep a new document.')
    }
  }
  await saveDocument(tx, place, name, toDocument(sent, now))
}

/**
 * Sets the properties of a JSON document to those of another, one level deep (xAPI 1.0.3, Communication 2.2); keeps it
 * as it is when there is none of that name.
 * @throws Problem 412 `precondition_failed`; 400 `document_not_mergeable` when either is no JSON object.
 */
export async function mergeDocument(
  tx: Tx,
  tenantId: string,
  at: DocumentPlace,
  name: string,
  sent: NewDocument,
  preconditions: Preconditions,
  now: Date,
): Promise<void> {
  const place = toColumns(tenantId, at)
  // Before anything is asked of the base: a bad request is bad whatever is kept.
  const properties = isJson(sent.contentType) ? readProperties(sent, 'The document sent') : undefined
  const kept = await findLocked(tx, place, name, preconditions)
  if (!kept) {
    await saveDocument(tx, place, name, toDocument(sent, now))
    return
  }
  if (!properties) throw notMergeable('The document sent')
  const merged = { ...readProperties(kept, 'The document kept'), ...properties }
  const content = Buffer.from(JSON.stringify(merged))
  await saveDocument(tx, place, name, toDocument({ contentType: kept.contentType, content }, now))
}

/** Deletes a document if there is one. @throws Problem 412 `precondition_failed`. */
export async function deleteDocument(
  tx: Tx,
  tenantId: string,
  at: DocumentPlace,
  name: string,
  preconditions: Preconditions,
): Promise<void> {
  const place = toColumns(tenantId, at)
  await findLocked(tx, place, name, preconditions)
  await deleteDocumentAt(tx, place, name)
}

/** The document as it is and stays until the transaction ends, the preconditions being met. */
async function findLocked(
  tx: Tx,
  place: PlaceColumns,
  name: string,
  preconditions: Preconditions,
): Promise<Document | undefined> {
  await lockDocument(tx, place, name)
  const kept = await findDocumentAt(tx, place, name)
  const { ifMatch, ifNoneMatch } = preconditions
  if (ifMatch !== undefined && !(kept && names(ifMatch, kept))) {
    throw new Problem(412, 'precondition_failed', 'The document is not the one that If-Match names: read it again.')
  }
  if (ifNoneMatch !== undefined && kept && names(ifNoneMatch, kept)) {
    throw new Problem(412, 'precondition_failed', 'There is such a document already, which If-None-Match excludes.')
  }
  return kept
}

// A list of quoted tags, or a star (RFC 9110 §13.1). A proxy that compresses marks tags as weak; a bare tag is what some
// clients send.
const names = (header: string, { etag }: Document): boolean =>
  header.split(',').some((each) => {
    const tag = each.trim().replace(/^W\//, '')
    return tag === '*' || tag === `"${etag}"` || tag === etag
  })

const toDocument = ({ contentType, content }: NewDocument, now: Date): Document => ({
  contentType,
  content,
  // What 1.0.3 prescribes (Communication 3.1); 2.0 leaves it open. It protects nothing.
  etag: createHash('sha1').update(content).digest('hex'),
  updatedAt: now,
})

const isJson = (contentType: string) => /^application\/json\s*(;|$)/i.test(contentType.trim())

function readProperties({ contentType, content }: NewDocument, which: string): Record<string, unknown> {
  const text = content.toString('utf8')
  // Neither a list nor a lone value has properties.
  if (!isJson(contentType) || !/^\s*\{/.test(text)) throw notMergeable(which)
  try {
    return parseJson(text) as Record<string, unknown>
  } catch {
    throw notMergeable(which)
  }
}

const notMergeable = (which: string) =>
  new Problem(400, 'document_not_mergeable', `${which} is no JSON object of type application/json.`)
