import type { Generated, JSONColumnType } from 'kysely'
import type { Db } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import { tables as governance } from '../tables.ts'
import type { Act } from './act-schema.ts'
import type { ListContent } from './list-schema.ts'

export const listStates = ['draft', 'submitted', 'adopted', 'rejected'] as const

type DeliverableTables = {
  'governance.deliverable_list': {
    tenant_id: Generated<string>
    id: string
    agreement_id: string
    number: number
    revision: number
    state: (typeof listStates)[number]
    content: JSONColumnType<ListContent>
    salt: Generated<Buffer>
    saved_at: Date
    saved_by: string
    submitted_at: Date | null
    decided_on: Day | null
    decision_id: string | null
  }
  'governance.deliverable_act': {
    tenant_id: Generated<string>
    id: string
    agreement_id: string
    deliverable: string
    position: number
    act: Act['act']
    content: JSONColumnType<Act>
    list_id: string
    version_id: string
    salt: Generated<Buffer>
    party: string | null
    person_id: string | null
    recorded_at: Date
  }
  'governance.delivery_paper': {
    tenant_id: Generated<string>
    id: string
    delivery_id: string
    name: string
    media_type: string
    size: number
    sha256: Buffer
    content: Buffer
    added_at: Date
    added_by: string
  }
}

/** The tables of governance, with those of deliverables. */
export const tables = (tx: Db) => governance(tx).withTables<DeliverableTables>()
