import { randomUUIDv7 } from 'node:crypto'
import type { Insertable } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { type IdentityTables, tables } from './tables.ts'

/** An OIDC identity provider that an operator declared. */
export interface Provider {
  id: string
  slug: string
  name: string
  issuer: string
  clientId: string
  clientSecret: string | null
  scope: string
  referenceClaim: string
  /** Records its references point at: an academy may give a pupil and a member of staff the same identifier. */
  recordKinds: ('pupil' | 'guardian' | 'staff')[]
}

const columns = [
  'id',
  'slug',
  'name',
  'issuer',
  'client_id as clientId',
  'client_secret as clientSecret',
  'scope',
  'reference_claim as referenceClaim',
  'record_kinds as recordKinds',
] as const

export async function listProviders(tx: Tx): Promise<Provider[]> {
  return tables(tx).selectFrom('identity.provider').select(columns).orderBy('name').execute()
}

export async function findProvider(tx: Tx, slug: string): Promise<Provider | undefined> {
  return tables(tx).selectFrom('identity.provider').select(columns).where('slug', '=', slug).executeTakeFirst()
}

/** Adds a provider, or changes the one of the same slug. */
export async function saveProvider(tx: Tx, provider: Omit<Provider, 'id'>): Promise<Provider> {
  const row = {
    name: provider.name,
    issuer: provider.issuer,
    client_id: provider.clientId,
    client_secret: provider.clientSecret,
    scope: provider.scope,
    reference_claim: provider.referenceClaim,
    record_kinds: provider.recordKinds,
  }
  return tables(tx)
    .insertInto('identity.provider')
    .values({ id: randomUUIDv7(), slug: provider.slug, ...row })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'slug']).doUpdateSet(row))
    .returning(columns)
    .executeTakeFirstOrThrow()
}

/** @returns its identifier, or undefined when there was none. */
export async function deleteProvider(tx: Tx, slug: string): Promise<string | undefined> {
  const row = await tables(tx)
    .deleteFrom('identity.provider')
    .where('slug', '=', slug)
    .returning('id')
    .executeTakeFirst()
  return row?.id
}

export async function insertRequest(
  tx: Tx,
  row: Insertable<IdentityTables['identity.federation_request']>,
): Promise<void> {
  await tables(tx).insertInto('identity.federation_request').values(row).execute()
}

/** The sign-in that left under this state; it is gone once taken. */
export async function takeRequest(
  tx: Tx,
  stateHash: Buffer,
  provider: string,
  now: Date,
): Promise<{ nonce: string; codeVerifier: string; returnTo: string } | undefined> {
  return tables(tx)
    .deleteFrom('identity.federation_request')
    .where('state_hash', '=', stateHash)
    .where('provider', '=', provider)
    .where('expires_at', '>', now)
    .returning(['nonce', 'code_verifier as codeVerifier', 'return_to as returnTo'])
    .executeTakeFirst()
}

/** The account linked to an identity, noting its use. */
export async function useIdentity(tx: Tx, issuer: string, subject: string, now: Date): Promise<string | undefined> {
  const row = await tables(tx)
    .updateTable('identity.federated_identity')
    .set({ last_used_at: now })
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .returning('account_id')
    .executeTakeFirst()
  return row?.account_id
}

export async function insertIdentity(
  tx: Tx,
  input: { accountId: string; issuer: string; subject: string },
  now: Date,
): Promise<void> {
  await tables(tx)
    .insertInto('identity.federated_identity')
    .values({
      id: randomUUIDv7(),
      account_id: input.accountId,
      issuer: input.issuer,
      subject: input.subject,
      linked_at: now,
      last_used_at: now,
    })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'issuer', 'subject']).doNothing())
    .execute()
}
