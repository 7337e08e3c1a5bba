import { hash } from 'node:crypto'
import { toSearchKey } from '../search-key.ts'
import type { LegalStatus, Level } from '../tables.ts'
import {
  type CsvField,
  type CsvMapping,
  isRepeatable,
  nameColumns,
  placeFieldsOf,
  rowGuardians,
  splitRowGuardian,
} from './csv-mapping.ts'
import { isDeletion, isYes, readCsvValue, splitCell, toFunction, toLinkCode } from './csv-values.ts'
import {
  type AcceptedRecord,
  type FeedContext,
  keysOf,
  type NamedGroup,
  type Outcome,
  type PupilBody,
  readOutcome,
  sortedSet,
  type StaffBody,
  toGroupRecord,
  Unusable,
} from './records.ts'

/** How the rows of one file are read. */
export interface CsvShape {
  mapping: CsvMapping
  /** Field of each column; none for those about guardians of the row's pupil. */
  fields: (CsvField | null)[]
  /** The same with these. */
  allFields: (CsvField | null)[]
  /** What stands in the row of each guardian of its pupil, by number. */
  guardians: { number: number; places: number[]; shape: CsvShape }[]
  /** Name of each column, for reasons. */
  names: string[]
  /** Establishment of the rows that name none. */
  uai: string | undefined
}

export function shapeOf(headers: string[], mapping: CsvMapping, uai: string | undefined): CsvShape {
  return toShape(mapping, placeFieldsOf(headers, mapping), nameColumns(headers), uai)
}

/** @param allFields of each column. @param names of the columns. */
export function toShape(
  mapping: CsvMapping,
  allFields: (CsvField | null)[],
  names: string[],
  uai: string | undefined,
): CsvShape {
  const parts = allFields.map((field) => (field === null ? undefined : splitRowGuardian(field)))
  const fields = allFields.map((field, place) => (parts[place] ? null : field))
  const guardians = rowGuardians.flatMap((number) => {
    const places = parts.flatMap((part, place) => (part?.number === number ? [place] : []))
    if (places.length === 0) return []
    const own = places.map((place) => parts[place]!.field)
    const shape = toShape(
      { kind: 'guardian', columns: {} },
      own,
      places.map((place) => names[place]!),
      uai,
    )
    return [{ number, places, shape }]
  })
  return { mapping, fields, allFields, guardians, names, uai }
}

type Child = Partial<Record<CsvField, string>>

/** The values of a row, read as what its columns hold. */
export class CsvRecord {
  readonly warnings: string[] = []
  readonly shape: CsvShape
  private readonly cells = new Map<CsvField, string[]>()
  /** Children one after the other: a field that comes again begins the next one. */
  readonly children: Child[] = []

  /** @throws Unusable when a value cannot be read, or the row has values under no header. */
  constructor(values: string[], shape: CsvShape) {
    this.shape = shape
    if (values.length > shape.fields.length) {
      throw new Unusable(
        'row_too_long',
        `The row has ${values.length} values, the first line ${shape.fields.length} names.`,
      )
    }
    if (values.length < shape.fields.length) {
      throw new Unusable(
        'row_too_short',
        `The row has ${values.length} values, the first line ${shape.fields.length} names.`,
      )
    }
    let child: Child = {}
    let begun = new Set<CsvField>()
    shape.fields.forEach((field, index) => {
      const text = values[index]!.trim()
      if (field === null) return
      if (field.startsWith('child')) {
        if (begun.has(field)) {
          if (Object.keys(child).length > 0) this.children.push(child)
          child = {}
          begun = new Set()
        }
        begun.add(field)
      }
      if (text === '') return
      const read = readCsvValue(field, text, shape.names[index]!)
      if ('warning' in read) this.warnings.push(read.warning)
      else if (field.startsWith('child')) child[field] = read.value
      else this.cells.set(field, [...(this.cells.get(field) ?? []), read.value])
    })
    if (Object.keys(child).length > 0) this.children.push(child)
  }

  text(field: CsvField): string | undefined {
    const values = this.cells.get(field)
    return isRepeatable(field) ? values?.join('\n') : values?.[0]
  }

  required(field: CsvField): string {
    const text = this.text(field)
    if (text !== undefined) return text
    const names = this.shape.names.filter((_, index) => this.shape.fields[index] === field)
    const name = names.length > 0 ? `"${names.join('", "')}"` : `The column for ${field}`
    throw new Unusable('attribute_missing', `${name} is missing or empty.`)
  }

  list(field: CsvField): string[] {
    return (this.cells.get(field) ?? []).flatMap(splitCell)
  }

  /** Whether the row takes away what it describes. */
  get deleted(): boolean {
    return isDeletion(this.text('deleted'))
  }

  get uai(): string | undefined {
    return this.text('uai') ?? this.shape.uai
  }

