import { Problem } from '#kernel/problem'
import { parseJson } from '../model/exact-json.ts'
import { componentLists, type Statement, type XapiVersion } from '../model/statement.ts'
import { checkStatement } from '../model/statement-validation.ts'
import { isIri, isLanguageTag, isMailto } from '../model/text-formats.ts'
import { isTimestamp } from '../model/timestamps.ts'
import { type Fields, StatementError } from '../model/value-validation.ts'

/**
 * The common faults of sources that are mended without doubt on what was meant, each by its own name. What each does is
 * told to administrators in docs/operate/records-quarantine.md.
 */
export const repairNames = [
  'null_removed',
  'account_mail',
  'mail_scheme',
  'iri_encoded',
  'local_identifier',
  'language_tag',
  'object_type',
  'number_in_text',
  'boolean_in_text',
  'timestamp_form',
  'numbered_list',
  'statement_id',
] as const
export type RepairName = (typeof repairNames)[number]

/** What became of a statement that breaks a rule. */
export type Mending =
  | { statement: Statement; repairs: RepairName[] }
  /** What remains wrong once what could be repaired was. */
  | { refusal: StatementError; repairs: RepairName[] }

export interface RepairContext {
  version: XapiVersion
  /** What a source names without an IRI is given one of its own: two sources may each have an activity 12. */
  sourceId: string
}

/** A value that breaks a rule, and where it is. */
interface Fault {
  place: Fields
  key: string
  value: unknown
  /** Keys on the way to it, its own last. */
  path: string[]
  context: RepairContext
}

/** Each changes the place and says so, or leaves it. */
type Repair = (fault: Fault) => boolean

// More faults than that are no oversight.
const mostRepairs = 50

/**
 * Mends a statement fault after fault, as long as each is one that is known how to mend.
 * @param value as it was sent: it is left as it is.
 * @throws Problem 400 `json_invalid` for what is nested so deeply that it cannot be written.
 */
export function repairStatement(value: unknown, context: RepairContext): Mending {
  const mended = copy(value)
  const done = new Set<RepairName>()
  for (let attempt = 0; ; attempt++) {
    try {
      return { statement: checkStatement(mended, context.version), repairs: [...done] }
    } catch (error) {
      if (!(error instanceof StatementError)) throw error
      const fault = findFault(mended, error.pointer, context)
      const name = fault && repairNames.find((each) => repairs[each](fault))
      if (name === undefined || attempt === mostRepairs) return { refusal: error, repairs: [...done] }
      done.add(name)
    }
  }
}

function copy(value: unknown): unknown {
  try {
    return parseJson(JSON.stringify(value))
  } catch (error) {
    if (error instanceof RangeError) throw new Problem(400, 'json_invalid', 'The content is nested too deeply.')
    throw error
  }
}

function findFault(statement: unknown, pointer: string, context: RepairContext): Fault | undefined {
  const path = pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
  const key = path.at(-1)
  let place = statement
  for (const each of path.slice(0, -1)) place = isPlace(place) && Object.hasOwn(place, each) ? place[each] : undefined
  if (key === undefined || !isPlace(place) || !Object.hasOwn(place, key)) return undefined
  return { place, key, value: place[key], path, context }
}

const isPlace = (value: unknown): value is Fields => typeof value === 'object' && value !== null

const objectTypes = ['Activity', 'Agent', 'Group', 'StatementRef', 'SubStatement', 'contextAgent', 'contextGroup']

