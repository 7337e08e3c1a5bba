import { randomUUIDv7 } from 'node:crypto'
import { sql } from 'kysely'
import type { HeldRight } from '#kernel/access'
import { type Db, keepPlan, type Tx } from '#kernel/postgres'
import type { Tenant } from '#kernel/tenancy'
import { type ProviderSession, type SignInMethod, tables } from '../tables.ts'

export interface FoundSession {
  sessionId: string
  accountId: string
  personId: string
  lastSeenAt: Date
  rights: HeldRight[]
}

/**
 * The open session of a token, with the rights its holder has today. The function binds the tenant itself: called
 * outside a transaction, it is a single round trip.
 */
export async function findSession(db: Db, tenant: Tenant, token: Buffer, now: Date): Promise<FoundSession | undefined> {
  const { rows } = await sql<FoundSession>`${keepPlan} select session_id as "sessionId", account_id as "accountId",
      person_id as "personId", last_seen_at as "lastSeenAt", rights
    from identity.find_session(${tenant.id}, ${token}, ${now}, ${tenant.timeZone})`.execute(db)
  return rows[0]
}

/** An account holds at most so many sessions: one more ends the one unused for longest. */
const mostSessions = 20

/** What must still be so when a session opens by password: it was looked at outside of any transaction. */
export interface PasswordSeen {
  passwordHash: string | null
  /** Under which the failures at the login are counted; they are forgotten. */
  failureKey: Buffer
}

/** A session as it begins. */
export interface NewSession {
  accountId: string
  tokenHash: Buffer
  method: SignInMethod
  device: string | null
  createdAt: Date
  expiresAt: Date
  providerSession: ProviderSession | null
  providerKey: Buffer | null
}

/**
 * Opens a session, ends those of its account beyond the most it holds, and notes the sign-in.
 * @param tenantId outside of any transaction, which is a single round trip; null in a transaction, which has its tenant.
 * @returns false when the account is not as it was seen: blocked, merged or given another password meanwhile.
 */
export async function insertSession(
  db: Db,
  tenantId: string | null,
  session: NewSession,
  seen?: PasswordSeen,
): Promise<boolean> {
  const { rows } = await sql<{ opened: boolean }>`${keepPlan} select identity.open_session(${tenantId},
    ${session.accountId}, ${randomUUIDv7()}, ${session.tokenHash}, ${session.method}, ${session.device},
    ${session.createdAt}, ${session.expiresAt},
    ${session.providerSession === null ? null : JSON.stringify(session.providerSession)}, ${session.providerKey},
    ${mostSessions}, ${seen !== undefined}, ${seen?.passwordHash ?? null}, ${seen?.failureKey ?? null}) as opened`.execute(
    db,
  )
  return rows[0]?.opened === true
}

export async function touchSession(tx: Tx, sessionId: string, now: Date): Promise<void> {
  await tables(tx).updateTable('identity.session').set({ last_seen_at: now }).where('id', '=', sessionId).execute()
}

export interface SessionRow {
  id: string
  method: SignInMethod
  device: string | null
  createdAt: Date
  lastSeenAt: Date
  expiresAt: Date
}

/** Open sessions of an account, last used first. */
export async function listSessions(tx: Tx, accountId: string, now: Date): Promise<SessionRow[]> {
  return tables(tx)
    .selectFrom('identity.session')
    .select([
      'id',
      'method',
      'device',
      'created_at as createdAt',
      'last_seen_at as lastSeenAt',
      'expires_at as expiresAt',
    ])
    .where('account_id', '=', accountId)
    .where('expires_at', '>', now)
    .orderBy('last_seen_at', 'desc')
    .execute()
}

/** Ends sessions of an account: one, all, or all but one. @returns how many. */
export async function deleteSessions(
  tx: Tx,
  accountId: string,
  which: { only?: string; except?: string } = {},
): Promise<number> {
  let query = tables(tx).deleteFrom('identity.session').where('account_id', '=', accountId)
  if (which.only !== undefined) query = query.where('id', '=', which.only)
  if (which.except !== undefined) query = query.where('id', '!=', which.except)
  const result = await query.executeTakeFirst()
  return Number(result.numDeletedRows)
}

/** What is needed to end the session at the identity provider that opened it, if one did. */
export async function findProviderSession(tx: Tx, sessionId: string): Promise<ProviderSession | undefined> {
  const row = await tables(tx)
    .selectFrom('identity.session')
    .select('provider_session')
    .where('id', '=', sessionId)
    .executeTakeFirst()
  return row?.provider_session ?? undefined
}

/**
 * Ends the sessions that a provider names, of any account.
 * @param matches which of those under the key; all when left out.
 * @returns how many.
 */
export async function deleteProviderSessions(
  tx: Tx,
  key: Buffer,
  matches: (session: ProviderSession) => boolean = () => true,
): Promise<number> {
  const rows = await tables(tx)
    .selectFrom('identity.session')
    .select(['id', 'provider_session'])
    .where('provider_key', '=', key)
    .execute()
  const ids = rows.filter((row) => row.provider_session !== null && matches(row.provider_session)).map(({ id }) => id)
  if (ids.length > 0) await tables(tx).deleteFrom('identity.session').where('id', 'in', ids).execute()
  return ids.length
}
