import type { Tx } from '#kernel/postgres'
import { tables } from './tables.ts'

/** A portal of the institution, whose server asks for what its pages frame. */
export interface Portal {
  id: string
  name: string
  origin: string
  createdAt: Date
  lastUsedAt: Date | null
}

const columns = ['id', 'name', 'origin', 'created_at as createdAt', 'last_used_at as lastUsedAt'] as const

export function listPortals(tx: Tx): Promise<Portal[]> {
  return tables(tx)
    .selectFrom('lti.portal')
    .select(columns)
    .where('withdrawn_at', 'is', null)
    .orderBy('name')
    .orderBy('id')
    .execute()
}

export async function insertPortal(
  tx: Tx,
  portal: Portal & { secretDigest: Buffer; createdBy: string | null },
): Promise<void> {
  await tables(tx)
    .insertInto('lti.portal')
    .values({
      id: portal.id,
      name: portal.name,
      origin: portal.origin,
      secret_digest: portal.secretDigest,
      created_at: portal.createdAt,
      created_by: portal.createdBy,
    })
    .execute()
}

/** The portal whose credentials these are, and notes that it used them. */
export async function usePortal(tx: Tx, id: string, secretDigest: Buffer, now: Date): Promise<Portal | undefined> {
  return tables(tx)
    .updateTable('lti.portal')
    .set({ last_used_at: now })
    .where('id', '=', id)
    .where('secret_digest', '=', secretDigest)
    .where('withdrawn_at', 'is', null)
    .returning(columns)
    .executeTakeFirst()
}

/** @returns whether it was there. */
export async function withdrawPortal(tx: Tx, id: string, now: Date): Promise<boolean> {
  const updated = await tables(tx)
    .updateTable('lti.portal')
    .set({ withdrawn_at: now })
    .where('id', '=', id)
    .where('withdrawn_at', 'is', null)
    .executeTakeFirst()
  return updated.numUpdatedRows === 1n
}
