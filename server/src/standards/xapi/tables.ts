import type { Generated, JSONColumnType } from 'kysely'
import type { Db } from '#kernel/postgres'
import type { XapiVersion } from '#modules/records'

/** Why statements could not be sent. */
export interface ForwardingFailure {
  code: 'store_unreachable' | 'credentials_refused' | 'store_refuses' | 'store_failing'
  /** HTTP status answered; null when nothing was. */
  status: number | null
}

type XapiTables = {
  'xapi.forwarding': {
    tenant_id: Generated<string>
    id: string
    name: string
    endpoint: string
    key: string
    sealed_secret: string
    version: XapiVersion
    verbs: string[]
    activities: string[]
    source_ids: string[]
    cursor: number
    sent: Generated<number>
    paused: Generated<boolean>
    attempts: Generated<number>
    failure: JSONColumnType<ForwardingFailure> | null
    next_try_at: Date
    sent_at: Date | null
    leased_until: Date | null
    created_at: Date
    created_by: string | null
  }
  'xapi.forwarding_refusal': {
    tenant_id: Generated<string>
    forwarding_id: string
    seq: number
    statement_id: string
    status: number
    refused_at: Date
  }
}

/** The base with this standard's tables in reach. */
export const tables = (tx: Db) => tx.withTables<XapiTables>()
