import type { ColumnType, Generated, JSONColumnType } from 'kysely'
import type { Audience, Viewer } from '#kernel/access'
import type { Db } from '#kernel/postgres'
import type { DashboardItem } from './dashboards/default-dashboards.ts'

// Pseudonyms and keys are full 64-bit integers: texts in decimal, they are beyond the safe integers.
type Key = ColumnType<string, string, string>

type InsightTables = {
  'insight.pseudonym_key': {
    tenant_id: Generated<string>
    key: Buffer
  }
  'insight.sign_in_count': {
    tenant_id: Generated<string>
    attempted_at: Date
    sign_in_id: string
  }
  'insight.projection': {
    tenant_id: Generated<string>
    build: Generated<number>
    state: 'filling' | 'read' | 'left'
    rules: number
    cursor: number
    pending_until: number | null
    identities: Generated<number>
    statements: Generated<number>
    started_at: Date
    updated_at: Date
    failure: string | null
  }
  'insight.learner': {
    tenant_id: Generated<string>
    identifier: string
    learner: Key
    name: string | null
    person_id: string | null
    origin: 'own' | 'launch' | 'administrator'
    first_seen_at: Date
  }
  'insight.learner_move': {
    tenant_id: Generated<string>
    id: Generated<number>
    build: number
    identifier: string
    from_learner: Key
    to_learner: Key
  }
  'insight.learning_object': {
    tenant_id: Generated<string>
    key: Key
    iri: string
    kind: string
    name: JSONColumnType<Record<string, string>>
    course: Key
    parent: Key
  }
  'insight.enrolment': {
    tenant_id: Generated<string>
    course: Key
    learner: Key
    role: 'student' | 'teacher' | 'other'
    name: string | null
    origin: string
    active: boolean
    seen_at: Date
  }
  'insight.programme': {
    tenant_id: Generated<string>
    id: string
    name: string
    created_at: Date
  }
  'insight.programme_course': {
    tenant_id: Generated<string>
    programme_id: string
    course: Key
  }
  'insight.programme_head': {
    tenant_id: Generated<string>
    programme_id: string
    person_id: string
  }
  'insight.launch': {
    tenant_id: Generated<string>
    token_digest: Buffer
    viewer: JSONColumnType<Viewer>
    created_at: Date
    expires_at: Date
    opened_by: string | null
  }
  'insight.dashboard': {
    tenant_id: Generated<string>
    audience: Audience
    items: JSONColumnType<DashboardItem[]>
    updated_at: Date
    updated_by: string | null
  }
  'insight.indicator_setting': {
    tenant_id: Generated<string>
    indicator: string
    enabled: boolean
    updated_at: Date
    updated_by: string | null
  }
  'insight.look': {
    tenant_id: Generated<string>
    id: string
    learner: Key
    course: Key
    indicator: string
    viewer_learner: Key | null
    viewer_person_id: string | null
    viewer_name: string | null
    looked_at: Date
  }
  'insight.objection': {
    tenant_id: Generated<string>
    learner: Key
    since: Date
  }
  'insight.plan': {
    tenant_id: Generated<string>
    course: Key
    learner: Key
    weekly: number
    since: string
    until: string | null
  }
  'insight.follow_up': {
    tenant_id: Generated<string>
    id: string
    course: Key
    learner: Key
    rule: string
    decision: 'followed' | 'dismissed'
    note: string | null
    decided_at: Date
    decided_by_learner: Key | null
    decided_by_person_id: string | null
    until: Date | null
  }
  'insight.erasure': {
    tenant_id: Generated<string>
    id: string
    identifier_digest: Buffer
    mode: 'erase' | 'unlink'
    asked_at: Date
    asked_by: string | null
    finished_at: Date | null
    receipt: JSONColumnType<object> | null
  }
  'insight.retention_run': {
    tenant_id: Generated<string>
    id: string
    purpose: 'events' | 'looks' | 'launches' | 'statements'
    cutoff: string
    removed: number | null
    ran_at: Date
  }
  'insight.retention': {
    tenant_id: Generated<string>
    purpose: 'events' | 'looks' | 'launches' | 'statements'
    months: number | null
    legal_basis: string | null
    updated_at: Date
    updated_by: string | null
  }
}

/** The base with this module's tables in reach. */
export const tables = (tx: Db) => tx.withTables<InsightTables>()
