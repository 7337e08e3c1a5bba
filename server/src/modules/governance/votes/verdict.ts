import {
  type BallotInput,
  type Choice,
  listChoices,
  type Option,
  tellAll,
  tellChoice,
  type Verdict,
  type Tally,
} from './ballot.ts'
import { readShare, reaches, scaleVoices, writeFraction } from './exact.ts'
import { takesPart, type Voter } from './roll.ts'
import { makeStep, type Step, tellNumber, type Told } from './step.ts'
import {
  explainBase,
  explainRoll,
  explainRule,
  explainThreshold,
  explainVotes,
  type Threshold,
} from './verdict-steps.ts'

/**
 * What comes of a ballot. Exact, and without anything the rule does not say; where neither the rule nor the text says
 * something, the step that reads it says so. Without a vote cast there is no decision.
 */
export function decideBallot(input: BallotInput): Verdict {
  const { voters, votes } = input
  const roll = voters.map((voter) => {
    const { party, name, voices, state } = voter
    return { party, name, voices, state, choice: takesPart(voter) ? (votes.get(party) ?? null) : null }
  })
  return { ...decide(input), roll }
}

function decide(input: BallotInput): Decided {
  const count = countVotes(input)
  const steps = [explainRule(input), explainRoll(input.voters), explainVotes(input, count.tally)]
  if (count.cast === 0n) {
    const text = { fr: 'Aucun suffrage exprimé : rien n’est décidé.', en: 'No vote was cast: nothing is decided.' }
    const reading = {
      fr: 'Sans suffrage exprimé, il n’y a ni adoption ni rejet.',
      en: 'Without a vote cast, nothing is adopted or rejected.',
    }
    const outcome = makeStep({ key: 'outcome', text, interpretation: reading })
    return {
      outcome: 'none',
      chosen: null,
      secondRound: null,
      tally: count.tally,
      threshold: null,
      steps: [...steps, outcome],
    }
  }
  const { rule, round } = input
  if (rule.method.kind === 'yesNoAbstain') return decideByThreshold(input, count, rule.method, steps)
  return round === 1 ? decideByThreshold(input, count, rule.method.first, steps) : decideByMost(input, count, steps)
}

type Decided = Omit<Verdict, 'roll'>

interface Count {
  perVoice: bigint
  /** Units, by choice. */
  units: Map<Choice, bigint>
  cast: bigint
  presentOrRepresented: bigint
  all: bigint
  tally: Tally[]
}

function countVotes({ voters, votes, options }: BallotInput): Count {
  const scaled = scaleVoices(voters.map(({ voices }) => voices))
  const sum = (counted: (voter: Voter) => boolean) =>
    voters.reduce((total, voter, index) => (counted(voter) ? total + (scaled.units[index] ?? 0n) : total), 0n)
  // Only those on the roll who take part vote; others' votes are refused long before, and never counted.
  const choiceOf = (voter: Voter) => (takesPart(voter) ? votes.get(voter.party) : undefined)
  const units = new Map(
    listChoices(options).map((choice) => [choice, sum((voter) => choiceOf(voter) === choice)] as const),
  )
  const tally = [...units].map(([choice, total]) => ({
    choice,
    label: tellChoice(choice, options),
    voices: writeFraction(total, scaled.perVoice),
    parties: voters.filter((voter) => choiceOf(voter) === choice).map(({ party }) => party),
  }))
  const cast = [...units].reduce((all, [choice, total]) => (choice === 'abstain' ? all : all + total), 0n)
  return { perVoice: scaled.perVoice, units, cast, presentOrRepresented: sum(takesPart), all: sum(() => true), tally }
}

