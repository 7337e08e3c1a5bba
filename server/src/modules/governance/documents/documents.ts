import { createHash, randomUUIDv7 } from 'node:crypto'
import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { toPaperName } from '../bodies/papers.ts'
import { doOnce } from '../request-once.ts'
import { requireManager, type Standing } from '../standing.ts'
import {
  type DocumentFile,
  type DocumentRequest,
  findFile,
  findNextNumber,
  listFiles,
  listRequests,
  lockRequest,
} from './documents.queries.ts'
import { type documentKinds, tables } from './tables.ts'

const mostFiles = 20
/** Requests of one party that may wait at once. */
const mostWaiting = 50

/** Member parties for which the reader sits: those that may ask. */
export function listAskingParties({ agreement, seats }: Standing): string[] {
  const members = agreement.rules.parties.filter(({ roles }) => roles.includes('member')).map(({ key }) => key)
  return members.filter((key) => seats.some(({ party }) => party === key))
}

/**
 * What was asked and given, for who manages and for those who sit for a member: what one member was given, every member
 * may have.
 * @throws Problem 403 `documents_of_members` for others.
 */
export async function readDocuments(
  tx: Tx,
  standing: Standing,
  below: number | undefined,
): Promise<(DocumentRequest & { files: DocumentFile[] })[]> {
  requireReader(standing)
  const requests = await listRequests(tx, standing.agreement.id, below)
  const files = await listFiles(
    tx,
    requests.map(({ id }) => id),
  )
  return requests.map((request) => ({
    ...request,
    // Before the answer is sent, its files are being gathered.
    files: files.filter(({ requestId }) => requestId === request.id && (standing.manages || request.outcome !== null)),
  }))
}

/**
 * Asks the pilot for a document in the name of a member, once for each request key.
 * @throws Problem 403 `seat_of_party_required`; 409 `request_key_reused`, `document_requests_waiting` when many of the
 *   party's wait already.
 */
export async function requestDocument(
  tx: Tx,
  standing: Standing,
  { requestKey, ...input }: NewRequest & { requestKey: string },
  now: Date,
): Promise<{ id: string; number: number }> {
  if (!listAskingParties(standing).includes(input.party)) {
    throw new Problem(403, 'seat_of_party_required', 'Only who sits for a member asks in its name.')
  }
  const agreementId = standing.agreement.id
  const id = await doOnce(tx, { agreementId, key: requestKey, request: input }, () =>
    makeRequest(tx, standing, input, now),
  )
  return { id, number: (await getRequest(tx, standing, id)).number }
}

interface NewRequest {
  party: string
  kind: (typeof documentKinds)[number]
  title: string
  text: string
}

async function makeRequest(tx: Tx, standing: Standing, input: NewRequest, now: Date): Promise<string> {
  const id = randomUUIDv7()
  const number = await findNextNumber(tx, standing.agreement.id)
  const { waiting } = await tables(tx)
    .selectFrom('governance.document_request')
    .select(({ fn }) => fn.countAll<string>().as('waiting'))
    .where('agreement_id', '=', standing.agreement.id)
    .where('party', '=', input.party)
    .where('outcome', 'is', null)
    .executeTakeFirstOrThrow()
  if (Number(waiting) >= mostWaiting) {
    throw new Problem(409, 'document_requests_waiting', `${mostWaiting} requests of this member wait already.`)
  }
  await tables(tx)
    .insertInto('governance.document_request')
    .values({
      ...input,
      id,
      number,
      agreement_id: standing.agreement.id,
      requested_at: now,
      requested_by: standing.personId,
    })
    .execute()
  await audit(tx, standing, 'requested', id, { party: input.party, kind: input.kind })
  return id
}

/**
 * Adds a file to the answer being prepared.
 * @throws Problem 403; 404 `document_request_not_found`; 409 `document_request_answered`, `document_twice`; 422 as `toPaperName`,
 *   `paper_empty`, `documents_too_many`.
 */
export async function addDocument(
  tx: Tx,
  standing: Standing,
  requestId: string,
  file: { name: string; content: Buffer },
  now: Date,
): Promise<{ id: string; name: string; sha256: string }> {
  const { name, mediaType } = toPaperName(file.name)
  if (file.content.length === 0) throw new Problem(422, 'paper_empty', 'The file is empty.')
  await getAnswerable(tx, standing, requestId)
  const others = await listFiles(tx, [requestId])
  if (others.length >= mostFiles)
    throw new Problem(422, 'documents_too_many', `A request has at most ${mostFiles} files.`)
  if (others.some((each) => each.name === name)) {
    throw new Problem(409, 'document_twice', 'The request has a file of this name already.')
  }
  const id = randomUUIDv7()
  const sha256 = createHash('sha256').update(file.content).digest()
  await tables(tx)
    .insertInto('governance.document_file')
    .values({
      id,
      request_id: requestId,
      name,
      media_type: mediaType,
      size: file.content.length,
      sha256,
      content: file.content,
      added_at: now,
      added_by: standing.personId,
    })
    .execute()
  await audit(tx, standing, 'added', requestId, { file: id, size: file.content.length })
  return { id, name, sha256: sha256.toString('hex') }
}

