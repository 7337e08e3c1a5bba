import type { Day } from '#kernel/time'
import type { Agreement, BallotRule, Body } from '../agreements/agreement-schema.ts'
import { listVoters } from '../bodies/presence.ts'
import { findCoalitions, findLeast, mostVoters } from '../votes/coalitions.ts'
import { readShare, scaleVoices, writeFraction } from '../votes/exact.ts'
import { listVoices } from '../votes/roll.ts'

/** What a body needs, and what each of its members can do in it, when everyone is there. */
export interface BodyPower {
  body: string
  shortName: string
  voters: { party: string; voices: string }[]
  /** Exact. */
  totalVoices: string
  quorum: {
    of: 'members' | 'pupils' | 'voices'
    comparator: '>=' | '>'
    share: string
    whole: string
    needed: string
    article: string
  }[]
  ballots: BallotPower[]
}

interface BallotPower {
  key: string
  name: string
  article: string
  interpretation: string | null
  comparator: '>=' | '>'
  share: string
  whole: string
  /** The least that carries, with everyone there and nobody abstaining. */
  needed: string
  /** Members of the smallest group that carries; null when there are too many voters to look at each group. */
  smallest: number | null
  /** Members without whom all the others together do not carry. */
  blockers: string[]
  /** By voter: groups that carry with it and not without it; empty when there are too many voters. */
  decisive: { party: string; groups: number }[]
}

/**
 * Voices, quorums, thresholds and power in each body that votes, on a day.
 * @param pupils by party; undefined when no head-count is known: quorums of pupils are then left out.
 */
export function describePower(
  rules: Agreement,
  day: Day,
  pupils: ReadonlyMap<string, number> | undefined,
): BodyPower[] {
  return rules.bodies
    .filter((body) => body.voters !== 'none' && body.kind === 'deciding')
    .map((body) => describeBody(rules, body, day, pupils))
    .filter(({ voters }) => voters.length > 0)
}

function describeBody(
  rules: Agreement,
  body: Body,
  day: Day,
  pupils: ReadonlyMap<string, number> | undefined,
): BodyPower {
  const keys = listVoters(rules, body, day)
  const voters = listVoices(rules, body, 'voices', keys).map(({ party, voices }) => ({ party, voices }))
  const { perVoice, units } = scaleVoices(voters.map(({ voices }) => voices))
  const total = sum(units)
  const wholes = {
    members: { whole: BigInt(voters.length), per: 1n },
    voices: { whole: total, per: perVoice },
    pupils: { whole: sum(voters.map(({ party }) => BigInt(pupils?.get(party) ?? 0))), per: 1n },
  }
  const { quorum } = body
  return {
    body: body.key,
    shortName: body.shortName,
    voters,
    totalVoices: writeFraction(total, perVoice),
    quorum: (quorum?.conditions ?? [])
      .filter(({ of }) => of !== 'pupils' || pupils !== undefined)
      .map(({ of, comparator, share }) => {
        const { whole, per } = wholes[of]
        const needed = findLeast(whole, comparator, readShare(share)) ?? whole
        const article = quorum?.article ?? body.article
        return { of, comparator, share, whole: writeFraction(whole, per), needed: writeFraction(needed, per), article }
      }),
    ballots: rules.ballots
      .filter((rule) => rule.body === body.key)
      .flatMap((rule) => describeBallot(rules, rule, body, keys)),
  }
}

function describeBallot(rules: Agreement, rule: BallotRule, body: Body, keys: readonly string[]): BallotPower[] {
  const { method } = rule
  if (method.kind !== 'yesNoAbstain') return []
  const voters = listVoices(rules, body, rule.weights, keys)
  const { perVoice, units } = scaleVoices(voters.map(({ voices }) => voices))
  const whole = sum(units)
  const { comparator, share } = method
  const conditions = [{ weights: units, whole, comparator, share }]
  const least = findLeast(whole, comparator, readShare(share)) ?? whole
  const groups = voters.length <= mostVoters ? findCoalitions(voters.length, conditions, 1) : undefined
  return [
    {
      key: rule.key,
      name: rule.name,
      article: rule.article,
      interpretation: rule.interpretation ?? null,
      comparator,
      share,
      whole: writeFraction(whole, perVoice),
      needed: writeFraction(least, perVoice),
      smallest: groups?.minimal.patterns[0]?.size ?? null,
      blockers: voters.flatMap(({ party }, index) => (whole - (units[index] ?? 0n) < least ? [party] : [])),
      decisive: (groups?.decisive ?? []).map((count, index) => ({ party: voters[index]?.party ?? '', groups: count })),
    },
  ]
}

const sum = (numbers: readonly bigint[]) => numbers.reduce((total, each) => total + each, 0n)
