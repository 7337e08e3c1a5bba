import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import '../../../../test/properties.ts'
import type { BallotRule } from '../agreements/agreement-schema.ts'
import type { Option } from './ballot.ts'
import type { Voter, VoterState } from './roll.ts'
import { decideBallot } from './verdict.ts'

// Voices in the Grand Est governance committee, in half-voices, written down apart from the engine.
const halves = { region: 9, d08: 2, d10: 2, d51: 2, d52: 2, d54: 2, d55: 2, moselle: 3, alsace: 4, vosges: 2 }
const grandEst = Object.entries(halves).map(([party, half]): Voter => ({
  party,
  name: party,
  voices: String(half / 2),
  pupils: null,
  state: 'present',
}))

type YesNo = Extract<BallotRule['method'], { kind: 'yesNoAbstain' }>
const question: Option[] = [{ key: 'question', label: 'Question' }]
const yesNo = (method: Partial<YesNo>, tie: BallotRule['tie'] = 'rejected'): BallotRule => ({
  article: '5',
  key: 'rule',
  name: 'Évolution structurante',
  body: 'cogouv',
  subjects: ['structuringChange'],
  method: { kind: 'yesNoAbstain', base: 'all', comparator: '>=', share: '4/5', ...method },
  weights: 'voices',
  tie,
  requires: [],
})
const twoRounds = (keeps: 'all' | number, tie: BallotRule['tie']): BallotRule => ({
  ...yesNo({}, tie),
  method: { kind: 'twoRounds', first: { base: 'cast', comparator: '>', share: '1/2' }, second: { keeps } },
})
const heads = (states: VoterState[]): Voter[] =>
  states.map((state, index) => ({ party: `m${index}`, name: `Member ${index}`, voices: '1', pupils: null, state }))
const present = (count: number) => heads(Array.from({ length: count }, () => 'present'))
const asVotes = (choices: string[]) => new Map(choices.map((choice, index) => [`m${index}`, choice] as const))

const decide = (
  rule: BallotRule,
  voters: Voter[],
  votes: Map<string, string>,
  more: { round?: 1 | 2; options?: Option[]; chair?: string | null } = {},
) => decideBallot({ rule, round: 1, options: question, voters, votes, chair: null, ...more })

/** All of these for, the others against. */
const forOnly = (parties: string[]) =>
  new Map(grandEst.map(({ party }) => [party, parties.includes(party) ? 'for' : 'against'] as const))
const allBut = (...parties: string[]) =>
  forOnly(grandEst.map(({ party }) => party).filter((party) => !parties.includes(party)))

