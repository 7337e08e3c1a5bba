import type { BallotInput, Choice, Verdict } from './ballot.ts'
import { takesPart } from './roll.ts'
import { decideBallot } from './verdict.ts'

/**
 * Whether a ballot comes out the same whatever those who have not voted do, were nobody to change a vote: each of them
 * against, then each of them for. Only of a single question.
 */
export function findCertainty(input: BallotInput): Verdict['outcome'] | null {
  if (input.options.length !== 1) return null
  const waiting = input.voters.filter((voter) => takesPart(voter) && !input.votes.has(voter.party))
  const suppose = (choice: Choice) => {
    const votes = new Map(input.votes)
    for (const { party } of waiting) votes.set(party, choice)
    const { outcome, secondRound } = decideBallot({ ...input, votes })
    return secondRound ? null : outcome
  }
  const [worst, best] = [suppose('against'), suppose('for')]
  return worst === best && suppose('abstain') === worst ? worst : null
}
