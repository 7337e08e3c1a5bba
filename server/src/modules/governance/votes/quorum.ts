import type { Body, Quorum } from '../agreements/agreement-schema.ts'
import { readShare, reaches, scaleVoices, writeFraction } from './exact.ts'
import { takesPart, type Voter } from './roll.ts'
import { makeStep, type Step, tellDay, tellNumber, tellThreshold, type Told } from './step.ts'

/** Where the pupils that a quorum counts come from. */
export interface HeadCountRead {
  countedOn: string
  source: string
}

export interface QuorumInput {
  body: Pick<Body, 'shortName' | 'article' | 'quorum'>
  voters: readonly Voter[]
  /** Null when the quorum counts no pupils. */
  headCount: HeadCountRead | null
  /** Whether the meeting is the second convening of one that had no quorum. */
  secondConvening: boolean
}

/** Whether a body may decide, and why, a step for each condition: all of them must hold, as the agreement writes them. */
export function assessQuorum({ body, voters, headCount, secondConvening }: QuorumInput): {
  reached: boolean
  steps: Step[]
} {
  const { quorum } = body
  if (quorum === null) {
    const text = {
      fr: `La convention ne fixe pas de quorum pour cette instance (${body.shortName}).`,
      en: `The agreement sets no quorum for this body (${body.shortName}).`,
    }
    return {
      reached: true,
      steps: [makeStep({ key: 'quorum.none', text, cited: { article: body.article }, holds: true })],
    }
  }
  if (secondConvening && quorum.secondConvening?.quorum === 'none') {
    const text = {
      fr: 'Seconde convocation après une réunion sans quorum : aucun quorum n’est exigé.',
      en: 'Second convening after a meeting without quorum: none is required.',
    }
    return { reached: true, steps: [makeStep({ key: 'quorum.second', text, cited: quorum, holds: true })] }
  }
  const steps = quorum.conditions.map((condition) => explainCondition(quorum, condition, voters, headCount))
  const reached = steps.every(({ holds }) => holds === true)
  const text = reached
    ? { fr: 'Le quorum est atteint.', en: 'There is a quorum.' }
    : {
        fr: 'Le quorum n’est pas atteint : rien ne peut être mis aux voix.',
        en: 'There is no quorum: nothing can be voted on.',
      }
  return {
    reached,
    steps: [...steps, makeStep({ key: 'quorum', text, cited: quorum, holds: reached })],
  }
}

/** Whether a voter counts towards a quorum. */
const countsForQuorum = (quorum: Quorum, voter: Pick<Voter, 'state'>): boolean =>
  quorum.counts === 'present' ? voter.state === 'present' : takesPart(voter)

/** What each voter weighs in a condition, in whole units. */
export function weighForQuorum(
  { of }: Quorum['conditions'][number],
  voters: readonly Pick<Voter, 'voices' | 'pupils'>[],
): { unit: bigint; weights: bigint[] } {
  if (of === 'members') return { unit: 1n, weights: voters.map(() => 1n) }
  if (of === 'pupils') return { unit: 1n, weights: voters.map(({ pupils }) => BigInt(pupils ?? 0)) }
  const { perVoice, units } = scaleVoices(voters.map(({ voices }) => voices))
  return { unit: perVoice, weights: units }
}

function explainCondition(
  quorum: Quorum,
  condition: Quorum['conditions'][number],
  voters: readonly Voter[],
  headCount: HeadCountRead | null,
): Step {
  const { of, comparator } = condition
  const { unit, weights } = weighForQuorum(condition, voters)
  const counted = voters.map((voter) => countsForQuorum(quorum, voter))
  const part = weights.reduce((sum, weight, index) => (counted[index] ? sum + weight : sum), 0n)
  const whole = weights.reduce((sum, weight) => sum + weight, 0n)
  const share = readShare(condition.share)
  const figures = {
    part: writeFraction(part, unit),
    whole: writeFraction(whole, unit),
    comparator,
    share: condition.share,
    needed: writeFraction(share.numerator * whole, share.denominator * unit),
  }
  const who: Told =
    quorum.counts === 'present'
      ? { fr: 'présents', en: 'present' }
      : { fr: 'présents ou représentés', en: 'present or represented' }
  const what: Record<typeof of, Told> = {
    members: { fr: `Membres ${who.fr}`, en: `Members ${who.en}` },
    pupils: { fr: `Élèves que représentent les membres ${who.fr}`, en: `Pupils that the members ${who.en} stand for` },
    voices: { fr: `Voix des membres ${who.fr}`, en: `Voices of the members ${who.en}` },
  }
  const [some, all] = [tellNumber(figures.part), tellNumber(figures.whole)]
  const least = tellThreshold(comparator, condition.share, figures.needed)
  const dated = of === 'pupils' && headCount !== null ? headCount : undefined
  const day = dated && tellDay(dated.countedOn)
  return makeStep({
    key: `quorum.${of}`,
    text: {
      fr: `${what[of].fr} : ${some.fr} sur ${all.fr}. Il en faut ${least.fr}.${day ? ` Effectifs du ${day.fr}.` : ''}`,
      en: `${what[of].en}: ${some.en} of ${all.en}. Required: ${least.en}.${day ? ` Head-count of ${day.en}.` : ''}`,
    },
    figures: { ...figures, ...(dated ? { countedOn: dated.countedOn, source: dated.source } : {}) },
    cited: { article: quorum.article },
    holds: reaches(part, whole, comparator, share),
  })
}
