import type { Level, RecordKind } from '../tables.ts'
import { attributeNames, Attributes, type Degree, toLines } from './aaf-attributes.ts'
import { readGroupLinks, readGuardianLinks, readPrimaryGroupLinks } from './aaf-links.ts'
import type { AafRecord } from './aaf-parser.ts'
import { type AafContext, readPerson } from './aaf-people.ts'
import { readStaff } from './aaf-staff.ts'
import { type AcceptedRecord, type Outcome, readOutcome, sortedSet, toDay, toGroupCode, Unusable } from './records.ts'

/** The kinds of records an AAF feed holds: one type of file each. */
export type FeedKind = Exclude<RecordKind, 'class' | 'group'>

/** What a type of file holds: a kind of record, with the categories it bears. */
export interface FileType {
  kind: FeedKind
  categories: string[]
}

const bothDegrees = {
  Eleve: { kind: 'pupil', categories: ['Eleve'] },
  PersRelEleve: { kind: 'guardian', categories: ['PersRelEleve'] },
  PersEducNat: { kind: 'staff', categories: ['PersEducNat'] },
} satisfies Record<string, FileType>
const establishments = { EtabEducNat: { kind: 'establishment', categories: ['EtabEducNat'] } } satisfies Record<
  string,
  FileType
>

/** File types in names of files, in the order they are read. */
export const feedTypes: Record<Degree, Record<string, FileType>> = {
  '1D': { ...establishments, ...bothDegrees },
  '2D': {
    ...establishments,
    MatiereEducNat: { kind: 'subject', categories: ['MatEducNat', 'MatiereEducNat'] },
    MefEducNat: { kind: 'mef', categories: ['MefEducNat'] },
    ...bothDegrees,
  },
}

/** Normalises one record of a feed (attributes: SDET annexe 4bis). Links to what is unknown are left out and counted. */
export function readRecord(kind: FeedKind, record: AafRecord, context: AafContext): Outcome {
  const source = new Attributes(record)
  const read = () => {
    const externalId = readIdentifier(kind, record, source)
    return { externalId, ...readers[kind](source, context, externalId) }
  }
  return readOutcome(record.id, read, () => keepAafRecord(kind, record, context.degree))
}

/** What is kept of a record that is set aside: its request, as it came. */
export interface RefusedAaf {
  of: 'aaf'
  degree: Degree
  kind: FeedKind
  request: AafRecord['request']
  category: string
  id: string
  attributes: [string, string[]][]
}

/** What is kept of a record, whatever became of it. */
export function keepAafRecord(
  kind: FeedKind,
  { request, category, id, attributes }: AafRecord,
  degree: Degree,
): RefusedAaf {
  return { of: 'aaf', degree, kind, request, category, id, attributes: [...attributes] }
}

type Read = AcceptedRecord

const readers: Record<
  FeedKind,
  (source: Attributes, context: AafContext, externalId: string) => Read | { rule: string }
> = {
  establishment: readEstablishment,
  subject: (source) => readNamedCode(source, 'ENTLibelleMatiere'),
  mef: readMef,
  pupil: readPupil,
  guardian: readGuardian,
  staff: readStaff,
}

/** The attribute that repeats a record's identifier. */
export const jointures: Record<FeedKind, string> = {
  establishment: 'ENTStructureJointure',
  subject: 'ENTMatJointure',
  mef: 'ENTMefJointure',
  pupil: 'ENTPersonJointure',
  guardian: 'ENTPersonJointure',
  staff: 'ENTPersonJointure',
}

function readIdentifier(kind: FeedKind, record: AafRecord, source: Attributes): string {
  const externalId = source.required(jointures[kind])
  if (!/^[\w.-]{1,64}$/.test(externalId)) {
    throw new Unusable(
      'identifier_invalid',
      `${jointures[kind]} holds other characters than letters, digits, ".", "_", "-".`,
    )
  }
  if (record.id !== externalId) {
    throw new Unusable('identifier_mismatch', `The record's identifier differs from its ${jointures[kind]}.`)
  }
  return externalId
}

function readNamedCode(source: Attributes, label: string): Read {
  return { establishmentRef: null, body: { name: source.required(label) }, groups: [], warnings: [] }
}

function readMef(source: Attributes): Read {
  const body = {
    name: source.required('ENTLibelleMef'),
    attachedTo: source.text('ENTMEFRattach'),
    statisticalCode: source.text('ENTMEFSTAT11'),
  }
  return { establishmentRef: null, body, groups: [], warnings: [] }
}

/** The level of a pupil. Feeds of primary schools give its name, or its code and its name (`code$name`). */
function readPupilLevel(
  source: Attributes,
  degree: Degree,
): { level: string | undefined; levelCode?: string | undefined } {
  const primary = source.text('ENTEleveNiveau')
  const [, levelCode, level] = (degree === '1D' && /^([0-9A-Z]{4})\$(.+)$/.exec(primary ?? '')) || []
  if (level !== undefined) return { level: level.trim(), levelCode }
  return { level: primary ?? source.text('ENTEleveNivFormation') ?? source.text('ENTEleveLibelleMEF') }
}

// First part of ENTStructureNomCourant, as people say it.
const structureWords: Record<string, string> = {
  CLG: 'Collège',
  LYC: 'Lycée',
  LGT: 'Lycée',
  LG: 'Lycée',
  LT: 'Lycée',
  LPO: 'Lycée',
  LP: 'Lycée professionnel',
  SEP: 'Section d’enseignement professionnel',
  SEGPA: 'SEGPA',
  EREA: 'EREA',
  'E.E.PU': 'École élémentaire',
  'E.M.PU': 'École maternelle',
  'E.P.PU': 'École primaire',
}

