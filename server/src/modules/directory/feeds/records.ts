import { randomUUIDv7 } from 'node:crypto'
import { type Day, isDay } from '#kernel/time'
import { toSearchKey } from '../search-key.ts'
import type { LegalStatus, Level, Profile, RecordKind } from '../tables.ts'
import type { RefusedRecord } from './refused-records.ts'
import { hashOf, rowOf } from './staged-rows.ts'

// What every format makes of its records: the bodies below, kept in directory.source_record and applied from there.
// Keys in a fixed order, lists sorted, nothing empty: the same person gives the same text, hence no change.

export interface EstablishmentBody {
  name: string
  uai: string
  siren?: string | undefined
  level?: Level | undefined
  typeLabel?: string | undefined
  street?: string | undefined
  postalCode?: string | undefined
  town?: string | undefined
  phone?: string | undefined
  email?: string | undefined
  /** Only named by records of the feed: what others say of it stands. */
  mentioned?: true
}

/** A subject or a MEF. */
export interface NamedCodeBody {
  name: string
}

/** A MEF, with what its nomenclature says of it. */
export interface MefBody extends NamedCodeBody {
  /** The national MEF that one of an academy is attached to. */
  attachedTo?: string | undefined
  /** MEF_STAT_11, whose first four characters tell the level (MEF_STAT_4). */
  statisticalCode?: string | undefined
}

export interface PersonBody {
  familyName: string
  givenName: string
  otherGivenNames?: string | undefined
  birthFamilyName?: string | undefined
  title?: string | undefined
  bornOn?: Day | undefined
  email?: string | undefined
  phone?: string | undefined
  mobile?: string | undefined
  workPhone?: string | undefined
  /** Lines of the address, parted by line feeds. */
  street?: string | undefined
  postalCode?: string | undefined
  town?: string | undefined
  country?: string | undefined
}

/** Guardians are plain people: whom they answer for is written in their pupils' records. */
export type GuardianBody = PersonBody

export interface PupilBody extends PersonBody {
  ine?: string | undefined
  /** Year in which the school year of the export starts. */
  schoolYear: number
  /** The first one is the pupil's own establishment. */
  enrolments: {
    /** Identifier of an establishment of the source. */
    establishment: string
    mef?: string | undefined
    level?: string | undefined
    /** MEF_STAT_4: feeds of primary schools give it before the level's name. */
    levelCode?: string | undefined
    regime?: string | undefined
    status?: string | undefined
    enteredOn?: Day | undefined
    leftOn?: Day | undefined
  }[]
  /** `establishment$code` of classes. */
  classes: string[]
  groups: string[]
  /** Codes of the subjects that the pupil follows, as far as the source lists them; absent when it lists none. */
  subjects?: string[] | undefined
  guardians: {
    /** Identifier of a guardian of the source. */
    id: string
    /** Relation code as written, of either generation. */
    link: string
    legal: LegalStatus
    financial: boolean
    contact: boolean
    pays: boolean
  }[]
}

export interface StaffBody extends PersonBody {
  schoolYear: number
  functions: {
    establishment: string
    /** `-` when the source gives none. */
    code: string
    label?: string | undefined
    disciplineCode?: string | undefined
    disciplineLabel?: string | undefined
    profile: Profile
  }[]
  teachings: { kind: 'class' | 'group'; ref: string; subjects: string[]; main: boolean }[]
}

/** What records are read against. */
export interface FeedContext {
  /** Year in which the school year of the export starts. */
  schoolYear: number
  /** Identifiers of the establishments that can be referred to. */
  establishments: ReadonlySet<string>
}

/** A class or group that a record names. */
export interface NamedGroup {
  kind: 'class' | 'group'
  establishment: string
  code: string
  /** Undefined when the record refers to it without naming it. */
  name?: string
  /** Whether the record names it but only refers to it: it is there as long as someone does. */
  referred?: boolean
}

/** A class or group that an establishment declared before, with the hash of its accepted record. */
export type StandingGroup = NamedGroup & { hash: string }

/**
 * What a record of a feed becomes: accepted in normalised form, removed since a delta says so, set aside, or left out
 * by a rule.
 */
