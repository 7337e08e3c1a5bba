import { createHash } from 'node:crypto'
import type { Client } from '#kernel/access'
import type { Tx } from '#kernel/postgres'
import { tables } from './tables.ts'

/** A system that may read a part of the directory. */
export interface OneRosterClient {
  id: string
  name: string
  organisationId: string | null
  scopes: string[]
  contactDetails: boolean
  createdAt: Date
  createdBy: string | null
  lastUsedAt: Date | null
}

const columns = [
  'id',
  'name',
  'organisation_id as organisationId',
  'scopes',
  'contact_details as contactDetails',
  'created_at as createdAt',
  'created_by as createdBy',
  'last_used_at as lastUsedAt',
] as const

/** What is kept of a secret or of a token: both are long and random, so that one round of SHA-256 hides them. */
export const digest = (text: string) => createHash('sha256').update(text).digest()

/** Those that were not withdrawn, by name. */
export function listClients(tx: Tx): Promise<OneRosterClient[]> {
  return tables(tx)
    .selectFrom('oneroster.client')
    .select(columns)
    .where('withdrawn_at', 'is', null)
    .orderBy('name')
    .orderBy('id')
    .execute()
}

export function findClient(tx: Tx, id: string): Promise<OneRosterClient | undefined> {
  return tables(tx)
    .selectFrom('oneroster.client')
    .select(columns)
    .where('id', '=', id)
    .where('withdrawn_at', 'is', null)
    .executeTakeFirst()
}

export async function insertClient(tx: Tx, client: OneRosterClient, secret: string): Promise<void> {
  await tables(tx)
    .insertInto('oneroster.client')
    .values({
      id: client.id,
      name: client.name,
      secret_hash: digest(secret),
      organisation_id: client.organisationId,
      scopes: client.scopes,
      contact_details: client.contactDetails,
      created_at: client.createdAt,
      created_by: client.createdBy,
    })
    .execute()
}

/** Withdraws a client and every token it holds. */
export async function withdrawClient(tx: Tx, id: string, by: string | null, now: Date): Promise<void> {
  await tables(tx)
    .updateTable('oneroster.client')
    .set({ withdrawn_at: now, withdrawn_by: by })
    .where('id', '=', id)
    .where('withdrawn_at', 'is', null)
    .execute()
  await tables(tx).deleteFrom('oneroster.access_token').where('client_id', '=', id).execute()
}

/** The scopes of the client whose secret this is; undefined for anyone else. */
export async function findScopesBySecret(tx: Tx, id: string, secret: string): Promise<string[] | undefined> {
  const found = await tables(tx)
    .selectFrom('oneroster.client')
    .select('scopes')
    .where('id', '=', id)
    .where('secret_hash', '=', digest(secret))
    .where('withdrawn_at', 'is', null)
    .executeTakeFirst()
  return found?.scopes
}

/** Keeps a new token, notes that the client was there, and lets go of what has expired. */
export async function insertToken(
  tx: Tx,
  token: { token: string; clientId: string; scopes: string[]; expiresAt: Date },
  now: Date,
): Promise<void> {
  const db = tables(tx)
  await db
    .deleteFrom('oneroster.access_token')
    .where('client_id', '=', token.clientId)
    .where('expires_at', '<=', now)
    .execute()
  await db
    .insertInto('oneroster.access_token')
    .values({
      token_hash: digest(token.token),
      client_id: token.clientId,
      scopes: token.scopes,
      expires_at: token.expiresAt,
    })
    .execute()
  await db.updateTable('oneroster.client').set({ last_used_at: now }).where('id', '=', token.clientId).execute()
}

/** Which client holds a token. */
export function findClientByToken(tx: Tx, token: string, now: Date): Promise<Client | undefined> {
  return tables(tx)
    .selectFrom('oneroster.access_token as t')
    .innerJoin('oneroster.client as c', 'c.id', 't.client_id')
    .select(['c.id', 't.scopes', 'c.organisation_id as organisationId', 'c.contact_details as contactDetails'])
    .where('t.token_hash', '=', digest(token))
    .where('t.expires_at', '>', now)
    .where('c.withdrawn_at', 'is', null)
    .executeTakeFirst()
}
