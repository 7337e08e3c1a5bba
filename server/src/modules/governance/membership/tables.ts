import type { Generated } from 'kysely'
import type { Db } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import type { Party } from '../agreements/agreement-schema.ts'
import { tables as governance } from '../tables.ts'
import type { JoiningStep } from './joining-steps.ts'

type MembershipTables = {
  'governance.membership_act': {
    tenant_id: Generated<string>
    id: string
    agreement_id: string
    kind: 'joining' | 'leaving' | 'termination'
    party: string
    name: string | null
    party_kind: Party['kind'] | null
    reason: string
    state: JoiningStep | 'refused' | 'recorded'
    notified_on: Day
    notice_ends_on: Day | null
    last_day: Day | null
    article: string
    decision_id: string | null
    version_id: string | null
    recorded_at: Date
    recorded_by: string
  }
  'governance.membership_step': {
    tenant_id: Generated<string>
    act_id: string
    position: number
    step: string
    version_id: string
    person_id: string | null
    note: string
    recorded_at: Date
  }
  'governance.membership_deliberation': {
    tenant_id: Generated<string>
    act_id: string
    party: string
    adopted: boolean
    deliberated_on: Day
    reference: string
    recorded_by: string
    recorded_at: Date
  }
}

/** The tables of governance, with those of membership. */
export const tables = (tx: Db) => governance(tx).withTables<MembershipTables>()
