import { sql } from 'kysely'
import { createHash } from 'node:crypto'
import type { Tx } from '#kernel/postgres'
import { toSearchKey } from '#modules/directory'
import { endpoints, type SamlEntity } from './metadata.ts'
import { tables } from './tables.ts'

/** When a provider's metadata were last read, and until when they hold. */
export interface MetadataState {
  providerId: string
  triedAt: Date
  refreshedAt: Date | null
  validUntil: Date | null
  entities: number
  failure: string | null
}

export async function listMetadataStates(tx: Tx): Promise<MetadataState[]> {
  return tables(tx)
    .selectFrom('saml.metadata_state')
    .select([
      'provider_id as providerId',
      'tried_at as triedAt',
      'refreshed_at as refreshedAt',
      'valid_until as validUntil',
      'entities',
      'failure',
    ])
    .execute()
}

/** Notes a reading that succeeded. */
export async function saveReading(
  tx: Tx,
  input: { providerId: string; validUntil: Date | null; entities: number },
  now: Date,
): Promise<void> {
  const row = {
    tried_at: now,
    refreshed_at: now,
    valid_until: input.validUntil,
    entities: input.entities,
    failure: null,
  }
  await tables(tx)
    .insertInto('saml.metadata_state')
    .values({ provider_id: input.providerId, ...row })
    .onConflict((conflict) => conflict.column('provider_id').doUpdateSet(row))
    .execute()
}

/** Notes a reading that failed: what was read before stays until it expires. */
export async function saveReadingFailure(tx: Tx, providerId: string, failure: string, now: Date): Promise<void> {
  await tables(tx)
    .insertInto('saml.metadata_state')
    .values({ provider_id: providerId, tried_at: now, failure })
    .onConflict((conflict) => conflict.column('provider_id').doUpdateSet({ tried_at: now, failure }))
    .execute()
}

export async function deleteEntities(tx: Tx, providerId: string): Promise<void> {
  await tables(tx).deleteFrom('saml.entity').where('provider_id', '=', providerId).execute()
}

/** Adds entities read from metadata; of two of the same identifier, the first. */
export async function insertEntities(tx: Tx, providerId: string, entities: SamlEntity[]): Promise<void> {
  if (entities.length === 0) return
  await tables(tx)
    .insertInto('saml.entity')
    .values(
      entities.map((entity) => ({
        provider_id: providerId,
        entity_id: entity.entityId,
        name: entity.name,
        search_key: ` ${toSearchKey(entity.name)} ${toSearchKey(entity.entityId)}`,
        sign_on: JSON.stringify(entity.signOn),
        sign_out: JSON.stringify(entity.signOut),
        certificates: entity.certificates,
        wants_signed_requests: entity.wantsSignedRequests,
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

const columns = ['entity_id', 'name', 'sign_on', 'sign_out', 'certificates', 'wants_signed_requests'] as const

/** Identity providers of a provider: one, or the first of a federation. */
export async function findEntity(tx: Tx, providerId: string, entityId: string | null): Promise<SamlEntity | undefined> {
  let query = tables(tx).selectFrom('saml.entity').select(columns).where('provider_id', '=', providerId)
  if (entityId !== null) query = query.where('entity_id', '=', entityId)
  const rows = await query.limit(2).execute()
  const [row] = rows
  // A federation's providers are told apart by the choice of whoever signs in.
  return row && rows.length === 1 ? toEntity(row) : undefined
}

/** The provider an entity belongs to. */
export async function findProviderOfEntity(tx: Tx, entityId: string): Promise<string | undefined> {
  const row = await tables(tx)
    .selectFrom('saml.entity')
    .select('provider_id')
    .where('entity_id', '=', entityId)
    .orderBy('provider_id')
    .executeTakeFirst()
  return row?.provider_id
}

/** Identity providers of federations by words of their names, each a beginning; by name. */
export async function searchEntities(
  tx: Tx,
  input: { providerIds: string[]; words: string[]; limit: number },
): Promise<{ providerId: string; entityId: string; name: string }[]> {
  if (input.providerIds.length === 0) return []
  let query = tables(tx)
    .selectFrom('saml.entity')
    .select(['provider_id as providerId', 'entity_id as entityId', 'name'])
    .where('provider_id', 'in', input.providerIds)
  for (const word of input.words) query = query.where('search_key', 'like', `% ${word}%`)
  return query.orderBy('name').orderBy('entity_id').limit(input.limit).execute()
}

/**
 * Marks a message as used.
 * @returns false when it was used already.
 */
export async function useMessage(tx: Tx, issuer: string, id: string, expiresAt: Date): Promise<boolean> {
  const result = await tables(tx)
    .insertInto('saml.used_message')
    .values({ message_hash: createHash('sha256').update(`${issuer}\n${id}`).digest(), expires_at: expiresAt })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return Number(result.numInsertedOrUpdatedRows) > 0
}

/** Takes away messages nobody could present again, and what is left of providers that are gone. */
export async function purgeSaml(tx: Tx, providerIds: string[], now: Date): Promise<void> {
  await tables(tx).deleteFrom('saml.used_message').where('expires_at', '<=', now).execute()
  for (const table of ['saml.entity', 'saml.metadata_state'] as const) {
    await sql`delete from ${sql.table(table)} where not provider_id = any(${providerIds}::uuid[])`.execute(tx)
  }
}

function toEntity(row: {
  entity_id: string
  name: string
  sign_on: unknown
  sign_out: unknown
  certificates: string[]
  wants_signed_requests: boolean
}): SamlEntity {
  return {
    entityId: row.entity_id,
    name: row.name,
    signOn: endpoints.parse(row.sign_on),
    signOut: endpoints.parse(row.sign_out),
    certificates: row.certificates,
    wantsSignedRequests: row.wants_signed_requests,
  }
}
