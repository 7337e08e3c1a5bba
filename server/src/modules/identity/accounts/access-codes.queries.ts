import type { Insertable } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { type AccountState, type CodePurpose, type IdentityTables, tables } from '../tables.ts'

export interface FoundCode {
  id: string
  accountId: string
  personId: string
  login: string
  state: AccountState
  purpose: CodePurpose
  expiresAt: Date
  usedAt: Date | null
  replacedAt: Date | null
}

export async function findCode(tx: Tx, hash: Buffer): Promise<FoundCode | undefined> {
  return tables(tx)
    .selectFrom('identity.access_code as code')
    .innerJoin('identity.account as account', 'account.id', 'code.account_id')
    .select([
      'code.id',
      'code.account_id as accountId',
      'account.person_id as personId',
      'account.login',
      'account.state',
      'code.purpose',
      'code.expires_at as expiresAt',
      'code.used_at as usedAt',
      'code.replaced_at as replacedAt',
    ])
    .where('code.code_hash', '=', hash)
    .executeTakeFirst()
}

export async function insertCode(tx: Tx, row: Insertable<IdentityTables['identity.access_code']>): Promise<void> {
  await tables(tx).insertInto('identity.access_code').values(row).execute()
}

/**
 * Marks the account's open codes as replaced; whoever issues one at the same time waits for its turn.
 * @returns whether one could still have been used.
 */
export async function replaceCodes(tx: Tx, accountId: string, now: Date): Promise<boolean> {
  await tables(tx).selectFrom('identity.account').select('id').where('id', '=', accountId).forUpdate().execute()
  const replaced = await tables(tx)
    .updateTable('identity.access_code')
    .set({ replaced_at: now })
    .where('account_id', '=', accountId)
    .where('used_at', 'is', null)
    .where('replaced_at', 'is', null)
    .returning('expires_at as expiresAt')
    .execute()
  return replaced.some(({ expiresAt }) => expiresAt > now)
}

/** An account's last code: when it was issued and what became of it. */
export interface LastCode {
  issuedAt: Date
  expiresAt: Date
  usedAt: Date | null
}

export async function findLastCode(tx: Tx, accountId: string): Promise<LastCode | undefined> {
  return tables(tx)
    .selectFrom('identity.access_code')
    .select(['issued_at as issuedAt', 'expires_at as expiresAt', 'used_at as usedAt'])
    .where('account_id', '=', accountId)
    .orderBy('issued_at', 'desc')
    .orderBy('id', 'desc')
    .executeTakeFirst()
}

/** @returns false when it was used or replaced meanwhile. */
export async function markCodeUsed(tx: Tx, id: string, now: Date): Promise<boolean> {
  const result = await tables(tx)
    .updateTable('identity.access_code')
    .set({ used_at: now })
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .where('replaced_at', 'is', null)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}