describe('80 % of the voices of the governance committee', () => {
  it('is 12 of 15: région, Alsace, Moselle and four départements make it exactly', () => {
    const verdict = decide(yesNo({}), grandEst, forOnly(['region', 'alsace', 'moselle', 'd08', 'd10', 'd51', 'd52']))
    expect(verdict).toMatchObject({ outcome: 'adopted', threshold: { comparator: '>=', voices: '12' } })
    expect(verdict.tally.map(({ choice, voices }) => [choice, voices])).toEqual([
      ['for', '12'],
      ['against', '3'],
      ['abstain', '0'],
    ])
    expect(verdict.steps.find(({ key }) => key === 'threshold')?.text.fr).toBe(
      'Il faut au moins 80\u00a0%, soit au moins 12. Pour\u00a0: 12. Seuil atteint.',
    )
  })

  it('is not made by all but the région (10.5), nor by all but Alsace and Moselle (11.5)', () => {
    const withoutRegion = decide(yesNo({}), grandEst, allBut('region'))
    expect(withoutRegion).toMatchObject({ outcome: 'rejected' })
    expect(withoutRegion.tally[0]).toMatchObject({ choice: 'for', voices: '10.5' })
    const without = decide(yesNo({}), grandEst, allBut('alsace', 'moselle'))
    expect(without).toMatchObject({ outcome: 'rejected' })
    expect(without.tally[0]?.voices).toBe('11.5')
  })

  it('is right on every coalition there can be, for both comparators and each base', () => {
    const parties = Object.entries(halves)
    let exact = 0
    for (let coalition = 0; coalition < 2 ** parties.length; coalition++) {
      // Brute force in half-voices, without anything of the engine: 5 for ≥ 4 of all.
      const inFavour = parties.filter((_, index) => (coalition >> index) & 1)
      const sum = inFavour.reduce((total, [, half]) => total + half, 0)
      exact += 5 * sum === 4 * 30 ? 1 : 0
      const votes = forOnly(inFavour.map(([party]) => party))
      for (const base of ['all', 'cast', 'presentOrRepresented'] as const) {
        const atLeast = decide(yesNo({ base, comparator: '>=' }), grandEst, votes).outcome
        const above = decide(yesNo({ base, comparator: '>' }), grandEst, votes).outcome
        if ((atLeast === 'adopted') !== 5 * sum >= 120 || (above === 'adopted') !== 5 * sum > 120)
          expect.unreachable(`${sum} half-voices: ${atLeast}, ${above}`)
      }
    }
    // The threshold itself is met more than once, or the comparators would not be told apart.
    expect(exact).toBeGreaterThan(10)
  })

  it('counts abstentions and absences against on the base of all, and leaves them out of the votes cast', () => {
    const votes = new Map([
      ['region', 'for'],
      ['alsace', 'abstain'],
    ])
    const some = grandEst.map((voter) =>
      voter.party === 'region' || voter.party === 'alsace' ? voter : { ...voter, state: 'absent' as const },
    )
    expect(decide(yesNo({ base: 'cast' }), some, votes).outcome).toBe('adopted')
    // 4.5 of 6.5 voices present: 69 %.
    expect(decide(yesNo({ base: 'presentOrRepresented' }), some, votes).outcome).toBe('rejected')
    expect(decide(yesNo({ base: 'all' }), some, votes).outcome).toBe('rejected')
  })
})

describe('A question put to the vote', () => {
  const simple = (tie: BallotRule['tie'] = 'rejected') => yesNo({ base: 'cast', comparator: '>', share: '1/2' }, tie)

  it('is not decided without a vote cast', () => {
    const verdict = decide(simple(), present(3), asVotes(['abstain', 'abstain', 'abstain']))
    expect(verdict).toMatchObject({ outcome: 'none', secondRound: null })
    expect(verdict.steps.at(-1)?.interpretation?.fr).toContain('ni adoption ni rejet')
  })

  it('is adopted by 4 for and 6 abstentions, of the votes cast', () => {
    const votes = asVotes(['for', 'for', 'for', 'for', ...Array.from({ length: 6 }, () => 'abstain')])
    expect(decide(simple(), present(10), votes).outcome).toBe('adopted')
  })

  it('follows the rule for a tie', () => {
    const votes = asVotes(['for', 'for', 'against', 'against'])
    expect(decide(simple('rejected'), present(4), votes).outcome).toBe('rejected')
    expect(decide(simple('newMeeting'), present(4), votes).outcome).toBe('none')
    expect(decide(simple('chairDecides'), present(4), votes, { chair: 'm0' }).outcome).toBe('adopted')
    expect(decide(simple('chairDecides'), present(4), votes, { chair: 'm3' }).outcome).toBe('rejected')
    expect(decide(simple('chairDecides'), present(4), votes).outcome).toBe('rejected')
    expect(decide(simple('eldest'), present(4), votes).outcome).toBe('rejected')
  })

  it('knows no tie where the threshold itself is level, or is no half', () => {
    const level = asVotes(['for', 'for', 'against', 'against'])
    const atLeastHalf = yesNo({ base: 'cast', comparator: '>=', share: '1/2' }, 'newMeeting')
    expect(decide(atLeastHalf, present(4), level).outcome).toBe('adopted')
    expect(decide(yesNo({ base: 'cast' }, 'newMeeting'), present(4), level).outcome).toBe('rejected')
  })

  it('is called an opinion where the rule gives nothing else', () => {
    const rule: BallotRule = { ...simple(), subjects: ['opinion'] }
    expect(decide(rule, present(2), asVotes(['for', 'for'])).steps.at(-1)?.text.fr).toBe('Avis favorable.')
    expect(decide(simple(), present(2), asVotes(['for', 'for'])).steps.at(-1)?.text.fr).toBe('Adopté.')
  })

  it('never counts who is absent or steps aside', () => {
    const voters = heads(['present', 'absent', 'recused', 'represented'])
    const verdict = decide(simple(), voters, asVotes(['for', 'against', 'against', 'abstain']))
    expect(verdict.outcome).toBe('adopted')
    expect(verdict.tally.find(({ choice }) => choice === 'against')).toMatchObject({ voices: '0', parties: [] })
    expect(verdict.steps.find(({ key }) => key === 'roll')?.interpretation?.fr).toContain('déporté')
  })
})

