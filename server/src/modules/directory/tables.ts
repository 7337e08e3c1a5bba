import type { ColumnType, Generated, GeneratedAlways } from 'kysely'
import type { Db } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import type { CsvMapping } from './feeds/csv-mapping.ts'
import type { GivenFeed } from './feeds/feed.ts'
import type { RefusedRecord } from './feeds/refused-records.ts'
import type { CautionCode, Part } from './matching/matching-rule.ts'

export type Profile =
  | 'pupil'
  | 'guardian'
  | 'teacher'
  | 'head'
  | 'schoolLife'
  | 'documentation'
  | 'staff'
  | 'localAuthority'

export type OrganisationKind = 'territory' | 'partner' | 'establishment'
export type Level = 'primary' | 'lowerSecondary' | 'upperSecondary' | 'higher'
export type PartnerKind =
  | 'region'
  | 'department'
  | 'municipality'
  | 'academicAuthority'
  | 'university'
  | 'agency'
  | 'syndicate'
export type LegalStatus = 'legal' | 'inCharge' | 'none'
export const recordKinds = ['establishment', 'class', 'group', 'subject', 'mef', 'pupil', 'guardian', 'staff'] as const
export type RecordKind = (typeof recordKinds)[number]
export type ChangeKind = 'added' | 'modified' | 'removed'
/** Where records come from; `manual` for what people typed in. */
export const sourceKinds = ['aaf2d', 'aaf1d', 'siecle', 'sts', 'onde', 'oneroster', 'csv', 'supann', 'manual'] as const
export type SourceKind = (typeof sourceKinds)[number]
export type ImportState = 'staging' | 'ready' | 'refused' | 'applying' | 'applied' | 'abandoned' | 'interrupted'

/** A jsonb column: read as a value, written as its JSON text (pg would make an SQL array of a JavaScript one). */
type Json<T> = ColumnType<T, string, string>
type JsonWithDefault<T> = ColumnType<T, string | undefined, string>

/** Column `tenant_id` takes the transaction's tenant by default: it is never passed. */
interface TenantRow {
  tenant_id: Generated<string>
}

/** preparing: beside the current one; closed: history. */
export type SchoolYearState = 'preparing' | 'current' | 'closed'

interface SchoolYearRow extends TenantRow {
  id: string
  start_year: number
  starts_on: Day
  ends_on: Day
  state: Generated<SchoolYearState>
  switch_on: Generated<Day>
  switched_at: Date | null
}

export type SuccessionReason = 'sameCode' | 'pupils' | 'manual'
export type SuccessionState = 'confirmed' | 'refused'

interface ClassSuccessionRow extends TenantRow {
  predecessor_id: string
  successor_id: string
  reason: SuccessionReason
  /** Basis points. */
  share: number
  state: SuccessionState
  decided_by: string | null
  decided_at: Date
  announced_at: Date | null
}

interface ClassRenamingRow extends TenantRow {
  predecessor_id: string
  successor_id: string
  establishment_id: string
  school_year_id: string
  kind: 'class' | 'group'
  code: string
  name: string
  pupils: number
  /** Basis points. */
  share: number
  state: Generated<'proposed' | SuccessionState>
  decided_by: Generated<string | null>
  decided_at: Generated<Date | null>
  announced_at: Generated<Date | null>
}

/** People a run archived and deleted, and those a hold kept from it. */
export interface LeaverCounts {
  archived: number
  deleted: number
  held: number
}
export type LeaverRunState = 'done' | 'stopped'

interface LeaverPolicyRow extends TenantRow {
  archive_after_days: number
  delete_after_days: number
  changed_at: Date
  changed_by: string | null
}

interface LegalHoldRow extends TenantRow {
  person_id: string
  reason: string
  placed_at: Date
  placed_by: string | null
}

interface LeaverRunRow extends TenantRow {
  id: string
  ran_at: Date
  state: LeaverRunState
  counts: Json<LeaverCounts>
  run_by: string | null
}

