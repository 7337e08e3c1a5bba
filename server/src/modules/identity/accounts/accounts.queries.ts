import { randomUUIDv7 } from 'node:crypto'
import { sql, type Updateable } from 'kysely'
import { findPersonSummary } from '#modules/directory'
import { keepPlan, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { makeLoginBase, nextLogin } from './logins.ts'
import { type AccountState, type IdentityTables, tables } from '../tables.ts'

export interface Account {
  id: string
  personId: string
  login: string
  passwordHash: string | null
  state: AccountState
  activatedAt: Date | null
  /** The account that signing in by this one opens; null for one that opens itself. */
  mergedInto: string | null
  compromisedAt: Date | null
  compromiseToldAt: Date | null
  welcomedAt: Date | null
  contactEmail: string | null
}

const columns = [
  'id',
  'person_id as personId',
  'login',
  'password_hash as passwordHash',
  'state',
  'activated_at as activatedAt',
  'merged_into as mergedInto',
  'compromised_at as compromisedAt',
  'compromise_told_at as compromiseToldAt',
  'welcomed_at as welcomedAt',
  'contact_email as contactEmail',
] as const

export async function findAccount(
  tx: Tx,
  by: { id: string } | { personId: string } | { login: string },
): Promise<Account | undefined> {
  const query = tables(tx).selectFrom('identity.account').select(columns).modifyEnd(keepPlan)
  if ('id' in by) return query.where('id', '=', by.id).executeTakeFirst()
  if ('personId' in by) return query.where('person_id', '=', by.personId).executeTakeFirst()
  const login = readLogin(by.login)
  return login === undefined ? undefined : query.where('login', '=', login).executeTakeFirst()
}

/** A login as it was typed; undefined for what never was one (a zero byte would not even be a value for PostgreSQL). */
export function readLogin(typed: string): string | undefined {
  const login = typed.trim().toLowerCase()
  return /^[a-z0-9.-]+$/.test(login) ? login : undefined
}

/** The account that signing in by this one opens: that of the person whom its holder was found to be. */
export async function findOpenedAccount(tx: Tx, account: Account): Promise<Account> {
  for (let at = account; ;) {
    const next = at.mergedInto === null ? undefined : await findAccount(tx, { id: at.mergedInto })
    if (!next) return at
    at = next
  }
}

/**
 * The account of a person, made if there is none yet: inactive, under the next free login of their name.
 * @throws Problem 404 `person_not_found`.
 */
export async function createAccount(tx: Tx, personId: string, now: Date): Promise<Account> {
  const existing = await findAccount(tx, { personId })
  if (existing) return existing
  const person = await findPersonSummary(tx, personId)
  if (!person) throw new Problem(404, 'person_not_found', 'The directory knows nobody under this identifier.')
  const base = makeLoginBase(person.givenName, person.familyName)
  for (;;) {
    const taken = await tables(tx)
      .selectFrom('identity.account')
      .select('login')
      // Row-level security keeps LIKE from using the index; these comparisons may.
      .where('login', '>=', base)
      .where('login', '<', `${base}:`)
      .execute()
    const login = nextLogin(
      base,
      taken.map((row) => row.login),
    )
    const created = await tables(tx)
      .insertInto('identity.account')
      .values({ id: randomUUIDv7(), person_id: personId, login, created_at: now })
      .onConflict((conflict) => conflict.doNothing())
      .returning(columns)
      .executeTakeFirst()
    // A conflict means that someone else made this account, or took this login, in the same instant.
    const account = created ?? (await findAccount(tx, { personId }))
    if (account) return account
  }
}

/** Changes an account. Another password, or none, is from then on that of all accounts merged into it. */
export async function updateAccount(
  tx: Tx,
  accountId: string,
  change: Updateable<IdentityTables['identity.account']>,
): Promise<void> {
  await tables(tx).updateTable('identity.account').set(change).where('id', '=', accountId).execute()
  if (change.password_hash === null || change.password_changed_at !== undefined) {
    await sql`with recursive way (id) as (
        select id from identity.account where merged_into = ${accountId}
        union select a.id from way join identity.account a on a.merged_into = way.id
      )
      update identity.account set password_hash = null where id in (select id from way)`.execute(tx)
  }
}

/** The other logins that open an account by their password, since their people were made one. */
export async function listOtherLogins(tx: Tx, accountId: string): Promise<string[]> {
  const rows = await tables(tx)
    .selectFrom('identity.account')
    .select('login')
    .where('merged_into', '=', accountId)
    .where('password_hash', 'is not', null)
    .orderBy('login')
    .execute()
  return rows.map(({ login }) => login)
}

/** Takes away the passwords of the logins that open an account since their people were made one. */
export async function voidMergedPasswords(tx: Tx, accountId: string): Promise<void> {
  await tables(tx)
    .updateTable('identity.account')
    .set({ password_hash: null })
    .where('merged_into', '=', accountId)
    .execute()
}

/** Accounts by login, a page at a time. @param after login of the last one seen. */
export async function listAccounts(
  tx: Tx,
  page: { prefix?: string | undefined; after?: string | undefined; limit: number },
): Promise<Account[]> {
  let query = tables(tx).selectFrom('identity.account').select(columns).orderBy('login').limit(page.limit)
  if (page.prefix !== undefined) query = query.where('login', '>=', page.prefix).where('login', '<', `${page.prefix}~`)
  if (page.after !== undefined) query = query.where('login', '>', page.after)
  return query.execute()
}
