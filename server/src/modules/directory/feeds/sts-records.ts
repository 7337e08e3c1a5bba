import { type Day, isDay } from '#kernel/time'
import { toSearchKey } from '../search-key.ts'
import type { Level } from '../tables.ts'
import {
  type EstablishmentBody,
  type FeedContext,
  keysOf,
  type NamedGroup,
  type Outcome,
  readOutcome,
  sortedSet,
  type StaffBody,
  toDay,
  toGroupCode,
  toProfile,
  Unusable,
} from './records.ts'
import { type KeptElement, keepElement, restoreElement, type XmlElement } from './xml-records.ts'
import { keepGroup, readDeclaredGroup } from './xml-structures.ts'

/** The establishment that a file speaks of. */
export interface StsPlace {
  uai: string
  line: number
  body: EstablishmentBody
}

/** What somebody teaches a class or group. */
export interface Teaching {
  kind: 'class' | 'group'
  code: string
  subjects: string[]
}

/** The establishment as PARAMETRES/UAJ describes it; named by its UAI when it does not. */
export function readPlace(uai: string, element: XmlElement): StsPlace {
  const name = [element.text('DENOM_PRINC'), element.text('DENOM_COMPL')].filter(Boolean).join(' ').slice(0, 200)
  const { line } = element
  if (name === '') return { uai, line, body: { name: uai, uai, mentioned: true } }
  const body = {
    name,
    uai,
    level: readLevel(`${element.text('SIGLE') ?? ''} ${name}`),
    typeLabel: element.text('SIGLE'),
    street: element.text('ADRESSE'),
    postalCode: element.text('CODE_POSTAL'),
    town: element.text('COMMUNE'),
    phone: element.text('TELEPHONE'),
  }
  return { uai, line, body }
}

function readLevel(type: string): Level | undefined {
  const key = toSearchKey(type)
  if (/\b(clg|college|segpa)\b/.test(key)) return 'lowerSecondary'
  return /\b(lycee|lyc|lgt|lpo|lp|lg|lt|erea)\b/.test(key) ? 'upperSecondary' : undefined
}

/** A class (DIVISION) or group (GROUPE), and who teaches what in it. */
export function readGroup(
  kind: 'class' | 'group',
  element: XmlElement,
  establishment: string,
): { group: NamedGroup; teachers: Map<string, string[]> } | (Outcome & { fate: 'quarantined' }) {
  try {
    const group = readDeclaredGroup(kind, element, establishment, 'CODE')
    const teachers = new Map<string, string[]>()
    for (const service of element.list('SERVICES/SERVICE')) {
      const subject = service.text('CODE_MATIERE')
      for (const teacher of service.list('ENSEIGNANTS/ENSEIGNANT')) {
        const id = identify(teacher)
        if (id !== undefined)
          teachers.set(id, [...(teachers.get(id) ?? []), ...(subject === undefined ? [] : [subject])])
      }
    }
    return { group, teachers }
  } catch (error) {
    if (error instanceof Unusable) {
      const refused = keepGroup(kind, element, establishment, 'CODE')
      return { fate: 'quarantined', externalId: null, code: error.code, detail: error.message, refused }
    }
    throw error
  }
}

/** Numbers of people whom only the establishment knows (TYPE local) are numbers of others elsewhere. */
function identify(element: XmlElement): string | undefined {
  const id = element.raw('ID')
  if (!/^[\w.-]{1,50}$/.test(id)) return undefined
  return element.raw('TYPE').toLowerCase() === 'local' ? `local-${id}` : id
}

const titles: Record<string, string> = { '1': 'M.', '2': 'Mme', '3': 'Mlle' }

