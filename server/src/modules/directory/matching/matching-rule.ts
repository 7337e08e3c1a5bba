import type { Day } from '#kernel/time'
import { compareNames, type NameAgreement } from './matching-sounds.ts'
import { toSearchKey } from '../search-key.ts'

export type PersonKind = 'pupil' | 'guardian' | 'staff'

/** Someone as matching knows them: all that the records of all sources say. */
export interface MatchedPerson {
  id: string
  /** The kinds of records that describe them. */
  kinds: PersonKind[]
  /** `source kind` of each record: two of the same source that knows both apart are merged by nobody but a person. */
  records: string[]
  familyName: string
  birthFamilyName: string | null
  givenName: string
  otherGivenNames: string | null
  title: string | null
  bornOn: Day | null
  /** National identifiers of a pupil. */
  ines: string[]
  email: string | null
  /** As written: compared by their last nine digits. */
  phones: string[]
  street: string | null
  postalCode: string | null
  town: string | null
  /** Guardians of a pupil, children of a guardian. */
  relatives: string[]
  /** `source class` of each class a pupil is in today. */
  places: string[]
}

/** From how many points two people are one without asking, and from how many they are proposed. */
export interface Thresholds {
  automatic: number
  review: number
}

export const defaultThresholds: Thresholds = { automatic: 100, review: 60 }

/** What agrees or differs between two people; each is explained to people in plain words under its code. */
export const partCodes = [
  'ine',
  'familyName',
  'familyNameParticle',
  'familyNameSound',
  'familyNamePart',
  'familyNameBirth',
  'familyNameDiffers',
  'givenName',
  'givenNameSound',
  'givenNamePart',
  'givenNameOther',
  'givenNameDiffers',
  'bornOn',
  'bornOnSwapped',
  'bornOnTyping',
  'bornOnDiffers',
  'titleDiffers',
  'email',
  'mobile',
  'phone',
  'address',
  'town',
  'relative',
  'relatives',
] as const
export type PartCode = (typeof partCodes)[number]

/** A part of a score: its points (below zero for what differs) and what each of the two bears. */
export interface Part {
  code: PartCode
  points: number
  left: string
  right: string
}

/** Why two people cannot be one, whatever else agrees. */
export const blockCodes = ['ineDiffers', 'bornOnDiffers', 'twins', 'sameClass', 'guardianOfOther'] as const
export type BlockCode = (typeof blockCodes)[number]

/** Why a pair is shown to a person though its points would do without. */
export const cautionCodes = ['staff', 'kindsDiffer', 'sameSource', 'somethingDiffers'] as const
export type CautionCode = (typeof cautionCodes)[number]

export interface Score {
  points: number
  parts: Part[]
  blocks: BlockCode[]
  cautions: CautionCode[]
}

const points: Record<PartCode, number> = {
  ine: 80,
  familyName: 25,
  familyNameParticle: 22,
  familyNameSound: 18,
  familyNamePart: 15,
  familyNameBirth: 20,
  familyNameDiffers: -30,
  givenName: 20,
  givenNameSound: 12,
  givenNamePart: 12,
  givenNameOther: 12,
  givenNameDiffers: -40,
  bornOn: 35,
  bornOnSwapped: 20,
  bornOnTyping: 15,
  bornOnDiffers: -30,
  titleDiffers: -25,
  email: 30,
  mobile: 20,
  phone: 10,
  address: 15,
  town: 3,
  relative: 25,
  relatives: 35,
}

/** What a shared address is worth between people whose given names differ: couples and families share theirs. */
const sharedByFamily = 2

const familyParts: Record<NameAgreement, PartCode> = {
  same: 'familyName',
  particle: 'familyNameParticle',
  sound: 'familyNameSound',
  part: 'familyNamePart',
  none: 'familyNameDiffers',
}

const givenParts: Record<NameAgreement, PartCode> = {
  same: 'givenName',
  particle: 'givenName',
  sound: 'givenNameSound',
  part: 'givenNamePart',
  none: 'givenNameDiffers',
}

/**
 * How sure it is that two people are one, in points: what agrees adds, what differs takes away, and what nobody knows
 * does neither. The same for (a, b) and (b, a), `left` and `right` exchanged; one more agreement never lowers it.
 */
