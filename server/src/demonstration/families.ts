import { joinNames, makeName, pickFamilyName, pickGivenName, type Name, type Sex } from './names.ts'
import { identityOf, personaClasses, personaTown, type Identity } from './personas.ts'
import type { Random } from './random.ts'
import type { Pupil, SchoolClass, Seats, Sector } from './sector.ts'
import { pairs, pickAddress, pickPhone, type Commune } from './territory.ts'

/** Children who share guardians and a home. */
export type Family = {
  /** Where the children live. */
  address: Address
  readonly children: Pupil[]
  readonly links: readonly FamilyLink[]
}

export type Address = { readonly lines: string; readonly commune: Commune }

/** What a guardian is to every child of the family. */
export type FamilyLink = {
  readonly guardian: Guardian
  readonly relation: Relation
  /** 1 legal guardian, 2 person in charge of the child, 0 neither. */
  readonly legalStatus: 0 | 1 | 2
  readonly pays: boolean
  readonly contact: boolean
}

export type Relation =
  | 'mother'
  | 'father'
  | 'sibling'
  | 'ascendant'
  | 'relative'
  | 'fosterCarer'
  | 'tutor'
  | 'welfare'
  | 'other'

/** Link codes: those of today's feeds, and those older ones carried. */
export const relationCodes: Readonly<Record<'current' | 'former', Readonly<Record<Relation, string>>>> = {
  current: {
    mother: '10',
    father: '20',
    sibling: '37',
    ascendant: '38',
    relative: '39',
    fosterCarer: '42',
    tutor: '50',
    welfare: '51',
    other: '90',
  },
  former: {
    mother: '2',
    father: '1',
    sibling: '4',
    ascendant: '4',
    relative: '4',
    fosterCarer: '6',
    tutor: '3',
    welfare: '5',
    other: '6',
  },
}

export type Guardian = {
  readonly id: string
  readonly sex: Sex
  familyName: Name
  readonly birthName: Name | undefined
  readonly givenName: Name
  /** `dd/mm/yyyy`, or empty: academies often do not have it. */
  readonly birth: string
  homePhone: string
  readonly workPhone: string
  mobile: string
  mail: string
  acceptsSms: '' | 'O' | 'N'
  readonly spreadsAddress: 'O' | 'N'
  address: Address | undefined
  readonly children: Pupil[]
}

/** `dd/mm/yyyy`, any day of the year. */
export function pickBirth(random: Random, year: number): string {
  return `${pairs[1 + random.below(28)]}/${pairs[1 + random.below(12)]}/${year}`
}

function createGuardian(random: Random, sector: Sector, sex: Sex, familyName: Name, address: Address): Guardian {
  const id = sector.takeId()
  const givenName = pickGivenName(random, sex, 'adult')
  const birthYear = sector.schoolYear - 34 - random.below(22)
  return {
    id,
    sex,
    familyName,
    birthName: sex === 'F' && random.chance(0.35) ? pickFamilyName(random) : undefined,
    givenName,
    birth: random.chance(0.55) ? pickBirth(random, birthYear) : '',
    homePhone: random.chance(0.3) ? pickPhone(random, 'fixed') : '',
    workPhone: random.chance(0.22) ? pickPhone(random, 'fixed') : '',
    mobile: random.chance(0.93) ? pickPhone(random, 'mobile') : '',
    mail: random.chance(0.86) ? `${givenName.slug}.${familyName.slug}${id}@${random.pick(mailDomains)}` : '',
    acceptsSms: random.chance(0.8) ? 'O' : 'N',
    spreadsAddress: random.chance(0.25) ? 'O' : 'N',
    address,
    children: [],
  }
}

const mailDomains = ['example.org', 'example.net', 'example.com', 'courriel.example.org']

function link(
  guardian: Guardian,
  relation: Relation,
  legalStatus: 0 | 1 | 2,
  pays: boolean,
  contact = true,
): FamilyLink {
  return { guardian, relation, legalStatus, pays, contact }
}

