import type { BallotRule } from '../agreements/agreement-schema.ts'
import { type BallotInput, type Choice, type Tally, tellAll } from './ballot.ts'
import { type Comparator, scaleVoices, writeFraction } from './exact.ts'
import { takesPart, type Voter } from './roll.ts'
import { makeStep, type Step, tellNames, tellNumber, tellThreshold, type Told } from './step.ts'

// The words of a verdict, in both languages.

/** What share of which voices wins. */
export type Threshold = { base: 'cast' | 'presentOrRepresented' | 'all'; comparator: Comparator; share: string }

export function explainRule({ rule, round }: BallotInput): Step {
  const rounds = rule.method.kind === 'twoRounds'
  const text = {
    fr: `Règle : ${rule.name}${rounds ? `, ${round === 1 ? 'premier' : 'second'} tour` : ''}. Vote nominal, ${
      rule.weights === 'one' ? 'une voix par membre' : 'chacun avec ses voix'
    }.`,
    en: `Rule: ${rule.name}${rounds ? `, ${round === 1 ? 'first' : 'second'} round` : ''}. Roll-call vote, ${
      rule.weights === 'one' ? 'one voice a member' : 'each with its voices'
    }.`,
  }
  return makeStep({ key: 'rule', text, figures: { rule: rule.key, round }, cited: rule })
}

export function explainRoll(voters: readonly Voter[]): Step {
  const { perVoice, units } = scaleVoices(voters.map(({ voices }) => voices))
  const voicesOf = (counted: (voter: Voter) => boolean) =>
    writeFraction(
      voters.reduce((sum, voter, index) => (counted(voter) ? sum + (units[index] ?? 0n) : sum), 0n),
      perVoice,
    )
  const of = (state: Voter['state']) => voters.filter((voter) => voter.state === state)
  const all = voicesOf(() => true)
  const [present, represented, recused, absent] = [of('present'), of('represented'), of('recused'), of('absent')]
  const names = (some: readonly Voter[]) => (some.length === 0 ? '' : ` (${tellNames(some.map(({ name }) => name))})`)
  const part = (state: Voter['state']) => tellNumber(voicesOf((voter) => voter.state === state))
  const text = {
    fr:
      `Membres qui ont droit de vote : ${voters.length}, soit ${tellNumber(all).fr} voix. ` +
      `Présents : ${present.length}, soit ${part('present').fr} voix. ` +
      `Représentés : ${represented.length}${names(represented)}. Déportés : ${recused.length}${names(recused)}. ` +
      `Absents : ${absent.length}${names(absent)}.`,
    en:
      `Members entitled to vote: ${voters.length}, with ${tellNumber(all).en} voices. ` +
      `Present: ${present.length}, with ${part('present').en} voices. ` +
      `Represented: ${represented.length}${names(represented)}. Recused: ${recused.length}${names(recused)}. ` +
      `Absent: ${absent.length}${names(absent)}.`,
  }
  const figures = {
    entitled: voters.length,
    voices: all,
    present: present.length,
    presentVoices: voicesOf(({ state }) => state === 'present'),
    represented: represented.length,
    recused: recused.length,
    absent: absent.length,
  }
  const reading = {
    fr: 'Un membre déporté ne vote pas et ne compte pas comme présent ; il reste compté parmi les membres.',
    en: 'A recused member neither votes nor counts as present; it still counts among the members.',
  }
  return makeStep({ key: 'roll', text, figures, ...(recused.length > 0 ? { interpretation: reading } : {}) })
}

export function explainVotes({ voters, votes }: BallotInput, tally: readonly Tally[]): Step {
  const silent = voters.filter((voter) => takesPart(voter) && !votes.has(voter.party))
  const tell = (language: 'fr' | 'en') =>
    tally.map(({ label, voices }) => `${label[language]} : ${tellNumber(voices)[language]}`).join(' ; ')
  const text = {
    fr: `${tell('fr')}.${silent.length > 0 ? ` N’ont pas pris part au vote : ${tellNames(silent.map(({ name }) => name))}.` : ''}`,
    en: `${tell('en').replaceAll(' :', ':').replaceAll(' ;', ';')}.${
      silent.length > 0 ? ` Took no part in the vote: ${tellNames(silent.map(({ name }) => name))}.` : ''
    }`,
  }
  const figures = { ...Object.fromEntries(tally.map(({ choice, voices }) => [choice, voices])), silent: silent.length }
  return makeStep({ key: 'votes', text, figures })
}

export function explainBase(rule: BallotRule, base: Threshold['base'], voices: string): Step {
  const told: Record<Threshold['base'], Told> = {
    cast: { fr: 'voix exprimées (sans les abstentions)', en: 'voices cast (abstentions left out)' },
    presentOrRepresented: {
      fr: 'voix des membres présents ou représentés',
      en: 'voices of the members present or represented',
    },
    all: { fr: 'toutes les voix de l’instance, présentes ou non', en: 'all voices of the body, present or not' },
  }
  const number = tellNumber(voices)
  const text = { fr: `Base du calcul : ${told[base].fr}, ${number.fr}.`, en: `Base: ${told[base].en}, ${number.en}.` }
  return makeStep({ key: 'base', text, figures: { base, voices }, cited: { article: rule.article } })
}

export function explainThreshold(
  { rule, options }: BallotInput,
  { comparator, share }: Threshold,
  needed: string,
  leaders: readonly Choice[],
  voices: string,
  reached: boolean,
): Step {
  const [least, number] = [tellThreshold(comparator, share, needed), tellNumber(voices)]
  const leading = tellAll(leaders, options)
  const who =
    options.length === 1 ? { fr: 'Pour', en: 'For' } : { fr: `En tête, ${leading.fr}`, en: `First, ${leading.en}` }
  const text = {
    fr: `Il faut ${least.fr}. ${who.fr} : ${number.fr}. Seuil ${reached ? 'atteint' : 'non atteint'}.`,
    en: `Required: ${least.en}. ${who.en}: ${number.en}. Threshold ${reached ? 'reached' : 'not reached'}.`,
  }
  return makeStep({
    key: 'threshold',
    text,
    figures: { comparator, share, needed, voices },
    cited: { article: rule.article },
    holds: reached,
  })
}
