import { Problem } from '#kernel/problem'
import { type Comparator, readShare, type Share } from './exact.ts'

/** More voters than this are not enumerated: two to their number is looked at. */
export const mostVoters = 20

/** One condition that a group of voters meets or not: its sum reaches a share of the whole. */
export interface Condition {
  /** Whole numbers, one a voter. */
  weights: readonly bigint[]
  /** What the share is of: the sum of all, or of those whose votes count. */
  whole: bigint
  comparator: Comparator
  share: string
}

/** Groups of voters, as places in the list of voters. */
export interface Groups {
  /** How many groups are just enough: without any one of theirs, they are not. */
  count: number
  /** The smallest of them first; no more than were asked for. */
  listed: number[][]
}

export interface Coalitions {
  /** Of the 2^n groups, how many meet the conditions. */
  enough: number
  minimal: Groups
  /** By voter: groups that meet the conditions with it and not without it. */
  decisive: number[]
}

/**
 * Looks at every group of voters there can be, each condition of which only grows with more of them.
 * @param most how many of the smallest groups to list.
 * @throws Problem 422 `too_many_voters` above `mostVoters`.
 */
export function findCoalitions(voters: number, conditions: readonly Condition[], most: number): Coalitions {
  if (voters > mostVoters)
    throw new Problem(422, 'too_many_voters', `More than ${mostVoters} voters are not enumerated.`, {
      most: mostVoters,
    })
  // Lightest first: a group that can spare anyone nearly always spares its first, so the search for it is short.
  const weightOf = (voter: number) => conditions.at(-1)?.weights[voter] ?? 0n
  const places = Array.from({ length: voters }, (_, voter) => voter).toSorted((left, right) =>
    Number(weightOf(left) - weightOf(right)),
  )
  const enough = new Uint8Array(2 ** voters).fill(1)
  for (const { weights, ...condition } of conditions)
    markEnough(enough, { ...condition, weights: places.map((voter) => weights[voter] ?? 0n) })

  const { all, withPlace } = countByPlace(enough, voters)
  const minimal = listMinimal(enough, voters, most)
  const decisive = Array.from({ length: voters }, () => 0)
  // Conditions only grow: what is enough without a voter is enough with it, so the difference is where it decides.
  for (const [place, voter] of places.entries()) decisive[voter] = 2 * withPlace[place]! - all
  const listed = minimal.listed.map((group) =>
    places.filter((_, place) => ((group >> place) & 1) === 1).toSorted((left, right) => left - right),
  )
  return { enough: all, minimal: { count: minimal.count, listed }, decisive }
}

/** How many groups are enough, and how many of these each voter is in: by the lower and the upper half of their bits. */
function countByPlace(enough: Uint8Array, voters: number): { all: number; withPlace: number[] } {
  const low = Math.floor(voters / 2)
  const [lower, upper] = [new Int32Array(2 ** low), new Int32Array(2 ** (voters - low))]
  const mask = lower.length - 1
  for (let group = 0; group < enough.length; group++) {
    const one = enough[group]!
    lower[group & mask]! += one
    upper[group >> low]! += one
  }
  const sum = (counts: Int32Array, bit: number) =>
    counts.reduce((total, count, group) => (((group >> bit) & 1) === 1 ? total + count : total), 0)
  return {
    all: upper.reduce((total, count) => total + count, 0),
    withPlace: Array.from({ length: voters }, (_, place) =>
      place < low ? sum(lower, place) : sum(upper, place - low),
    ),
  }
}

/**
 * The least whole sum that meets a condition, in the units of its weights.
 * @returns undefined when none does: a share of nothing is never reached.
 */
export function findLeast(
  whole: bigint,
  comparator: Comparator,
  { numerator, denominator }: Share,
): bigint | undefined {
  if (whole === 0n) return undefined
  const product = numerator * whole
  const floor = product / denominator
  if (comparator === '>') return floor + 1n
  return product % denominator === 0n ? floor : floor + 1n
}

function markEnough(enough: Uint8Array, { weights, whole, comparator, share }: Condition): void {
  const least = findLeast(whole, comparator, readShare(share))
  const total = weights.reduce((sum, weight) => sum + weight, 0n)
  if (least === undefined || least > total) {
    enough.fill(0)
    return
  }
  if (total >= 2n ** 31n)
    throw new Problem(422, 'too_many_voters', 'Voices this fine or this many are not enumerated.', { most: mostVoters })
  // Whole numbers that hold in 31 bits: sums of integers, never rounded.
  const sums = new Int32Array(enough.length)
  const threshold = Number(least)
  if (threshold > 0) enough[0] = 0
  for (let voter = 0; voter < weights.length; voter++) {
    const bit = 2 ** voter
    const weight = Number(weights[voter] ?? 0n)
    for (let group = 0; group < bit; group++) {
      const sum = sums[group]! + weight
      sums[bit + group] = sum
      if (sum < threshold) enough[bit + group] = 0
    }
  }
}

/** Groups, as bits, that are enough and none of whose voters can be spared; the smallest first. */
function listMinimal(enough: Uint8Array, voters: number, most: number): { count: number; listed: number[] } {
  const bySize: number[][] = Array.from({ length: voters + 1 }, () => [])
  let count = 0
  for (let group = 0; group < enough.length; group++) {
    if (enough[group] === 0) continue
    let rest = group
    let size = 0
    // The lowest bit that is left, in turn, as long as the group without it is not enough.
    while (rest !== 0 && enough[group ^ (rest & -rest)] === 0) {
      rest &= rest - 1
      size += 1
    }
    if (rest !== 0) continue
    count += 1
    const listed = bySize[size]
    if (listed && listed.length < most) listed.push(group)
  }
  return { count, listed: bySize.flat().slice(0, most) }
}