  /** The name in use; the one of birth when another is in use. */
  names(): { familyName: string; givenName: string; birthFamilyName: string | undefined } {
    const written = this.text('familyName')
    const usual = this.text('usualFamilyName')
    const birth = this.text('birthFamilyName') ?? (usual === undefined ? undefined : written)
    const familyName = usual ?? written ?? birth ?? this.required('familyName')
    const givenName = this.required('givenName')
    return { familyName, givenName, birthFamilyName: birth === familyName ? undefined : birth }
  }
}

/** An identifier that stays the same as long as what it is made of does. */
export function deriveIdentifier(parts: (string | undefined)[]): string {
  return `n-${hash('sha256', parts.map((part) => toSearchKey(part ?? '')).join('|')).slice(0, 24)}`
}

/** The identifier of a person: its own, a pupil's INE, or one derived from names, birth date and establishment. */
export function identifyPerson(record: CsvRecord): string {
  const own = record.text('id') ?? record.text('ine')
  if (own !== undefined) return own
  const { familyName, givenName } = record.names()
  // Without a birth date two pupils of the same name would be one; guardians and staff seldom have one.
  const bornOn = record.shape.mapping.kind === 'pupil' ? record.required('bornOn') : record.text('bornOn')
  return deriveIdentifier([familyName, givenName, bornOn, record.uai])
}

export type GuardianLink = PupilBody['guardians'][number]

/** What rows are read against. */
export interface CsvContext extends FeedContext {
  /** Guardians that other files tell of, by pupil. */
  links: Pick<ReadonlyMap<string, GuardianLink[]>, 'get'>
  /** Identifiers of the guardians of pupils' rows, by pupil and by their number in the row. */
  rowIdentifiers: Pick<ReadonlyMap<string, Record<number, string>>, 'get'>
}

/** Normalises the row of a person. */
export function readCsvPerson(
  values: string[],
  shape: CsvShape,
  context: CsvContext,
  identify: (record: CsvRecord) => string = identifyPerson,
): Outcome {
  const own = values[shape.fields.indexOf('id')]?.trim() ?? ''
  const outcome = readOutcome(own, () => {
    const record = new CsvRecord(values, shape)
    const externalId = identify(record)
    if (record.deleted) return { externalId, rule: deletion }
    const read = { pupil: readPupil, guardian: readGuardian, staff: readStaff }[shape.mapping.kind as 'pupil']
    return { externalId, ...read(record, context, externalId) }
  })
  return orRemoved(outcome)
}

const deletion = 'deletion'

/** What a row takes away is removed. */
function orRemoved(outcome: Outcome): Outcome {
  if (outcome.fate !== 'ignored' || outcome.rule !== deletion) return outcome
  return { fate: 'removed', externalId: outcome.externalId }
}

function readPersonBody(record: CsvRecord) {
  const { familyName, givenName, birthFamilyName } = record.names()
  return {
    familyName,
    givenName,
    otherGivenNames: record.text('otherGivenNames')?.replaceAll('\n', ' '),
    birthFamilyName,
    title: record.text('title'),
    bornOn: record.text('bornOn'),
    email: record.text('email'),
    phone: record.text('phone'),
    mobile: record.text('mobile'),
    workPhone: record.text('workPhone'),
    street: record.text('street'),
    postalCode: record.text('postalCode'),
    town: record.text('town'),
    country: record.text('country'),
  }
}

function readEstablishment(record: CsvRecord, context: FeedContext): string {
  const uai = record.uai
  if (uai === undefined) throw new Unusable('attribute_missing', 'The row names no establishment (UAI).')
  if (context.establishments.has(uai)) return uai
  throw new Unusable('establishment_unknown', `The establishment ${uai} could not be read.`)
}

function readGroups(record: CsvRecord, field: CsvField, establishment: string): (NamedGroup & { ref: string })[] {
  const kind = field === 'group' ? 'group' : 'class'
  // Nobody else declares them in most files: that is nothing to warn of.
  const said = { kind, establishment, referred: true } as const
  return record.list(field).map((code) => ({ ...said, code, name: code, ref: `${establishment}$${code}` }))
}

