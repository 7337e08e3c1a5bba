import type { ColumnType, Generated, JSONColumnType } from 'kysely'
import type { Db } from '#kernel/postgres'
import { tables as governance } from '../tables.ts'
import type { Option, Verdict } from './ballot.ts'
import type { VoterState } from './roll.ts'
import type { Step } from './step.ts'

type VoteTables = {
  'governance.ballot': {
    tenant_id: Generated<string>
    id: string
    agreement_id: string
    version_id: string
    meeting_id: string
    agenda_item_id: string
    rule: string
    round: 1 | 2
    options: JSONColumnType<Option[]>
    chair_party: string | null
    head_count_id: string | null
    opening: JSONColumnType<Step[]>
    roll_digest: string
    opened_at: Date
    opened_by: string
    closed_at: Date | null
    closed_by: string | null
    verdict: ColumnType<Verdict | null, string | null, string | null>
    decision_id: string | null
  }
  'governance.ballot_voter': {
    tenant_id: Generated<string>
    ballot_id: string
    position: number
    party: string
    voices: string
    pupils: number | null
    state: VoterState
    represented_by: string | null
    voter_rank: 'holder' | 'deputy' | 'proxy' | null
    representative_id: string | null
    person_id: string | null
  }
  'governance.ballot_vote': {
    tenant_id: Generated<string>
    ballot_id: string
    party: string
    version: number
    choice: string
    cast_at: Date
    cast_by: string
    recorded: boolean
  }
}

/** The tables of governance, with those of votes. */
export const tables = (tx: Db) => governance(tx).withTables<VoteTables>()