/** Draws a family for a free seat: its guardians, then its brothers and sisters in other free seats. */
export function createFamily(random: Random, sector: Sector, seat: SchoolClass, seats: Seats | undefined): Family {
  const home = pickHome(random, sector)
  const childName = pickFamilyName(random)
  const family: Family = { address: home, children: [], links: drawGuardians(random, sector, childName, home) }
  const birthYear = pickChildBirthYear(random, sector, seat)
  const birth = pickBirth(random, birthYear)
  addChild(random, sector, family, seat, birth, childName)
  if (!seats) return family
  const siblings = random.unit()
  const wanted = siblings < 0.42 ? 0 : siblings < 0.86 ? 1 : siblings < 0.97 ? 2 : 3
  let age = seat.stage.age
  for (let rank = 0; rank < wanted; rank++) {
    // One pair of siblings in thirty are twins: same day, most often in two classes.
    const twin = rank === 0 && random.chance(0.033)
    if (!twin) age = seat.stage.age + random.pick([-4, -3, -3, -2, -2, 2, 2, 3, 3, 4])
    const other = seats.takeAt(age, seat.establishment)
    if (!other) continue
    addChild(
      random,
      sector,
      family,
      other,
      twin ? birth : pickBirth(random, pickChildBirthYear(random, sector, other)),
      childName,
    )
  }
  return family
}

function pickHome(random: Random, sector: Sector): Address {
  return { lines: pickAddress(random), commune: random.pickSkewed(sector.location.towns) }
}

function pickChildBirthYear(random: Random, sector: Sector, seat: SchoolClass): number {
  return sector.schoolYear - seat.stage.age - (random.chance(0.09) ? 1 : 0)
}

function drawGuardians(random: Random, sector: Sector, childName: Name, home: Address): FamilyLink[] {
  const adult = (sex: Sex, familyName: Name, address = home) => createGuardian(random, sector, sex, familyName, address)
  const kind = random.unit()
  if (kind < 0.66) {
    const motherName = random.chance(0.55) ? childName : pickFamilyName(random)
    const mother = adult('F', motherName)
    const father = adult('M', childName)
    const motherPays = random.chance(0.6)
    return [link(mother, 'mother', 1, motherPays), link(father, 'father', 1, !motherPays)]
  }
  if (kind < 0.82) {
    const mother = adult('F', pickFamilyName(random))
    const father = adult('M', childName, pickHome(random, sector))
    const links = [link(mother, 'mother', 1, true), link(father, 'father', 1, false)]
    if (random.chance(0.15)) links.push(link(adult('M', pickFamilyName(random)), 'other', 0, false))
    return links
  }
  if (kind < 0.93) return [link(adult('F', childName), 'mother', 1, true)]
  if (kind < 0.95) return [link(adult('M', childName), 'father', 1, true)]
  if (kind < 0.965) {
    // The child lives with a grand-parent, who is in charge of it without being its legal guardian.
    return [
      link(adult('F', childName, pickHome(random, sector)), 'mother', 1, false, false),
      link(adult('F', pickFamilyName(random)), 'ascendant', 2, true),
    ]
  }
  if (kind < 0.975) return [link(adult(random.pick(['F', 'M']), pickFamilyName(random)), 'tutor', 1, true)]
  if (kind < 0.985) {
    return [link(sector.welfare, 'welfare', 1, true), link(adult('F', pickFamilyName(random)), 'fosterCarer', 2, false)]
  }
  if (kind < 0.995) {
    return [
      link(adult('F', childName), 'mother', 1, true),
      link(adult(random.pick(['F', 'M']), childName), random.pick(['relative', 'sibling']), 0, false),
    ]
  }
  // Pupils of age may have no guardian left in the feed.
  return []
}

const regimes = [
  'EXTERNE LIBRE',
  'DEMI-PENSIONNAIRE DANS L&apos;ETABLISSEMENT',
  'DEMI-PENSIONNAIRE DANS L&apos;ETABLISSEMENT',
  'INTERNE DANS L&apos;ETABLISSEMENT',
]

/** Age of the pupils of the first class of an establishment. */
const firstAges = { EM: 3, EE: 6, CLG: 11, LYC: 15, LP: 15 }

