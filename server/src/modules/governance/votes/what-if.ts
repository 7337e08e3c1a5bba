import type { BallotRule, Body } from '../agreements/agreement-schema.ts'
import type { BallotInput, Verdict } from './ballot.ts'
import { findCertainty } from './certainty.ts'
import { type Condition, findCoalitions, findLeast, type Groups } from './coalitions.ts'
import { readShare, scaleVoices, writeFraction } from './exact.ts'
import { assessQuorum, type HeadCountRead, weighForQuorum } from './quorum.ts'
import { takesPart, type Voter } from './roll.ts'
import type { Step, Told } from './step.ts'
import { decideBallot } from './verdict.ts'

export interface WhatIfInput {
  rule: BallotRule
  body: Pick<Body, 'shortName' | 'article' | 'quorum'>
  voters: readonly Voter[]
  /** What some are supposed to vote, or have voted. */
  votes: ReadonlyMap<string, string>
  headCount: HeadCountRead | null
  chair: string | null
  secondConvening: boolean
  /** How many of the smallest patterns of groups to list. */
  most: number
}

/** Groups of parties that are just enough, those alike together. */
interface PartyGroups {
  count: number
  patterns: {
    size: number
    groups: number
    /** Voices of each of the groups; null where those who may stand for each other have not the same. */
    voices: string | null
    members: string[]
    choices: { count: number; of: string[] }[]
  }[]
}

export interface WhatIf {
  quorum: {
    reached: boolean
    steps: Step[]
    /** Smallest groups whose presence makes the quorum; null where there is none to reach. */
    minimal: PartyGroups | null
  }
  passing: {
    /** Voices that must be in favour, exact, and whether that many are enough or one more is asked. */
    needed: string
    comparator: '>=' | '>'
    /** Voices of those who can vote in favour. */
    available: string
    /** Of how many groups of those who can vote in favour, how many carry it. */
    groups: number
    winning: number
    minimal: PartyGroups
    /** Without whom it cannot pass. */
    blocking: string[]
  }
  /** How often each is decisive: of the groups of the others, those that carry it with this one only. */
  power: { party: string; decisive: number; of: number }[]
  /** What changes when each stays away. */
  absences: {
    party: string
    quorum: boolean
    needed: string
    available: string
    canPass: boolean
    blocking: string[]
  }[]
  /** What comes of it with the votes supposed, the others taking no part. */
  verdict: Verdict
  /** The outcome, when nothing the others do can change it; null while it is open. */
  certain: Verdict['outcome'] | null
  /** How this was reckoned. */
  assumptions: Told[]
}

/**
 * What a vote would need, and what each member's presence changes: pure, over the rules, the voices, the head-count and
 * what is supposed of each. Who is supposed to abstain is in no group.
 * @throws Problem 422 `too_many_voters`.
 */
export function explore(input: WhatIfInput): WhatIf {
  const { rule, voters, body, headCount, secondConvening, votes, chair } = input
  const situation = reckon(input)
  const found = findCoalitions(situation.able.length, [situation.condition], input.most)
  const ballot: BallotInput = { rule, round: 1, options: [{ key: 'question', label: rule.name }], voters, votes, chair }
  const sides = 2 ** Math.max(situation.able.length - 1, 0)
  return {
    quorum: { ...assessQuorum({ body, voters, headCount, secondConvening }), minimal: findQuorumGroups(input) },
    passing: {
      needed: situation.needed,
      comparator: situation.condition.comparator,
      available: situation.available,
      groups: 2 ** situation.able.length,
      winning: found.enough,
      minimal: nameGroups(found.minimal, situation.able, voters),
      blocking: situation.blocking,
    },
    power: voters.map(({ party }) => {
      const place = situation.able.findIndex((each) => each.party === party)
      return { party, decisive: found.decisive[place] ?? 0, of: sides }
    }),
    absences: voters.filter(takesPart).map(({ party }) => {
      const without = voters.map((voter) => (voter.party === party ? { ...voter, state: 'absent' as const } : voter))
      const then = reckon({ ...input, voters: without })
      const { reached } = assessQuorum({ body, voters: without, headCount, secondConvening })
      const { needed, available, canPass, blocking } = then
      return { party, quorum: reached, needed, available, canPass, blocking }
    }),
    verdict: decideBallot(ballot),
    certain: findCertainty(ballot),
    assumptions: listAssumptions(rule),
  }
}

