import { sql } from 'kysely'
import { keepPlan, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import { defaultPolicy } from '../policy.queries.ts'
import { today } from '../rights/rights.queries.ts'

/**
 * Refuses someone who left the directory more days ago than the tenant's policy grants them to fetch what is theirs, and
 * whoever is here for a time outside of that time: a stay was told its days from the first, and grants no more.
 * @param person.goneOn day from which no source knows the person any more; null while present.
 * @param person.archivedOn day from which the directory shows them to nobody, whatever is granted.
 * @throws Problem 403 `account_left` or `account_not_yet`.
 */
export async function refuseLeaver(
  tx: Tx,
  person: { id: string; goneOn: Day | null; archivedOn: Day | null },
  now: Date,
): Promise<void> {
  const { rows } = await sql<{ left: boolean; early: boolean }>`${keepPlan}
    select ${today(now)} >= ${person.goneOn}::date + case when count(*) > 0 then 0 else coalesce((select leaver_grace_days from identity.policy), ${defaultPolicy.leaverGraceDays}::integer) end
        or (bool_or(ends_on < ${today(now)} and ended_at is null) and not bool_or(ends_on >= ${today(now)})) as left,
      bool_or(starts_on > ${today(now)}) and not bool_or(starts_on <= ${today(now)}) as early
    from identity.temporary_stay where person_id = ${person.id} and (ended_at is null or ${person.goneOn}::date is not null)`.execute(
    tx,
  )
  const [refused] = rows
  if (refused?.left || person.archivedOn !== null) {
    throw new Problem(403, 'account_left', 'This person left the directory; the account is closed.')
  }
  if (refused?.early) throw new Problem(403, 'account_not_yet', 'This person is not here yet; the account opens later.')
}