function readLevel(type: string): Level | undefined {
  if (/^(CLG|COLLEGE|SEGPA|SECTION D'?ENS.*ADAPTE)/.test(type)) return 'lowerSecondary'
  if (/^(LYC|LGT|LPO|LP\b|LG\b|LT\b|SEP\b|EREA)/.test(type)) return 'upperSecondary'
  return /^(ECOLE|E\.?E\.?|E\.?[MP]\.?P|EM\b|EP\b)/.test(type) ? 'primary' : undefined
}

/** `PREFIX$NAME$TOWN`, or a name as it is. @param typeLabel what else may tell its level. */
export function readStructureName(written: string, typeLabel: string | undefined, degree: Degree) {
  const [prefix = '', name, town] = written.split('$').map((part) => part.trim())
  return {
    name: name ? `${structureWords[prefix] ?? prefix} ${name}`.trim() : prefix,
    level: readLevel(prefix) ?? readLevel(typeLabel ?? '') ?? (degree === '1D' ? ('primary' as const) : undefined),
    town,
  }
}

/** A name and a level as `readStructureName` reads them. */
export function writeStructureName(
  name: string,
  level: Level | undefined,
  typeLabel: string | undefined,
  degree: Degree,
) {
  const writings = Object.entries(structureWords).map(([prefix, word]) =>
    name.startsWith(`${word} `) ? `${prefix}$${name.slice(word.length + 1)}` : name,
  )
  const reads = (writing: string) => {
    const read = readStructureName(writing, typeLabel, degree)
    return read.name === name && read.level === level
  }
  return [name, ...writings].find(reads) ?? name
}

function readEstablishment(source: Attributes, { degree }: AafContext, externalId: string): Read {
  const uai = source.text('ENTStructureUAI') ?? source.required('ENTEtablissementUAI')
  if (!/^\d{7}[A-Z]$/.test(uai)) throw new Unusable('uai_invalid', 'ENTStructureUAI is not seven digits and a letter.')
  const typeLabel = source.text('ENTStructureTypeStruct')
  const names = attributeNames[degree]
  const named = readStructureName(source.name('ENTStructureNomCourant', 200), typeLabel, degree)
  const groups = (['class', 'group'] as const).flatMap((kind) =>
    source.parts(kind === 'class' ? 'ENTStructureClasses' : 'ENTStructureGroupes', 1).map(([code, label]) => ({
      kind,
      establishment: externalId,
      code: toGroupCode(code!),
      name: label || code!,
    })),
  )
  const body = {
    name: named.name,
    uai,
    siren: source.text('ENTStructureSIREN'),
    level: named.level,
    typeLabel: typeLabel === 'SANS OBJET' ? undefined : typeLabel,
    street: toLines(source.text(names.establishmentStreet)),
    postalCode: source.text(names.establishmentPostalCode),
    town: source.text(names.establishmentTown) ?? named.town,
    phone: source.text(names.establishmentPhone),
    email: source.text(names.establishmentEmail),
  }
  return { establishmentRef: externalId, body, groups, warnings: [] }
}

function readPupil(source: Attributes, context: AafContext): Read {
  const bornOn = toDay('ENTPersonDateNaissance', source.required('ENTPersonDateNaissance'))
  const { person, keys } = readPerson(source, context.degree, bornOn)
  const establishment = source.required('ENTPersonStructRattach')
  if (!context.establishments.has(establishment)) {
    throw new Unusable(
      'establishment_unknown',
      `ENTPersonStructRattach ${establishment.slice(0, 64)} is no establishment of the feed.`,
    )
  }
  const mef = source.text('ENTEleveMEF')
  if (mef !== undefined && !/^[0-9A-Z]{11}$/.test(mef))
    throw new Unusable('mef_invalid', 'ENTEleveMEF is not 11 characters.')
  const warnings: string[] = []
  const classes = [
    ...readGroupLinks(source, 'ENTEleveClasses', 'class', context, warnings),
    ...readPrimaryGroupLinks(source, 'class', context, warnings),
  ]
  const groups = [
    ...readGroupLinks(source, 'ENTEleveGroupes', 'group', context, warnings),
    ...readPrimaryGroupLinks(source, 'group', context, warnings),
  ]
  const others = new Set([...classes, ...groups].map((link) => link.establishment))
  others.delete(establishment)
  const subjects = sortedSet(source.list('ENTEleveCodeEnseignements'))
  const body = {
    ...person,
    ine: source.text('ENTEleveINE'),
    schoolYear: context.schoolYear,
    enrolments: [
      {
        establishment,
        mef,
        ...readPupilLevel(source, context.degree),
        regime: source.text('ENTEleveRegime'),
        status: source.text('ENTEleveStatutEleve'),
        enteredOn: source.day('ENTEleveDateEntreeStructRattach'),
        leftOn: source.day('ENTEleveDateSortieStructRattach'),
      },
      // Classes followed elsewhere make the pupil one of that establishment too.
      ...[...others].sort().map((each) => ({ establishment: each })),
    ],
    classes: sortedSet(classes.map((link) => link.ref)),
    groups: sortedSet(groups.map((link) => link.ref)),
    subjects: subjects.length === 0 ? undefined : subjects,
    guardians: readGuardianLinks(source, context.degree, warnings),
  }
  return {
    establishmentRef: establishment,
    body,
    ...keys,
    groups: [...classes, ...groups],
    warnings,
  }
}

function readGuardian(source: Attributes, { degree }: AafContext): Read {
  const { person, keys } = readPerson(source, degree, source.day('ENTPersonDateNaissance'))
  return { establishmentRef: null, body: person, ...keys, groups: [], warnings: [] }
}
