import { type Day, isDay } from '#kernel/time'
import { toSearchKey } from '../search-key.ts'
import { type CsvFile, readCsvRows } from './csv-text.ts'
import {
  type Feed,
  type FeedReading,
  FeedRefusal,
  type GivenFeed,
  type ReadingOptions,
  givenDay,
  schoolYearOf,
} from './feed.ts'
import { type PlacedOutcome, readRecords } from './record-reading.ts'
import {
  type AcceptedRecord,
  type FeedContext,
  keysOf,
  type Outcome,
  type PupilBody,
  readOutcome,
  type StaffBody,
  Unusable,
} from './records.ts'

// Attributes of Supann and eduPerson as columns; several values of one attribute are parted by `|`.
// https://services.renater.fr/documentation/supann

/** Whether the columns are attributes of a university's directory. */
export function isSupann(headers: string[]): boolean {
  const keys = new Set(headers.map((header) => header.toLowerCase()))
  const hasNames = keys.has('sn') && keys.has('givenname')
  return hasNames && [...keys].some((key) => key.startsWith('supann') || key.startsWith('eduperson'))
}

/** @throws FeedRefusal when nothing tells the establishment. */
export async function inspectSupannFile(files: CsvFile[], given: GivenFeed): Promise<Feed> {
  const uai = given.uai ?? (await findEstablishment(files))
  if (uai === undefined) {
    throw new FeedRefusal('csv_uai_needed', 'No supannEtablissement bears a UAI, and nobody says which one it is.')
  }
  const exportedOn = givenDay(given)
  const schoolYear = given.schoolYear ?? schoolYearOf(exportedOn)
  return {
    kind: 'supann',
    key: uai,
    sourceName: `Supann, ${uai}`,
    academyCode: null,
    mode: 'full',
    kinds: ['pupil', 'staff', 'class'],
    exportedOn,
    schoolYear,
    files: files.map(({ name, bytes }) => ({ name, bytes })),
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    read: (options) => readSupannFeed({ schoolYear, files, uai }, options),
  }
}

async function findEstablishment(files: CsvFile[]): Promise<string | undefined> {
  for (const file of files) {
    for await (const { values } of readCsvRows(file)) {
      const [uai] = new Entry(file.headers, values).establishments
      if (uai !== undefined) return uai
    }
  }
  return undefined
}

function readSupannFeed(
  feed: { schoolYear: number; files: CsvFile[]; uai: string },
  options: ReadingOptions,
): Promise<FeedReading> {
  return readRecords(
    feed,
    { establishments: () => readEstablishments(feed), others: (context) => readPeople(feed, context) },
    options,
  )
}

async function* readEstablishments({ files, uai }: { files: CsvFile[]; uai: string }): AsyncGenerator<PlacedOutcome> {
  const seen = new Map([[uai, { file: 0, line: 1 }]])
  for (const [number, file] of files.entries()) {
    for await (const { values, line } of readCsvRows(file)) {
      const entry = new Entry(file.headers, values)
      for (const each of [...entry.establishments, ...entry.inscriptions.map(({ etab }) => etab)]) {
        if (each !== undefined && !seen.has(each)) seen.set(each, { file: number, line })
      }
    }
  }
  for (const [each, place] of seen) {
    const body = { name: each, uai: each, level: 'higher' as const, mentioned: true as const }
    yield {
      kind: 'establishment',
      outcome: { fate: 'accepted', externalId: each, establishmentRef: each, body, groups: [], warnings: [] },
      ...place,
      bytes: 0,
    }
  }
}

async function* readPeople(
  { files, uai }: { files: CsvFile[]; uai: string },
  context: FeedContext,
): AsyncGenerator<PlacedOutcome> {
  for (const [number, file] of files.entries()) {
    for await (const { values, line, bytes } of readCsvRows(file)) {
      const entry = new Entry(file.headers, values)
      const kind = entry.followed === 'student' ? 'pupil' : 'staff'
      yield { kind, outcome: readEntry(entry, uai, context), file: number, line, bytes }
    }
  }
}

interface Inscription {
  etab: string | undefined
  year: number | undefined
  level: string | undefined
  step: string | undefined
}

// Those of people who come and go, of whom nobody teaches or studies.
const students = new Set(['student'])
const teachers = new Set(['faculty', 'teacher', 'researcher', 'emeritus'])
const employees = new Set(['staff', 'employee'])