function readPupil(record: CsvRecord, context: CsvContext, externalId: string): AcceptedRecord {
  const establishment = readEstablishment(record, context)
  const person = readPersonBody(record)
  const classes = readGroups(record, 'class', establishment)
  const groups = readGroups(record, 'group', establishment)
  const told = record.list('guardianId').map((id) => toLink(id, '-', 'legal'))
  const links = new Map([...told, ...(context.links.get(externalId) ?? [])].map((link) => [link.id, link]))
  const body: PupilBody = {
    ...person,
    ine: record.text('ine'),
    schoolYear: context.schoolYear,
    enrolments: [
      {
        establishment,
        mef: record.text('mef'),
        level: record.text('level'),
        regime: record.text('regime'),
        status: record.text('status'),
        enteredOn: record.text('enteredOn'),
        leftOn: record.text('leftOn'),
      },
    ],
    classes: sortedSet(classes.map(({ ref }) => ref)),
    groups: sortedSet(groups.map(({ ref }) => ref)),
    guardians: [...links.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
  }
  return {
    establishmentRef: establishment,
    body,
    ...keysOf(person),
    groups: [...classes, ...groups],
    warnings: record.warnings,
  }
}

function toLink(id: string, link: string, legal: LegalStatus): GuardianLink {
  return { id, link, legal, financial: false, contact: false, pays: false }
}

/** What a row of a guardian says of its relation to the children; of whom nothing is said answers for them. */
export function readLink(record: CsvRecord, id: string): GuardianLink {
  return toLink(id, toLinkCode(record.text('link')), (record.text('legal') as LegalStatus | undefined) ?? 'legal')
}

export function readGuardian(record: CsvRecord): AcceptedRecord {
  const person = readPersonBody(record)
  return { establishmentRef: null, body: person, ...keysOf(person), groups: [], warnings: record.warnings }
}

function readStaff(record: CsvRecord, context: FeedContext): AcceptedRecord {
  const establishment = readEstablishment(record, context)
  const person = readPersonBody(record)
  const otherwise = record.shape.mapping.profile ?? 'staff'
  const label = record.text('function')
  const functions: StaffBody['functions'] = [
    {
      establishment,
      ...(label === undefined ? { code: '-', profile: otherwise } : toFunction(label, otherwise)),
      label,
      disciplineLabel: record.text('discipline')?.replaceAll('\n', ', '),
    },
  ]
  if (isYes(record.text('head'))) functions.push({ establishment, code: 'DIR', profile: 'head' })
  const main = readGroups(record, 'mainClass', establishment)
  const taught = [...readGroups(record, 'class', establishment), ...readGroups(record, 'group', establishment), ...main]
  const mains = new Set(main.map(({ ref }) => ref))
  const teachings = new Map(
    taught.map(({ kind, ref }) => [
      `${kind} ${ref}`,
      { kind, ref, subjects: [], main: kind === 'class' && mains.has(ref) },
    ]),
  )
  const body: StaffBody = {
    ...person,
    schoolYear: context.schoolYear,
    functions: functions.map(({ establishment: at, code, label: said, disciplineLabel, profile }) => ({
      establishment: at,
      code,
      label: said,
      disciplineLabel,
      profile,
    })),
    teachings: [...teachings].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, teaching]) => teaching),
  }
  return { establishmentRef: establishment, body, ...keysOf(person), groups: taught, warnings: record.warnings }
}

/** Normalises the row of an establishment. */
export function readCsvEstablishment(values: string[], shape: CsvShape): Outcome {
  const own = values[shape.fields.indexOf('uai')]?.trim() ?? ''
  const outcome = readOutcome(own, () => {
    const record = new CsvRecord(values, shape)
    const uai = record.required('uai')
    if (record.deleted) return { externalId: uai, rule: deletion }
    const body = {
      name: record.required('name'),
      uai,
      level: readLevel(record.text('type') ?? record.required('name')),
      typeLabel: record.text('type'),
      street: record.text('street'),
      postalCode: record.text('postalCode'),
      town: record.text('town'),
      phone: record.text('phone'),
      email: record.text('email'),
    }
    return { externalId: uai, establishmentRef: uai, body, groups: [], warnings: record.warnings }
  })
  return orRemoved(outcome)
}

/** The row of a class read again, as a record of its own and not as its establishment declares it. */
export function readCsvClassAgain(values: string[], shape: CsvShape, context: FeedContext): Outcome {
  const outcome = readOutcome('', () => {
    const record = new CsvRecord(values, shape)
    const { establishment, code, name } = readCsvClass(record)
    if (record.deleted) return { externalId: `${establishment}$${code}`, rule: deletion }
    return toGroupRecord({ kind: 'class', establishment, code, name }, context)
  })
  return orRemoved(outcome)
}

/** A class that a row declares. @throws Unusable. */
export function readCsvClass(record: CsvRecord): { establishment: string; code: string; name: string } {
  const establishment = record.uai
  if (establishment === undefined) throw new Unusable('attribute_missing', 'The row names no establishment (UAI).')
  const code = record.text('code') ?? record.required('name')
  return { establishment, code, name: record.text('name') ?? code }
}

function readLevel(type: string): Level | undefined {
  const key = toSearchKey(type)
  if (/college|segpa|\bclg\b/.test(key)) return 'lowerSecondary'
  if (/lycee|\berea\b|\blp\b|\blpo\b/.test(key)) return 'upperSecondary'
  if (/ecole|maternelle|elementaire|primaire|primary/.test(key)) return 'primary'
  return /universit|\bufr\b|\biut\b/.test(key) ? 'higher' : undefined
}
