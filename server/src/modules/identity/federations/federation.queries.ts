import { randomUUIDv7 } from 'node:crypto'
import type { Insertable } from 'kysely'
import type { Tx } from '#kernel/postgres'
import {
  type IdentityTables,
  type ProviderOptions,
  type ProviderProfile,
  type ProviderProtocol,
  type RecordKind,
  tables,
  type Vouched,
} from '../tables.ts'

/** An identity provider, or a federation of them, that an operator declared. */
export interface Provider {
  id: string
  slug: string
  name: string
  protocol: ProviderProtocol
  profile: ProviderProfile
  /** OIDC issuer; SAML entity identifier, or the federation's name; address of a CAS server. */
  issuer: string
  clientId: string | null
  /** Sealed. */
  clientSecret: string | null
  scope: string
  /** Claim or attribute that points at people of the directory; null when none does. */
  referenceClaim: string | null
  /** Records its references point at: an academy may give a pupil and a member of staff the same identifier. */
  recordKinds: RecordKind[]
  options: ProviderOptions
}

const columns = [
  'id',
  'slug',
  'name',
  'protocol',
  'profile',
  'issuer',
  'client_id as clientId',
  'client_secret as clientSecret',
  'scope',
  'reference_claim as referenceClaim',
  'record_kinds as recordKinds',
  'options',
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
    protocol: provider.protocol,
    profile: provider.profile,
    issuer: provider.issuer,
    client_id: provider.clientId,
    client_secret: provider.clientSecret,
    scope: provider.scope,
    reference_claim: provider.referenceClaim,
    record_kinds: provider.recordKinds,
    options: JSON.stringify(provider.options),
  }
  return tables(tx)
    .insertInto('identity.provider')
    .values({ id: randomUUIDv7(), slug: provider.slug, ...row })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'slug']).doUpdateSet(row))
    .returning(columns)
    .executeTakeFirstOrThrow()
}