/** One person of a university's directory, attribute by attribute. */
class Entry {
  private readonly values = new Map<string, string[]>()
  readonly width: { values: number; names: number }
  readonly headers: string[]
  readonly cells: string[]

  constructor(headers: string[], cells: string[]) {
    this.width = { values: cells.length, names: headers.length }
    this.headers = headers
    this.cells = cells
    headers.forEach((header, index) => {
      const parts = (cells[index] ?? '').split('|').map((part) => part.trim())
      this.values.set(header.toLowerCase(), parts.filter(Boolean))
    })
  }

  list(name: string): string[] {
    return this.values.get(name.toLowerCase()) ?? []
  }

  text(name: string): string | undefined {
    const [text] = this.list(name)
    if (text !== undefined && text.length > 2000) throw new Unusable('value_unreadable', `${name} is too long.`)
    return text
  }

  required(name: string): string {
    const text = this.text(name)
    if (text === undefined) throw new Unusable('attribute_missing', `${name} is missing or empty.`)
    return text
  }

  get affiliations(): string[] {
    const primary = this.list('eduPersonPrimaryAffiliation')
    return [...primary, ...this.list('eduPersonAffiliation'), ...this.list('eduPersonAffiliations')].map((each) =>
      each.toLowerCase(),
    )
  }

  /** The affiliation the person is followed under: the primary one, else the first that says more than `member`. */
  get followed(): 'student' | 'teacher' | 'staff' | undefined {
    for (const each of this.affiliations) {
      if (students.has(each)) return 'student'
      if (teachers.has(each)) return 'teacher'
      if (employees.has(each)) return this.affiliations.some((other) => teachers.has(other)) ? 'teacher' : 'staff'
    }
    return undefined
  }

  /** `{UAI}0751717J` → 0751717J. */
  get establishments(): string[] {
    return this.list('supannEtablissement').flatMap((value) => toUai(value) ?? [])
  }

  /** `[etab={UAI}0751717J][anneeinsc=2026][cursusann={SUPANN}L1][etape={UAI:0751717J}HIST1]…` */
  get inscriptions(): Inscription[] {
    return this.list('supannEtuInscription').map((value) => {
      const parts = new Map<string, string>()
      for (const [, name, text] of value.slice(0, 2000).matchAll(/\[(\w+)=([^\]]*)\]/g)) parts.set(name!, text!)
      const year = Number(parts.get('anneeinsc'))
      return {
        etab: toUai(parts.get('etab') ?? ''),
        year: Number.isInteger(year) && year > 1900 ? year : undefined,
        level: withoutLabel(parts.get('cursusann')),
        step: withoutLabel(parts.get('etape')),
      }
    })
  }
}

function toUai(value: string): string | undefined {
  return /^(?:\{UAI\})?(\d{7}[A-Z])$/i.exec(value)?.[1]?.toUpperCase()
}

/** A value without the nomenclature it comes from: `{SUPANN}L1` → L1. */
function withoutLabel(value: string | undefined): string | undefined {
  return value?.replace(/^\{[^}]*\}/, '').trim() || undefined
}

function readEntry(entry: Entry, uai: string, context: FeedContext): Outcome {
  const own = entry.list('supannEtuId')[0] ?? entry.list('supannEmpId')[0] ?? ''
  const reading = () => {
    const { values, names } = entry.width
    if (values !== names) {
      const code = values > names ? 'row_too_long' : 'row_too_short'
      throw new Unusable(code, `The row has ${values} values, the first line ${names} names.`)
    }
    const externalId = identify(entry)
    const { followed } = entry
    if (followed === undefined) return { externalId, rule: 'affiliation_not_followed' }
    const read = followed === 'student' ? readStudent(entry, uai, context) : readEmployee(entry, uai, context, followed)
    return { externalId, ...read }
  }
  return readOutcome(own, reading, () => ({ of: 'supann', uai, headers: entry.headers, cells: entry.cells }))
}

/** What is kept of an entry that is set aside. */
export interface RefusedEntry {
  of: 'supann'
  uai: string
  headers: string[]
  cells: string[]
}

/** Reads an entry again that was set aside. */
export function rereadSupann({ uai, headers, cells }: RefusedEntry, context: FeedContext): Outcome {
  return readEntry(new Entry(headers, cells), uai, context)
}