function decideByThreshold(input: BallotInput, count: Count, threshold: Threshold, steps: Step[]): Decided {
  const { rule, options } = input
  const { base, comparator } = threshold
  const share = readShare(threshold.share)
  const whole = count[base]
  const needed = writeFraction(share.numerator * whole, share.denominator * count.perVoice)
  const wanted = options.length === 1 ? ['for'] : options.map(({ key }) => key)
  const ranked = rank(count, wanted)
  const best = ranked[0] ?? 0n
  const leaders = wanted.filter((choice) => count.units.get(choice) === best)
  const reached = leaders.length === 1 && reaches(best, whole, comparator, share)
  const verdict = { tally: count.tally, threshold: { comparator, voices: needed } }
  const explained = [
    ...steps,
    explainBase(rule, base, writeFraction(whole, count.perVoice)),
    explainThreshold(input, threshold, needed, leaders, writeFraction(best, count.perVoice), reached),
  ]
  const chosen = reached ? (leaders[0] ?? null) : null
  if (chosen !== null) return conclude(input, { ...verdict, steps: explained }, { outcome: 'adopted', chosen })
  if (rule.method.kind === 'twoRounds') {
    // A question, or a name alone, that an absolute majority is against has had its answer.
    const refused = options.length === 1 && reaches(count.units.get('against') ?? 0n, whole, comparator, share)
    if (refused && (count.units.get('against') ?? 0n) > best)
      return conclude(input, { ...verdict, steps: explained }, { outcome: 'rejected', chosen: null })
    return openSecondRound(input, count, { ...verdict, steps: explained })
  }
  const against = count.units.get('against') ?? 0n
  const half = share.denominator === 2n * share.numerator
  if (half && best === against && whole === count.cast)
    return breakTie(input, { ...verdict, steps: explained }, ['for', 'against'])
  return conclude(input, { ...verdict, steps: explained }, { outcome: 'rejected', chosen: null })
}

function decideByMost(input: BallotInput, count: Count, steps: Step[]): Decided {
  const { options, rule } = input
  const alone = options.length === 1
  const wanted = alone ? ['for', 'against'] : options.map(({ key }) => key)
  const best = rank(count, wanted)[0] ?? 0n
  const leaders = wanted.filter((choice) => count.units.get(choice) === best)
  const figures = { leading: leaders.join(', '), voices: writeFraction(best, count.perVoice) }
  const [names, number] = [tellAll(leaders, options), tellNumber(figures.voices)]
  const text = {
    fr: `Second tour, à la majorité relative : en tête avec ${number.fr} voix, ${names.fr}.`,
    en: `Second round, by relative majority: first with ${number.en} voices, ${names.en}.`,
  }
  const reading = alone
    ? {
        interpretation: {
          fr: 'Reste une seule proposition au second tour : elle l’emporte si elle a plus de voix pour que contre.',
          en: 'A single option is left in the second round: it wins with more voices for than against.',
        },
      }
    : {}
  const cited = { article: rule.article }
  const explained = [...steps, makeStep({ key: 'most', text, figures, cited, ...reading, holds: leaders.length === 1 })]
  const verdict = { tally: count.tally, threshold: null, steps: explained }
  if (leaders.length > 1) return breakTie(input, verdict, leaders)
  return concludeFor(input, verdict, leaders[0] ?? 'against')
}

const rank = (count: Count, choices: readonly Choice[]): bigint[] =>
  choices
    .map((choice) => count.units.get(choice) ?? 0n)
    .toSorted((left, right) => (left < right ? 1 : left > right ? -1 : 0))

type Unfinished = Pick<Verdict, 'tally' | 'threshold' | 'steps'>

/** Those who go on: all of them, or the first so many, with whoever has as many votes as the last of these. */
function openSecondRound(input: BallotInput, count: Count, verdict: Unfinished): Decided {
  const { rule, options } = input
  const keeps = rule.method.kind === 'twoRounds' ? rule.method.second.keeps : 'all'
  const votesOf = (option: Option) => count.units.get(options.length === 1 ? 'for' : option.key) ?? 0n
  const last =
    keeps === 'all'
      ? 0n
      : (rank(
          count,
          options.map(({ key }) => key),
        )[keeps - 1] ?? 0n)
  const kept =
    keeps === 'all' || options.length === 1 ? [...options] : options.filter((option) => votesOf(option) >= last)
  const names = kept.map(({ label }) => label).join(', ')
  const more = keeps !== 'all' && kept.length > keeps
  const step = makeStep({
    key: 'secondRound',
    text: {
      fr: `Le premier tour ne donne pas de résultat. Un second tour s’ouvre entre : ${names}.`,
      en: `The first round gives no result. A second round is held between: ${names}.`,
    },
    figures: { kept: kept.length },
    cited: { article: rule.article },
    ...(more
      ? {
          interpretation: {
            fr: 'À égalité à la dernière place, tous ceux qui y sont à égalité vont au second tour.',
            en: 'When several are level in last place, all of them go on to the second round.',
          },
        }
      : {}),
  })
  return { ...verdict, outcome: 'none', chosen: null, secondRound: kept, steps: [...verdict.steps, step] }
}

