// Voices, shares and thresholds without any rounding: whole numbers of the finest unit that occurs, such as half-voices.

/** A positive fraction. */
export interface Share {
  numerator: bigint
  denominator: bigint
}

export type Comparator = '>=' | '>'

/** Reads `4/5`, as the rules write shares. */
export function readShare(text: string): Share {
  const [numerator, denominator] = text.split('/')
  if (!numerator || !denominator) throw new TypeError(`Not a share: ${text}`)
  return { numerator: BigInt(numerator), denominator: BigInt(denominator) }
}

/** Whether a part reaches a share of a whole. A share of nothing is never reached. */
export function reaches(
  part: bigint,
  whole: bigint,
  comparator: Comparator,
  { numerator, denominator }: Share,
): boolean {
  if (whole === 0n) return false
  const left = denominator * part
  const right = numerator * whole
  return comparator === '>' ? left > right : left >= right
}

/** Numbers of voices as whole numbers of one unit. */
export interface Scaled {
  /** How many units make one voice: 2 for half-voices. */
  perVoice: bigint
  units: bigint[]
}

/** Turns voices such as `4.5` into whole numbers of the coarsest unit that holds them all. */
export function scaleVoices(texts: readonly string[]): Scaled {
  const fractions = texts.map((text) => {
    const [whole = '', decimals = ''] = text.replace(',', '.').split('.')
    if (!/^\d+$/.test(whole + decimals)) throw new TypeError(`Not a number of voices: ${text}`)
    return reduce({ numerator: BigInt(whole + decimals), denominator: 10n ** BigInt(decimals.length) })
  })
  const perVoice = fractions.reduce(
    (common, { denominator }) => (common * denominator) / greatestDivisor(common, denominator),
    1n,
  )
  return { perVoice, units: fractions.map(({ numerator, denominator }) => (numerator * perVoice) / denominator) }
}

/** A fraction as people write it: `4.5`, or `20/3` where its decimals never end. */
export function writeFraction(numerator: bigint, denominator: bigint): string {
  const fraction = reduce({ numerator, denominator })
  for (let places = 0; places <= 12; places++) {
    const scaled = fraction.numerator * 10n ** BigInt(places)
    if (scaled % fraction.denominator !== 0n) continue
    const digits = (scaled / fraction.denominator).toString().padStart(places + 1, '0')
    return places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`
  }
  return `${fraction.numerator}/${fraction.denominator}`
}

function reduce({ numerator, denominator }: Share): Share {
  const divisor = greatestDivisor(numerator, denominator)
  return { numerator: numerator / divisor, denominator: denominator / divisor }
}

function greatestDivisor(left: bigint, right: bigint): bigint {
  return right === 0n ? left || 1n : greatestDivisor(right, left % right)
}
