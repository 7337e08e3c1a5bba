import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { tables } from '../tables.ts'

/** A file attached to an agenda item, without its bytes. */
export interface Paper {
  id: string
  agendaItemId: string
  name: string
  mediaType: string
  size: number
  /** SHA-256, lower-case hexadecimal. */
  sha256: string
  addedAt: Date
}

const columns = [
  'id',
  'agenda_item_id as agendaItemId',
  'name',
  'media_type as mediaType',
  'size',
  sql<string>`encode(sha256, 'hex')`.as('sha256'),
  'added_at as addedAt',
] as const

/** Papers of agenda items, in the order they were added. */
export function listPapers(tx: Tx, agendaItemIds: string[]): Promise<Paper[]> {
  return tables(tx)
    .selectFrom('governance.paper')
    .select(columns)
    .where('agenda_item_id', '=', sql<string>`any(${agendaItemIds}::uuid[])`)
    .orderBy('added_at')
    .orderBy('id')
    .execute()
}

/** One paper; undefined when there is none. */
export function findPaper(tx: Tx, id: string): Promise<Paper | undefined> {
  return tables(tx).selectFrom('governance.paper').select(columns).where('id', '=', id).executeTakeFirst()
}

/** The bytes of a paper that exists. */
export async function readPaper(tx: Tx, id: string): Promise<Buffer> {
  const { content } = await tables(tx)
    .selectFrom('governance.paper')
    .select('content')
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  return content
}

/** Adds a paper. */
export async function insertPaper(tx: Tx, paper: Paper & { content: Buffer; addedBy: string }): Promise<void> {
  await tables(tx)
    .insertInto('governance.paper')
    .values({
      id: paper.id,
      agenda_item_id: paper.agendaItemId,
      name: paper.name,
      media_type: paper.mediaType,
      size: paper.size,
      sha256: Buffer.from(paper.sha256, 'hex'),
      content: paper.content,
      added_at: paper.addedAt,
      added_by: paper.addedBy,
    })
    .execute()
}

/** Removes a paper. */
export async function deletePaper(tx: Tx, id: string): Promise<void> {
  await tables(tx).deleteFrom('governance.paper').where('id', '=', id).execute()
}
