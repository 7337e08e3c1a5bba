import { randomUUIDv7 } from 'node:crypto'
import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { getPolicy } from '../policy.queries.ts'
import { type SignInMethod, type SignInOutcome, tables } from '../tables.ts'

/** An attempt to sign in to an account. */
export interface SignInAttempt {
  id: string
  attemptedAt: Date
  method: SignInMethod
  device: string | null
  outcome: SignInOutcome
}

export async function insertSignIn(
  tx: Tx,
  input: { accountId: string; method: SignInMethod; device: string | null; outcome: SignInOutcome },
  now: Date,
): Promise<void> {
  await tables(tx)
    .insertInto('identity.sign_in')
    .values({
      id: randomUUIDv7(),
      account_id: input.accountId,
      attempted_at: now,
      method: input.method,
      device: input.device,
      outcome: input.outcome,
    })
    .execute()
}

/** Attempts at an account and at those that lead to it, newest first, a page at a time. @param before identifier of the last one seen. */
export async function listSignIns(
  tx: Tx,
  accountId: string,
  page: { before?: string | undefined; limit: number },
): Promise<SignInAttempt[]> {
  let query = tables(tx)
    .selectFrom('identity.sign_in')
    .select(['id', 'attempted_at as attemptedAt', 'method', 'device', 'outcome'])
    .where((where) =>
      where.or([
        where('account_id', '=', accountId),
        where(
          'account_id',
          'in',
          tables(tx).selectFrom('identity.account').select('id').where('merged_into', '=', accountId),
        ),
      ]),
    )
    .orderBy('attempted_at', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit)
  if (page.before !== undefined) {
    const last = sql`(select attempted_at, id from identity.sign_in where id = ${page.before})`
    query = query.where(sql<boolean>`(attempted_at, id) < ${last}`)
  }
  return query.execute()
}

/** Forgets the attempts older than the tenant's policy says. */
export async function purgeSignIns(tx: Tx, now: Date): Promise<void> {
  const { signInMemoryMonths } = await getPolicy(tx)
  await tables(tx)
    .deleteFrom('identity.sign_in')
    .where('attempted_at', '<', sql<Date>`${now}::timestamptz - make_interval(months => ${signInMemoryMonths})`)
    .execute()
}
