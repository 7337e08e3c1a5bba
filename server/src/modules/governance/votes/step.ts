import { type Comparator, readShare, writeFraction } from './exact.ts'

/** A sentence in both languages, written once: the page, the minutes and the JSON say the same. */
export interface Told {
  fr: string
  en: string
}

/** One step of the explanation of a verdict. */
export interface Step {
  key: string
  text: Told
  /** What the sentence counts; voices and shares are exact texts. */
  figures: Record<string, string | number>
  /** Number of the article the step applies; null where it only states facts. */
  article: string | null
  /** What the text of the agreement leaves open, and how it is read: by its members, in their words, or by the program. */
  interpretation: Told | null
  /** Whether a condition holds; null for a step that is none. */
  holds: boolean | null
}

/** Makes a step; what it leaves out is null. */
export function makeStep(step: {
  key: string
  text: Told
  figures?: Step['figures']
  cited?: { article: string; interpretation?: string | undefined }
  interpretation?: Told
  holds?: boolean
}): Step {
  const own = step.cited?.interpretation
  return {
    key: step.key,
    // French signs of two parts stand off their word, and on the same line.
    text: { fr: step.text.fr.replace(/ (?=[:;?!])/g, '\u00a0'), en: step.text.en },
    figures: step.figures ?? {},
    article: step.cited?.article ?? null,
    interpretation: step.interpretation ?? (own === undefined ? null : { fr: own, en: own }),
    holds: step.holds ?? null,
  }
}

/** An exact number as each language writes it: `4,5` and `4.5`, `1 200` and `1,200`. */
export function tellNumber(number: string | number | bigint): Told {
  const [whole = '', decimals] = String(number).split('.')
  const group = (mark: string) => whole.replace(/\B(?=(\d{3})+$)/g, mark)
  const end = (mark: string) => (decimals === undefined ? '' : mark + decimals)
  return { fr: group('\u202f') + end(','), en: group(',') + end('.') }
}

const named = new Map<string, Told>([
  ['1/2', { fr: 'la moitié', en: 'half' }],
  ['1/3', { fr: 'le tiers', en: 'a third' }],
  ['2/3', { fr: 'les deux tiers', en: 'two thirds' }],
  ['3/4', { fr: 'les trois quarts', en: 'three quarters' }],
])

/** A share as people say it: `la moitié`, `80 %`, `7/12`. */
function tellShare(share: string): Told {
  const { numerator, denominator } = readShare(share)
  const percent = writeFraction(numerator * 100n, denominator)
  if (percent.includes('/')) return named.get(share) ?? { fr: share, en: share }
  const { fr, en } = tellNumber(percent)
  return named.get(share) ?? { fr: `${fr}\u00a0%`, en: `${en}%` }
}

/**
 * What a threshold asks for: `plus de la moitié, soit plus de 7,5`.
 * @param needed exact number that the share makes of its whole.
 */
export function tellThreshold(comparator: Comparator, share: string, needed: string): Told {
  const [part, number] = [tellShare(share), tellNumber(needed)]
  return comparator === '>'
    ? {
        fr: `plus de ${part.fr}, soit plus de ${number.fr}`,
        en: `more than ${part.en}, that is more than ${number.en}`,
      }
    : {
        fr: `au moins ${part.fr}, soit au moins ${number.fr}`,
        en: `at least ${part.en}, that is at least ${number.en}`,
      }
}

const french = new Intl.DateTimeFormat('fr-FR', { dateStyle: 'long', timeZone: 'UTC' })
const english = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' })

/** A day in words. @param day `YYYY-MM-DD`. */
export function tellDay(day: string): Told {
  const instant = new Date(`${day}T00:00:00Z`)
  return { fr: french.format(instant).replace(/^1 /, '1er '), en: english.format(instant) }
}

/** Names one after the other; a dash for none. */
export const tellNames = (names: readonly string[]): string => (names.length === 0 ? '–' : names.join(', '))
