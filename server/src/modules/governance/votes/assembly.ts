import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { BallotRule, Body } from '../agreements/agreement-schema.ts'
import type { AgreementInForce } from '../agreements/agreements.queries.ts'
import type { Meeting } from '../bodies/meetings.queries.ts'
import { listPresence } from '../bodies/presence.ts'
import { findHeadCount, type HeadCount, type RollLine } from './ballots.queries.ts'
import { assessQuorum } from './quorum.ts'
import { listVoices, type Voter } from './roll.ts'
import type { Step } from './step.ts'

/** Those entitled to vote on an agenda item, as they take part at a moment. */
export interface Assembly {
  roll: RollLine[]
  voters: Voter[]
  headCount: HeadCount | undefined
  quorum: { reached: boolean; steps: Step[] }
}

/**
 * Who is entitled to vote on an agenda item and how they take part now, with whether there is a quorum. Who votes for a
 * party is its holder, else its deputy; for one represented, who votes for the party that acts for it.
 * @param agendaItemId null: whatever the item.
 * @throws Problem 422 `head_count_missing` when the quorum counts pupils and none were counted by the day of the meeting.
 */
export async function gatherAssembly(
  tx: Tx,
  agreement: AgreementInForce,
  body: Body,
  rule: Pick<BallotRule, 'weights'>,
  meeting: Meeting,
  agendaItemId: string | null,
  now: Date,
): Promise<Assembly> {
  const presence = await listPresence(tx, agreement.rules, meeting.id, agendaItemId, now)
  const headCount = await findHeadCountFor(tx, agreement, body, meeting.day)
  const names = listVoices(
    agreement.rules,
    body,
    rule.weights,
    presence.map(({ party }) => party),
  )
  const roll = presence.map((each, index): RollLine => {
    const { party, status, representedBy } = each
    const acting = status === 'represented' ? presence.find((other) => other.party === representedBy) : each
    const sitting = status === 'present' || status === 'represented' ? acting?.sitting[0] : undefined
    return {
      party,
      voices: names[index]?.voices ?? '1',
      pupils: headCount ? (headCount.pupils.get(party) ?? 0) : null,
      state: status,
      representedBy,
      voterRank: sitting === undefined ? null : status === 'represented' ? 'proxy' : sitting.rank,
      representativeId: sitting?.representativeId ?? null,
      personId: sitting?.personId ?? null,
    }
  })
  const voters = toVoters(agreement, roll)
  const secondConvening = meeting.secondOf !== null
  return {
    roll,
    voters,
    headCount,
    quorum: assessQuorum({ body, voters, headCount: headCount ?? null, secondConvening }),
  }
}

/** The lines of a roll as the verdict takes them, with the names of the parties. */
export function toVoters(
  { rules }: Pick<AgreementInForce, 'rules'>,
  roll: readonly Pick<RollLine, 'party' | 'voices' | 'pupils' | 'state'>[],
): Voter[] {
  return roll.map(({ party, voices, pupils, state }) => {
    const name = rules.parties.find(({ key }) => key === party)?.name ?? party
    return { party, name, voices, pupils, state }
  })
}

/**
 * The head-count that a quorum goes by; undefined when it counts no pupils.
 * @throws Problem 422 `head_count_missing`.
 */
export async function findHeadCountFor(
  tx: Tx,
  agreement: AgreementInForce,
  { quorum }: Body,
  day: string,
): Promise<HeadCount | undefined> {
  if (!quorum?.conditions.some(({ of }) => of === 'pupils')) return undefined
  const found = await findHeadCount(tx, agreement.id, day)
  if (found) return found
  const { article } = quorum
  throw new Problem(422, 'head_count_missing', `The quorum (article ${article}) counts pupils; none are counted yet.`, {
    article,
  })
}