export async function updateProviderSecret(tx: Tx, id: string, sealed: string): Promise<void> {
  await tables(tx).updateTable('identity.provider').set({ client_secret: sealed }).where('id', '=', id).execute()
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

/** Organisations whose people sign in by each provider; a provider that is everyone's has none. */
export async function listProviderScopes(tx: Tx): Promise<{ providerId: string; organisationId: string }[]> {
  return tables(tx)
    .selectFrom('identity.provider_scope')
    .select(['provider_id as providerId', 'organisation_id as organisationId'])
    .execute()
}

export async function replaceProviderScope(tx: Tx, providerId: string, organisationIds: string[]): Promise<void> {
  await tables(tx).deleteFrom('identity.provider_scope').where('provider_id', '=', providerId).execute()
  if (organisationIds.length === 0) return
  await tables(tx)
    .insertInto('identity.provider_scope')
    .values(organisationIds.map((id) => ({ provider_id: providerId, organisation_id: id })))
    .execute()
}

export async function insertRequest(
  tx: Tx,
  row: Insertable<IdentityTables['identity.federation_request']>,
): Promise<void> {
  await tables(tx).insertInto('identity.federation_request').values(row).execute()
}

/** A sign-in that left for a provider. */
export interface Departure {
  provider: string
  nonce: string
  codeVerifier: string
  returnTo: string
  accountId: string | null
  entityId: string | null
}

const departureColumns = [
  'provider',
  'nonce',
  'code_verifier as codeVerifier',
  'return_to as returnTo',
  'account_id as accountId',
  'entity_id as entityId',
] as const

/** The sign-in that left under this state; it stays. */
export async function findRequest(tx: Tx, stateHash: Buffer, now: Date): Promise<Departure | undefined> {
  return tables(tx)
    .selectFrom('identity.federation_request')
    .where('state_hash', '=', stateHash)
    .where('expires_at', '>', now)
    .select(departureColumns)
    .executeTakeFirst()
}

/** The sign-in that left under this state; it is gone once taken. */
export async function takeRequest(
  tx: Tx,
  stateHash: Buffer,
  provider: string,
  now: Date,
): Promise<Departure | undefined> {
  return tables(tx)
    .deleteFrom('identity.federation_request')
    .where('state_hash', '=', stateHash)
    .where('provider', '=', provider)
    .where('expires_at', '>', now)
    .returning(departureColumns)
    .executeTakeFirst()
}

/** The account linked to an identity, noting its use. */
export async function useIdentity(tx: Tx, issuer: string, subject: string, now: Date): Promise<string | undefined> {
  const row = await tables(tx)
    .updateTable('identity.federated_identity')
    .set({ last_used_at: now })
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .where('replaced_at', 'is', null)
    .returning('account_id')
    .executeTakeFirst()
  return row?.account_id
}

/** Links an identity to an account; one that was replaced before may come back. */
export async function insertIdentity(
  tx: Tx,
  input: { accountId: string; issuer: string; subject: string; provider: string },
  now: Date,
): Promise<void> {
  await tables(tx)
    .insertInto('identity.federated_identity')
    .values({
      id: randomUUIDv7(),
      account_id: input.accountId,
      issuer: input.issuer,
      subject: input.subject,
      provider: input.provider,
      linked_at: now,
      last_used_at: now,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['tenant_id', 'issuer', 'subject'])
        .doUpdateSet({ account_id: input.accountId, linked_at: now, last_used_at: now, replaced_at: null })
        .where('identity.federated_identity.replaced_at', 'is not', null),
    )
    .execute()
}

/** Ends what other identities of an account at an issuer open. @returns how many. */
export async function replaceIdentities(
  tx: Tx,
  input: { accountId: string; issuer: string; except: string },
  now: Date,
): Promise<number> {
  const { numUpdatedRows } = await tables(tx)
    .updateTable('identity.federated_identity')
    .set({ replaced_at: now })
    .where('account_id', '=', input.accountId)
    .where('issuer', '=', input.issuer)
    .where('subject', '!=', input.except)
    .where('replaced_at', 'is', null)
    .executeTakeFirst()
  return Number(numUpdatedRows)
}

/** An identity that opens an account. */
export interface Link {
  id: string
  provider: string | null
  issuer: string
  linkedAt: Date
  lastUsedAt: Date | null
}

/** The identities that open an account, oldest first. */
export async function listLinks(tx: Tx, accountId: string): Promise<Link[]> {
  return tables(tx)
    .selectFrom('identity.federated_identity')
    .select(['id', 'provider', 'issuer', 'linked_at as linkedAt', 'last_used_at as lastUsedAt'])
    .where('account_id', '=', accountId)
    .where('replaced_at', 'is', null)
    .orderBy('linked_at')
    .execute()
}

/** @returns the issuer, or undefined when the account has no such link. */
export async function deleteLink(tx: Tx, accountId: string, id: string): Promise<string | undefined> {
  const row = await tables(tx)
    .deleteFrom('identity.federated_identity')
    .where('account_id', '=', accountId)
    .where('id', '=', id)
    .returning('issuer')
    .executeTakeFirst()
  return row?.issuer
}

/** Someone vouched for, between two pages. */
export interface HeldArrival {
  kind: 'answer' | 'choice' | 'link' | 'signOut'
  provider: string
  issuer: string
  subject: string
  vouched: Vouched
  sessionKey: Buffer | null
  personIds: string[]
  stateHash: Buffer | null
  accountId: string | null
  returnTo: string
}

export async function insertArrival(tx: Tx, ticketHash: Buffer, arrival: HeldArrival, expiresAt: Date): Promise<void> {
  await tables(tx)
    .insertInto('identity.arrival')
    .values({
      ticket_hash: ticketHash,
      kind: arrival.kind,
      provider: arrival.provider,
      issuer: arrival.issuer,
      subject: arrival.subject,
      proven: JSON.stringify(arrival.vouched),
      session_key: arrival.sessionKey,
      person_ids: arrival.personIds,
      state_hash: arrival.stateHash,
      account_id: arrival.accountId,
      return_to: arrival.returnTo,
      expires_at: expiresAt,
    })
    .execute()
}

const arrivalColumns = [
  'kind',
  'provider',
  'issuer',
  'subject',
  'proven as vouched',
  'session_key as sessionKey',
  'person_ids as personIds',
  'state_hash as stateHash',
  'account_id as accountId',
  'return_to as returnTo',
] as const

export async function findArrival(tx: Tx, ticketHash: Buffer, now: Date): Promise<HeldArrival | undefined> {
  return tables(tx)
    .selectFrom('identity.arrival')
    .select(arrivalColumns)
    .where('ticket_hash', '=', ticketHash)
    .where('expires_at', '>', now)
    .executeTakeFirst()
}

/** The same, gone once taken. */
export async function takeArrival(
  tx: Tx,
  ticketHash: Buffer,
  kind: HeldArrival['kind'],
  now: Date,
): Promise<HeldArrival | undefined> {
  return tables(tx)
    .deleteFrom('identity.arrival')
    .where('ticket_hash', '=', ticketHash)
    .where('kind', '=', kind)
    .where('expires_at', '>', now)
    .returning(arrivalColumns)
    .executeTakeFirst()
}
