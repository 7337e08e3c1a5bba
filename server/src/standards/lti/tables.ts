import type { JWK } from 'jose'
import type { ColumnType, Generated, JSONColumnType } from 'kysely'
import type { Viewer } from '#kernel/access'
import type { Db } from '#kernel/postgres'
import type { IdentityRule } from './rules.ts'

// Pseudonyms and keys of activities are 64 bits: texts in decimal, they are beyond the safe integers.
type Key = ColumnType<string | null, string | null, string | null>

/** What a launch gives its page, once its code is exchanged. */
export interface LaunchGrant {
  viewer: Viewer
  locale: string | null
  /** The only indicator shown, and what it was set to; null for a whole dashboard. */
  indicator: { name: string; parameters: Record<string, string> } | null
  /** Whether something to embed is to be chosen, and the title proposed for it. */
  deepLink: { title: string | null } | null
}

/** Why a service of a platform could not be read. */
export interface ServiceFailureNote {
  code: string
  /** HTTP status answered; null when nothing was. */
  status: number | null
}

type LtiTables = {
  'lti.signing_key': {
    tenant_id: Generated<string>
    id: string
    public_key: JSONColumnType<JWK>
    private_key: string
    created_at: Date
    active_from: Date | null
  }
  'lti.platform': {
    tenant_id: Generated<string>
    id: string
    name: string
    product: string
    issuer: string
    client_id: string
    authorization_url: string
    token_url: string
    token_audience: string | null
    keys_url: string
    deployments: string[]
    frame_origin: string
    identity_rule: JSONColumnType<IdentityRule>
    course_rule: string
    reads_members: boolean
    reads_grades: boolean
    registered_by: 'link' | 'hand'
    created_at: Date
    created_by: string | null
    withdrawn_at: Date | null
  }
  'lti.registration_link': {
    tenant_id: Generated<string>
    token_digest: Buffer
    created_at: Date
    created_by: string | null
    expires_at: Date
    used_at: Date | null
  }
  'lti.portal': {
    tenant_id: Generated<string>
    id: string
    name: string
    origin: string
    secret_digest: Buffer
    created_at: Date
    created_by: string | null
    last_used_at: Date | null
    withdrawn_at: Date | null
  }
  'lti.launch': {
    tenant_id: Generated<string>
    id: string
    platform_id: string | null
    portal_id: string | null
    state_digest: Buffer | null
    nonce_digest: Buffer | null
    target_link_uri: string | null
    browser_digest: Buffer | null
    storage_target: string | null
    begun_at: Date
    answered_at: Date | null
    outcome: string | null
    detail: string | null
    subject: string | null
    person_name: string | null
    role: string | null
    identifier: string | null
    learner: Key
    context_id: string | null
    context_title: string | null
    course_iri: string | null
    course: Key
    code_digest: Buffer | null
    code_expires_at: Date | null
    grant_body: ColumnType<LaunchGrant | null, string | null, string | null>
  }
  'lti.deep_link': {
    tenant_id: Generated<string>
    launch_id: string
    ticket_digest: Buffer | null
    platform_id: string
    deployment_id: string
    return_url: string
    data: string | null
    expires_at: Date
  }
  'lti.course': {
    tenant_id: Generated<string>
    platform_id: string
    course: ColumnType<string, string, string>
    context_id: string
    resource_link_id: string | null
    title: string | null
    iri: string
    members_url: string | null
    line_items_url: string | null
    launched_at: Date
    read_at: Date | null
    members: number | null
    unidentified: number | null
    grades: number | null
    failure: ColumnType<ServiceFailureNote | null, string | null, string | null>
  }
}

/** The base with the tables of this standard in reach. */
export const tables = (tx: Db) => tx.withTables<LtiTables>()