/** Principal names may be given again to someone else, numbers are not: they come first. */
function identify(entry: Entry): string {
  const number = entry.followed === 'student' ? 'supannEtuId' : 'supannEmpId'
  const names = [number, 'supannEtuId', 'supannEmpId', 'eduPersonUniqueId', 'eduPersonPrincipalName', 'uid']
  const id = names.map((name) => entry.text(name)).find((text) => text !== undefined)
  if (id === undefined) throw new Unusable('attribute_missing', 'supannEtuId, supannEmpId and others are all empty.')
  if (!/^[\w.@:/+-]{1,100}$/.test(id))
    throw new Unusable('identifier_invalid', 'The identifier holds a space or a sign.')
  return id
}

function readPerson(entry: Entry) {
  const familyName = entry.required('sn')
  const birth = entry.text('supannNomDeNaissance') ?? entry.text('supannNomFamille')
  const bornOn = readBirthDate(entry)
  return {
    familyName,
    givenName: entry.required('givenName'),
    otherGivenNames: entry.list('supannPrenomsEtatCivil')[0],
    birthFamilyName: birth !== undefined && toSearchKey(birth) === toSearchKey(familyName) ? undefined : birth,
    title: entry.text('supannCivilite'),
    bornOn,
    email: entry.text('mail'),
    mobile: entry.text('mobile'),
    workPhone: entry.text('telephoneNumber'),
  }
}

/** yyyymmdd in Supann (supannOIDCDatedeNaissance: yyyy-mm-dd). */
function readBirthDate(entry: Entry): Day | undefined {
  const text = entry.text('supannOIDCDatedeNaissance') ?? entry.text('supannDateDeNaissance')
  if (text === undefined) return undefined
  const day = text.replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3')
  if (!isDay(day)) throw new Unusable('date_invalid', 'The birth date is neither yyyymmdd nor yyyy-mm-dd.')
  return day
}

function knownPlaces(entry: Entry, uai: string, context: FeedContext): string[] {
  const places = entry.establishments.filter((each) => context.establishments.has(each))
  if (places.length > 0) return [...new Set(places)]
  if (context.establishments.has(uai)) return [uai]
  throw new Unusable('establishment_unknown', `The establishment ${uai} could not be read.`)
}

/** A student: a pupil of higher education, the steps (étapes) of whose courses are classes. */
function readStudent(entry: Entry, uai: string, context: FeedContext): AcceptedRecord {
  const [own] = knownPlaces(entry, uai, context)
  const person = readPerson(entry)
  const warnings: string[] = []
  const current = entry.inscriptions.filter(({ year }) => year === undefined || year === context.schoolYear)
  const steps = current.flatMap(({ etab, step }) => {
    const establishment = etab ?? own!
    if (step === undefined) return []
    if (context.establishments.has(establishment)) {
      return [
        {
          kind: 'class' as const,
          establishment,
          code: step,
          name: step,
          referred: true,
          ref: `${establishment}$${step}`,
        },
      ]
    }
    warnings.push('establishment_unknown')
    return []
  })
  const places = new Set([own!, ...steps.map(({ establishment }) => establishment)])
  if (entry.affiliations.some((each) => teachers.has(each) || employees.has(each)))
    warnings.push('affiliation_left_out')
  const body: PupilBody = {
    ...person,
    ine: entry.text('supannCodeINE'),
    schoolYear: context.schoolYear,
    enrolments: [...places].map((establishment) => ({
      establishment,
      level: current.find(({ etab, level }) => level !== undefined && (etab ?? own) === establishment)?.level,
    })),
    classes: [...new Set(steps.map(({ ref }) => ref))].sort(),
    groups: [],
    guardians: [],
  }
  return { establishmentRef: own!, body, ...keysOf(person), groups: steps, warnings }
}

function readEmployee(entry: Entry, uai: string, context: FeedContext, followed: 'teacher' | 'staff'): AcceptedRecord {
  const places = knownPlaces(entry, uai, context)
  const person = readPerson(entry)
  const units = entry.list('supannEntiteAffectation').join(', ') || undefined
  const warnings = entry.affiliations.includes('student') ? ['affiliation_left_out'] : []
  const body: StaffBody = {
    ...person,
    schoolYear: context.schoolYear,
    functions: places.map((establishment) => ({
      establishment,
      code: '-',
      label: units,
      profile: followed,
    })),
    teachings: [],
  }
  return { establishmentRef: places[0]!, body, ...keysOf(person), groups: [], warnings }
}
