import type { ColumnType, Generated, JSONColumnType } from 'kysely'
import type { Db } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import type { Agreement } from './agreements/agreement-schema.ts'

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
    published_at: Date | null
    subject_kind: string | null
    subject_id: string | null
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
}

/** The base with this module's tables in reach. */
export const tables = (tx: Db) => tx.withTables<GovernanceTables>()