interface OrganisationRow extends TenantRow {
  id: string
  kind: OrganisationKind
  name: string
  partner_kind: PartnerKind | null
  level: Level | null
  uai: string | null
  siren: string | null
  code: string | null
  parent_id: string | null
  academy_code: string | null
  type_label: string | null
  street: string | null
  postal_code: string | null
  town: string | null
  phone: string | null
  email: string | null
  gone_on: Day | null
}

interface PersonRow extends TenantRow {
  id: string
  family_name: string
  given_name: string
  other_given_names: string | null
  birth_family_name: string | null
  title: string | null
  born_on: Day | null
  email: string | null
  phone: string | null
  mobile: string | null
  work_phone: string | null
  street: string | null
  postal_code: string | null
  town: string | null
  country: string | null
  family_key: string
  given_key: string
  family_second: GeneratedAlways<string | null>
  family_third: GeneratedAlways<string | null>
  given_second: GeneratedAlways<string | null>
  gone_on: Day | null
  merged_into: Generated<string | null>
  archived_on: Generated<Day | null>
}

interface TeachingGroupRow extends TenantRow {
  id: string
  establishment_id: string
  school_year_id: string
  kind: 'class' | 'group'
  code: string
  name: string
}

interface AffiliationRow extends TenantRow {
  person_id: string
  organisation_id: string
  profile: Profile
  source_id: Generated<string | null>
}

interface EnrolmentRow extends TenantRow {
  person_id: string
  establishment_id: string
  school_year_id: string
  source_id: string
  mef_code: string | null
  level_label: string | null
  /** MEF_STAT_4, where a feed of primary schools gives it. */
  level_code: string | null
  regime: string | null
  status: string | null
  entered_on: Day | null
  left_on: Day | null
}

interface MembershipRow extends TenantRow {
  person_id: string
  teaching_group_id: string
  source_id: string
}

interface TeachingRow extends TenantRow {
  person_id: string
  teaching_group_id: string
  source_id: string
  subject_codes: Generated<string[]>
  main_teacher: Generated<boolean>
}

interface StaffFunctionRow extends TenantRow {
  person_id: string
  organisation_id: string
  source_id: string
  code: string
  label: string | null
  discipline_code: string | null
  discipline_label: string | null
  profile: Profile
}

interface GuardianshipRow extends TenantRow {
  pupil_id: string
  guardian_id: string
  source_id: string
  link_code: string
  legal_status: LegalStatus
  pays: Generated<boolean>
  contact: Generated<boolean>
  financial: Generated<boolean>
}

/** A subject or a MEF: a code of a source and its name. */
interface NamedCodeRow extends TenantRow {
  source_id: string
  code: string
  name: string
}

interface MefRow extends NamedCodeRow {
  attached_to: string | null
  statistical_code: string | null
}

interface SourceRow extends TenantRow {
  id: string
  kind: SourceKind
  key: string
  academy_code: string | null
  name: string
  thresholds: JsonWithDefault<Partial<Record<string, number>>>
  /** Of two sources that know someone, the one of the lower number speaks for them. */
  priority: GeneratedAlways<number>
  school_year_id: Generated<string | null>
  folder: Generated<string | null>
  unattended: Generated<boolean>
  quarantine_limit: Generated<number>
  small_limit: Generated<number>
  expected_at: Generated<string | null>
  expected_days: Generated<number[]>
  grace_minutes: Generated<number>
  expected_since: Generated<Date | null>
  retention_days: Generated<number>
}

interface SourceRecordRow extends TenantRow {
  source_id: string
  kind: RecordKind
  external_id: string
  subject_id: string
  hash: Buffer
  body: Json<Record<string, unknown>>
  establishment_ref: string | null
  gone_on: Day | null
}

/** What is done so far in the current phase; empty when nothing runs. */
export interface Progress {
  phase: 'waiting' | 'reading' | 'comparing' | 'applying'
  done: number
  total: number
  unit: 'bytes' | 'steps'
  startedAt: string
}

