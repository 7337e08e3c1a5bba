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

/** A sign-in that opened a session, and where it lies in the history. */
export interface OpenedSignIn {
  id: string
  attemptedAt: Date
  personId: string
  method: SignInMethod
}

/** Sign-ins that opened a session, in the order of the history. @param range after one of them, until a time. */
export function listOpenedSignIns(
  tx: Tx,
  range: { after: { attemptedAt: Date; id: string } | null; until: Date },
  limit: number,
): Promise<OpenedSignIn[]> {
  const { after, until } = range
  return tables(tx)
    .selectFrom('identity.sign_in')
    .innerJoin('identity.account', 'identity.account.id', 'identity.sign_in.account_id')
    .select([
      'identity.sign_in.id',
      'attempted_at as attemptedAt',
      'identity.account.person_id as personId',
      'identity.sign_in.method',
    ])
    .where('identity.sign_in.tenant_id', '=', sql<string>`kernel.current_tenant()`)
    .where('outcome', '=', 'opened')
    .where('attempted_at', '<=', until)
    .$if(after !== null, (query) =>
      query
        .where('attempted_at', '>=', after!.attemptedAt)
        .where(sql<boolean>`(attempted_at, identity.sign_in.id) > (${after!.attemptedAt}, ${after!.id})`),
    )
    .orderBy('attempted_at')
    .orderBy('identity.sign_in.id')
    .limit(limit)
    .execute()
}

/** Forgets the attempts older than the tenant's policy says. */
export async function purgeSignIns(tx: Tx, now: Date): Promise<void> {
  const { signInMemoryMonths } = await getPolicy(tx)
  await tables(tx)
    .deleteFrom('identity.sign_in')
    .where('attempted_at', '<', sql<Date>`${now}::timestamptz - make_interval(months => ${signInMemoryMonths})`)
    .execute()
}