/** Takes a file back before the answer is sent. @throws Problem as `addDocument`; 404 `paper_not_found`. */
export async function removeDocument(tx: Tx, standing: Standing, requestId: string, fileId: string): Promise<void> {
  await getAnswerable(tx, standing, requestId)
  const { numDeletedRows } = await tables(tx)
    .deleteFrom('governance.document_file')
    .where('request_id', '=', requestId)
    .where('id', '=', fileId)
    .executeTakeFirst()
  if (numDeletedRows === 0n) throw new Problem(404, 'paper_not_found', 'The request has no such file.')
  await audit(tx, standing, 'removed', requestId, { file: fileId })
}

/**
 * Answers a request, once: gives its files, or says that the pilot does not hold what was asked.
 * @throws Problem as `getAnswerable`; 422 `document_missing` to give nothing, `document_not_held` to give what is not held.
 */
export async function answerRequest(
  tx: Tx,
  standing: Standing,
  requestId: string,
  answer: { outcome: 'given' | 'notHeld'; text: string },
  now: Date,
): Promise<void> {
  await getAnswerable(tx, standing, requestId)
  const files = await listFiles(tx, [requestId])
  if (answer.outcome === 'given' && files.length === 0) {
    throw new Problem(422, 'document_missing', 'A document is given as a file: there is none.')
  }
  if (answer.outcome === 'notHeld' && files.length > 0) {
    throw new Problem(422, 'document_not_held', 'There are files: remove them, or give them.')
  }
  await settle(tx, standing, requestId, answer.outcome, answer.text, now)
}

/**
 * Takes a request back before it is answered; for who sits for the member that asked.
 * @throws Problem 403 `seat_of_party_required`; 404, 409 as `getWaiting`.
 */
export async function withdrawRequest(tx: Tx, standing: Standing, requestId: string, now: Date): Promise<void> {
  const { party } = await getWaiting(tx, standing, requestId)
  if (!listAskingParties(standing).includes(party)) {
    throw new Problem(403, 'seat_of_party_required', 'Only who sits for the member takes its request back.')
  }
  await settle(tx, standing, requestId, 'withdrawn', '', now)
}

/** A file that was given, with its bytes. @throws Problem 403 `documents_of_members`; 404 `paper_not_found`. */
export async function openDocument(tx: Tx, standing: Standing, fileId: string) {
  requireReader(standing)
  const file = await findFile(tx, standing.agreement.id, fileId)
  if (!file || (file.outcome !== 'given' && !standing.manages)) {
    throw new Problem(404, 'paper_not_found', 'There is no such document.')
  }
  return file
}

/** Sees that the reader may answer a request now. @throws Problem 403 `not_allowed`; 404, 409 as `getWaiting`. */
export async function getAnswerable(tx: Tx, standing: Standing, requestId: string): Promise<DocumentRequest> {
  requireManager(standing)
  return getWaiting(tx, standing, requestId)
}

/** A request that waits. @throws Problem 404 `document_request_not_found`; 409 `document_request_answered`. */
async function getWaiting(tx: Tx, standing: Standing, id: string): Promise<DocumentRequest> {
  const request = await getRequest(tx, standing, id)
  if (request.outcome !== null) {
    throw new Problem(409, 'document_request_answered', 'This request was answered or taken back.')
  }
  return request
}

/** @throws Problem 404 `document_request_not_found`. */
async function getRequest(tx: Tx, { agreement }: Standing, id: string): Promise<DocumentRequest> {
  const request = await lockRequest(tx, agreement.id, id)
  if (!request) throw new Problem(404, 'document_request_not_found', 'There is no such request.')
  return request
}

async function settle(
  tx: Tx,
  standing: Standing,
  id: string,
  outcome: 'given' | 'notHeld' | 'withdrawn',
  answer: string,
  now: Date,
): Promise<void> {
  await tables(tx)
    .updateTable('governance.document_request')
    .set({ outcome, answer, answered_at: now, answered_by: standing.personId })
    .where('id', '=', id)
    .execute()
  await audit(tx, standing, outcome === 'withdrawn' ? 'withdrawn' : 'answered', id, { outcome })
}

function requireReader(standing: Standing): void {
  if (standing.manages || listAskingParties(standing).length > 0) return
  throw new Problem(403, 'documents_of_members', 'Documents are given to the members of the consortium.')
}

async function audit(
  tx: Tx,
  { personId }: Standing,
  act: 'requested' | 'added' | 'removed' | 'answered' | 'withdrawn',
  subjectId: string,
  detail: Record<string, string | number>,
): Promise<void> {
  await recordAudit(tx, {
    action: `governance.document_${act}`,
    actorPersonId: personId,
    subjectKind: 'governance.document_request',
    subjectId,
    detail,
  })
}