/** A member of staff (INDIVIDU), whose services stand with the classes. */
export function readIndividual(
  element: XmlElement,
  uai: string,
  teachings: ReadonlyMap<string, Teaching[]>,
  context: FeedContext,
): Outcome {
  const reading = () => {
    const externalId = identify(element)
    if (externalId === undefined) {
      element.required('ID')
      throw new Unusable('identifier_invalid', 'ID holds other characters than letters, digits, ".", "_", "-".')
    }
    if (!context.establishments.has(uai)) {
      throw new Unusable('establishment_unknown', `The establishment ${uai} could not be read.`)
    }
    const birth = element.text('NOM_PATRONYMIQUE')
    const familyName = element.text('NOM_USAGE') ?? birth ?? element.nameOf('NOM_USAGE')
    if (familyName.length > 100) throw new Unusable('value_unreadable', 'NOM_USAGE exceeds 100 characters.')
    const taught = teachings.get(externalId) ?? []
    const main = [...element.list('PROFS_PRINC/PROF_PRINC'), ...element.list('PROF_PRINC')].flatMap(
      (each) => each.text('CODE_STRUCTURE') ?? [],
    )
    const title = element.text('CIVILITE')
    const body: StaffBody = {
      familyName,
      givenName: element.nameOf('PRENOM'),
      birthFamilyName: birth === familyName ? undefined : birth,
      title: title === undefined ? undefined : (titles[title] ?? title),
      bornOn: readDay(element.text('DATE_NAISSANCE')),
      schoolYear: context.schoolYear,
      functions: readFunctions(element, uai, taught.length > 0),
      teachings: readTeachings(uai, taught, main),
    }
    const groups: NamedGroup[] = [
      ...taught.map(({ kind, code }) => ({ kind, establishment: uai, code })),
      ...main.map((code) => ({ kind: 'class' as const, establishment: uai, code: toGroupCode(code) })),
    ]
    return { externalId, establishmentRef: uai, body, ...keysOf(body), groups, warnings: [] }
  }
  return readOutcome(element.attributes['ID'] ?? '', reading, () => ({
    of: 'sts',
    element: keepElement(element),
    uai,
    teachings: teachings.get(identify(element) ?? '') ?? [],
  }))
}

/** What is kept of a member of staff who is set aside, with the services that stood elsewhere. */
export interface RefusedIndividual {
  of: 'sts'
  element: KeptElement
  uai: string
  teachings: Teaching[]
}

/** Reads a member of staff again who was set aside. */
export function rereadIndividual({ element: kept, uai, teachings }: RefusedIndividual, context: FeedContext): Outcome {
  const element = restoreElement(kept)
  return readIndividual(element, uai, new Map([[identify(element) ?? '', teachings]]), context)
}

function readDay(text: string | undefined): Day | undefined {
  if (text === undefined) return undefined
  return isDay(text) ? text : toDay('DATE_NAISSANCE', text)
}

function readFunctions(element: XmlElement, uai: string, teaches: boolean): StaffBody['functions'] {
  const code = element.text('FONCTION') ?? '-'
  const profile = toProfile(code, teaches)
  const disciplines = element.list('DISCIPLINES/DISCIPLINE').map((each) => ({
    establishment: uai,
    code,
    label: undefined,
    disciplineCode: each.text('CODE'),
    disciplineLabel: each.first('LIBELLE_LONG', 'LIBELLE_COURT'),
    profile,
  }))
  if (disciplines.length === 0) return [{ establishment: uai, code, profile }]
  const unique = new Map(disciplines.map((each) => [each.disciplineCode ?? '', each]))
  return [...unique].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each)
}

function readTeachings(uai: string, taught: Teaching[], main: string[]): StaffBody['teachings'] {
  const all = new Map<string, StaffBody['teachings'][number]>()
  for (const { kind, code, subjects } of taught) {
    all.set(`${kind} ${code}`, { kind, ref: `${uai}$${code}`, subjects: sortedSet(subjects), main: false })
  }
  for (const code of main) {
    const key = `class ${code}`
    const known = all.get(key) ?? { kind: 'class', ref: `${uai}$${code}`, subjects: [], main: true }
    all.set(key, { ...known, main: true })
  }
  return [...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, teaching]) => teaching)
}
