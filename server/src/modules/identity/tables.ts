import type { ColumnType, Generated } from 'kysely'
import type { Right } from '#kernel/access'
import type { Db } from '#kernel/postgres'
import type { Day } from '#kernel/time'

export type AccountState = 'inactive' | 'active' | 'blocked'
/** How a session was opened. */
export type SignInMethod = 'password' | 'code' | 'federation'
export type CodePurpose = 'activation' | 'reset'

export type IdentityTables = {
  'identity.account': {
    tenant_id: Generated<string>
    id: string
    person_id: string
    login: string
    password_hash: string | null
    state: Generated<AccountState>
    created_at: Generated<Date>
    activated_at: Date | null
    password_changed_at: Date | null
  }
  'identity.access_code': {
    tenant_id: Generated<string>
    id: string
    account_id: string
    purpose: CodePurpose
    code_hash: Buffer
    issued_at: Date
    issued_by: string | null
    expires_at: Date
    used_at: Date | null
    replaced_at: Date | null
  }
  'identity.session': {
    tenant_id: Generated<string>
    id: string
    account_id: string
    token_hash: Buffer
    method: SignInMethod
    device: string | null
    created_at: Date
    last_seen_at: Date
    expires_at: Date
    provider_session: ColumnType<{ slug: string; idToken: string } | null, string | null, never>
  }
  'identity.federated_identity': {
    tenant_id: Generated<string>
    id: string
    account_id: string
    issuer: string
    subject: string
    linked_at: Date
    last_used_at: Date | null
  }
  'identity.federation_request': {
    tenant_id: Generated<string>
    state_hash: Buffer
    provider: string
    nonce: string
    code_verifier: string
    return_to: string
    expires_at: Date
  }
  'identity.provider': {
    tenant_id: Generated<string>
    id: string
    slug: string
    name: string
    issuer: string
    client_id: string
    client_secret: string | null
    scope: string
    reference_claim: string
    record_kinds: ('pupil' | 'guardian' | 'staff')[]
  }
  'identity.sign_in_failure': {
    tenant_id: Generated<string>
    login_hash: Buffer
    failures: number
    last_failure_at: Date
  }
  'identity.granted_right': {
    tenant_id: Generated<string>
    id: string
    person_id: string
    right_name: Right
    organisation_id: string | null
    starts_on: Day
    ends_on: Day | null
    granted_by: string | null
    granted_at: Generated<Date>
    withdrawn_at: Date | null
    withdrawn_by: string | null
  }
  'identity.demonstration_account': {
    tenant_id: Generated<string>
    account_id: string
    position: number
    profile: string
    password: string
  }
}

/** The base with this module's tables in reach. */
export const tables = (tx: Db) => tx.withTables<IdentityTables>()
