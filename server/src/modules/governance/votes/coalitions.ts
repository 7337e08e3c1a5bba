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

/** Groups of voters that are alike but for voters of the same weights; voters as places in their list. */
export interface Pattern {
  /** How many voters each of the groups has. */
  size: number
  /** How many groups it stands for. */
  groups: number
  /** Those who are in each of them. */
  members: number[]
  /** Any so many of each of these, who weigh the same. */
  choices: { count: number; of: number[] }[]
}

/** Groups of voters that are just enough: without any one of theirs, they are not. */
export interface Groups {
  count: number
  /** The smallest first, those alike together; no more than were asked for. */
  patterns: Pattern[]
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
 * @param most how many of the smallest patterns to list.
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
    weightOf(left) < weightOf(right) ? -1 : weightOf(left) > weightOf(right) ? 1 : 0,
  )
  const enough = new Uint8Array(2 ** voters).fill(1)
  for (const { weights, ...condition } of conditions)
    markEnough(enough, { ...condition, weights: places.map((voter) => weights[voter] ?? 0n) })

  const { all, withPlace } = countByPlace(enough, voters)
  const minimal = findMinimal(enough, listAlike(places, conditions), most)
  const decisive = Array.from({ length: voters }, () => 0)
  // Conditions only grow: what is enough without a voter is enough with it, so the difference is where it decides.
  for (const [place, voter] of places.entries()) decisive[voter] = 2 * withPlace[place]! - all
  return { enough: all, minimal, decisive }
}

/** A class of voters whom no condition tells apart: their bits in a group, and who they are. */
interface Alike {
  bits: number
  voters: number[]
}

function listAlike(places: readonly number[], conditions: readonly Condition[]): Alike[] {
  const classes = new Map<string, Alike>()
  for (const [place, voter] of places.entries()) {
    const key = conditions.map(({ weights }) => weights[voter]).join()
    const alike = classes.get(key) ?? { bits: 0, voters: [] }
    alike.bits |= 1 << place
    alike.voters.push(voter)
    classes.set(key, alike)
  }
  return [...classes.values()]
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

/** Groups that are enough and none of whose voters can be spared, by pattern. */
function findMinimal(enough: Uint8Array, classes: readonly Alike[], most: number): Groups {
  // What each voter adds to the number that tells a pattern: how many of each class, in a base that holds them.
  const adds = new Int32Array(32)
  let base = 1
  for (const { bits, voters } of classes) {
    for (let rest = bits; rest !== 0; rest &= rest - 1) adds[31 - Math.clz32(rest & -rest)] = base
    base *= voters.length + 1
  }
  const bySize: Map<number, { example: number; groups: number }>[] = []
  let count = 0
  for (let group = 0; group < enough.length; group++) {
    if (enough[group] === 0) continue
    let rest = group
    let size = 0
    let key = 0
    // The lowest bit that is left, in turn, as long as the group without it is not enough.
    while (rest !== 0 && enough[group ^ (rest & -rest)] === 0) {
      key += adds[31 - Math.clz32(rest & -rest)]!
      rest &= rest - 1
      size += 1
    }
    if (rest !== 0) continue
    count += 1
    const patterns = (bySize[size] ??= new Map())
    const known = patterns.get(key)
    if (known) known.groups += 1
    else if (patterns.size < most) patterns.set(key, { example: group, groups: 1 })
  }
  const smallest = bySize.flatMap((patterns, size) =>
    [...patterns.values()].map(({ example, groups }) => readPattern(example, size, groups, classes)),
  )
  return { count, patterns: smallest.slice(0, most) }
}

function readPattern(example: number, size: number, groups: number, classes: readonly Alike[]): Pattern {
  const members: number[] = []
  const choices: Pattern['choices'] = []
  for (const { bits, voters } of classes) {
    let count = 0
    for (let rest = example & bits; rest !== 0; rest &= rest - 1) count += 1
    if (count === voters.length) members.push(...voters)
    else if (count > 0) choices.push({ count, of: voters.toSorted((left, right) => left - right) })
  }
  return { size, groups, members: members.toSorted((left, right) => left - right), choices }
}
