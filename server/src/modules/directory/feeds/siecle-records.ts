import type { Day } from '#kernel/time'
import {
  type FeedContext,
  isLinkCode,
  keysOf,
  type NamedGroup,
  type Outcome,
  type PupilBody,
  readOutcome,
  sortedSet,
  toDay,
  toGroupCode,
  Unusable,
} from './records.ts'
import { type KeptElement, keepElement, restoreElement, type XmlElement } from './xml-records.ts'

export type GuardianLink = PupilBody['guardians'][number]

export interface Address {
  street: string | undefined
  postalCode: string | undefined
  town: string | undefined
  country: string | undefined
}

/** An address; one that is too long is none. */
export function readAddress(element: XmlElement): Address {
  const lines = [1, 2, 3, 4].flatMap((line) => element.text(`LIGNE${line}_ADRESSE`) ?? [])
  return {
    street: lines.join('\n') || undefined,
    postalCode: element.text('CODE_POSTAL'),
    town: element.first('LIBELLE_POSTAL', 'COMMUNE_ETRANGERE', 'LL_COMMUNE_INSEE'),
    country: element.text('LL_PAYS'),
  }
}

const isTrue = (text: string | undefined) => text === '1' || text?.toLowerCase() === 'true'

/**
 * Who answers for a pupil, in either generation: RESP_LEGAL numbers the legal representatives (1, 2; 0 is a mere
 * contact), NIVEAU_RESPONSABILITE tells a legal representative (1) from a person in charge (2).
 */
export function readLink(element: XmlElement): GuardianLink | undefined {
  const id = element.text('PERSONNE_ID')
  if (id === undefined) return undefined
  const level = element.text('NIVEAU_RESPONSABILITE')
  const former = element.text('RESP_LEGAL')
  const legal =
    level !== undefined
      ? ({ '1': 'legal', '2': 'inCharge' } as const)[level]
      : former === '1' || former === '2'
        ? 'legal'
        : undefined
  return {
    id,
    link: element.text('CODE_PARENTE') ?? '-',
    legal: legal ?? 'none',
    financial: isTrue(element.text('RESP_FINANCIER')),
    contact: isTrue(element.first('PERS_CONTACT', 'A_CONTACTER_EN_PRIORITE')),
    pays: isTrue(element.first('PAIE_FRAIS_SCOLAIRES', 'PERS_PAIMENT', 'PERS_PAIEMENT')),
  }
}

function readIdentifier(element: XmlElement, name: string): string {
  const id = element.required(name)
  if (!/^[\w.-]{1,64}$/.test(id)) {
    throw new Unusable('identifier_invalid', `${name} holds other characters than letters, digits, ".", "_", "-".`)
  }
  return id
}

/** What is kept of a subject or a MEF that is set aside. */
export interface RefusedNamedCode {
  of: 'namedCode'
  element: KeptElement
  /** The attribute that holds its code. */
  codeName: string
}

/** Reads a subject or a MEF again that was set aside. */
export function rereadNamedCode({ element, codeName }: RefusedNamedCode): Outcome {
  return readNamedCode(restoreElement(element), codeName)
}

/** A subject or a MEF of the nomenclature; of a MEF, its statistical code and the one it is attached to as well. */
export function readNamedCode(element: XmlElement, codeName: string): Outcome {
  const keep = (): RefusedNamedCode => ({ of: 'namedCode', element: keepElement(element), codeName })
  const reading = () => {
    const externalId = element.text(codeName) ?? readIdentifier(element, 'CODE')
    const name = element.first('LIBELLE_EDITION', 'LIBELLE_LONG', 'LIBELLE_COURT')
    if (name === undefined) throw new Unusable('attribute_missing', 'LIBELLE_LONG is missing or empty.')
    const more =
      element.name === 'MEF'
        ? { attachedTo: element.text('MEF_RATTACHEMENT'), statisticalCode: element.text('CODE_MEFSTAT') }
        : {}
    return { externalId, establishmentRef: null, body: { name, ...more }, groups: [], warnings: [] }
  }
  return readOutcome(element.attributes[codeName] ?? '', reading, keep)
}

function readNames(element: XmlElement) {
  const usual = element.text('NOM_USAGE')
  const birth = element.first('NOM_DE_FAMILLE', 'NOM')
  const familyName = usual === undefined && birth === undefined ? element.nameOf('NOM_DE_FAMILLE') : (usual ?? birth!)
  if (familyName.length > 100) throw new Unusable('value_unreadable', 'The family name exceeds 100 characters.')
  return {
    familyName,
    givenName: element.nameOf('PRENOM'),
    birthFamilyName: birth === familyName ? undefined : birth,
  }
}

/** A person who answers for pupils; the links say for whom. */
export function readGuardian(element: XmlElement, addresses: ReadonlyMap<string, Address>): Outcome {
  const reading = () => {
    const externalId = readIdentifier(element, 'PERSONNE_ID')
    const { familyName, givenName, birthFamilyName } = readNames(element)
    const address = addresses.get(element.text('ADRESSE_ID') ?? '')
    const body = {
      familyName,
      givenName,
      birthFamilyName,
      title: element.first('LC_CIVILITE', 'LL_CIVILITE'),
      email: element.text('MEL'),
      phone: element.text('TEL_PERSONNEL'),
      mobile: element.text('TEL_PORTABLE'),
      workPhone: element.text('TEL_PROFESSIONNEL'),
      ...address,
    }
    return { externalId, establishmentRef: null, body, ...keysOf(body), groups: [], warnings: [] }
  }
  const keep = () => keepSiecle(element, { uai: '', addresses })
  return readOutcome(element.attributes['PERSONNE_ID'] ?? '', reading, keep)
}