const repairs: Record<RepairName, Repair> = {
  null_removed({ place, key, value }) {
    if (value !== null || Array.isArray(place)) return false
    return delete place[key]
  },
  account_mail({ place, key, path }) {
    if (key !== 'mbox' || path.at(-2) !== 'account') return false
    // With the rest of the account, whoever it is stays known.
    return delete place['mbox']
  },
  mail_scheme({ place, key, value }) {
    return (
      key === 'mbox' && replace(place, key, value, (text) => `mailto:${text.trim().replace(/^mailto:/i, '')}`, isMailto)
    )
  },
  iri_encoded({ place, key, value, path }) {
    if (!isIriAt(path)) return false
    const encode = (text: string) => text.trim().replace(/[\s"<>\\^`{|}\p{Cc}]/gu, encodeURIComponent)
    return path.at(-2) === 'extensions'
      ? rename(place, key, encode(key), isIri)
      : replace(place, key, value, encode, isIri)
  },
  local_identifier({ place, key, value, path, context }) {
    const name = (text: string) => `urn:x-preau:${context.sourceId}:${encodeURIComponent(text.toWellFormed())}`
    if (path.at(-2) === 'extensions') return rename(place, key, name(key), isIri)
    if (!isActivityId(path)) return false
    if (typeof value === 'number') return replace(place, key, `${value}`, name, isIri)
    return value !== '' && replace(place, key, value, name, isIri)
  },
  language_tag({ place, key, value, path }) {
    const hyphenate = (text: string) => text.trim().replaceAll('_', '-')
    if (key === 'language') return replace(place, key, value, hyphenate, isLanguageTag)
    return (
      ['display', 'name', 'description'].includes(path.at(-2) ?? '') &&
      rename(place, key, hyphenate(key), isLanguageTag)
    )
  },
  object_type({ place, key, value }) {
    if (key !== 'objectType' || typeof value !== 'string') return false
    // What Open edX calls a problem of several questions.
    const meant = value === 'GroupActivity' ? 'activity' : value.trim().toLowerCase()
    const type = objectTypes.find((each) => each.toLowerCase() === meant)
    return (
      type !== undefined &&
      replace(
        place,
        key,
        value,
        () => type,
        () => true,
      )
    )
  },
  number_in_text({ place, key, value, path }) {
    if (path.at(-2) !== 'score' || typeof value !== 'string' || !/^-?\d+(?:\.\d+)?$/.test(value.trim())) return false
    place[key] = Number(value)
    return true
  },
  boolean_in_text({ place, key, value }) {
    if ((key !== 'success' && key !== 'completion') || (value !== 'true' && value !== 'false')) return false
    place[key] = value === 'true'
    return true
  },
  timestamp_form({ place, key, value, context }) {
    if (key !== 'timestamp' && key !== 'stored') return false
    // A space is common; -00:00 is UTC in RFC 3339, and nothing in ISO 8601.
    const write = (text: string) =>
      text
        .trim()
        .replace(/^(\S{10}) +/, '$1T')
        .replace(/-00:?00$/, 'Z')
    return replace(place, key, value, write, (text) => isTimestamp(text, context.version))
  },
  numbered_list({ place, key, value, path }) {
    // What PHP writes of a list that does not start at 0 (Moodle's choices).
    const isList = key === 'correctResponsesPattern' || componentLists.some((each) => each === key)
    if (!isList || path.at(-2) !== 'definition' || !isPlace(value) || Array.isArray(value)) return false
    const numbers = Object.keys(value)
    if (numbers.length === 0 || !numbers.every((each) => /^\d{1,9}$/.test(each))) return false
    // Whole numbers are in their order, as keys.
    place[key] = Object.values(value)
    return true
  },
  statement_id({ place, path }) {
    // The one it is given instead is kept beside what was sent.
    return path.length === 1 && path[0] === 'id' && delete place['id']
  },
}

/** Whether a text was put in the place of another, in the form wanted. */
function replace(
  place: Fields,
  key: string,
  value: unknown,
  write: (text: string) => string,
  isRight: (text: string) => boolean,
): boolean {
  if (typeof value !== 'string') return false
  const text = write(value)
  if (text === value || !isRight(text)) return false
  place[key] = text
  return true
}

/** Whether a key was given a name in the form wanted, that no other has. */
function rename(place: Fields, key: string, name: string, isRight: (text: string) => boolean): boolean {
  if (Object.hasOwn(place, name) || !isRight(name)) return false
  place[name] = place[key]
  return delete place[key]
}

/** Whether an activity has its identifier there: the object, or one of contextActivities, in a substatement too. */
function isActivityId(path: string[]): boolean {
  return /^(?:object\/)?(?:object|context\/contextActivities\/[a-z]+(?:\/\d+)?)\/id$/.test(path.join('/'))
}

function isIriAt(path: string[]): boolean {
  const key = path.at(-1) ?? ''
  return (
    isActivityId(path) ||
    path.at(-2) === 'extensions' ||
    (key === 'id' && path.at(-2) === 'verb') ||
    ['type', 'moreInfo', 'homePage', 'openid', 'usageType', 'fileUrl'].includes(key)
  )
}
