import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { tables } from './tables.ts'

const requestColumns = [
  'id',
  'number',
  'party',
  'kind',
  'title',
  'text',
  'requested_at as requestedAt',
  'outcome',
  'answer',
  'answered_at as answeredAt',
] as const

const fileColumns = [
  'id',
  'request_id as requestId',
  'name',
  'media_type as mediaType',
  'size',
  sql<string>`encode(sha256, 'hex')`.as('sha256'),
] as const

export type DocumentRequest = Awaited<ReturnType<typeof listRequests>>[number]
export type DocumentFile = Awaited<ReturnType<typeof listFiles>>[number]

/** Requests of an agreement, those that wait first, then the newest, at most 50. @param below number under which to go on. */
export function listRequests(tx: Tx, agreementId: string, below: number | undefined) {
  let query = tables(tx)
    .selectFrom('governance.document_request')
    .select(requestColumns)
    .where('agreement_id', '=', agreementId)
  if (below !== undefined) query = query.where('number', '<', below)
  return query.orderBy('number', 'desc').limit(50).execute()
}

/** One request of an agreement, locked for who will answer it; undefined when there is none. */
export function lockRequest(tx: Tx, agreementId: string, id: string): Promise<DocumentRequest | undefined> {
  return tables(tx)
    .selectFrom('governance.document_request')
    .select(requestColumns)
    .where('agreement_id', '=', agreementId)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
}

/** Files given for requests, without their bytes. */
export function listFiles(tx: Tx, requestIds: string[]) {
  return tables(tx)
    .selectFrom('governance.document_file')
    .select(fileColumns)
    .where('request_id', '=', sql<string>`any(${requestIds}::uuid[])`)
    .orderBy('added_at')
    .orderBy('id')
    .execute()
}

/** A file with its bytes and whether its request was answered; undefined when the agreement has none of this id. */
export function findFile(tx: Tx, agreementId: string, id: string) {
  return tables(tx)
    .selectFrom('governance.document_file as file')
    .innerJoin('governance.document_request as request', 'request.id', 'file.request_id')
    .select(['file.id', 'request.outcome', 'file.name', 'file.media_type as mediaType', 'file.content'])
    .where('request.agreement_id', '=', agreementId)
    .where('file.id', '=', id)
    .executeTakeFirst()
}

/** The number of the next request of an agreement, whose acts wait for each other. */
export async function findNextNumber(tx: Tx, agreementId: string): Promise<number> {
  const { last } = await tables(tx)
    .selectFrom('governance.document_request')
    .select(({ fn }) => fn.max('number').as('last'))
    .where('agreement_id', '=', agreementId)
    .executeTakeFirstOrThrow()
  return (last ?? 0) + 1
}
