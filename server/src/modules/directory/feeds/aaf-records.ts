import type { Day } from '#kernel/time'
import type { LegalStatus, Level, RecordKind } from '../tables.ts'
import type { AafRecord } from './aaf-parser.ts'
import {
  type AcceptedRecord,
  type FeedContext,
  isLinkCode,
  keysOf,
  type NamedGroup,
  type Outcome,
  readOutcome,
  sortedSet,
  toDay,
  toGroupCode,
  toProfile,
  Unusable,
} from './records.ts'

/** The kinds of records an AAF 2D feed holds: one type of file each. */
export type FeedKind = Exclude<RecordKind, 'class' | 'group'>

/** File type in names of files → kind of record, with the categories its records bear. */
export const feedTypes: Record<string, { kind: FeedKind; categories: string[] }> = {
  EtabEducNat: { kind: 'establishment', categories: ['EtabEducNat'] },
  MatiereEducNat: { kind: 'subject', categories: ['MatEducNat', 'MatiereEducNat'] },
  MefEducNat: { kind: 'mef', categories: ['MefEducNat'] },
  Eleve: { kind: 'pupil', categories: ['Eleve'] },
  PersRelEleve: { kind: 'guardian', categories: ['PersRelEleve'] },
  PersEducNat: { kind: 'staff', categories: ['PersEducNat'] },
}

/** Normalises one record of a feed (attributes: SDET annexe 4bis). Links to what is unknown are left out and counted. */
export function readRecord(kind: FeedKind, record: AafRecord, context: FeedContext): Outcome {
  const source = new Attributes(record)
  return readOutcome(record.id, () => {
    const externalId = readIdentifier(kind, record, source)
    return { externalId, ...readers[kind](source, context, externalId) }
  })
}

type Read = AcceptedRecord

const readers: Record<
  FeedKind,
  (source: Attributes, context: FeedContext, externalId: string) => Read | { rule: string }
> = {
  establishment: readEstablishment,
  subject: (source) => readNamedCode(source, 'ENTLibelleMatiere'),
  mef: (source) => readNamedCode(source, 'ENTLibelleMef'),
  pupil: readPupil,
  guardian: readGuardian,
  staff: readStaff,
}

const jointures: Record<FeedKind, string> = {
  establishment: 'ENTStructureJointure',
  subject: 'ENTMatJointure',
  mef: 'ENTMefJointure',
  pupil: 'ENTPersonJointure',
  guardian: 'ENTPersonJointure',
  staff: 'ENTPersonJointure',
}

/** Attributes of a record, read as what they should be. */
class Attributes {
  private readonly values: Map<string, string[]>

  constructor(record: AafRecord) {
    this.values = record.attributes
  }

  /** The first value; undefined when absent or empty. */
  text(name: string): string | undefined {
    return this.values.get(name)?.[0] || undefined
  }

  required(name: string): string {
    const text = this.text(name)
    if (text === undefined) throw new Unusable('attribute_missing', `${name} is missing or empty.`)
    return text
  }

  /** A name: longer than any, it could be neither shown nor indexed. */
  name(name: string, longest: number): string {
    const text = this.required(name)
    if (text.length > longest) throw new Unusable('value_unreadable', `${name} exceeds ${longest} characters.`)
    return text
  }

  /** The values that are not empty. */
  list(name: string): string[] {
    return this.values.get(name)?.filter((value) => value !== '') ?? []
  }

  /** Values cut at their `$`, of `least` parts at least. */
  parts(name: string, least: number): string[][] {
    return this.list(name).map((value) => {
      const parts = value.split('$').map((part) => part.trim())
      if (parts.length < least || parts[0] === '')
        throw new Unusable('value_unreadable', `${name}: a value lacks parts.`)
      return parts
    })
  }

  day(name: string): Day | undefined {
    const text = this.text(name)
    return text === undefined ? undefined : toDay(name, text)
  }
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
}

