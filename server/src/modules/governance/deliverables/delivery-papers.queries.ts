import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { tables } from './tables.ts'

/** A file handed over with a delivery, without its bytes. */
export interface DeliveryPaper {
  id: string
  deliveryId: string
  name: string
  mediaType: string
  size: number
  /** SHA-256, lower-case hexadecimal. */
  sha256: string
}

const columns = [
  'id',
  'delivery_id as deliveryId',
  'name',
  'media_type as mediaType',
  'size',
  sql<string>`encode(sha256, 'hex')`.as('sha256'),
] as const

/** Files of deliveries, in the order they were added. */
export function listDeliveryPapers(tx: Tx, deliveryIds: string[]): Promise<DeliveryPaper[]> {
  return tables(tx)
    .selectFrom('governance.delivery_paper')
    .select(columns)
    .where('delivery_id', '=', sql<string>`any(${deliveryIds}::uuid[])`)
    .orderBy('added_at')
    .orderBy('id')
    .execute()
}

/** A file of a deliverable, with its bytes; undefined when there is none. */
export function findDeliveryPaper(tx: Tx, agreementId: string, deliverable: string, id: string) {
  return tables(tx)
    .selectFrom('governance.delivery_paper as paper')
    .innerJoin('governance.deliverable_act as act', 'act.id', 'delivery_id')
    .select(['name', 'media_type as mediaType', 'paper.content'])
    .where('paper.id', '=', id)
    .where('agreement_id', '=', agreementId)
    .where('deliverable', '=', deliverable)
    .executeTakeFirst()
}

/** Adds a file to a delivery. */
export async function insertDeliveryPaper(
  tx: Tx,
  paper: DeliveryPaper & { content: Buffer; addedBy: string },
  now: Date,
): Promise<void> {
  await tables(tx)
    .insertInto('governance.delivery_paper')
    .values({
      id: paper.id,
      delivery_id: paper.deliveryId,
      name: paper.name,
      media_type: paper.mediaType,
      size: paper.size,
      sha256: Buffer.from(paper.sha256, 'hex'),
      content: paper.content,
      added_at: now,
      added_by: paper.addedBy,
    })
    .execute()
}