export function scoreMatch(a: MatchedPerson, b: MatchedPerson): Score {
  const parts: Part[] = []
  const add = (code: PartCode, left: string, right: string, worth = points[code]) =>
    parts.push({ code, points: worth, left, right })

  const family = compareFamilyNames(a, b)
  add(family.code, family.left, family.right)
  const given = compareGivenNames(a, b)
  add(given.code, given.left, given.right)
  const sameGiven = given.code !== 'givenNameDiffers'

  const ine = a.ines.find((each) => b.ines.includes(each))
  if (ine !== undefined) add('ine', ine, ine)
  const birth = compareDays(a.bornOn, b.bornOn)
  if (birth !== 'unknown') add(birth, a.bornOn ?? '', b.bornOn ?? '')
  const [titleA, titleB] = [genderOf(a.title), genderOf(b.title)]
  if (titleA !== null && titleB !== null && titleA !== titleB) add('titleDiffers', a.title ?? '', b.title ?? '')

  const email = toEmail(a.email)
  if (email !== null && email === toEmail(b.email)) {
    add('email', a.email ?? '', b.email ?? '', sameGiven ? points.email : sharedByFamily)
  }
  const numbers = new Set(b.phones.map(toPhone))
  const number = a.phones
    .map(toPhone)
    .filter((each) => each !== null && numbers.has(each))
    .toSorted(byMobileFirst)[0]
  if (number !== undefined && number !== null) {
    const code = isMobile(number) ? 'mobile' : 'phone'
    const written = (phones: string[]) => phones.find((each) => toPhone(each) === number) ?? number
    add(code, written(a.phones), written(b.phones), sameGiven ? points[code] : sharedByFamily)
  }
  const where = compareAddresses(a, b)
  if (where) add(where, addressOf(a), addressOf(b), sameGiven ? points[where] : sharedByFamily)

  const shared = a.relatives.filter((each) => b.relatives.includes(each)).length
  if (shared > 0) {
    const code = shared === 1 ? 'relative' : 'relatives'
    add(code, String(shared), String(shared), sameGiven ? points[code] : sharedByFamily)
  }
  return {
    points: Math.max(
      0,
      parts.reduce((sum, part) => sum + part.points, 0),
    ),
    parts: parts.toSorted((x, y) => y.points - x.points || partCodes.indexOf(x.code) - partCodes.indexOf(y.code)),
    blocks: findBlocks(a, b, { birth, sameFamily: family.code !== 'familyNameDiffers', givenCode: given.code }),
    cautions: findCautions(a, b, parts),
  }
}

/** What becomes of a pair: merged at once, shown to someone, or left alone. */
export function decideMatch(score: Score, thresholds: Thresholds): 'automatic' | 'review' | 'none' {
  if (score.blocks.length > 0 || score.points < thresholds.review) return 'none'
  return score.points >= thresholds.automatic && score.cautions.length === 0 ? 'automatic' : 'review'
}

interface Comparison {
  code: PartCode
  left: string
  right: string
}

// The closest of all ways to read both: a name in use with one in use, else with a name of birth.
function compareFamilyNames(a: MatchedPerson, b: MatchedPerson): Comparison {
  const all: Comparison[] = [
    { code: familyParts[compareNames(a.familyName, b.familyName)], left: a.familyName, right: b.familyName },
  ]
  for (const [left, right] of [
    [a.birthFamilyName, b.familyName],
    [a.familyName, b.birthFamilyName],
    [a.birthFamilyName, b.birthFamilyName],
  ]) {
    if (left && right && ['same', 'particle', 'sound'].includes(compareNames(left, right))) {
      all.push({ code: 'familyNameBirth', left, right })
    }
  }
  return all.reduce((best, each) => (points[each.code] > points[best.code] ? each : best))
}

function compareGivenNames(a: MatchedPerson, b: MatchedPerson): Comparison {
  const code = givenParts[compareNames(a.givenName, b.givenName)]
  if (code !== 'givenNameDiffers') return { code, left: a.givenName, right: b.givenName }
  // Someone known by a second name: it must stand among the others, letter by letter.
  const bears = (others: string | null, name: string) =>
    ` ${toSearchKey(others ?? '')} `.includes(` ${toSearchKey(name)} `)
  if (bears(a.otherGivenNames, b.givenName)) {
    return { code: 'givenNameOther', left: a.otherGivenNames ?? '', right: b.givenName }
  }
  if (bears(b.otherGivenNames, a.givenName)) {
    return { code: 'givenNameOther', left: a.givenName, right: b.otherGivenNames ?? '' }
  }
  return { code, left: a.givenName, right: b.givenName }
}

/** How two birth dates compare: day and month exchanged, one digit wrong or two neighbours exchanged are faults of typing. */
export function compareDays(
  a: Day | null,
  b: Day | null,
): 'unknown' | 'bornOn' | 'bornOnSwapped' | 'bornOnTyping' | 'bornOnDiffers' {
  if (a === null || b === null) return 'unknown'
  if (a === b) return 'bornOn'
  if (`${a.slice(0, 4)}-${a.slice(8)}-${a.slice(5, 7)}` === b) return 'bornOnSwapped'
  const [digitsA, digitsB] = [a.replaceAll('-', ''), b.replaceAll('-', '')]
  const different = [...digitsA].filter((digit, place) => digit !== digitsB[place]).length
  return different === 1 || isExchanged(digitsA, digitsB) ? 'bornOnTyping' : 'bornOnDiffers'
}

