import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { keepPlan, type Tx } from '#kernel/postgres'
import type { RecordScope } from './scopes.ts'
import { tables } from '../tables.ts'

/** What may send or read records: one key of a source. */
export interface Credential {
  id: string
  sourceId: string
  /** Name of the source. */
  name: string
  key: string
  scopes: RecordScope[]
  createdAt: Date
  createdBy: string | null
  /** To the hour. */
  lastUsedAt: Date | null
}

/** What is kept of a secret or of a token: both are long and random, so that one round of SHA-256 hides them. */
export const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Those that were not withdrawn, by name of their source, the oldest first. */
export async function listCredentials(tx: Tx): Promise<Credential[]> {
  return selectCredentials(tx).orderBy('s.name').orderBy('c.created_at').orderBy('c.id').execute()
}

/** One that was not withdrawn, by its identifier or by its key. */
export function findCredential(tx: Tx, by: { id: string } | { key: string }): Promise<Credential | undefined> {
  const [column, value] = 'id' in by ? (['c.id', by.id] as const) : (['c.key', by.key] as const)
  return selectCredentials(tx).where(column, '=', value).executeTakeFirst()
}

function selectCredentials(tx: Tx) {
  return tables(tx)
    .selectFrom('records.credential as c')
    .innerJoin('records.source as s', 's.id', 'c.source_id')
    .select([
      'c.id',
      'c.source_id as sourceId',
      's.name',
      'c.key',
      sql<RecordScope[]>`c.scopes`.as('scopes'),
      'c.created_at as createdAt',
      'c.created_by as createdBy',
      'c.last_used_at as lastUsedAt',
    ])
    .where('c.withdrawn_at', 'is', null)
}

/** The source of that name, made when there is none. */
export async function ensureSource(tx: Tx, source: { id: string; name: string; createdAt: Date }): Promise<string> {
  const { id } = await tables(tx)
    .insertInto('records.source')
    .values({ id: source.id, name: source.name, created_at: source.createdAt })
    // Changes nothing, and answers the one that is there.
    .onConflict((conflict) => conflict.columns(['tenant_id', 'name']).doUpdateSet({ name: source.name }))
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

export async function insertCredential(tx: Tx, credential: Credential, secret: string): Promise<void> {
  await tables(tx)
    .insertInto('records.credential')
    .values({
      id: credential.id,
      source_id: credential.sourceId,
      key: credential.key,
      secret_digest: digest(secret),
      scopes: credential.scopes,
      created_at: credential.createdAt,
      created_by: credential.createdBy,
    })
    .execute()
}

/** Withdraws a credential and every token given for it. */
export async function withdrawCredential(tx: Tx, id: string, by: string | null, now: Date): Promise<void> {
  await tables(tx)
    .updateTable('records.credential')
    .set({ withdrawn_at: now, withdrawn_by: by })
    .where('id', '=', id)
    .where('withdrawn_at', 'is', null)
    .execute()
  await tables(tx).deleteFrom('records.access_token').where('credential_id', '=', id).execute()
}

/** What a request is checked against. */
export interface KnownCredential {
  id: string
  scopes: string[]
  secretDigest: Buffer
  lastUsedAt: Date | null
}

/** The credential of a key, with the digest of its secret; undefined when withdrawn. */
export function findCredentialByKey(tx: Tx, key: string): Promise<KnownCredential | undefined> {
  return tables(tx)
    .selectFrom('records.credential')
    .select(['id', 'scopes', 'secret_digest as secretDigest', 'last_used_at as lastUsedAt'])
    .where('key', '=', key)
    .where('withdrawn_at', 'is', null)
    .modifyEnd(keepPlan)
    .executeTakeFirst()
}

/** The credential that a token was given for, with the token's own scopes and end. */
export function findCredentialByToken(
  tx: Tx,
  token: string,
  now: Date,
): Promise<{ id: string; scopes: string[]; lastUsedAt: Date | null; expiresAt: Date } | undefined> {
  return tables(tx)
    .selectFrom('records.access_token as t')
    .innerJoin('records.credential as c', 'c.id', 't.credential_id')
    .select(['c.id', 't.scopes', 'c.last_used_at as lastUsedAt', 't.expires_at as expiresAt'])
    .where('t.digest', '=', digest(token))
    .where('t.expires_at', '>', now)
    .where('c.withdrawn_at', 'is', null)
    .modifyEnd(keepPlan)
    .executeTakeFirst()
}

/** Notes that a credential was used in that hour. */
export async function touchCredential(tx: Tx, id: string, hour: Date): Promise<void> {
  await tables(tx).updateTable('records.credential').set({ last_used_at: hour }).where('id', '=', id).execute()
}

/** Keeps a new token and lets go of those that have ended. */
export async function insertToken(
  tx: Tx,
  token: { token: string; credentialId: string; scopes: string[]; expiresAt: Date },
  now: Date,
): Promise<void> {
  const db = tables(tx)
  await db
    .deleteFrom('records.access_token')
    .where('credential_id', '=', token.credentialId)
    .where('expires_at', '<=', now)
    .execute()
  await db
    .insertInto('records.access_token')
    .values({
      digest: digest(token.token),
      credential_id: token.credentialId,
      scopes: token.scopes,
      expires_at: token.expiresAt,
    })
    .execute()
}