/** Applies the rule for a tie. What cannot break it (age between yes and no, a chair who did not choose) leaves it a rejection. */
function breakTie(input: BallotInput, verdict: Unfinished, tied: readonly Choice[]): Decided {
  const { rule, options, votes, chair, voters } = input
  const told = (fr: string, en: string, reading?: Told) => ({
    ...verdict,
    steps: [
      ...verdict.steps,
      makeStep({
        key: 'tie',
        text: { fr: `Égalité des voix : ${fr}`, en: `Level voices: ${en}` },
        figures: { rule: rule.tie },
        cited: { article: rule.article },
        ...(reading ? { interpretation: reading } : {}),
      }),
    ],
  })
  if (rule.tie === 'newMeeting') {
    const put = told('la question revient à une nouvelle réunion.', 'the question goes to a new meeting.')
    return conclude(input, put, { outcome: 'none', chosen: null })
  }
  if (rule.tie === 'chairDecides') {
    const choice = chair === null ? undefined : votes.get(chair)
    if (choice !== undefined && tied.includes(choice)) {
      const name = voters.find(({ party }) => party === chair)?.name ?? chair ?? ''
      const said = tellChoice(choice, options)
      const broken = told(
        `la voix de la présidence (${name}) l’emporte : ${said.fr}.`,
        `the voice of the chair (${name}) prevails: ${said.en}.`,
      )
      return concludeFor(input, broken, choice)
    }
    const silent = told(
      'la présidence n’a pas départagé ; rien n’est adopté.',
      'the chair did not choose; nothing is adopted.',
      {
        fr: 'Une présidence qui ne vote pour aucun de ceux à égalité ne départage pas.',
        en: 'A chair who votes for none of those level breaks no tie.',
      },
    )
    return conclude(input, silent, { outcome: 'rejected', chosen: null })
  }
  if (rule.tie === 'eldest') {
    const aged = options.filter(({ key, ageRank }) => tied.includes(key) && ageRank !== undefined)
    const eldest = aged.toSorted((left, right) => (left.ageRank ?? 0) - (right.ageRank ?? 0))[0]
    if (options.length > 1 && eldest && aged.length === tied.length)
      return concludeFor(
        input,
        told(`l’aîné l’emporte (${eldest.label}).`, `the eldest prevails (${eldest.label}).`),
        eldest.key,
      )
    const none = told(
      'l’âge ne départage pas un oui et un non ; rien n’est adopté.',
      'age cannot choose between yes and no; nothing is adopted.',
      {
        fr: 'Le plus âgé ne l’emporte qu’entre des personnes.',
        en: 'The eldest only prevails among persons.',
      },
    )
    return conclude(input, none, { outcome: 'rejected', chosen: null })
  }
  return conclude(input, told('elle vaut rejet.', 'it counts as a rejection.'), { outcome: 'rejected', chosen: null })
}

const concludeFor = (input: BallotInput, verdict: Unfinished, choice: Choice): Decided =>
  choice === 'against'
    ? conclude(input, verdict, { outcome: 'rejected', chosen: null })
    : conclude(input, verdict, { outcome: 'adopted', chosen: choice })

const decisions: Record<Verdict['outcome'], Told> = {
  adopted: { fr: 'Adopté', en: 'Adopted' },
  rejected: { fr: 'Rejeté', en: 'Rejected' },
  none: { fr: 'Pas de décision', en: 'No decision' },
}
const opinions: Record<Verdict['outcome'], Told> = {
  adopted: { fr: 'Avis favorable', en: 'Favourable opinion' },
  rejected: { fr: 'Avis défavorable', en: 'Unfavourable opinion' },
  none: { fr: 'Pas d’avis', en: 'No opinion' },
}

function conclude(
  { options, rule }: BallotInput,
  verdict: Unfinished,
  { outcome, chosen }: Pick<Verdict, 'outcome' | 'chosen'>,
): Decided {
  const option = options.length === 1 ? undefined : options.find(({ key }) => key === chosen)
  // What only gives opinions adopts and rejects nothing.
  const told = (rule.subjects.every((subject) => subject === 'opinion') ? opinions : decisions)[outcome]
  const text = option
    ? { fr: `${told.fr} : ${option.label}.`, en: `${told.en}: ${option.label}.` }
    : { fr: `${told.fr}.`, en: `${told.en}.` }
  const step = makeStep({ key: 'outcome', text, figures: { outcome }, holds: outcome === 'adopted' })
  const key = options.length === 1 && chosen !== null ? (options[0]?.key ?? null) : chosen
  return { ...verdict, outcome, chosen: key, secondRound: null, steps: [...verdict.steps, step] }
}
