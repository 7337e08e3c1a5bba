import { createHmac, type KeyObject, randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { tables } from '../tables.ts'

/** The tenant's pseudonym key (32 bytes), made at its first use. */
export async function getPseudonymKey(tx: Tx): Promise<Buffer> {
  const insight = tables(tx)
  // Two workers may come first at once: one row is kept, both read it.
  await insight
    .insertInto('insight.pseudonym_key')
    .values({ key: randomBytes(32) })
    .onConflict((conflict) => conflict.column('tenant_id').doNothing())
    .execute()
  const row = await insight
    .selectFrom('insight.pseudonym_key')
    .select('key')
    .where(sql<boolean>`tenant_id = kernel.current_tenant()`)
    .executeTakeFirstOrThrow()
  return row.key
}

/**
 * The visitor number that stands for a person in the analytics: HMAC-SHA-256 under the tenant's key, its first 64 bits
 * as a decimal text (JSON numbers are too short). The same person gives the same number; without the key it leads to
 * nobody.
 */
export function toVisitor(key: Buffer, personId: string): string {
  return createHmac('sha256', key).update(personId).digest().readBigUInt64BE().toString()
}

/**
 * The learner that an identifier leads to unless it was tied to another one: as `toVisitor`, signed.
 * @param key three times as quick as an object.
 * @param identifier as records' `identifyAgent` says.
 */
export function toLearner(key: Buffer | KeyObject, identifier: string): string {
  return createHmac('sha256', key).update(identifier).digest().readBigInt64BE().toString()
}
