import type { ColumnType, Generated, JSONColumnType } from 'kysely'
import type { Db } from '#kernel/postgres'
import { tables as governance } from '../tables.ts'
import type { MeasuredResult, Sheet } from './change-schema.ts'
import type { ChangeState } from './change-steps.ts'

type ChangeTables = {
  'governance.change': {
    tenant_id: Generated<string>
    id: string
    agreement_id: string
    number: number
    title: string
    need: string
    requested_by: string
    requester_id: string
    requested_at: Date
    paid: boolean | null
    whole_establishment: boolean | null
    technical_frame: boolean | null
    separable_to: string | null
    structuring: boolean | null
    committed_by: string | null
    committed_at: Date | null
    state: ChangeState
    decision_id: string | null
    in_favour: string[] | null
    order_id: string | null
  }
  'governance.change_step': {
    tenant_id: Generated<string>
    change_id: string
    position: number
    step: string
    to_state: ChangeState
    version_id: string
    person_id: string | null
    party: string | null
    note: string
    recorded_at: Date
  }
  'governance.change_sheet': {
    tenant_id: Generated<string>
    id: string
    change_id: string
    number: number
    content: JSONColumnType<Sheet>
    amount_cents: ColumnType<number, string, never>
    written_by: string
    recorded_at: Date
    submitted_at: Date | null
  }
  'governance.change_opinion': {
    tenant_id: Generated<string>
    id: string
    change_id: string
    sheet_id: string
    party: string
    opinion: 'favourable' | 'reservations' | 'unfavourable' | 'silence'
    text: string
    recorded_by: string
    recorded_at: Date
  }
  'governance.change_acceptance': {
    tenant_id: Generated<string>
    change_id: string
    results: JSONColumnType<MeasuredResult[]>
    met: boolean
    reduction_cents: ColumnType<number, string, never>
    recorded_by: string
    recorded_at: Date
  }
  'governance.crisis_consent': {
    tenant_id: Generated<string>
    id: string
    decision_id: string
    position: number
    party: string
    ceiling_cents: ColumnType<number, string, never>
    representative_id: string
    recorded_at: Date
  }
  'governance.crisis_notice': {
    tenant_id: Generated<string>
    decision_id: string
    party: string
    person_id: string
    made_at: Date
    read_at: Date | null
  }
  'governance.crisis_cost': {
    tenant_id: Generated<string>
    id: string
    decision_id: string
    party: string
    label: string
    amount_cents: ColumnType<number, string, never>
    consent_id: string
    order_id: string
    recorded_by: string
    recorded_at: Date
  }
}

/** The tables of governance, with those of changes. */
export const tables = (tx: Db) => governance(tx).withTables<ChangeTables>()
