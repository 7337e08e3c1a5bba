import type { Tx } from '#kernel/postgres'
import { type FetchFailure, tables } from './tables.ts'

/** A rostering service the directory is fed from; its secret stays where it is. */
export interface Connection {
  id: string
  name: string
  serviceUrl: string
  tokenUrl: string
  clientId: string
  nightly: boolean
  createdAt: Date
  fetchedAt: Date | null
  failure: FetchFailure | null
  importId: string | null
}

const columns = [
  'id',
  'name',
  'service_url as serviceUrl',
  'token_url as tokenUrl',
  'client_id as clientId',
  'nightly',
  'created_at as createdAt',
  'fetched_at as fetchedAt',
  'failure',
  'import_id as importId',
] as const

export function listConnections(tx: Tx): Promise<Connection[]> {
  return tables(tx).selectFrom('oneroster.connection').select(columns).orderBy('name').execute()
}

export function findConnection(tx: Tx, id: string): Promise<Connection | undefined> {
  return tables(tx).selectFrom('oneroster.connection').select(columns).where('id', '=', id).executeTakeFirst()
}

export async function findSealedSecret(tx: Tx, id: string): Promise<string | undefined> {
  const row = await tables(tx)
    .selectFrom('oneroster.connection')
    .select('sealed_secret')
    .where('id', '=', id)
    .executeTakeFirst()
  return row?.sealed_secret
}

/** @returns false when another connection has this name. */
export async function insertConnection(
  tx: Tx,
  connection: Omit<Connection, 'fetchedAt' | 'failure' | 'importId'> & {
    sealedSecret: string
    createdBy: string | null
  },
): Promise<boolean> {
  const inserted = await tables(tx)
    .insertInto('oneroster.connection')
    .values({
      id: connection.id,
      name: connection.name,
      service_url: connection.serviceUrl,
      token_url: connection.tokenUrl,
      client_id: connection.clientId,
      sealed_secret: connection.sealedSecret,
      nightly: connection.nightly,
      created_at: connection.createdAt,
      created_by: connection.createdBy,
    })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'name']).doNothing())
    .executeTakeFirst()
  return inserted.numInsertedOrUpdatedRows === 1n
}

/** @returns false when there is none. */
export async function deleteConnection(tx: Tx, id: string): Promise<boolean> {
  const deleted = await tables(tx).deleteFrom('oneroster.connection').where('id', '=', id).executeTakeFirst()
  return deleted.numDeletedRows === 1n
}

/** Notes how a fetch ended. */
export async function noteFetch(
  tx: Tx,
  id: string,
  result: { fetchedAt: Date; failure: FetchFailure | null; importId: string | null },
): Promise<void> {
  const { fetchedAt, failure, importId } = result
  await tables(tx)
    .updateTable('oneroster.connection')
    .set({
      fetched_at: fetchedAt,
      failure: failure && JSON.stringify(failure),
      ...(importId === null ? {} : { import_id: importId }),
    })
    .where('id', '=', id)
    .execute()
}
