import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import type { NodeClickHouseClientConfigOptions } from '@clickhouse/client/dist/config.js'

export type { ClickHouseClient } from '@clickhouse/client'

/**
 * Opens ClickHouse, embedded or a server: the same client, the same SQL. Acknowledged rows are on disk
 * (`fsync_after_insert`), and a statement answers when it is done (`mutations_sync`).
 */
export function openClickhouse(location: NodeClickHouseClientConfigOptions): ClickHouseClient {
  // Errors reach the caller; the client's own log would hold the values they quote.
  const log = { level: ClickHouseLogLevel.OFF }
  return createClient({ ...location, request_timeout: 60_000, application: 'preau', log })
}
