import type { ColumnType, Generated, JSONColumnType } from 'kysely'
import type { Db } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import { tables as governance } from '../tables.ts'
import type { Dossier } from './dossier-schema.ts'
import type { DossierState, StepKind } from './service-course.ts'

type ServiceTables = {
  'governance.service': {
    tenant_id: Generated<string>
    id: string
    agreement_id: string
    number: number
    name: string
    purpose: string
    audience: string
    owner_party: string
    began_on: Day
    phase: string
    stopped: Generated<boolean>
    registered_at: Date
    registered_by: string | null
  }
  'governance.impact_dossier': {
    tenant_id: Generated<string>
    id: string
    service_id: string
    number: number
    state: DossierState
    salt: Generated<Buffer>
    begun_at: Date
    begun_by: string | null
    submitted_at: Date | null
    submitted_by: string | null
    decision_id: string | null
  }
  'governance.impact_dossier_version': {
    tenant_id: Generated<string>
    dossier_id: string
    number: number
    content: JSONColumnType<Dossier>
    written_by: string
    recorded_at: Date
  }
  'governance.impact_dossier_order': {
    tenant_id: Generated<string>
    dossier_id: string
    order_id: string
    committed_cents: ColumnType<number, string, never>
    paid_cents: ColumnType<number, string, never>
  }
  'governance.service_step': {
    tenant_id: Generated<string>
    service_id: string
    position: number
    kind: StepKind
    from_phase: string | null
    phase: string
    dossier_id: string | null
    decision_id: string | null
    version_id: string
    person_id: string | null
    note: string
    due_on: Day | null
    recorded_at: Date
  }
}

/** The tables of governance, with those of services. */
export const tables = (tx: Db) => governance(tx).withTables<ServiceTables>()
