import type { Generated, JSONColumnType } from 'kysely'
import type { Db } from '#kernel/postgres'

export type DocumentKind = 'state' | 'activity_profile' | 'agent_profile'

type RecordsTables = {
  'records.source': {
    tenant_id: Generated<string>
    id: string
    name: string
    created_at: Date
    lenient: Generated<boolean>
    treatment: Generated<'whole' | 'pseudonymised'>
  }
  'records.pseudonym_key': {
    tenant_id: Generated<string>
    key: Buffer
    home_page: string
  }
  'records.quarantined_statement': {
    tenant_id: Generated<string>
    id: string
    source_id: string
    credential_id: string
    version: string
    received_at: Date
    received_times: Generated<number>
    body: string | null
    pointer: string
    reason: string
    repairs: string[]
    state: Generated<string>
    decided_at: Date | null
    decided_by: string | null
    corrected: Generated<boolean>
    note: string | null
  }
  'records.credential': {
    tenant_id: Generated<string>
    id: string
    source_id: string
    key: string
    secret_digest: Buffer
    scopes: string[]
    created_at: Date
    created_by: string | null
    withdrawn_at: Date | null
    withdrawn_by: string | null
    last_used_at: Date | null
  }
  'records.access_token': {
    tenant_id: Generated<string>
    digest: Buffer
    credential_id: string
    scopes: string[]
    expires_at: Date
  }
  // Keys (actor, verb, activity…) are full 64-bit integers: selected as text, they are beyond the safe integers.
  'records.statement': {
    tenant_id: Generated<string>
    seq: number
    id: string
    credential_id: string | null
    actor: string
    verb: string
    activity: string | null
    object_agent: string | null
    registration: string | null
    referred_id: string | null
    authority: string
    body: string
  }
  'records.mention': {
    tenant_id: Generated<string>
    key: string
    seq: number
  }
  'records.reference': {
    tenant_id: Generated<string>
    id: string
    target_id: string
  }
  'records.voiding': {
    tenant_id: Generated<string>
    target_id: string
    statement_id: string
  }
  'records.attachment': {
    tenant_id: Generated<string>
    sha2: string
    content_type: string
    content: Buffer
    stored_at: Date
  }
  'records.activity': {
    tenant_id: Generated<string>
    key: string
    iri: string
    definition: JSONColumnType<Record<string, unknown>>
    updated_at: Date
  }
  'records.document': {
    tenant_id: Generated<string>
    id: string
    kind: DocumentKind
    activity: string | null
    activity_iri: string | null
    agent: string | null
    agent_identifier: string | null
    registration: string | null
    name: string
    content_type: string
    content: Buffer
    etag: string
    updated_at: Date
  }
}

/** The base with this module's tables in reach. */
export const tables = (tx: Db) => tx.withTables<RecordsTables>()