/** Records of one kind: read + derived = added + modified + removed + unchanged + quarantined + ignored. */
export interface KindCounts {
  read: number
  /** Changes that no record states: what a full export no longer holds, what follows from other records of a delta. */
  derived: number
  added: number
  modified: number
  unchanged: number
  quarantined: number
  ignored: number
  removed: number
}

/** Something that keeps an import from being applied unless it is accepted. */
export interface ImportAlert {
  code: 'threshold_exceeded' | 'older_export' | 'future_export'
  kind: RecordKind | null
  removed: number
  total: number
  /** Basis points of the total. */
  limit: number
}

/** Why an import was refused or interrupted, and where in its files. */
export interface Refusal {
  code: string
  detail: string
  file: string | null
  line: number | null
  column: number | null
}

/** Rows of one file: part of a record, or left out for a reason; nothing else. */
export interface RowCounts {
  rows: number
  kept: number
  leftOut: Record<string, number>
}

/** What is kept of what the starter of an import says of its files. */
export type ToldOfFeed = Pick<GivenFeed, 'kind' | 'mode' | 'schoolYear' | 'uai' | 'description'>

interface ImportRow extends TenantRow {
  id: string
  source_id: Generated<string | null>
  state: ImportState
  mode: Generated<'full' | 'delta' | 'rollback'>
  uploaded: Generated<boolean>
  created_at: Generated<Date>
  created_by: string | null
  exported_on: Day | null
  school_year: Generated<number | null>
  files: JsonWithDefault<{ name: string; bytes: number; rows?: RowCounts }[]>
  progress: JsonWithDefault<Partial<Progress>>
  counts: JsonWithDefault<Partial<Record<RecordKind, KindCounts>>>
  warnings: JsonWithDefault<Record<string, number>>
  alerts: JsonWithDefault<ImportAlert[]>
  refusal: ColumnType<Refusal | null, string | null, string | null>
  staged_count: Generated<number | null>
  staged_at: Date | null
  applied_at: Date | null
  applied_by: string | null
  first: Generated<boolean>
  undoes: Generated<string | null>
  retry: Generated<boolean>
  unattended: Generated<boolean>
  attempts: Generated<number>
  kept_until: Generated<Date | null>
  /** What its starter said of it. */
  given: JsonWithDefault<ToldOfFeed>
}

interface CsvMappingRow extends TenantRow {
  header_key: string
  source: string
  mapping: Json<CsvMapping>
  described_at: Generated<Date>
  described_by: string | null
}

interface QuarantinedRecordRow extends TenantRow {
  id: string
  import_id: string
  kind: RecordKind
  external_id: string | null
  file: string
  line: number
  code: string
  detail: string
  refused: ColumnType<RefusedRecord | null, string | null, string | null>
}

interface ImportChangeRow extends TenantRow {
  import_id: string
  kind: RecordKind
  external_id: string
  change: ChangeKind
  label: string
  establishment_ref: string | null
  fields: JsonWithDefault<{ field: string; before: unknown; after: unknown }[]>
  former_hash: Buffer | null
  former_ref: string | null
  former_gone_on: Day | null
}

interface ImportEstablishmentRow extends TenantRow {
  import_id: string
  establishment_ref: string
  kind: RecordKind
  name: string
  added: number
  modified: number
  removed: number
}

interface StagedRecordRow {
  tenant_id: string
  import_id: string
  kind: RecordKind
  external_id: string | null
  change: ChangeKind | 'quarantined' | 'ignored'
  known: boolean
  subject_id: string
  establishment_ref: string | null
  file: number
  line: number
  hash: Buffer
  body: Json<Record<string, unknown>>
  family_key: string | null
  given_key: string | null
  shared: Generated<boolean>
}