describe('A single-name ballot in two rounds', () => {
  const people: Option[] = [
    { key: 'a', label: 'A', ageRank: 3 },
    { key: 'b', label: 'B', ageRank: 1 },
    { key: 'c', label: 'C', ageRank: 2 },
  ]
  const votesFor = (counts: Record<string, number>) =>
    asVotes(Object.entries(counts).flatMap(([choice, count]) => Array.from({ length: count }, () => choice)))
  const hold = (
    counts: Record<string, number>,
    more: { round?: 1 | 2; options?: Option[]; chair?: string; keeps?: 'all' | number; tie?: BallotRule['tie'] } = {},
  ) =>
    decide(twoRounds(more.keeps ?? 2, more.tie ?? 'eldest'), present(10), votesFor(counts), {
      options: people,
      ...more,
    })

  it('is won in the first by more than half of the votes cast', () => {
    expect(hold({ a: 6, b: 4 })).toMatchObject({ outcome: 'adopted', chosen: 'a' })
    expect(hold({ a: 4, b: 3, abstain: 3 })).toMatchObject({ outcome: 'adopted', chosen: 'a' })
    const half = hold({ a: 5, b: 3, c: 2 })
    expect(half).toMatchObject({ outcome: 'none', chosen: null })
    expect(half.secondRound?.map(({ key }) => key)).toEqual(['a', 'b'])
  })

  it('keeps those the rule keeps, and whoever is level with the last of them', () => {
    expect(hold({ a: 4, b: 3, c: 3 }).secondRound?.map(({ key }) => key)).toEqual(['a', 'b', 'c'])
    expect(hold({ a: 4, b: 4, c: 2 }).secondRound?.map(({ key }) => key)).toEqual(['a', 'b'])
    expect(hold({ a: 5, b: 5 }, { keeps: 'all' }).secondRound).toHaveLength(3)
  })

  it('is won in the second by the most votes, however few', () => {
    expect(hold({ a: 2, b: 1, abstain: 7 }, { round: 2 })).toMatchObject({
      outcome: 'adopted',
      chosen: 'a',
      threshold: null,
    })
  })

  it('follows the rule for a tie in the second', () => {
    const level = { a: 5, b: 5 }
    expect(hold(level, { round: 2 })).toMatchObject({ outcome: 'adopted', chosen: 'b' })
    expect(hold(level, { round: 2, tie: 'rejected' })).toMatchObject({ outcome: 'rejected', chosen: null })
    expect(hold(level, { round: 2, tie: 'newMeeting' })).toMatchObject({ outcome: 'none', secondRound: null })
    expect(hold(level, { round: 2, tie: 'chairDecides', chair: 'm0' })).toMatchObject({ chosen: 'a' })
  })

  it('asks a single option left for more voices for than against, and says that this is a reading', () => {
    const single = [{ key: 'a', label: 'A' }]
    expect(hold({ for: 3, against: 2 }, { round: 2, options: single })).toMatchObject({
      outcome: 'adopted',
      chosen: 'a',
    })
    const lost = hold({ for: 2, against: 3 }, { round: 2, options: single })
    expect(lost).toMatchObject({ outcome: 'rejected', chosen: null })
    expect(lost.steps.find(({ key }) => key === 'most')?.interpretation?.fr).toContain('plus de voix pour que contre')
    expect(hold({ for: 2, against: 2 }, { round: 2, options: single, tie: 'rejected' }).outcome).toBe('rejected')
  })

  it('decides at once when an absolute majority is against a single option', () => {
    const single = [{ key: 'a', label: 'A' }]
    expect(hold({ for: 4, against: 6 }, { options: single })).toMatchObject({ outcome: 'rejected', secondRound: null })
    expect(hold({ for: 5, against: 5 }, { options: single }).secondRound).toHaveLength(1)
  })

  it('decides nothing without a vote cast', () => {
    expect(hold({ abstain: 10 })).toMatchObject({ outcome: 'none', secondRound: null })
  })
})