function isExchanged(a: string, b: string): boolean {
  return [...a].some((_, at) => at > 0 && a.slice(0, at - 1) + a[at] + a[at - 1] + a.slice(at + 1) === b)
}

function compareAddresses(a: MatchedPerson, b: MatchedPerson): 'address' | 'town' | undefined {
  const sameTown =
    (a.postalCode !== null && a.postalCode === b.postalCode) ||
    (a.town !== null && b.town !== null && toSearchKey(a.town) === toSearchKey(b.town))
  if (!sameTown) return undefined
  return a.street !== null && b.street !== null && toStreet(a.street) === toStreet(b.street) ? 'address' : 'town'
}

const streetWords: Record<string, string> = {
  av: 'avenue',
  bd: 'boulevard',
  bld: 'boulevard',
  r: 'rue',
  ch: 'chemin',
  pl: 'place',
  all: 'allee',
  imp: 'impasse',
  rte: 'route',
}

/** A street as compared: its words without order of lines, abbreviations written out. */
function toStreet(street: string): string {
  const words = toSearchKey(street)
    .split(' ')
    .map((word) => streetWords[word] ?? word)
  return words.toSorted().join(' ')
}

const addressOf = ({ street, postalCode, town }: MatchedPerson) =>
  [street?.replaceAll('\n', ', '), [postalCode, town].filter(Boolean).join(' ')].filter(Boolean).join(', ')

function toEmail(email: string | null): string | null {
  const text = email?.trim().toLowerCase()
  return text ? text : null
}

/** A number as compared: its last nine digits, which a country code and a leading zero precede. */
function toPhone(phone: string): string | null {
  const digits = phone.replaceAll(/\D/g, '')
  return digits.length < 9 ? null : digits.slice(-9)
}

const isMobile = (digits: string) => /^[67]/.test(digits)
const byMobileFirst = (a: string | null, b: string | null) =>
  Number(isMobile(b ?? '')) - Number(isMobile(a ?? '')) || (a ?? '').localeCompare(b ?? '')

function genderOf(title: string | null): 'man' | 'woman' | null {
  const word = toSearchKey(title ?? '')
  if (['m', 'mr', 'monsieur'].includes(word)) return 'man'
  return ['mme', 'mlle', 'madame', 'mademoiselle'].includes(word) ? 'woman' : null
}

function findBlocks(
  a: MatchedPerson,
  b: MatchedPerson,
  seen: { birth: ReturnType<typeof compareDays>; sameFamily: boolean; givenCode: PartCode },
): BlockCode[] {
  const blocks: BlockCode[] = []
  if (a.ines.length > 0 && b.ines.length > 0 && !a.ines.some((each) => b.ines.includes(each))) blocks.push('ineDiffers')
  // Under one national identifier, a person is to see which of the two dates is wrong.
  if (seen.birth === 'bornOnDiffers' && !a.ines.some((each) => b.ines.includes(each))) blocks.push('bornOnDiffers')
  if (seen.birth === 'bornOn' && seen.sameFamily && seen.givenCode === 'givenNameDiffers') blocks.push('twins')
  if (a.places.some((place) => b.places.includes(place))) blocks.push('sameClass')
  if (a.relatives.includes(b.id) || b.relatives.includes(a.id)) blocks.push('guardianOfOther')
  return blocks
}

function findCautions(a: MatchedPerson, b: MatchedPerson, parts: Part[]): CautionCode[] {
  const cautions: CautionCode[] = []
  // Staff hold powers over others: nobody gains them by a line in a feed.
  if (a.kinds.includes('staff') || b.kinds.includes('staff')) cautions.push('staff')
  if (a.kinds.toSorted().join() !== b.kinds.toSorted().join()) cautions.push('kindsDiffer')
  if (a.records.some((record) => b.records.includes(record))) cautions.push('sameSource')
  // Letters that differ may be a brother's or a daughter's.
  const exact = new Set<PartCode>(['givenName', 'familyName', 'familyNameParticle', 'familyNameBirth', 'bornOn'])
  if (parts.some(({ code, points: worth }) => worth < 0 || (/^(given|family|bornOn)/.test(code) && !exact.has(code)))) {
    cautions.push('somethingDiffers')
  }
  return cautions
}
