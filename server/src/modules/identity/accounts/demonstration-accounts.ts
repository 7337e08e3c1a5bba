import type { Tx } from '#kernel/postgres'
import { createAccount, updateAccount } from './accounts.queries.ts'
import type { PasswordHasher } from '../sign-in/password-hasher.ts'
import { tables } from '../tables.ts'

/** Told to everyone on the sign-in page of a demonstration, so nothing is lost by everyone having the same. */
const demonstrationPassword = 'marelle-ballon-gouter'

/**
 * Opens accounts that a demonstration shows on its sign-in page, in the order given. To be called for a demonstration
 * tenant only: the password is public.
 */
export async function createDemonstrationAccounts(
  tx: Tx,
  hasher: PasswordHasher,
  people: { personId: string; profile: string }[],
  now: Date,
): Promise<void> {
  const passwordHash = await hasher.hash(demonstrationPassword)
  for (const [position, { personId, profile }] of people.entries()) {
    const account = await createAccount(tx, personId, now)
    await updateAccount(tx, account.id, {
      state: 'active',
      password_hash: passwordHash,
      activated_at: now,
      password_changed_at: now,
      welcomed_at: now,
    })
    await tables(tx)
      .insertInto('identity.demonstration_account')
      .values({ account_id: account.id, position, profile, password: demonstrationPassword })
      .onConflict((conflict) => conflict.column('account_id').doUpdateSet({ position, profile }))
      .execute()
  }
}

/** The accounts a demonstration shows, in order. */
export async function listDemonstrationAccounts(
  tx: Tx,
): Promise<{ personId: string; profile: string; login: string; password: string }[]> {
  return tables(tx)
    .selectFrom('identity.demonstration_account as shown')
    .innerJoin('identity.account as account', 'account.id', 'shown.account_id')
    .select(['account.person_id as personId', 'shown.profile', 'account.login', 'shown.password'])
    .orderBy('shown.position')
    .execute()
}
