import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import { getPolicy } from './policy.queries.ts'
import { today } from './rights.queries.ts'

/**
 * Refuses someone who left the directory more days ago than the tenant's policy grants them to fetch what is theirs.
 * A temporary stay was told its last day from the first: it grants no more.
 * @param goneOn day from which no source knows the person any more; null while present.
 * @throws Problem 403 `account_left`.
 */
export async function refuseLeaver(
  tx: Tx,
  { id, goneOn }: { id: string; goneOn: Day | null },
  now: Date,
): Promise<void> {
  if (goneOn === null) return
  const { leaverGraceDays } = await getPolicy(tx)
  const { rows } = await sql<{ over: boolean }>`select ${today(now)} >= ${goneOn}::date + case
      when exists (select from identity.temporary_stay where person_id = ${id}) then 0
      else ${leaverGraceDays}::integer end as over`.execute(tx)
  if (rows[0]?.over) throw new Problem(403, 'account_left', 'This person left the directory; the account is closed.')
}
