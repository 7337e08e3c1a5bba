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
  const size = 2 ** voters
  const enough = new Uint8Array(size).fill(1)
  for (const condition of conditions) markEnough(enough, condition)

  const withVoter = Array.from({ length: voters }, () => 0)
  for (let voter = 0; voter < voters; voter++) withVoter[voter] = countWith(enough, voter)
  let all = 0
  for (let group = 0; group < size; group++) all += enough[group] ?? 0
  // Conditions only grow: what is enough without a voter is enough with it, so the difference is where it decides.
  const decisive = withVoter.map((count) => 2 * count - all)
  return { enough: all, minimal: listMinimal(enough, voters, most), decisive }
}

/** How many of the groups that are enough a voter is in. */
function countWith(enough: Uint8Array, voter: number): number {
  const bit = 2 ** voter
  let count = 0
  for (let start = bit; start < enough.length; start += 2 * bit)
    for (let group = start; group < start + bit; group++) count += enough[group] ?? 0
  return count
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
      const sum = (sums[group] ?? 0) + weight
      sums[bit + group] = sum
      if (sum < threshold) enough[bit + group] = 0
    }
  }
}

function listMinimal(enough: Uint8Array, voters: number, most: number): Groups {
  const bySize: number[][] = Array.from({ length: voters + 1 }, () => [])
  let count = 0
  for (let group = 0; group < enough.length; group++) {
    if (enough[group] !== 1) continue
    let rest = group
    let size = 0
    let minimal = true
    while (rest !== 0) {
      const bit = rest & -rest
      if (enough[group ^ bit] === 1) {
        minimal = false
        break
      }
      rest ^= bit
      size += 1
    }
    if (!minimal) continue
    count += 1
    const listed = bySize[size]
    if (listed && listed.length < most) listed.push(group)
  }
  const listed = bySize.flat().slice(0, most)
  return { count, listed: listed.map((group) => listPlaces(group, voters)) }
}

const listPlaces = (group: number, voters: number): number[] =>
  Array.from({ length: voters }, (_, voter) => voter).filter((voter) => ((group >> voter) & 1) === 1)
