import type { Tx } from '#kernel/postgres'
import { tables } from '../tables.ts'

/** Pseudonyms of the learners who object: they are counted in no group and shown by name to nobody. */
export async function listObjectors(tx: Tx): Promise<string[]> {
  const rows = await tables(tx)
    .selectFrom('insight.objection')
    .select((row) => row.cast<string>('learner', 'text').as('learner'))
    .orderBy('learner')
    .execute()
  return rows.map(({ learner }) => learner)
}