interface SourceComparisonRow extends TenantRow {
  id: string
  left_id: string
  right_id: string
  kind: RecordKind
  state: 'computing' | 'ready' | 'failed'
  basis: string
  asked_at: Date
  done: Generated<number>
  total: number
}

interface ComparedRecordRow extends TenantRow {
  comparison_id: string
  view: 'left' | 'right' | 'same' | 'different'
  place: string
  left_id: string | null
  right_id: string | null
  left_label: string | null
  right_label: string | null
  establishment_id: string | null
  establishment: string | null
  fields: JsonWithDefault<{ field: string; before: unknown; after: unknown }[]>
}

interface FeedDropRow extends TenantRow {
  id: string
  source_id: string | null
  folder: string
  files: Json<{ name: string; bytes: number }[]>
  noted_at: Date
  taken_at: Date | null
}

export const feedAlertCodes = ['late', 'missing', 'small', 'review', 'refused', 'stopped', 'folder'] as const
export type FeedAlertCode = (typeof feedAlertCodes)[number]

interface FeedAlertRow extends TenantRow {
  id: string
  code: FeedAlertCode
  source_id: string | null
  import_id: string | null
  expected_at: Date | null
  detail: JsonWithDefault<Record<string, unknown>>
  raised_at: Date
  resolved_at: Date | null
  acknowledged_at: Date | null
  acknowledged_by: string | null
}

interface MatchingPolicyRow extends TenantRow {
  automatic: number
  review: number
  changed_at: Date
  changed_by: string | null
}

/** What became of two people who may be one; `automatic` waits for the job that found it. */
export const proposalStates = ['automatic', 'open', 'later', 'never', 'merged'] as const
export type ProposalState = (typeof proposalStates)[number]

interface MatchProposalRow extends TenantRow {
  id: string
  left_id: string
  right_id: string
  points: number
  parts: Json<Part[]>
  cautions: CautionCode[]
  state: ProposalState
  found_at: Date
  decided_at: Date | null
  decided_by: string | null
}

interface MergeRow extends TenantRow {
  id: string
  kept_id: string
  merged_id: string
  points: number | null
  parts: Json<Part[]>
  merged_at: Date
  merged_by: string | null
  former_gone_on: Day | null
  undone_at: Date | null
  undone_by: string | null
}

export type DirectoryTables = {
  'directory.school_year': SchoolYearRow
  'directory.class_succession': ClassSuccessionRow
  'directory.class_renaming': ClassRenamingRow
  'directory.leaver_policy': LeaverPolicyRow
  'directory.legal_hold': LegalHoldRow
  'directory.leaver_run': LeaverRunRow
  'directory.organisation': OrganisationRow
  'directory.person': PersonRow
  'directory.teaching_group': TeachingGroupRow
  'directory.affiliation': AffiliationRow
  'directory.enrolment': EnrolmentRow
  'directory.membership': MembershipRow
  'directory.teaching': TeachingRow
  'directory.staff_function': StaffFunctionRow
  'directory.guardianship': GuardianshipRow
  'directory.subject': NamedCodeRow
  'directory.mef': MefRow
  'directory.source': SourceRow
  'directory.source_record': SourceRecordRow
  'directory.import': ImportRow
  'directory.csv_mapping': CsvMappingRow
  'directory.quarantined_record': QuarantinedRecordRow
  'directory.import_change': ImportChangeRow
  'directory.import_establishment': ImportEstablishmentRow
  'directory.staged_record': StagedRecordRow
  'directory.matching_policy': MatchingPolicyRow
  'directory.match_proposal': MatchProposalRow
  'directory.merge': MergeRow
  'directory.source_comparison': SourceComparisonRow
  'directory.compared_record': ComparedRecordRow
  'directory.feed_drop': FeedDropRow
  'directory.feed_alert': FeedAlertRow
}

/** The module's tables as Kysely knows them, for a transaction of a tenant. */
export const tables = (tx: Db) => tx.$extendTables<DirectoryTables>()
