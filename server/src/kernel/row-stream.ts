import { type RawBuilder, sql } from 'kysely'
import type { Tx } from './postgres.ts'

let opened = 0

/**
 * Reads a result by batches, through a cursor of the transaction: a million rows take the memory of one batch.
 * @param size rows of a batch.
 */
export async function* streamRows<Row>(tx: Tx, query: RawBuilder<Row>, size = 1000): AsyncGenerator<Row[]> {
  const cursor = sql.id(`rows_${++opened}`)
  await sql`declare ${cursor} no scroll cursor for ${query}`.execute(tx)
  for (;;) {
    const { rows } = await sql<Row>`fetch ${sql.lit(size)} from ${cursor}`.execute(tx)
    if (rows.length > 0) yield rows
    if (rows.length < size) break
  }
  await sql`close ${cursor}`.execute(tx)
}
