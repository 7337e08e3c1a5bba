import type { Tx } from '#kernel/postgres'
import type { IdentityRule } from './rules.ts'
import { tables } from './tables.ts'

/** A learning platform that launches dashboards. */
export interface Platform {
  id: string
  name: string
  product: string
  issuer: string
  clientId: string
  authorizationUrl: string
  tokenUrl: string
  tokenAudience: string | null
  keysUrl: string
  deployments: string[]
  frameOrigin: string
  identityRule: IdentityRule
  courseRule: string
  readsMembers: boolean
  readsGrades: boolean
  registeredBy: 'link' | 'hand'
  createdAt: Date
}

const columns = [
  'id',
  'name',
  'product',
  'issuer',
  'client_id as clientId',
  'authorization_url as authorizationUrl',
  'token_url as tokenUrl',
  'token_audience as tokenAudience',
  'keys_url as keysUrl',
  'deployments',
  'frame_origin as frameOrigin',
  'identity_rule as identityRule',
  'course_rule as courseRule',
  'reads_members as readsMembers',
  'reads_grades as readsGrades',
  'registered_by as registeredBy',
  'created_at as createdAt',
] as const

/** Those that were not withdrawn, by name. */
export function listPlatforms(tx: Tx): Promise<Platform[]> {
  return tables(tx)
    .selectFrom('lti.platform')
    .select(columns)
    .where('withdrawn_at', 'is', null)
    .orderBy('name')
    .orderBy('id')
    .execute()
}

export function findPlatform(tx: Tx, id: string): Promise<Platform | undefined> {
  return tables(tx)
    .selectFrom('lti.platform')
    .select(columns)
    .where('id', '=', id)
    .where('withdrawn_at', 'is', null)
    .executeTakeFirst()
}

/** Those that announce themselves so: several where an issuer serves many clients and none is said. */
export function listPlatformsOf(tx: Tx, issuer: string, clientId: string | undefined): Promise<Platform[]> {
  let query = tables(tx)
    .selectFrom('lti.platform')
    .select(columns)
    .where('issuer', '=', issuer)
    .where('withdrawn_at', 'is', null)
  if (clientId !== undefined) query = query.where('client_id', '=', clientId)
  return query.limit(2).execute()
}

/** @returns false when another platform has this issuer and client. */
export async function insertPlatform(tx: Tx, platform: Platform, createdBy: string | null): Promise<boolean> {
  const inserted = await tables(tx)
    .insertInto('lti.platform')
    .values({
      id: platform.id,
      ...toRow(platform),
      registered_by: platform.registeredBy,
      created_at: platform.createdAt,
      created_by: createdBy,
    })
    .onConflict((conflict) =>
      conflict.columns(['tenant_id', 'issuer', 'client_id']).where('withdrawn_at', 'is', null).doNothing(),
    )
    .executeTakeFirst()
  return inserted.numInsertedOrUpdatedRows === 1n
}

/** What may be changed of a platform. */
export type PlatformSettings = Omit<Platform, 'id' | 'registeredBy' | 'createdAt'>

export async function updatePlatform(tx: Tx, id: string, settings: PlatformSettings): Promise<void> {
  await tables(tx).updateTable('lti.platform').set(toRow(settings)).where('id', '=', id).execute()
}

function toRow(settings: PlatformSettings) {
  return {
    name: settings.name,
    product: settings.product,
    issuer: settings.issuer,
    client_id: settings.clientId,
    authorization_url: settings.authorizationUrl,
    token_url: settings.tokenUrl,
    token_audience: settings.tokenAudience,
    keys_url: settings.keysUrl,
    deployments: settings.deployments,
    frame_origin: settings.frameOrigin,
    identity_rule: JSON.stringify(settings.identityRule),
    course_rule: settings.courseRule,
    reads_members: settings.readsMembers,
    reads_grades: settings.readsGrades,
  }
}

/** @returns whether it was there. */
export async function withdrawPlatform(tx: Tx, id: string, now: Date): Promise<boolean> {
  const updated = await tables(tx)
    .updateTable('lti.platform')
    .set({ withdrawn_at: now })
    .where('id', '=', id)
    .where('withdrawn_at', 'is', null)
    .executeTakeFirst()
  return updated.numUpdatedRows === 1n
}

export async function insertRegistrationLink(
  tx: Tx,
  link: { token_digest: Buffer; created_at: Date; created_by: string | null; expires_at: Date },
): Promise<void> {
  await tables(tx).insertInto('lti.registration_link').values(link).execute()
}

/** Uses a link up. @returns who made it; undefined when it is unknown, used or old. */
export async function takeRegistrationLink(
  tx: Tx,
  tokenDigest: Buffer,
  now: Date,
): Promise<{ createdBy: string | null } | undefined> {
  return tables(tx)
    .updateTable('lti.registration_link')
    .set({ used_at: now })
    .where('token_digest', '=', tokenDigest)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .returning('created_by as createdBy')
    .executeTakeFirst()
}

/** Whether a link may be used. */
export async function findRegistrationLink(tx: Tx, tokenDigest: Buffer, now: Date): Promise<boolean> {
  const row = await tables(tx)
    .selectFrom('lti.registration_link')
    .select('token_digest')
    .where('token_digest', '=', tokenDigest)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst()
  return row !== undefined
}
