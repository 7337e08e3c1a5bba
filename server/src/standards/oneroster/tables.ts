import type { ColumnType, Generated } from 'kysely'
import type { Db } from '#kernel/postgres'

/** Why the last fetch from a service failed. */
export interface FetchFailure {
  code: string
  /** HTTP status answered; null when nothing was. */
  status: number | null
}

type OneRosterTables = {
  'oneroster.client': {
    tenant_id: Generated<string>
    id: string
    name: string
    secret_hash: Buffer
    organisation_id: string | null
    scopes: string[]
    contact_details: boolean
    created_at: Date
    created_by: string | null
    last_used_at: Date | null
    withdrawn_at: Date | null
    withdrawn_by: string | null
  }
  'oneroster.access_token': {
    tenant_id: Generated<string>
    token_hash: Buffer
    client_id: string
    scopes: string[]
    expires_at: Date
  }
  'oneroster.connection': {
    tenant_id: Generated<string>
    id: string
    name: string
    service_url: string
    token_url: string
    client_id: string
    sealed_secret: string
    nightly: boolean
    created_at: Date
    created_by: string | null
    fetched_at: Date | null
    failure: ColumnType<FetchFailure | null, string | null, string | null>
    import_id: string | null
  }
}

/** The base with the tables of this standard in reach. */
export const tables = (tx: Db) => tx.withTables<OneRosterTables>()
