import type { Generated } from 'kysely'
import type { Db } from '#kernel/postgres'

/** up: works; degraded: slow, failing for some, or about to expire; down: does not work. */
export type ProviderState = 'up' | 'degraded' | 'down'

export type FederationTables = {
  'federation.provider_state': {
    tenant_id: Generated<string>
    provider_id: string
    state: ProviderState
    since: Date
    checked_at: Date
    latency_ms: number | null
    failed_probes: Generated<number>
    reason: string | null
  }
  'federation.provider_hour': {
    tenant_id: Generated<string>
    provider_id: string
    hour: Date
    probes: Generated<number>
    failed_probes: Generated<number>
    slow_probes: Generated<number>
    latency_ms: Generated<string>
    signed_in: Generated<number>
    refused: Generated<number>
    failed: Generated<number>
  }
}

/** The base with this part's tables in reach. */
export const tables = (tx: Db) => tx.withTables<FederationTables>()