function readLevel(type: string): Level | undefined {
  if (/^(CLG|COLLEGE|SEGPA|SECTION D'?ENS.*ADAPTE)/.test(type)) return 'lowerSecondary'
  if (/^(LYC|LGT|LPO|LP\b|LG\b|LT\b|SEP\b|EREA)/.test(type)) return 'upperSecondary'
  return /^(ECOLE|E\.?E\.?|EM\b|EP\b)/.test(type) ? 'primary' : undefined
}

function readEstablishment(source: Attributes, _context: FeedContext, externalId: string): Read {
  const uai = source.text('ENTStructureUAI') ?? source.required('ENTEtablissementUAI')
  if (!/^\d{7}[A-Z]$/.test(uai)) throw new Unusable('uai_invalid', 'ENTStructureUAI is not seven digits and a letter.')
  const named = source
    .name('ENTStructureNomCourant', 200)
    .split('$')
    .map((part) => part.trim())
  const [prefix = '', name] = named
  const typeLabel = source.text('ENTStructureTypeStruct')
  const groups = (['class', 'group'] as const).flatMap((kind) =>
    source.parts(kind === 'class' ? 'ENTStructureClasses' : 'ENTStructureGroupes', 1).map(([code, label]) => ({
      kind,
      establishment: externalId,
      code: toGroupCode(code!),
      name: label || code!,
    })),
  )
  const body = {
    name: name ? `${structureWords[prefix] ?? prefix} ${name}`.trim() : prefix,
    uai,
    siren: source.text('ENTStructureSIREN'),
    level: readLevel(prefix) ?? readLevel(typeLabel ?? ''),
    typeLabel: typeLabel === 'SANS OBJET' ? undefined : typeLabel,
    street: toLines(source.text('street')),
    postalCode: source.text('postalCode'),
    town: source.text('l') ?? named[2],
    phone: source.text('telephoneNumber'),
    email: source.text('ENTStructureMailSI'),
  }
  return { establishmentRef: externalId, body, groups, warnings: [] }
}

/** `l1$l2$l3$l4` → its lines that are not empty. */
function toLines(address: string | undefined): string | undefined {
  return (
    address
      ?.split('$')
      .map((line) => line.trim())
      .filter(Boolean)
      .join('\n') || undefined
  )
}

function readPerson(source: Attributes, bornOn: Day | undefined) {
  const familyName = source.name('sn', 100)
  const givenName = source.name('givenName', 100)
  const others = source.list('ENTPersonAutresPrenoms').join(' ')
  const birthName = source.text('ENTPersonNomPatro')
  return {
    person: {
      familyName,
      givenName,
      otherGivenNames: others === givenName ? undefined : others || undefined,
      birthFamilyName: birthName === familyName ? undefined : birthName,
      title: source.text('personalTitle'),
      bornOn,
      email: source.text('mail'),
      phone: source.text('homePhone'),
      mobile: source.text('mobile'),
      workPhone: source.text('telephoneNumber'),
      street: toLines(source.text('ENTPersonAdresse')),
      postalCode: source.text('ENTPersonCodePostal'),
      town: source.text('ENTPersonVille'),
      country: source.text('ENTPersonPays'),
    },
    keys: keysOf({ familyName, givenName }),
  }
}

/** Classes or groups referred to as `jointure$code…`; those of unknown establishments are left out and counted. */
function readGroupLinks(
  source: Attributes,
  name: string,
  kind: 'class' | 'group',
  context: FeedContext,
  warnings: string[],
): (NamedGroup & { ref: string; rest: string[] })[] {
  const links = source.parts(name, 2).map(([establishment, code, ...rest]) => ({
    kind,
    establishment: establishment!,
    code: toGroupCode(code!),
    ref: `${establishment}$${code}`,
    rest,
  }))
  return links.filter(({ establishment, code }) => {
    if (code === '') throw new Unusable('value_unreadable', `${name}: a value lacks its code.`)
    if (context.establishments.has(establishment)) return true
    warnings.push('establishment_unknown')
    return false
  })
}

function readPupil(source: Attributes, context: FeedContext): Read {
  const bornOn = toDay('ENTPersonDateNaissance', source.required('ENTPersonDateNaissance'))
  const { person, keys } = readPerson(source, bornOn)
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
  const classes = readGroupLinks(source, 'ENTEleveClasses', 'class', context, warnings)
  const groups = readGroupLinks(source, 'ENTEleveGroupes', 'group', context, warnings)
  const others = new Set([...classes, ...groups].map((link) => link.establishment))
  others.delete(establishment)
  const body = {
    ...person,
    ine: source.text('ENTEleveINE'),
    schoolYear: context.schoolYear,
    enrolments: [
      {
        establishment,
        mef,
        level: source.text('ENTEleveNivFormation') ?? source.text('ENTEleveLibelleMEF'),
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
    guardians: readGuardianLinks(source, warnings),
  }
  return {
    establishmentRef: establishment,
    body,
    ...keys,
    groups: [...classes, ...groups],
    warnings,
  }
}

// ENTElevePersRelEleve: respLegal.
const legalStatuses: Record<string, LegalStatus> = { '': 'none', '0': 'none', '1': 'legal', '2': 'inCharge' }

/** `idPers$codeLien$respFinancier$respLegal$contact$paiement`; the older attributes of parents are ignored. */
function readGuardianLinks(source: Attributes, warnings: string[]) {
  const links = source.parts('ENTElevePersRelEleve', 4).map(([id, link, financial, legal, contact, pays]) => {
    const legalStatus = legalStatuses[legal!]
    if (!legalStatus) throw new Unusable('value_unreadable', 'ENTElevePersRelEleve: respLegal is neither 0, 1 nor 2.')
    if (!isLinkCode(link!)) warnings.push('link_code_unknown')
    return {
      id: id!,
      link: link!,
      legal: legalStatus,
      financial: financial === '1',
      contact: contact === '1',
      pays: pays === '1',
    }
  })
  const unique = new Map(links.map((link) => [link.id, link]))
  return [...unique.values()].sort((a, b) => compare(a.id, b.id))
}

function readGuardian(source: Attributes): Read {
  const { person, keys } = readPerson(source, source.day('ENTPersonDateNaissance'))
  return { establishmentRef: null, body: person, ...keys, groups: [], warnings: [] }
}

function readStaff(source: Attributes, context: FeedContext): Read | { rule: string } {
  const { person, keys } = readPerson(source, source.day('ENTPersonDateNaissance'))
  const facesPupils =
    (source.text('ENTPersonCategorieEnseignant') ?? source.text('PersEducNatPresenceDevantEleves')) === 'O'
  const warnings: string[] = []
  const functions = source.parts('ENTPersonFonctions', 2).flatMap((parts) => {
    const [establishment = '', code = '-', label, disciplineCode, disciplineLabel] = parts
    if (!context.establishments.has(establishment)) {
      warnings.push('establishment_unknown')
      return []
    }
    return [
      {
        establishment,
        code: code || '-',
        label: label || undefined,
        disciplineCode: disciplineCode || undefined,
        disciplineLabel: disciplineLabel || undefined,
        profile: toProfile(code || '-', facesPupils),
      },
    ]
  })
  const taught = [
    ...readGroupLinks(source, 'ENTAuxEnsClasses', 'class', context, warnings),
    ...readGroupLinks(source, 'ENTAuxEnsClassesMatieres', 'class', context, warnings),
    ...readGroupLinks(source, 'ENTAuxEnsGroupes', 'group', context, warnings),
    ...readGroupLinks(source, 'ENTAuxEnsGroupesMatieres', 'group', context, warnings),
  ]
  const main = readGroupLinks(source, 'ENTAuxEnsClassesPrincipal', 'class', context, warnings)
  const teachings = new Map<string, { kind: 'class' | 'group'; ref: string; subjects: Set<string>; main: boolean }>()
  for (const link of [...taught, ...main]) {
    const key = `${link.kind} ${link.ref}`
    const teaching = teachings.get(key) ?? { kind: link.kind, ref: link.ref, subjects: new Set<string>(), main: false }
    if (link.rest[0]) teaching.subjects.add(link.rest[0])
    teachings.set(key, teaching)
  }
  for (const link of main) teachings.get(`class ${link.ref}`)!.main = true

  const attached = source.text('ENTPersonStructRattach')
  if (functions.length === 0 && attached !== undefined) {
    if (context.establishments.has(attached)) {
      functions.push({
        establishment: attached,
        code: '-',
        label: undefined,
        disciplineCode: undefined,
        disciplineLabel: undefined,
        profile: toProfile('-', facesPupils),
      })
    } else {
      warnings.push('establishment_unknown')
    }
  }
  const [firstTeaching] = taught
  if (functions.length === 0 && !firstTeaching) {
    if (warnings.length === 0) return { rule: 'staff_without_establishment' }
    throw new Unusable('establishment_unknown', 'None of the establishments of this member of staff is in the feed.')
  }
  const unique = new Map(functions.map((each) => [JSON.stringify(each), each]))
  const body = {
    ...person,
    schoolYear: context.schoolYear,
    functions: [...unique].sort(([a], [b]) => compare(a, b)).map(([, each]) => each),
    teachings: [...teachings]
      .sort(([a], [b]) => compare(a, b))
      .map(([, { kind, ref, subjects, main: isMain }]) => ({
        kind,
        ref,
        subjects: [...subjects].sort(),
        main: isMain,
      })),
  }
  return {
    establishmentRef: body.functions[0]?.establishment ?? firstTeaching!.establishment,
    body,
    ...keys,
    groups: [...taught, ...main],
    warnings,
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
