import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { tables } from '../tables.ts'

/** The content of an attachment, as a request brings it. */
export interface NewAttachment {
  /** SHA-256 of the content in hexadecimal. */
  sha2: string
  contentType: string
  content: Buffer
}

/** The contents kept of these attachments, each once; of those that only have an address there is none. */
export function listAttachments(tx: Tx, sha2s: string[]): Promise<NewAttachment[]> {
  return tables(tx)
    .selectFrom('records.attachment')
    .select(['sha2', 'content_type as contentType', 'content'])
    .where(sql<boolean>`sha2 = any(${sha2s.map((each) => each.toLowerCase())}::text[])`)
    .orderBy('sha2')
    .execute()
}

/** Keeps contents; those that are kept already stay as they are. */
export async function insertAttachments(tx: Tx, attachments: NewAttachment[], now: Date): Promise<void> {
  if (attachments.length === 0) return
  const contents = new Map(attachments.map((each) => [each.sha2.toLowerCase(), each]))
  // Always in the same order, so that two transactions with the same ones wait for each other rather than die.
  const rows = [...contents].toSorted(([one], [other]) => (one < other ? -1 : 1))
  await tables(tx)
    .insertInto('records.attachment')
    .values(
      rows.map(([sha2, { contentType, content }]) => ({ sha2, content_type: contentType, content, stored_at: now })),
    )
    .onConflict((conflict) => conflict.columns(['tenant_id', 'sha2']).doNothing())
    .execute()
}