export type Outcome =
  | ({ fate: 'accepted'; externalId: string } & AcceptedRecord)
  | { fate: 'removed'; externalId: string }
  | {
      fate: 'quarantined'
      externalId: string | null
      code: string
      detail: string
      /** What is kept of it, to be read again later. */
      refused?: RefusedRecord | undefined
    }
  | { fate: 'ignored'; externalId: string; rule: string }

/** The normalised form of a record, by what it describes. */
export type RecordBody = EstablishmentBody | NamedCodeBody | MefBody | GuardianBody | PupilBody | StaffBody

/** The last accepted state of a record, as a partial modification needs it. */
export interface AcceptedState {
  /** What its kind has of these. */
  body: Partial<EstablishmentBody & MefBody & PupilBody & StaffBody> & Record<string, unknown>
  /** Of an establishment: the classes and groups that it declares. */
  groups: StandingGroup[]
}

export interface AcceptedRecord {
  /** The establishment it is filed under in a diff. */
  establishmentRef: string | null
  body: RecordBody
  familyKey?: string
  givenKey?: string
  groups: NamedGroup[]
  /** Those it declared before: where they stay as they were, nobody needs to compare them. */
  standing?: StandingGroup[] | undefined
  /** What is left out or doubtful in it, one code each. */
  warnings: string[]
}

/** Thrown while a record is read: it is set aside with this reason, the others go on. */
export class Unusable extends Error {
  readonly code: string
  constructor(code: string, detail: string) {
    super(detail)
    this.code = code
  }
}

/**
 * Reads one record; what is wrong with it sets it aside.
 * @param id as written, shown if it is a plain identifier.
 * @param keep what is kept of it then.
 */
export function readOutcome(
  id: string,
  read: () => (AcceptedRecord & { externalId: string }) | Ignored,
  keep?: () => RefusedRecord,
): Outcome {
  try {
    const outcome = read()
    return 'rule' in outcome ? { fate: 'ignored', ...outcome } : { fate: 'accepted', ...outcome }
  } catch (error) {
    if (!(error instanceof Unusable)) throw error
    const externalId = /^[\w.-]{1,64}$/.test(id) ? id : null
    return { fate: 'quarantined', externalId, code: error.code, detail: error.message, refused: keep?.() }
  }
}

interface Ignored {
  externalId: string
  rule: string
}

/** Search keys of someone's names, as every record of a person bears them. */
export function keysOf(person: { familyName: string; givenName: string }): { familyKey: string; givenKey: string } {
  return { familyKey: toSearchKey(person.familyName), givenKey: toSearchKey(person.givenName) }
}

const schoolLifeCodes = new Set('AED AEH AES ASE ASH AVS BED CPE EDU EEI FIJ INJ ORI SUR'.split(' '))

/** National profile of a function code (as the GAR connectors map it); no code: teacher if before pupils. */
export function toProfile(code: string, facesPupils: boolean): Profile {
  if (code === 'ENS') return 'teacher'
  if (code === 'DOC' || code === 'CIO' || code === 'DCT') return 'documentation'
  if (code === 'DIR') return 'head'
  if (schoolLifeCodes.has(code)) return 'schoolLife'
  return code === '-' && facesPupils ? 'teacher' : 'staff'
}

// Link codes of guardians, of the former nomenclature (1 to 7) and of the present one.
const linkCodes = new Set('1 2 3 4 5 6 7 10 20 37 38 39 41 42 43 50 51 70 90'.split(' '))

/** Whether a relation code belongs to one of the two nomenclatures. */
export function isLinkCode(code: string): boolean {
  return linkCodes.has(code)
}

/** A date written dd/mm/yyyy. @param name of the field, for the reason. @throws Unusable `date_invalid`. */
export function toDay(name: string, text: string): Day {
  const [, day, month, year] = /^(\d\d)\/(\d\d)\/(\d{4})$/.exec(text) ?? []
  const iso = `${year}-${month}-${day}`
  if (!isDay(iso) || iso < '1900') throw new Unusable('date_invalid', `${name} is not a date (dd/mm/yyyy).`)
  return iso
}

/** @throws Unusable when it is longer than any class's code. */
export function toGroupCode(code: string): string {
  if (code.length > 80) throw new Unusable('value_unreadable', 'The code of a class or group exceeds 80 characters.')
  return code
}

