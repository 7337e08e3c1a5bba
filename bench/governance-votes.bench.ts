import type { BallotRule, Quorum } from '../server/src/modules/governance/agreements/agreement-schema.ts'
import { assessQuorum } from '../server/src/modules/governance/votes/quorum.ts'
import type { Voter } from '../server/src/modules/governance/votes/roll.ts'
import { decideBallot } from '../server/src/modules/governance/votes/verdict.ts'
import { explore } from '../server/src/modules/governance/votes/what-if.ts'
import type { Bench } from './run.ts'
import { percentile } from './server.ts'

const rounds = 2_000
const explorations = 15

const rule: BallotRule = {
  article: '5',
  key: 'rule',
  name: 'Évolution structurante',
  body: 'cogouv',
  subjects: ['structuringChange'],
  method: { kind: 'yesNoAbstain', base: 'all', comparator: '>=', share: '4/5' },
  weights: 'voices',
  tie: 'rejected',
  requires: [],
}
const quorum: Quorum = {
  article: '3',
  conditions: [
    { of: 'members', comparator: '>=', share: '1/2' },
    { of: 'pupils', comparator: '>', share: '1/2' },
  ],
  counts: 'present',
  secondConvening: null,
}
const body = { shortName: 'COGOUV', article: '5', quorum }
const headCount = { countedOn: '2026-10-01', source: 'bench' }
const weights = ['4.5', '1', '1', '1', '1', '1', '1', '1.5', '2', '1']

const makeVoters = (count: number): Voter[] =>
  Array.from({ length: count }, (_, index) => ({
    party: `member-${index}`,
    name: `Member ${index}`,
    voices: weights[index % weights.length] ?? '1',
    pupils: 10_000 + 731 * index,
    state: 'present',
  }))

/**
 * A verdict of 10 members with all its steps, quorum included: the ceiling is writing the same answer as JSON, which no
 * server does without. And exploring a vote of 20 weighted members: the ceiling is summing up each of the 2^20 groups
 * once, in integers, and comparing.
 */
export const benches: Bench[] = [
  {
    name: 'governance.verdict',
    async run() {
      const voters = makeVoters(10)
      const votes = new Map(voters.map(({ party }, index) => [party, index % 4 === 3 ? 'against' : 'for'] as const))
      const decide = () => ({
        quorum: assessQuorum({ body, voters, headCount, secondConvening: false }),
        verdict: decideBallot({
          rule,
          round: 1,
          options: [{ key: 'question', label: 'Question' }],
          voters,
          votes,
          chair: null,
        }),
      })
      const times: number[] = []
      const bare: number[] = []
      for (let round = 0; round < rounds; round++) {
        const begun = performance.now()
        const decided = decide()
        const done = performance.now()
        JSON.stringify(decided)
        bare.push(performance.now() - done)
        times.push(done - begun)
      }
      const value = percentile(times, 0.95)
      const ceiling = percentile(bare, 0.95)
      return [{ bench: 'governance.verdict', value, unit: 'ms p95', ceiling, ratio: ceiling / value }]
    },
  },
  {
    name: 'governance.whatif20',
    async run() {
      const voters = makeVoters(20)
      const times: number[] = []
      const bare: number[] = []
      for (let round = 0; round < explorations; round++) {
        const begun = performance.now()
        const found = explore({
          rule,
          body,
          voters,
          votes: new Map(),
          headCount,
          chair: null,
          secondConvening: false,
          most: 12,
        })
        times.push(performance.now() - begun)
        const start = performance.now()
        if (sumGroups(voters.length, 48) !== found.passing.winning) throw new Error('The two do not count the same.')
        bare.push(performance.now() - start)
      }
      const value = percentile(times, 0.95)
      const ceiling = percentile(bare, 0.95)
      return [{ bench: 'governance.whatif20', value, unit: 'ms p95', ceiling, ratio: ceiling / value }]
    },
  },
]

/** How many groups reach a sum of half-voices. */
function sumGroups(voters: number, least: number): number {
  const halves = Int32Array.from(makeVoters(voters), ({ voices }) => 2 * Number(voices))
  const sums = new Int32Array(2 ** voters)
  let count = 0
  for (let voter = 0; voter < voters; voter++) {
    const bit = 2 ** voter
    const half = halves[voter]!
    for (let group = 0; group < bit; group++) {
      const sum = sums[group]! + half
      sums[bit + group] = sum
      if (sum >= least) count += 1
    }
  }
  return count
}
