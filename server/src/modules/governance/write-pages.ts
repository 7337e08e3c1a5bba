import type { Db, Tx } from '#kernel/postgres'
import { inTenant } from '#kernel/postgres'

/**
 * Writes a table of any length in pieces, a page each. Each page has a transaction of its own: whoever reads slowly holds
 * none, and no more than a page is held for them.
 * @param table.read rows that follow one, or the first rows; fewer than `pageSize` are the last
 * @param table.write a page of rows as text
 */
export async function* writePages<Row>(
  db: Db,
  tenantId: string,
  table: {
    pageSize: number
    read: (tx: Tx, last: Row | undefined) => Promise<Row[]>
    write: (rows: Row[], tx: Tx) => string | Promise<string>
  },
): AsyncGenerator<string> {
  let last: Row | undefined
  do {
    const page = await inTenant(db, tenantId, async (tx) => {
      const rows = await table.read(tx, last)
      return { text: await table.write(rows, tx), last: rows.length < table.pageSize ? undefined : rows.at(-1) }
    })
    // An empty piece would stall the answer.
    if (page.text !== '') yield page.text
    last = page.last
  } while (last !== undefined)
}
