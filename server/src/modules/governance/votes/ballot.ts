import type { BallotRule } from '../agreements/agreement-schema.ts'
import type { Comparator } from './exact.ts'
import type { Voter, VoterState } from './roll.ts'
import type { Step, Told } from './step.ts'

/** Something one can vote for: a name, or the question itself when it stands alone. */
export interface Option {
  key: string
  label: string
  /** 1 for the eldest; only asked for where age breaks a tie. */
  ageRank?: number | undefined
}

/** `for` and `against` when a single option is put to the vote, else the key of an option; `abstain` always. */
export type Choice = string

export interface BallotInput {
  rule: BallotRule
  round: 1 | 2
  options: readonly Option[]
  voters: readonly Voter[]
  /** By party. Those that took no part in the vote have none. */
  votes: ReadonlyMap<string, Choice>
  /** Party of whoever chairs; null when nobody does, or the chair votes for none. */
  chair: string | null
}

export interface Tally {
  choice: Choice
  label: Told
  /** Exact. */
  voices: string
  parties: string[]
}

export interface RolledVote {
  party: string
  name: string
  /** Exact. */
  voices: string
  state: VoterState
  choice: Choice | null
}

/** What came of a ballot, and why. */
export interface Verdict {
  outcome: 'adopted' | 'rejected' | 'none'
  /** Key of the option that was chosen; null when none was. */
  chosen: string | null
  /** Options of the second round that must follow; null when all is said. */
  secondRound: Option[] | null
  tally: Tally[]
  /** Each voter as it took part, with its choice; null for who made none. */
  roll: RolledVote[]
  /** What an option had to reach: exact voices; null where the most votes win. */
  threshold: { comparator: Comparator; voices: string } | null
  steps: Step[]
}

/** The choices that a ballot offers. */
export function listChoices(options: readonly Option[]): Choice[] {
  return options.length === 1 ? ['for', 'against', 'abstain'] : [...options.map(({ key }) => key), 'abstain']
}

/** A choice as it is said. */
export function tellChoice(choice: Choice, options: readonly Option[]): Told {
  if (choice === 'for') return { fr: 'Pour', en: 'For' }
  if (choice === 'against') return { fr: 'Contre', en: 'Against' }
  if (choice === 'abstain') return { fr: 'Abstention', en: 'Abstention' }
  const label = options.find(({ key }) => key === choice)?.label ?? choice
  return { fr: label, en: label }
}

export const tellAll = (choices: readonly Choice[], options: readonly Option[]): Told => ({
  fr: choices.map((choice) => tellChoice(choice, options).fr).join(', '),
  en: choices.map((choice) => tellChoice(choice, options).en).join(', '),
})
