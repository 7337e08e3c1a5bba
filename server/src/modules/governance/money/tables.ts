import type { ColumnType, Generated, JSONColumnType } from 'kysely'
import type { Db } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import { tables } from '../tables.ts'

/** What an account of a party holds. Debits are positive, credits negative. */
export const natures = [
  'bank',
  'sharedCommitment',
  'individualCommitment',
  'commitmentOffset',
  'sharedCost',
  'individualCost',
  'regularisation',
  'reinvoicing',
  'receivable',
  'advance',
  'advanceCommitment',
  'staffContribution',
] as const
export type Nature = (typeof natures)[number]

/** Cents: read as a number when it is exact, an error when not; written as a bigint. */
type Cents = ColumnType<number, bigint, never>

export interface BillLine {
  label: string
  nature: Nature
  /** Order, claim… it comes from; null for what rests on several. */
  subjectId: string | null
  cents: string
}

type MoneyTables = {
  'governance.account': {
    tenant_id: Generated<string>
    id: string
    agreement_id: string
    party: string
    nature: Nature
  }
  'governance.ledger_entry': {
    tenant_id: Generated<string>
    id: string
    agreement_id: string
    number: number
    kind: string
    label: string
    currency: Generated<'EUR'>
    effective_on: Day
    recorded_at: Date
    recorded_by: string | null
    exercise: Day
    decision_id: string | null
    version_id: string
    sharing_key: string | null
    subject_kind: string | null
    subject_id: string | null
    reverses_id: string | null
  }
  'governance.posting': {
    tenant_id: Generated<string>
    agreement_id: string
    entry_id: string
    position: number
    account_id: string
    amount_cents: Cents
  }
  'governance.closed_exercise': {
    tenant_id: Generated<string>
    agreement_id: string
    starts_on: Day
    ends_on: Day
    decision_id: string
    approved_at: Date
    approved_by: string | null
  }
  'governance.account_total': {
    tenant_id: Generated<string>
    account_id: string
    exercise: Day
    amount_cents: ColumnType<number, never, never>
    postings: ColumnType<number, never, never>
  }
  'governance.money_request': {
    tenant_id: Generated<string>
    agreement_id: string
    key: string
    digest: Buffer
    subject_id: string
  }
  'governance.offer': {
    tenant_id: Generated<string>
    id: string
    agreement_id: string
    label: string
    sharing_key: string
    pricing: 'perPupil' | 'fixed'
    price_cents: Cents
    effective_on: Day
    closed_at: Date | null
    created_at: Date
    created_by: string | null
  }
  'governance.service_order': {
    tenant_id: Generated<string>
    id: string
    agreement_id: string
    number: string
    label: string
    scope: 'shared' | 'individual'
    state: 'placed' | 'committed' | 'settled'
    party: string | null
    offer_id: string | null
    gathered_in: string | null
    decision_id: string | null
    change_id: string | null
    version_id: string
    sharing_key: string
    head_count_id: string | null
    amount_cents: Cents
    effective_on: Day
    created_at: Date
    created_by: string | null
  }
  'governance.order_part': {
    tenant_id: Generated<string>
    order_id: string
    party: string
    weight: Cents
    cents: Cents
  }
  'governance.order_line': {
    tenant_id: Generated<string>
    order_id: string
    uai: string
    name: string
    pupils: number
  }
  'governance.regularisation': {
    tenant_id: Generated<string>
    id: string
    agreement_id: string
    order_id: string
    label: string
    state: Generated<'proposed' | 'adopted' | 'rejected' | 'withdrawn'>
    version_id: string
    sharing_key: string
    head_count_id: string | null
    amount_cents: Cents
    effective_on: Day
    decision_id: string | null
    proposed_at: Date
    proposed_by: string | null
    decided_at: Date | null
  }
  'governance.regularisation_part': {
    tenant_id: Generated<string>
    regularisation_id: string
    party: string
    weight: Cents
    before_cents: Cents
    after_cents: Cents
  }
  'governance.price_reduction': {
    tenant_id: Generated<string>
    id: string
    agreement_id: string
    order_id: string
    label: string
    amount_cents: Cents
    state: Generated<'proposed' | 'posted' | 'withdrawn'>
    effective_on: Day
    decision_id: string | null
    proposed_at: Date
    settled_at: Date | null
  }
  'governance.bill': {
    tenant_id: Generated<string>
    id: string
    agreement_id: string
    number: string
    party: string
    amount_cents: Cents
    lines: JSONColumnType<BillLine[]>
    issued_on: Day
    due_on: Day
    created_at: Date
    created_by: string | null
  }
  'governance.advance': {
    tenant_id: Generated<string>
    id: string
    agreement_id: string
    party: string
    label: string
    amount_cents: Cents
    decision_id: string | null
    created_at: Date
    created_by: string | null
    closed_at: Date | null
  }
  'governance.instalment': {
    tenant_id: Generated<string>
    id: string
    advance_id: string
    due_on: Day
    amount_cents: Cents
    received_on: Day | null
  }
  'governance.expense': {
    tenant_id: Generated<string>
    id: string
    advance_id: string
    post: string
    days_hundredths: Cents
    daily_rate_cents: Cents
    mark_up_basis_points: number
    amount_cents: Cents
    effective_on: Day
    document: string
    document_sha256: string | null
    state: Generated<'committed' | 'paid' | 'refused'>
    reason: string | null
    created_at: Date
    created_by: string | null
  }
  'governance.staff_claim': {
    tenant_id: Generated<string>
    id: string
    agreement_id: string
    number: string
    party: string
    starts_on: Day
    ends_on: Day
    state: Generated<'submitted' | 'approved' | 'refused' | 'paid'>
    sharing_key: string | null
    environment_basis_points: number
    staff_cents: Cents
    environment_cents: Cents
    exceptional_cents: Cents
    reason: string | null
    created_at: Date
    created_by: string | null
    decided_at: Date | null
  }
  'governance.staff_claim_line': {
    tenant_id: Generated<string>
    claim_id: string
    position: number
    post: string
    share_basis_points: number
    annual_cents: Cents
    months: number
    amount_cents: Cents
  }
  'governance.exceptional_cost': {
    tenant_id: Generated<string>
    id: string
    agreement_id: string
    party: string
    kind: 'travel' | 'exceptional'
    label: string
    amount_cents: Cents
    state: Generated<'asked' | 'approved' | 'refused'>
    claim_id: string | null
    asked_at: Date
    asked_by: string | null
    decided_at: Date | null
  }
}

/** The base with the ledger's tables in reach, beside the module's. */
export const moneyTables = (tx: Db) => tables(tx).withTables<MoneyTables>()
