import type { ColumnType, Generated, JSONColumnType } from 'kysely'
import type { Db } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import type { Agreement } from './agreements/agreement-schema.ts'
import type { ConveningCheck } from './bodies/convening.ts'
import type { Minutes } from './bodies/minutes.ts'

type GovernanceTables = {
  'governance.agreement': {
    tenant_id: Generated<string>
    id: string
    slug: string
    created_at: Date
  }
  'governance.agreement_version': {
    tenant_id: Generated<string>
    id: string
    agreement_id: string
    number: number
    valid_from: Day
    content: JSONColumnType<Agreement>
    source: string
    reason: string
    decision_id: string | null
    recorded_at: Date
    recorded_by: string | null
  }
  'governance.representative': {
    tenant_id: Generated<string>
    id: string
    agreement_id: string
    body: string
    party: string
    person_id: string
    rank: 'holder' | 'deputy'
    starts_on: Day
    ends_on: Day | null
    recorded_at: Date
    recorded_by: string | null
  }
  'governance.head_count': {
    tenant_id: Generated<string>
    id: string
    agreement_id: string
    counted_on: Day
    source: string
    recorded_at: Date
    recorded_by: string | null
  }
  'governance.head_count_line': {
    tenant_id: Generated<string>
    head_count_id: string
    party: string
    uai: string
    name: string
    pupils: number
  }
  'governance.meeting': {
    tenant_id: Generated<string>
    id: string
    agreement_id: string
    body: string
    title: string
    starts_at: Date
    ends_at: Date
    place: Generated<string>
    urgent: Generated<boolean>
    second_of: string | null
    state: Generated<'draft' | 'convened' | 'open' | 'closed' | 'cancelled'>
    convened_at: Date | null
    opened_at: Date | null
    closed_at: Date | null
    sequence: Generated<number>
    chair_id: string | null
    secretary_id: string | null
    created_at: Date
    created_by: string | null
    convening: ColumnType<ConveningCheck[] | null, string | null, string | null>
    without_quorum: Generated<boolean>
    cancelled_at: Date | null
    cancel_reason: string | null
    salt: Generated<Buffer>
  }
  'governance.agenda_item': {
    tenant_id: Generated<string>
    id: string
    meeting_id: string
    position: number
    title: string
    text: Generated<string>
    kind: 'information' | 'discussion' | 'opinion' | 'decision' | 'minutes'
    ballot_rule: string | null
    subject_kind: string | null
    subject_id: string | null
    created_at: Date
    gist: Generated<string>
  }
  'governance.decision': {
    tenant_id: Generated<string>
    id: string
    agreement_id: string
    version_id: string
    number: string
    kind: 'decision' | 'opinion' | 'crisis'
    body: string
    meeting_id: string | null
    agenda_item_id: string | null
    title: string
    text: string
    outcome: 'adopted' | 'rejected' | 'none'
    verdict: ColumnType<unknown, string | null, string | null>
    decided_at: Date
    due_on: Day | null
    done_at: Date | null
    done_note: string | null
    subject_kind: string | null
    subject_id: string | null
    salt: Generated<Buffer>
  }
  'governance.invitation': {
    tenant_id: Generated<string>
    id: string
    meeting_id: string
    representative_id: string
    role: 'chair' | 'required' | 'informed'
    answer: Generated<'awaited' | 'accepted' | 'declined' | 'delegated'>
    delegated_to: string | null
    answered_at: Date | null
    invited_at: Date
  }
  'governance.paper': {
    tenant_id: Generated<string>
    id: string
    agenda_item_id: string
    name: string
    media_type: string
    size: number
    sha256: Buffer
    content: Buffer
    added_at: Date
    added_by: string | null
  }
  'governance.attendance': {
    tenant_id: Generated<string>
    id: string
    meeting_id: string
    party: string
    representative_id: string
    arrived_at: Date
    left_at: Date | null
    struck_at: Date | null
    recorded_at: Date
    recorded_by: string | null
  }
  'governance.proxy': {
    tenant_id: Generated<string>
    id: string
    meeting_id: string
    from_party: string
    to_party: string
    starts_at: Date
    ends_at: Date | null
    recorded_at: Date
    recorded_by: string | null
  }
  'governance.recusal': {
    tenant_id: Generated<string>
    agenda_item_id: string
    party: string
    recorded_at: Date
    recorded_by: string | null
  }
  'governance.minutes': {
    tenant_id: Generated<string>
    meeting_id: string
    version: number
    content: JSONColumnType<Minutes>
    digest: Buffer
    written_at: Date
    written_by: string | null
  }
  'governance.minutes_correction': {
    tenant_id: Generated<string>
    id: string
    meeting_id: string
    text: string
    asked_at: Date
    asked_by: string
    state: Generated<'asked' | 'accepted' | 'refused'>
    answered_at: Date | null
    answer: string | null
  }
  'governance.minutes_approval': {
    tenant_id: Generated<string>
    meeting_id: string
    version: number
    agenda_item_id: string
    approved_at: Date
    approved_by: string | null
  }
  'governance.journal_entry': {
    tenant_id: Generated<string>
    agreement_id: string
    seq: number
    kind: string
    subject_id: string
    content: string
    leaf_hash: Buffer
    recorded_at: Date
  }
  'governance.journal_node': {
    tenant_id: Generated<string>
    agreement_id: string
    level: number
    index: number
    hash: Buffer
  }
  'governance.journal_key': {
    tenant_id: Generated<string>
    agreement_id: string
    origin: string
    public_key: Buffer
    private_key: string
    created_at: Date
  }
  'governance.journal_checkpoint': {
    tenant_id: Generated<string>
    agreement_id: string
    size: number
    note: string
    signed_at: Date
  }
  'governance.journal_salt': {
    tenant_id: Generated<string>
    agreement_id: string
    person_id: string
    salt: Buffer
  }
  'governance.publisher': {
    tenant_id: Generated<string>
    agreement_id: string
    name: string
    siret: string
  }
  'governance.publication': {
    tenant_id: Generated<string>
    decision_id: string
    matter_code: string
    matter_name: string
    published_at: Date
    published_by: string | null
  }
}

/** The base with this module's tables in reach. */
export const tables = (tx: Db) => tx.withTables<GovernanceTables>()