interface Situation {
  /** Those who can vote in favour. */
  able: Voter[]
  condition: Condition
  needed: string
  available: string
  canPass: boolean
  blocking: string[]
}

/** What it takes to carry a question when those who take part and do not abstain vote for or against. */
function reckon({ rule, voters, votes }: WhatIfInput): Situation {
  const { base, comparator, share } = rule.method.kind === 'twoRounds' ? rule.method.first : rule.method
  const { perVoice, units } = scaleVoices(voters.map(({ voices }) => voices))
  const sum = (some: (voter: Voter) => boolean) =>
    voters.reduce((total, voter, index) => (some(voter) ? total + (units[index] ?? 0n) : total), 0n)
  const isAble = (voter: Voter) => takesPart(voter) && votes.get(voter.party) !== 'abstain'
  const whole = { cast: sum(isAble), presentOrRepresented: sum(takesPart), all: sum(() => true) }[base]
  const parsed = readShare(share)
  const least = findLeast(whole, comparator, parsed)
  const available = sum(isAble)
  const able = voters.filter(isAble)
  const weights = voters.flatMap((voter, index) => (isAble(voter) ? [units[index] ?? 0n] : []))
  const canPass = least !== undefined && available >= least
  return {
    able,
    condition: { weights, whole, comparator, share },
    needed: writeFraction(parsed.numerator * whole, parsed.denominator * perVoice),
    available: writeFraction(available, perVoice),
    canPass,
    blocking: canPass
      ? able.filter((_, index) => available - (weights[index] ?? 0n) < least).map(({ party }) => party)
      : [],
  }
}

/** Who must come for a quorum, of those who do not step aside. */
function findQuorumGroups({ body: { quorum }, voters, most, secondConvening }: WhatIfInput): PartyGroups | null {
  if (quorum === null || (secondConvening && quorum.secondConvening?.quorum === 'none')) return null
  const able = voters.filter(({ state }) => state !== 'recused')
  const conditions = quorum.conditions.map((each): Condition => {
    const { weights } = weighForQuorum(each, voters)
    return {
      weights: weights.filter((_, index) => voters[index]?.state !== 'recused'),
      whole: weights.reduce((sum, weight) => sum + weight, 0n),
      comparator: each.comparator,
      share: each.share,
    }
  })
  return nameGroups(findCoalitions(able.length, conditions, most).minimal, able, voters)
}

function nameGroups({ count, patterns }: Groups, able: readonly Voter[], voters: readonly Voter[]): PartyGroups {
  const { perVoice, units } = scaleVoices(voters.map(({ voices }) => voices))
  const unitsOf = new Map(voters.map(({ party }, index) => [party, units[index] ?? 0n]))
  const name = (places: readonly number[]) => places.flatMap((place) => able[place]?.party ?? [])
  return {
    count,
    patterns: patterns.map(({ size, groups, ...pattern }) => {
      const members = name(pattern.members)
      const choices = pattern.choices.map(({ count: some, of }) => ({ count: some, of: name(of) }))
      const own = choices.map(({ of }) => new Set(of.map((party) => unitsOf.get(party) ?? 0n)))
      const sum =
        members.reduce((total, party) => total + (unitsOf.get(party) ?? 0n), 0n) +
        choices.reduce((total, { count: some }, index) => total + BigInt(some) * ([...own[index]!][0] ?? 0n), 0n)
      const voices = own.every((each) => each.size === 1) ? writeFraction(sum, perVoice) : null
      return { size, groups, voices, members, choices }
    }),
  }
}

function listAssumptions({ method }: BallotRule): Told[] {
  const told: Told[] = [
    {
      fr: 'Dans les coalitions, qui prend part au vote et ne s’abstient pas vote pour ou contre.',
      en: 'In the coalitions, whoever takes part and does not abstain votes for or against.',
    },
  ]
  if (method.kind === 'twoRounds')
    told.push({
      fr: 'C’est le premier tour qui est calculé, pour un nom ; au second, le plus grand nombre de voix suffit.',
      en: 'What is reckoned is the first round, for one name; in the second, the most voices are enough.',
    })
  return told
}