describe('Any ballot', () => {
  const drawn = fc.record({
    base: fc.constantFrom('cast', 'presentOrRepresented', 'all'),
    comparator: fc.constantFrom('>=', '>'),
    share: fc.constantFrom('1/2', '2/3', '3/4', '4/5', '7/12'),
    tie: fc.constantFrom('rejected', 'chairDecides', 'eldest', 'newMeeting'),
    voters: fc.array(
      fc.record({
        halves: fc.integer({ min: 1, max: 12 }),
        choice: fc.constantFrom('for', 'against', 'abstain', 'silent'),
        state: fc.constantFrom('present', 'represented', 'absent', 'recused'),
      }),
      { minLength: 1, maxLength: 12 },
    ),
  } as const)
  const build = (ballot: {
    base: YesNo['base']
    comparator: YesNo['comparator']
    share: string
    tie: BallotRule['tie']
    voters: { halves: number; choice: string; state: VoterState }[]
  }) => ({
    rule: yesNo({ base: ballot.base, comparator: ballot.comparator, share: ballot.share }, ballot.tie),
    voters: ballot.voters.map(({ halves: half, state }, index) => ({
      party: `m${index}`,
      name: `Member ${index}`,
      voices: String(half / 2),
      pupils: null,
      state,
    })),
    votes: new Map(
      ballot.voters.flatMap(({ choice }, index) => (choice === 'silent' ? [] : [[`m${index}`, choice] as const])),
    ),
  })

  it('gives what counting by hand gives, whatever the order of the voters', () => {
    fc.assert(
      fc.property(drawn, (ballot) => {
        const { rule, voters, votes } = build(ballot)
        const sum = (counted: (voter: (typeof ballot.voters)[number]) => boolean) =>
          ballot.voters.filter(counted).reduce((total, { halves: half }) => total + half, 0)
        const here = (state: VoterState) => state === 'present' || state === 'represented'
        const chose = (choice: string) => sum((voter) => here(voter.state) && voter.choice === choice)
        const [pour, contre] = [chose('for'), chose('against')]
        const whole = {
          cast: pour + contre,
          presentOrRepresented: sum(({ state }) => here(state)),
          all: sum(() => true),
        }
        const [numerator = 0, denominator = 0] = ballot.share.split('/').map(Number)
        const [left, right] = [denominator * pour, numerator * whole[ballot.base]]
        const passes = pour + contre > 0 && (ballot.comparator === '>' ? left > right : left >= right)
        const verdict = decide(rule, voters, votes)
        expect(verdict.outcome === 'adopted').toBe(passes)
        const turned = decide(rule, voters.toReversed(), votes)
        expect(turned.outcome).toBe(verdict.outcome)
        for (const step of verdict.steps) expect(step.text.fr.length * step.text.en.length).toBeGreaterThan(0)
      }),
      { numRuns: 500 },
    )
  })

  it('is never lost by one more in favour', () => {
    fc.assert(
      fc.property(drawn, fc.nat(), (ballot, at) => {
        const { rule, voters, votes } = build(ballot)
        if (decide(rule, voters, votes).outcome !== 'adopted') return
        const turned = new Map(votes).set(`m${at % voters.length}`, 'for')
        expect(decide(rule, voters, turned).outcome).toBe('adopted')
      }),
      { numRuns: 500 },
    )
  })
})