/** What a pupil's record is read against. */
interface PupilContext extends FeedContext {
  uai: string
  exportedOn: Day
  addresses: ReadonlyMap<string, Address>
  structures: ReadonlyMap<string, { classes: string[]; groups: string[] }>
  links: ReadonlyMap<string, GuardianLink[]>
  regimes: ReadonlyMap<string, string>
}

const day = (element: XmlElement, name: string): Day | undefined => {
  const text = element.text(name)
  return text === undefined ? undefined : toDay(name, text)
}

/** A pupil; one whose DATE_SORTIE is past is none any more. */
export function readPupil(element: XmlElement, context: PupilContext): Outcome {
  const reading = () => {
    const externalId = readIdentifier(element, 'ELEVE_ID')
    const bornOn = toDay('DATE_NAISS', element.required('DATE_NAISS'))
    const { familyName, givenName, birthFamilyName } = readNames(element)
    const leftOn = day(element, 'DATE_SORTIE')
    if (leftOn !== undefined && leftOn <= context.exportedOn) return { externalId, rule: 'pupil_left' }
    const { uai } = context
    if (!context.establishments.has(uai)) {
      throw new Unusable('establishment_unknown', `The establishment ${uai} could not be read.`)
    }
    const warnings: string[] = []
    const mef = element.text('CODE_MEF')
    if (mef !== undefined && !/^[0-9A-Z]{8,11}$/.test(mef)) warnings.push('mef_invalid')
    const structures = context.structures.get(externalId) ?? { classes: [], groups: [] }
    const toGroups = (kind: 'class' | 'group', codes: string[]): (NamedGroup & { ref: string })[] =>
      codes.map((code) => ({ kind, establishment: uai, code: toGroupCode(code), ref: `${uai}$${code}` }))
    const classes = toGroups('class', structures.classes)
    const groups = toGroups('group', structures.groups)
    const links = context.links.get(externalId) ?? []
    for (const { link } of links) if (!isLinkCode(link)) warnings.push('link_code_unknown')
    const regime = element.text('CODE_REGIME')
    const body: PupilBody = {
      familyName,
      givenName,
      otherGivenNames: [element.text('PRENOM2'), element.text('PRENOM3')].filter(Boolean).join(' ') || undefined,
      birthFamilyName,
      bornOn,
      email: element.text('MEL'),
      mobile: element.text('TEL_PORTABLE'),
      ...context.addresses.get(element.text('ADRESSE_ID') ?? ''),
      ine: element.first('INE_RNIE', 'ID_NATIONAL', 'INE_BEA'),
      schoolYear: context.schoolYear,
      enrolments: [
        {
          establishment: uai,
          mef: warnings.includes('mef_invalid') ? undefined : mef,
          regime: regime === undefined ? undefined : (context.regimes.get(regime) ?? regime),
          status: element.text('CODE_STATUT'),
          enteredOn: day(element, 'DATE_ENTREE'),
          leftOn,
        },
      ],
      classes: sortedSet(classes.map(({ ref }) => ref)),
      groups: sortedSet(groups.map(({ ref }) => ref)),
      guardians: [...new Map(links.map((link) => [link.id, link])).values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
    }
    return { externalId, establishmentRef: uai, body, ...keysOf(body), groups: [...classes, ...groups], warnings }
  }
  return readOutcome(element.attributes['ELEVE_ID'] ?? '', reading, () => keepSiecle(element, context))
}

/** What is kept of an element that is set aside, with what stood elsewhere and belongs to it. */
export interface RefusedSiecle {
  of: 'siecle'
  element: KeptElement
  uai: string
  address?: Address | undefined
  structures?: { classes: string[]; groups: string[] } | undefined
  guardians?: GuardianLink[] | undefined
  regime?: string | undefined
}

function keepSiecle(
  element: XmlElement,
  context: Pick<PupilContext, 'uai' | 'addresses'> & Partial<PupilContext>,
): RefusedSiecle {
  const id = element.raw('ELEVE_ID')
  return {
    of: 'siecle',
    element: keepElement(element),
    uai: context.uai,
    address: context.addresses.get(element.raw('ADRESSE_ID')),
    structures: context.structures?.get(id),
    guardians: context.links?.get(id),
    regime: context.regimes?.get(element.raw('CODE_REGIME')),
  }
}

/** Reads a pupil or a guardian again who was set aside. */
export function rereadSiecle(refused: RefusedSiecle, context: FeedContext & { exportedOn: Day }): Outcome {
  const element = restoreElement(refused.element)
  const under = <T>(name: string, value: T | undefined) =>
    new Map(value === undefined ? [] : [[element.raw(name), value] as const])
  const addresses = under('ADRESSE_ID', refused.address)
  if (element.name === 'PERSONNE') return readGuardian(element, addresses)
  return readPupil(element, {
    ...context,
    uai: refused.uai,
    addresses,
    structures: under('ELEVE_ID', refused.structures),
    links: under('ELEVE_ID', refused.guardians),
    regimes: under('CODE_REGIME', refused.regime),
  })
}
