import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import type { Option, Verdict } from './ballot.ts'
import type { VoterState } from './roll.ts'
import type { Step } from './step.ts'
import { tables } from './tables.ts'

/** One round of a vote on an agenda item. */
export interface Ballot {
  id: string
  agreementId: string
  versionId: string
  meetingId: string
  agendaItemId: string
  rule: string
  round: 1 | 2
  options: Option[]
  chairParty: string | null
  headCountId: string | null
  opening: Step[]
  rollDigest: string
  openedAt: Date
  openedBy: string
  closedAt: Date | null
  verdict: Verdict | null
  decisionId: string | null
}

/** A line of the frozen roll. */
export interface RollLine {
  party: string
  voices: string
  pupils: number | null
  state: VoterState
  representedBy: string | null
  voterRank: 'holder' | 'deputy' | 'proxy' | null
  representativeId: string | null
  personId: string | null
}

/** A vote as it counts: the last that was cast for a party. */
export interface CountedVote {
  party: string
  version: number
  choice: string
  castAt: Date
  castBy: string
  /** Said aloud, and written down by who leads the meeting. */
  recorded: boolean
}

const columns = [
  'id',
  'agreement_id as agreementId',
  'version_id as versionId',
  'meeting_id as meetingId',
  'agenda_item_id as agendaItemId',
  'rule',
  'round',
  'options',
  'chair_party as chairParty',
  'head_count_id as headCountId',
  'opening',
  'roll_digest as rollDigest',
  'opened_at as openedAt',
  'opened_by as openedBy',
  'closed_at as closedAt',
  'verdict',
  'decision_id as decisionId',
] as const

/**
 * A ballot of an agreement.
 * @param lock for who votes or closes: nobody else does before the transaction ends.
 * @throws Problem 404 `ballot_not_found`.
 */
export async function getBallot(tx: Tx, agreementId: string, id: string, lock?: 'update'): Promise<Ballot> {
  const ballot = await tables(tx)
    .selectFrom('governance.ballot')
    .select(columns)
    .where('agreement_id', '=', agreementId)
    .where('id', '=', id)
    .$if(lock === 'update', (query) => query.forUpdate())
    .executeTakeFirst()
  if (!ballot) throw new Problem(404, 'ballot_not_found', 'There is no such ballot.')
  return ballot
}

/** Ballots of a meeting, in the order they were opened. */
export function listBallots(tx: Tx, meetingId: string): Promise<Ballot[]> {
  return tables(tx)
    .selectFrom('governance.ballot')
    .select(columns)
    .where('meeting_id', '=', meetingId)
    .orderBy('opened_at')
    .orderBy('round')
    .execute()
}

/** Ballots of an agenda item, by round. */
export function listRounds(tx: Tx, agendaItemId: string): Promise<Ballot[]> {
  return tables(tx)
    .selectFrom('governance.ballot')
    .select(columns)
    .where('agenda_item_id', '=', agendaItemId)
    .orderBy('round')
    .execute()
}

/** The frozen roll of a ballot, in the order of the agreement. */
export function listRoll(tx: Tx, ballotId: string): Promise<RollLine[]> {
  return tables(tx)
    .selectFrom('governance.ballot_voter')
    .select([
      'party',
      'voices',
      'pupils',
      'state',
      'represented_by as representedBy',
      'voter_rank as voterRank',
      'representative_id as representativeId',
      'person_id as personId',
    ])
    .where('ballot_id', '=', ballotId)
    .orderBy('position')
    .execute()
}

/** The votes of a ballot that count. */
export function listVotes(tx: Tx, ballotId: string): Promise<CountedVote[]> {
  return tables(tx)
    .selectFrom('governance.ballot_vote')
    .distinctOn('party')
    .select(['party', 'version', 'choice', 'cast_at as castAt', 'cast_by as castBy', 'recorded'])
    .where('ballot_id', '=', ballotId)
    .orderBy('party')
    .orderBy('version', 'desc')
    .execute()
}

/** A head-count with the pupils of each party. */
export interface HeadCount {
  id: string
  countedOn: Day
  source: string
  pupils: Map<string, number>
}

/** The last head-count of a day; undefined when there is none by then. */
export async function findHeadCount(tx: Tx, agreementId: string, day: Day): Promise<HeadCount | undefined> {
  const found = await tables(tx)
    .selectFrom('governance.head_count')
    .select(['id', 'counted_on as countedOn', 'source'])
    .where('agreement_id', '=', agreementId)
    .where('counted_on', '<=', day)
    .orderBy('counted_on', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (!found) return undefined
  const lines = await tables(tx)
    .selectFrom('governance.head_count_line')
    .select((each) => ['party', each.fn.sum<number>('pupils').as('pupils')])
    .where('head_count_id', '=', found.id)
    .groupBy('party')
    .execute()
  return { ...found, pupils: new Map(lines.map(({ party, pupils }) => [party, Number(pupils)])) }
}
