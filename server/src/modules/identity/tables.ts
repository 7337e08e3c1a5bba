import type { ColumnType, Generated } from 'kysely'
import type { Right } from '#kernel/access'
import type { Db } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import type { Audience, AudienceMember } from '#modules/directory'
import type { Reference } from './federations/references.ts'

export type AccountState = 'inactive' | 'active' | 'blocked'
/** How a session was opened. */
export type SignInMethod = 'password' | 'code' | 'federation'
export type CodePurpose = 'activation' | 'reset'
export type SignInOutcome = 'opened' | 'wrongPassword' | 'blocked' | 'left'
export type LetterBatchState = 'running' | 'ready' | 'taken' | 'expired' | 'refused'

/** Whom a set of letters is for. */
export interface LetterScope {
  classId: string | null
  profile: Audience
  /** Those too whose account is active already: their letter resets the password. */
  everyone: boolean
}

/** Someone a letter is for, as the batch was asked for. */
export type Addressee = Pick<AudienceMember, 'personId' | 'children'> & { classes: string[] }

/** read: to be acknowledged; choice: yes or no. */
export type ConsentKind = 'read' | 'choice'

/** A text in both languages; paragraphs are parted by an empty line. */
export type Wording = Record<'fr' | 'en', { title: string; body: string }>

export type StayProfile = 'teacher' | 'schoolLife' | 'documentation' | 'staff'
export type StayReason = 'replacement' | 'trainee' | 'intervention'

export type ProviderProtocol = 'oidc' | 'saml' | 'cas'
/** What a provider's specification asks beyond its protocol. */
export type ProviderProfile = 'generic' | 'eduConnect' | 'agents' | 'franceConnect' | 'proConnect' | 'renater'
export type RecordKind = 'pupil' | 'guardian' | 'staff'

export interface ProviderOptions {
  /** Where SAML metadata are read again every hour. */
  metadataUrl?: string | undefined
  /** SAML metadata given by hand. */
  metadata?: string | undefined
  /** Certificates one of which signed the metadata, base64 of DER; without any, the address is trusted. */
  metadataCertificates?: string[] | undefined
  /** Whether a sign-in may begin at the provider, which nothing here has asked for. */
  unsolicited?: boolean | undefined
  /** Algorithm by which OIDC userinfo is signed, where it is not that of the profile. */
  userinfoAlgorithm?: string | undefined
}

/** What is kept of a provider's session to end it there: `slug`, and what its protocol needs. */
export type ProviderSession = { slug: string } & Record<string, unknown>

/** What a provider said of someone, beside their identifier. */
export interface Vouched {
  references: Reference[]
  displayName: string | null
  session: ProviderSession
}

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
    contact_email: string | null
    welcomed_at: Date | null
    compromised_at: Date | null
    compromise_told_at: Date | null
    /** The account that signing in by this one opens. */
    merged_into: Generated<string | null>
  }
  'identity.account_merge': {
    tenant_id: Generated<string>
    merged_person_id: string
    kept_person_id: string
    state: 'joined' | 'swapped' | 'moved' | 'apart'
    account_id: string | null
    identities: string[]
    rights: string[]
    stays: string[]
    merged_by: string | null
    merged_at: Date
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
    provider_session: ColumnType<ProviderSession | null, string | null, never>
    provider_key: Buffer | null
  }
  'identity.federated_identity': {
    tenant_id: Generated<string>
    id: string
    account_id: string
    issuer: string
    subject: string
    linked_at: Date
    last_used_at: Date | null
    provider: string | null
    replaced_at: Date | null
  }
  'identity.federation_request': {
    tenant_id: Generated<string>
    state_hash: Buffer
    provider: string
    nonce: string
    code_verifier: string
    return_to: string
    expires_at: Date
    account_id: string | null
    entity_id: string | null
  }
  'identity.provider': {
    tenant_id: Generated<string>
    id: string
    slug: string
    name: string
    protocol: ProviderProtocol
    profile: ProviderProfile
    issuer: string
    client_id: string | null
    client_secret: string | null
    scope: string
    reference_claim: string | null
    record_kinds: RecordKind[]
    options: ColumnType<ProviderOptions, string, string>
  }
  'identity.provider_scope': {
    tenant_id: Generated<string>
    provider_id: string
    organisation_id: string
  }
  'identity.arrival': {
    tenant_id: Generated<string>
    ticket_hash: Buffer
    kind: 'answer' | 'choice' | 'link' | 'signOut'
    provider: string
    issuer: string
    subject: string
    proven: ColumnType<Vouched, string, never>
    session_key: Buffer | null
    person_ids: string[]
    state_hash: Buffer | null
    account_id: string | null
    return_to: string
    expires_at: Date
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
  'identity.policy': {
    tenant_id: Generated<string>
    leaver_grace_days: number
    sign_in_memory_months: number
  }
  'identity.sign_in': {
    tenant_id: Generated<string>
    id: string
    account_id: string
    attempted_at: Date
    method: SignInMethod
    device: string | null
    outcome: SignInOutcome
  }
  'identity.letter_batch': {
    tenant_id: Generated<string>
    id: string
    establishment_id: string
    scope: ColumnType<LetterScope, string, never>
    created_by: string
    created_at: Date
    public_key: Buffer
    people: ColumnType<Addressee[], string, never>
    total: number
    done: Generated<number>
    skipped: ColumnType<Record<string, number>, string | undefined, string>
    state: Generated<LetterBatchState>
    ended_at: Date | null
  }
  'identity.letter_part': {
    tenant_id: Generated<string>
    batch_id: string
    position: number
    sealed: Buffer
  }
  'identity.consent_text': {
    tenant_id: Generated<string>
    id: string
    slug: string
    version: number
    kind: ConsentKind
    audience: Audience
    levels: string[]
    per_child: boolean
    wording: ColumnType<Wording, string, never>
    published_at: Date
  }
  'identity.consent_answer': {
    tenant_id: Generated<string>
    id: string
    text_id: string
    person_id: string
    child_id: string | null
    accepted: boolean
    answered_at: Date
  }
  'identity.temporary_stay': {
    tenant_id: Generated<string>
    id: string
    person_id: string
    establishment_id: string
    profile: StayProfile
    reason: StayReason
    starts_on: Day
    ends_on: Day
    created_by: string | null
    created_at: Date
    ended_at: Date | null
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
