import type { ColumnType, Generated } from 'kysely'
import type { Db } from '#kernel/postgres'

export type SamlTables = {
  'saml.service_key': {
    tenant_id: Generated<string>
    id: string
    certificate: string
    private_key: string
    created_at: Date
    active_from: Date | null
  }
  'saml.entity': {
    tenant_id: Generated<string>
    provider_id: string
    entity_id: string
    name: string
    search_key: string
    sign_on: ColumnType<unknown, string, string>
    sign_out: ColumnType<unknown, string, string>
    certificates: string[]
    wants_signed_requests: boolean
  }
  'saml.metadata_state': {
    tenant_id: Generated<string>
    provider_id: string
    tried_at: Date
    refreshed_at: Date | null
    valid_until: Date | null
    entities: Generated<number>
    failure: string | null
  }
  'saml.used_message': {
    tenant_id: Generated<string>
    message_hash: Buffer
    expires_at: Date
  }
}

/** The base with this standard's tables in reach. */
export const tables = (tx: Db) => tx.withTables<SamlTables>()