export function sortedSet(values: string[]): string[] {
  return [...new Set(values)].sort()
}

// Characters of a record that is set aside, beyond which it is not kept.
const longestRefused = 200_000

/** A record as a row to stage. @param file its number among the feed's files, from 0. */
export function toStagedRow(kind: RecordKind, outcome: Outcome, file: number, line: number): string {
  const row = { kind, externalId: outcome.externalId, subjectId: randomUUIDv7(), file, line }
  if (outcome.fate === 'quarantined') {
    const { code, detail, refused } = outcome
    const body = JSON.stringify({ code, detail, refused })
    // Of an absurd length, or with a character that the database does not take: told, not kept.
    const kept = body.length <= longestRefused && !body.includes('\\u0000')
    return rowOf({ ...row, change: 'quarantined', body: kept ? body : JSON.stringify({ code, detail }) })
  }
  if (outcome.fate === 'removed') return rowOf({ ...row, change: 'removed', body: '{}' })
  if (outcome.fate === 'ignored') {
    return rowOf({ ...row, change: 'ignored', body: JSON.stringify({ code: outcome.rule }) })
  }
  const { establishmentRef, familyKey, givenKey } = outcome
  return rowOf({ ...row, change: 'added', establishmentRef, body: JSON.stringify(outcome.body), familyKey, givenKey })
}

/** A class the feed declares bears its label; one that pupils or teachers only refer to is there too, as they do. */
const toGroupBody = ({ establishment, code, name, referred }: NamedGroup, schoolYear: number) => ({
  name: name ?? code,
  code,
  establishment,
  schoolYear,
  declared: name === undefined || referred ? false : undefined,
})

/** A class or group that is declared by a record of its own, read again, and not by its establishment. */
export function toGroupRecord(group: NamedGroup, { schoolYear, establishments }: FeedContext) {
  const { establishment, code } = group
  if (!establishments.has(establishment)) {
    throw new Unusable('establishment_unknown', `The establishment ${establishment.slice(0, 64)} could not be read.`)
  }
  const body = toGroupBody(group, schoolYear)
  const externalId = `${establishment}$${code}`
  return { externalId, establishmentRef: establishment, body, groups: [], warnings: [] }
}

/** How much is said of a class: declared, named, or only referred to. */
const weightOf = ({ name, referred }: NamedGroup) => (name === undefined ? 0 : referred ? 1 : 2)

const keyOf = ({ kind, establishment, code }: NamedGroup) => `${kind} ${establishment}$${code}`

/** The classes and groups that records named, each once: as whoever says most of it. */
export class GroupGathering {
  /** Those that stay as they were accepted, once `rows` has come to its end: they are not staged. */
  readonly unchanged: { kind: 'class' | 'group'; externalId: string }[] = []
  private readonly groups = new Map<string, NamedGroup>()
  private readonly hashes = new Map<string, string>()

  /** @param standing those accepted before. */
  add(named: Iterable<NamedGroup>, standing: StandingGroup[] = []): void {
    for (const group of standing) this.hashes.set(keyOf(group), group.hash)
    for (const group of named) {
      const key = keyOf(group)
      const known = this.groups.get(key)
      if (known === undefined || weightOf(group) > weightOf(known)) this.groups.set(key, group)
    }
  }

  /** Rows of those whose establishment is known, and that are new or not what they were. */
  *rows({ establishments, schoolYear }: FeedContext): Generator<string> {
    for (const [key, group] of this.groups) {
      const { kind, establishment, code } = group
      if (!establishments.has(establishment)) continue
      const externalId = `${establishment}$${code}`
      const body = JSON.stringify(toGroupBody(group, schoolYear))
      const hash = hashOf(body)
      if (this.hashes.get(key) === hash) {
        this.unchanged.push({ kind, externalId })
        continue
      }
      const place = { establishmentRef: establishment, file: 0, line: 0 }
      yield rowOf({ kind, externalId, change: 'added', subjectId: randomUUIDv7(), ...place, hash, body })
    }
  }

  /** Classes that nobody declares. */
  get undeclared(): number {
    return [...this.groups.values()].filter((group) => group.name === undefined && group.kind === 'class').length
  }
}
