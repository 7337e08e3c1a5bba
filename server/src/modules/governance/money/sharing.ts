/** A party's part of an amount. */
export interface Part {
  party: string
  weight: bigint
  /** What its weight gives before the last cents are dealt out. */
  floorCents: bigint
  /** Numerator of what is left of its exact part, over the sum of the weights. */
  remainder: bigint
  cents: bigint
}

/**
 * Divides an amount in proportion to weights, to the cent, by largest remainder (Hamilton): each gets its exact part
 * rounded down, and the cents that are left go one by one to the largest remainders. Equal remainders are served in the
 * order of the parties' keys, so that the parts do not depend on the order of the weights. A negative amount gives the
 * parts of its opposite, negated.
 * @param totalCents any amount.
 * @param weights none negative, each party once.
 * @returns the parts, in the order of the keys; undefined when no weight is above zero.
 */
export function shareByLargestRemainder(
  totalCents: bigint,
  weights: readonly { party: string; weight: bigint }[],
): Part[] | undefined {
  const sum = weights.reduce((so, { weight }) => so + weight, 0n)
  if (sum === 0n) return undefined
  if (weights.some(({ weight }) => weight < 0n)) throw new RangeError('A weight is negative.')
  const sign = totalCents < 0n ? -1n : 1n
  const total = totalCents * sign
  const parts = weights
    .map(({ party, weight }) => {
      const exact = total * weight
      const floor = exact / sum
      return { party, weight, floorCents: floor, remainder: exact % sum, cents: floor }
    })
    .sort((a, b) => compare(a.party, b.party))
  let left = total - parts.reduce((so, { cents }) => so + cents, 0n)
  for (const part of parts.toSorted((a, b) => compare(b.remainder, a.remainder) || compare(a.party, b.party))) {
    if (left === 0n) break
    part.cents += 1n
    left -= 1n
  }
  return sign === 1n ? parts : parts.map((part) => ({ ...part, floorCents: -part.floorCents, cents: -part.cents }))
}

/** Order of numbers, and of texts by code units: the same on every machine, whatever its language. */
const compare = <T extends bigint | string>(a: T, b: T) => (a < b ? -1 : a > b ? 1 : 0)

/**
 * A product divided, rounded once to the nearest whole; a half goes up, away from zero.
 * @param denominator above zero.
 */
export function divideRounded(numerator: bigint, denominator: bigint): bigint {
  const sign = numerator < 0n ? -1n : 1n
  return (sign * (2n * numerator * sign + denominator)) / (2n * denominator)
}