/** Adds a child of the family to a class. */
export function addChild(
  random: Random,
  sector: Sector,
  family: Family,
  seat: SchoolClass,
  birth: string,
  familyName: Name,
): Pupil {
  const id = sector.takeId()
  const sex: Sex = random.chance(0.49) ? 'F' : 'M'
  const double = random.chance(0.06) && family.links[0] && family.links[0].guardian.familyName !== familyName
  const others = random.unit()
  const { kind } = seat.establishment
  const lycee = kind === 'LYC' || kind === 'LP'
  const firstYear = sector.schoolYear - (seat.stage.age - firstAges[kind])
  const name = double && family.links[0] ? joinNames(familyName, family.links[0].guardian.familyName) : familyName
  const givenName = pickGivenName(random, sex, 'young')
  const pupil: Pupil = {
    id,
    ine: makeIne(sector, id),
    family,
    sex,
    familyName: name,
    givenName,
    otherNames:
      others < 0.35 ? [] : Array.from({ length: others < 0.8 ? 1 : 2 }, () => pickGivenName(random, sex, 'adult')),
    birth,
    class: seat,
    groups: [],
    half: undefined,
    classEntry: `01/09/${sector.schoolYear}`,
    schoolEntry: `01/09/${firstYear}`,
    regime: lycee && random.chance(0.2) ? (regimes[3] as string) : (regimes[random.below(3)] as string),
    scholarship: random.chance(0.29),
    transport: random.chance(0.45),
    apprentice: seat.establishment.kind === 'LP' && random.chance(0.08),
    mail: random.chance(lycee ? 0.5 : kind === 'CLG' ? 0.15 : 0)
      ? `${givenName.slug}.${name.slug}${id}@eleve.example.org`
      : '',
    phone: random.chance(lycee ? 0.5 : kind === 'CLG' ? 0.2 : 0) ? pickPhone(random, 'mobile') : '',
  }
  seat.pupils.push(pupil)
  for (const { guardian } of family.links) guardian.children.push(pupil)
  family.children.push(pupil)
  return pupil
}

/** Nine digits and two letters, like the national identifier of pupils, in a range of its own for each academy. */
function makeIne(sector: Sector, id: string): string {
  const digits = sector.academy.code + id.slice(-7).padStart(7, '0')
  const value = Number(digits)
  return `${digits}${String.fromCharCode(65 + (value % 23))}${String.fromCharCode(65 + (value % 19))}`
}

/** The family of the personas: two children in two establishments, parents who live apart. Gives the seats they take. */
export function addPersonaFamily(sector: Sector): SchoolClass[] {
  const [college, lycee] = sector.establishments
  const seat = college?.classes.find(({ code }) => code === personaClasses.pupil)
  const otherSeat = lycee?.classes.find(({ code }) => code === personaClasses.brother)
  if (!seat || !otherSeat) throw new RangeError('the territory is too small for the personas')
  const home = { lines: '14 RUE DES ŒILLETS$$$', commune: personaTown }
  const elsewhere = { lines: 'RÉSIDENCE DU PARC$BÂT B APPT 12$3 RUE DU CANAL$', commune: personaTown }
  const mother = personaGuardian(identityOf('mother', 'F'), home)
  const father = personaGuardian(identityOf('father', 'M'), elsewhere)
  const family: Family = {
    address: home,
    children: [],
    links: [link(mother, 'mother', 1, true), link(father, 'father', 1, false)],
  }
  personaChild(sector, family, identityOf('pupil', 'F'), seat, 'Jeanne')
  personaChild(sector, family, identityOf('brother', 'M'), otherSeat, 'Émile')
  sector.families.push(family)
  return [seat, otherSeat]
}

function personaGuardian(identity: Identity, address: Address): Guardian {
  return {
    ...identity,
    birthName: undefined,
    homePhone: '',
    workPhone: '',
    mobile: `+33 6 39 98 00 0${identity.id.at(-1)}`,
    acceptsSms: 'O',
    spreadsAddress: 'N',
    address,
    children: [],
  }
}

function personaChild(sector: Sector, family: Family, identity: Identity, seat: SchoolClass, second: string): void {
  const pupil: Pupil = {
    ...identity,
    ine: makeIne(sector, identity.id),
    family,
    otherNames: [makeName(second)],
    class: seat,
    groups: [],
    half: undefined,
    classEntry: `01/09/${sector.schoolYear}`,
    schoolEntry: `01/09/${sector.schoolYear - (seat.stage.age - (seat.establishment.kind === 'CLG' ? 11 : 15))}`,
    regime: regimes[1] as string,
    scholarship: false,
    transport: true,
    apprentice: false,
    phone: '',
  }
  seat.pupils.push(pupil)
  for (const { guardian } of family.links) guardian.children.push(pupil)
  family.children.push(pupil)
}
