import fc from 'fast-check'
import { expect, test } from 'vitest'
import { divideRounded, shareByLargestRemainder } from './sharing.ts'

const cents = (total: bigint, weights: Record<string, bigint>) =>
  Object.fromEntries(
    shareByLargestRemainder(
      total,
      Object.entries(weights).map(([party, weight]) => ({ party, weight })),
    )!.map((part) => [part.party, part.cents]),
  )

test('10.01 € on 9:2:3:4 gives 5.01, 1.11, 1.67 and 2.22', () => {
  expect(cents(1001n, { a: 9n, b: 2n, c: 3n, d: 4n })).toEqual({ a: 501n, b: 111n, c: 167n, d: 222n })
})

test('equal remainders are served in the order of the keys; a reduction mirrors the cost', () => {
  expect(cents(100n, { c: 1n, a: 1n, b: 1n })).toEqual({ a: 34n, b: 33n, c: 33n })
  expect(cents(-100n, { c: 1n, a: 1n, b: 1n })).toEqual({ a: -34n, b: -33n, c: -33n })
})

test('nothing is divided among those who weigh nothing', () => {
  expect(shareByLargestRemainder(100n, [])).toBeUndefined()
  expect(shareByLargestRemainder(100n, [{ party: 'a', weight: 0n }])).toBeUndefined()
  expect(() =>
    shareByLargestRemainder(1n, [
      { party: 'a', weight: -1n },
      { party: 'b', weight: 3n },
    ]),
  ).toThrow(RangeError)
})

const weights = fc
  .uniqueArray(fc.record({ party: fc.string({ minLength: 1, maxLength: 4 }), weight: fc.bigInt(0n, 10n ** 9n) }), {
    selector: (each) => each.party,
    minLength: 1,
    maxLength: 20,
  })
  .filter((all) => all.some(({ weight }) => weight > 0n))
const amount = fc.bigInt(-(10n ** 14n), 10n ** 14n)

test('the parts sum to the amount, each within a cent of its exact part, whatever the order', () => {
  fc.assert(
    fc.property(
      amount,
      weights.chain((all) =>
        fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length })),
      ),
      (total, [all, shuffled]) => {
        const parts = shareByLargestRemainder(total, all)!
        const sum = all.reduce((so, { weight }) => so + weight, 0n)
        expect(parts.reduce((so, part) => so + part.cents, 0n)).toBe(total)
        for (const part of parts) {
          const off = part.cents * sum - total * part.weight
          expect(off < sum && off > -sum).toBe(true)
        }
        expect(shareByLargestRemainder(total, shuffled)).toEqual(parts)
      },
    ),
  )
})

test.each([
  [15_797_998n * 800n, 10_000n, 1_263_840n],
  [5n, 10n, 1n],
  [-5n, 10n, -1n],
  [4n, 10n, 0n],
  [15n, 10n, 2n],
])('%s over %s is rounded to %s', (numerator, denominator, rounded) => {
  expect(divideRounded(numerator, denominator)).toBe(rounded)
})
