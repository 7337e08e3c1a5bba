import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import '../../../../test/properties.ts'
import { type Condition, findCoalitions, findLeast, type Pattern } from './coalitions.ts'

const condition = (weights: number[], comparator: '>=' | '>', share: string): Condition => ({
  weights: weights.map(BigInt),
  whole: weights.reduce((sum, weight) => sum + BigInt(weight), 0n),
  comparator,
  share,
})
const grandEst = condition([9, 2, 2, 2, 2, 2, 2, 3, 4, 2], '>=', '4/5')

/** Every group that a pattern stands for. */
function expand({ members, choices }: Pattern): number[][] {
  const choose = (count: number, of: number[]): number[][] => {
    if (count === 0) return [[]]
    return of.flatMap((each, index) => choose(count - 1, of.slice(index + 1)).map((rest) => [each, ...rest]))
  }
  const groups = choices.reduce<number[][]>(
    (some, { count, of }) => some.flatMap((group) => choose(count, of).map((chosen) => [...group, ...chosen])),
    [members],
  )
  return groups.map((group) => group.toSorted((left, right) => left - right))
}

describe('What every coalition would do', () => {
  it('finds who blocks alone in the Grand Est: the région only', () => {
    const { enough, decisive, minimal } = findCoalitions(10, [grandEst], 100)
    const all = 2 ** 10
    // Brute force over what is left out: at most 3 voices, 6 half-voices, may be missing.
    const weights = [9, 2, 2, 2, 2, 2, 2, 3, 4, 2]
    const sums = Array.from({ length: all }, (_, group) =>
      weights.reduce((sum, weight, index) => sum + (((group >> index) & 1) === 1 ? weight : 0), 0),
    )
    expect(enough).toBe(sums.filter((sum) => sum >= 24).length)
    // The région is in every one of them.
    expect(decisive[0]).toBe(enough)
    expect(minimal.patterns.every(({ members }) => members.includes(0))).toBe(true)
    // Région, Alsace, Moselle and any four of the seven départements of one voice.
    expect(minimal.patterns[0]).toEqual({
      size: 7,
      groups: 35,
      members: [0, 7, 8],
      choices: [{ count: 4, of: [1, 2, 3, 4, 5, 6, 9] }],
    })
    // Without Moselle or without Alsace, six or seven départements: 12.5 voices, of which none can be spared.
    expect(minimal.patterns.reduce((sum, { groups }) => sum + groups, 0)).toBe(minimal.count)
  })

  it('takes the least whole sum that a comparator lets through', () => {
    const half = { numerator: 1n, denominator: 2n }
    expect(findLeast(10n, '>=', half)).toBe(5n)
    expect(findLeast(10n, '>', half)).toBe(6n)
    expect(findLeast(11n, '>=', half)).toBe(6n)
    expect(findLeast(11n, '>', half)).toBe(6n)
    expect(findLeast(0n, '>=', half)).toBeUndefined()
  })

  it('refuses more voters than it can look at', () => {
    const many = condition(
      Array.from({ length: 21 }, () => 1),
      '>',
      '1/2',
    )
    expect(() => findCoalitions(21, [many], 5)).toThrow(expect.objectContaining({ code: 'too_many_voters' }))
  })

  it('gives what looking at each group gives', () => {
    const drawn = fc.integer({ min: 1, max: 8 }).chain((voters) =>
      fc.record({
        voters: fc.constant(voters),
        conditions: fc.array(
          fc.record({
            weights: fc.array(fc.integer({ min: 0, max: 30 }), { minLength: voters, maxLength: voters }),
            comparator: fc.constantFrom('>=' as const, '>' as const),
            share: fc.constantFrom('1/2', '2/3', '4/5', '7/12'),
          }),
          { minLength: 1, maxLength: 3 },
        ),
      }),
    )
    fc.assert(
      fc.property(drawn, ({ voters, conditions }) => {
        const groups = Array.from({ length: 2 ** voters }, (_, group) =>
          Array.from({ length: voters }, (__, voter) => voter).filter((voter) => (group >> voter) & 1),
        )
        const isEnough = (group: number[]) =>
          conditions.every(({ weights, comparator, share }) => {
            const whole = weights.reduce((sum, weight) => sum + weight, 0)
            const part = group.reduce((sum, voter) => sum + (weights[voter] ?? 0), 0)
            const [numerator = 0, denominator = 0] = share.split('/').map(Number)
            if (whole === 0) return false
            return comparator === '>' ? denominator * part > numerator * whole : denominator * part >= numerator * whole
          })
        const without = (group: number[], voter: number) => group.filter((each) => each !== voter)
        const found = findCoalitions(
          voters,
          conditions.map(({ weights, comparator, share }) => condition(weights, comparator, share)),
          1_000,
        )
        const enough = groups.filter(isEnough)
        const minimal = enough.filter((group) => group.every((voter) => !isEnough(without(group, voter))))
        expect(found.enough).toBe(enough.length)
        expect(found.minimal.count).toBe(minimal.length)
        const expanded = found.minimal.patterns.flatMap((pattern) => {
          const alike = expand(pattern)
          expect(alike).toHaveLength(pattern.groups)
          return alike
        })
        expect(new Set(expanded.map(String))).toEqual(new Set(minimal.map(String)))
        const sizes = found.minimal.patterns.map(({ size }) => size)
        expect(sizes).toEqual(sizes.toSorted((left, right) => left - right))
        expect(found.decisive).toEqual(
          Array.from(
            { length: voters },
            (_, voter) => enough.filter((group) => group.includes(voter) && !isEnough(without(group, voter))).length,
          ),
        )
      }),
    )
  })
})
