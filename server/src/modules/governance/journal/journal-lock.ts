import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'

/**
 * Makes the acts of one agreement wait for each other until the transaction ends. An act that locks rows which other acts
 * lock as well takes this first: then no two of them hold what the other waits for.
 */
export async function lockJournal(tx: Tx, agreementId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`governance.journal ${agreementId}`}, 0))`.execute(tx)
}
