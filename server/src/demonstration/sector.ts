import {
  generalStages,
  latin,
  lowerStages,
  secondLanguages,
  specialities,
  vocationalStages,
  type Stage,
  type Subject,
} from './curriculum.ts'
import { addPersonaFamily, createFamily, type Family, type Guardian } from './families.ts'
import { personaEstablishments, personaTown } from './personas.ts'
import { Random } from './random.ts'
import { elementaryStages, nurseryStages } from './primary-stages.ts'
import { assignStaff, type StaffMember } from './staff.ts'
import {
  locateSector,
  pickPhone,
  pickSchoolName,
  pickStreet,
  type Academy,
  type Commune,
  type Location,
} from './territory.ts'
import type { Name, Sex } from './names.ts'

/**
 * A sector: the collèges of a few towns and the lycées their pupils go to. Families live within one sector, so a sector
 * is built, written and forgotten on its own, which is what keeps memory constant at any size.
 */
export type Sector = {
  readonly index: number
  readonly academy: Academy
  readonly location: Location
  /** Calendar year the school year begins. */
  readonly schoolYear: number
  readonly establishments: Establishment[]
  readonly families: Family[]
  /** The child-welfare service of the département, guardian of the children in its care. */
  readonly welfare: Guardian
  staff: StaffMember[]
  /** Gives the next free identifier of a person. */
  takeId(): string
}

export type Establishment = {
  /** Collège, lycée, vocational lycée; école maternelle, école élémentaire. */
  readonly kind: 'CLG' | 'LYC' | 'LP' | 'EM' | 'EE'
  readonly jointure: string
  readonly uai: string
  readonly name: string
  readonly commune: Commune
  readonly street: string
  readonly phone: string
  readonly contract: 'PU' | 'PR'
  readonly siren: string
  readonly classes: SchoolClass[]
  groups: Group[]
}

export type SchoolClass = {
  readonly establishment: Establishment
  readonly code: string
  readonly label: string
  readonly stage: Stage
  readonly pupils: Pupil[]
  /** Half-classes, empty in small classes. */
  halves: Group[]
}

export type Group = {
  readonly code: string
  readonly label: string
  readonly subject: Subject
  readonly hours: number
  /** The classes its pupils come from, in the order of the establishment. */
  classes: SchoolClass[]
}

export type Pupil = {
  readonly id: string
  readonly ine: string
  readonly family: Family
  sex: Sex
  familyName: Name
  readonly givenName: Name
  readonly otherNames: readonly Name[]
  /** `dd/mm/yyyy` */
  readonly birth: string
  class: SchoolClass
  /** Groups of languages, options and specialities; half-classes come with the class. */
  groups: Group[]
  half: Group | undefined
  readonly classEntry: string
  readonly schoolEntry: string
  regime: string
  readonly scholarship: boolean
  readonly transport: boolean
  readonly apprentice: boolean
  mail: string
  phone: string
}

export type SectorOptions = {
  seed: number
  academy: Academy
  index: number
  pupils: number
  schoolYear: number
  /** True in the one sector that holds the fixed personas. */
  withPersonas: boolean
}

const collegeSize = 540

/** Builds a whole sector from its seed and index: the same options give the same sector, whatever surrounds it. */
export function buildSector(options: SectorOptions): Sector {
  const { seed, academy, index, schoolYear, withPersonas } = options
  const random = new Random(seed, 1, Number(academy.code), index)
  const location = locateSector(seed, academy, index)
  let nextId = 1_100_000 + index * 16_000
  const takeId = () => String(nextId++)
  const establishments = planEstablishments(random, options, location)
  const welfare = makeWelfareService(takeId(), location)
  const sector: Sector = {
    index,
    academy,
    location,
    schoolYear,
    establishments,
    families: [],
    welfare,
    staff: [],
    takeId,
  }
  fillSeats(random, sector, withPersonas)
  for (const establishment of establishments) formGroups(random, establishment)
  sector.staff = assignStaff(random, sector, withPersonas)
  return sector
}

export function makeWelfareService(id: string, { department, towns }: Location): Guardian {
  return {
    id,
    sex: 'F',
    familyName: { proper: 'ASE', upper: `ASE ${department.upper}`, plain: `ASE ${department.upper}`, slug: 'ase' },
    birthName: undefined,
    givenName: { proper: 'Service', upper: 'SERVICE', plain: 'SERVICE', slug: 'service' },
    birth: '',
    homePhone: '',
    workPhone: '+33 3 53 01 00 00',
    mobile: '',
    mail: `ase${department.code}@example.org`,
    acceptsSms: '',
    spreadsAddress: 'N',
    address: { lines: 'HÔTEL DU DÉPARTEMENT$$$', commune: towns[0] },
    children: [],
  }
}

type Plan = { kind: Establishment['kind']; pupils: number }

/** The order is the same at every size: a collège, the general lycée, the vocational one if any, the other collèges. */
function planEstablishments(random: Random, options: SectorOptions, location: Location): Establishment[] {
  const { pupils, withPersonas } = options
  const vocational = pupils * 0.12 < 250 ? 0 : Math.round(pupils * 0.12)
  const general = Math.round(pupils * 0.3)
  const lower = pupils - vocational - general
  const collegeCount = Math.max(1, Math.round(lower / collegeSize))
  const weights = Array.from({ length: collegeCount }, () => 0.75 + random.unit() / 2)
  const sizes = apportion(lower, weights)
  const plans: Plan[] = [
    { kind: 'CLG', pupils: sizes[0] ?? lower },
    { kind: 'LYC', pupils: general },
    ...(vocational > 0 ? [{ kind: 'LP', pupils: vocational } as const] : []),
    ...sizes.slice(1).map((size) => ({ kind: 'CLG', pupils: size }) as const),
  ]
  return plans.map((plan, rank) => {
    // The vocational lycée keeps rank 2 for itself, so that no code depends on whether a sector has one.
    const order = vocational === 0 && rank >= 2 ? rank + 1 : rank
    const fixed =
      withPersonas && rank < 2 ? [personaEstablishments.college, personaEstablishments.lycee][rank] : undefined
    const contract = plan.kind === 'CLG' && rank > 2 && random.chance(0.2) ? 'PR' : 'PU'
    const commune = fixed
      ? personaTown
      : plan.kind === 'CLG' && rank > 0
        ? random.pick(location.towns)
        : location.towns[0]
    const establishment: Establishment = {
      kind: plan.kind,
      jointure: fixed?.jointure ?? String(2001 + options.index * 10 + order),
      uai: fixed?.uai ?? location.uai(order),
      name: fixed?.name ?? pickSchoolName(random, contract),
      commune,
      street: pickStreet(random),
      phone: pickPhone(random, 'fixed'),
      contract,
      siren: `19${String(random.below(10_000_000)).padStart(7, '0')}`,
      classes: [],
      groups: [],
    }
    openClasses(random, establishment, plan.pupils)
    return establishment
  })
}

/** Splits a total in whole parts proportional to the weights; the parts add up to the total. */
export function apportion(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((a, b) => a + b, 0)
  let seen = 0
  let given = 0
  return weights.map((weight) => {
    seen += weight
    const part = Math.round((total * seen) / sum) - given
    given += part
    return part
  })
}

/** Seats of the classes being filled; the class keeps only its pupils. */
const seatCounts = new WeakMap<SchoolClass, number>()

export function openClasses(random: Random, establishment: Establishment, pupils: number): void {
  const entries = stagesOf(random, establishment.kind, pupils)
  const counts = apportion(
    pupils,
    entries.map(({ share }) => share),
  )
  entries.forEach(({ stage }, position) => {
    const sizes = splitInClasses(random, counts[position] ?? 0, establishment.kind)
    sizes.forEach((size, rank) => {
      const mark =
        establishment.kind !== 'LYC' && establishment.kind !== 'LP' ? 'ABCDEFGHJKLMNP'.charAt(rank) : String(rank + 1)
      const schoolClass: SchoolClass = {
        establishment,
        code: stage.prefix + mark,
        label: `${stage.title} ${mark}`,
        stage,
        pupils: [],
        halves: [],
      }
      seatCounts.set(schoolClass, size)
      establishment.classes.push(schoolClass)
    })
  })
}

function stagesOf(
  random: Random,
  kind: Establishment['kind'],
  pupils: number,
): readonly { stage: Stage; share: number }[] {
  if (kind === 'CLG') return lowerStages.map((stage) => ({ stage, share: 0.24 + random.unit() * 0.02 }))
  if (kind === 'LP') return vocationalStages
  if (kind === 'EM') return nurseryStages.map((stage) => ({ stage, share: 1 / nurseryStages.length }))
  if (kind === 'EE') return elementaryStages.map((stage) => ({ stage, share: 1 / elementaryStages.length }))
  // A small lycée has no technological track: its classes would be of a few pupils.
  return pupils < 320
    ? generalStages.filter(({ stage }) => stage.teachings.every(({ hours }) => hours < 5))
    : generalStages
}

const usualClassSize = { CLG: 27, LYC: 32, LP: 25, EM: 24, EE: 24 }

/** Classes of 24 to 35 pupils, of about the same size, as soon as there are pupils enough. */
function splitInClasses(random: Random, pupils: number, kind: Establishment['kind']): number[] {
  if (pupils === 0) return []
  const least = Math.ceil(pupils / 35)
  const most = Math.max(1, Math.floor(pupils / 24))
  const count = Math.max(least, Math.min(most, Math.round(pupils / usualClassSize[kind])))
  const sizes = apportion(pupils, Array.from<number>({ length: count }).fill(1))
  // A few pupils move between neighbouring classes: real classes are not all equal.
  for (let rank = 1; rank < count; rank++) {
    const moved = random.below(3)
    const from = sizes[rank - 1] ?? 0
    const to = sizes[rank] ?? 0
    if (from - moved < 24 || to + moved > 35) continue
    sizes[rank - 1] = from - moved
    sizes[rank] = to + moved
  }
  return sizes
}

/** Draws free seats for the children of families. */
export type Seats = {
  /** Any free seat, or undefined when all are taken. */
  takeAny(): SchoolClass | undefined
  /** A free seat of this age: in the same establishment, or in any other of another level. */
  takeAt(age: number, near: Establishment): SchoolClass | undefined
}

function openSeats(random: Random, establishments: readonly Establishment[], reserved: readonly SchoolClass[]): Seats {
  const seats: SchoolClass[] = []
  for (const { classes } of establishments) {
    for (const schoolClass of classes) {
      const kept = reserved.filter((other) => other === schoolClass).length
      for (let seat = kept; seat < (seatCounts.get(schoolClass) ?? 0); seat++) seats.push(schoolClass)
    }
  }
  for (let last = seats.length - 1; last > 0; last--) {
    const other = random.below(last + 1)
    const kept = seats[last] as SchoolClass
    seats[last] = seats[other] as SchoolClass
    seats[other] = kept
  }
  const taken = new Uint8Array(seats.length)
  const pools = new Map<Establishment, Map<number, number[]>>()
  seats.forEach(({ establishment, stage }, seat) => {
    let ages = pools.get(establishment)
    if (!ages) pools.set(establishment, (ages = new Map()))
    const pool = ages.get(stage.age)
    if (pool) pool.push(seat)
    else ages.set(stage.age, [seat])
  })
  let cursor = 0
  function takeFrom(pool: number[] | undefined): SchoolClass | undefined {
    while (pool && pool.length > 0) {
      const seat = pool.pop() as number
      if (taken[seat]) continue
      taken[seat] = 1
      return seats[seat]
    }
    return undefined
  }
  return {
    takeAny() {
      while (taken[cursor]) cursor++
      if (cursor >= seats.length) return undefined
      taken[cursor] = 1
      return seats[cursor]
    },
    takeAt(age, near) {
      const same = takeFrom(pools.get(near)?.get(age))
      if (same) return same
      const start = random.below(establishments.length)
      for (let step = 0; step < establishments.length; step++) {
        const other = establishments[(start + step) % establishments.length] as Establishment
        // Children of a family go to one school of each level of the sector.
        if (other.kind === near.kind && near.kind !== 'LYC' && near.kind !== 'LP') continue
        const found = takeFrom(pools.get(other)?.get(age))
        if (found) return found
      }
      return undefined
    },
  }
}

export function fillSeats(random: Random, sector: Sector, withPersonas: boolean): void {
  const reserved = withPersonas ? addPersonaFamily(sector) : []
  const seats = openSeats(random, sector.establishments, reserved)
  for (let seat = seats.takeAny(); seat; seat = seats.takeAny()) {
    sector.families.push(createFamily(random, sector, seat, seats))
  }
}

function formGroups(random: Random, establishment: Establishment): void {
  for (const schoolClass of establishment.classes) formHalves(schoolClass)
  const stages = new Set(establishment.classes.map(({ stage }) => stage))
  for (const stage of stages) {
    const classes = establishment.classes.filter((schoolClass) => schoolClass.stage === stage)
    const pupils = classes.flatMap((schoolClass) => schoolClass.pupils)
    if (stage.secondLanguage) formLanguageGroups(random, establishment, stage, pupils)
    if (stage.specialities > 0) formSpecialityGroups(random, establishment, stage, pupils)
    if (establishment.kind === 'CLG' && stage.key !== '6') {
      const latinists = pupils.filter(() => random.chance(0.14))
      addGroups(establishment, stage, latinists, latin, 'LAT', 2)
    }
  }
}

function formHalves(schoolClass: SchoolClass): void {
  const { code, label, pupils, stage, establishment } = schoolClass
  if (pupils.length < 16) return
  const subject = stage.teachings.find(({ mode }) => mode === 'half')?.subject
  if (!subject) return
  schoolClass.halves = [1, 2].map((rank) => ({
    code: `${code}_G${rank}`,
    label: `${label} GROUPE ${rank}`,
    subject,
    hours: 0,
    classes: [schoolClass],
  }))
  establishment.groups.push(...schoolClass.halves)
  pupils.forEach((pupil, position) => {
    pupil.half = schoolClass.halves[position < pupils.length / 2 ? 0 : 1]
  })
}

function formLanguageGroups(
  random: Random,
  establishment: Establishment,
  stage: Stage,
  pupils: readonly Pupil[],
): void {
  const byLanguage = secondLanguages.map((): Pupil[] => [])
  for (const pupil of pupils) byLanguage[random.unit() < (secondLanguages[0]?.share ?? 1) ? 0 : 1]?.push(pupil)
  secondLanguages.forEach(({ subject, short }, position) => {
    addGroups(establishment, stage, byLanguage[position] ?? [], subject, short, 2.5)
  })
}

function formSpecialityGroups(
  random: Random,
  establishment: Establishment,
  stage: Stage,
  pupils: readonly Pupil[],
): void {
  const chosenBy = specialities.map((): Pupil[] => [])
  for (const pupil of pupils) {
    const start = random.below(specialities.length)
    const step = random.pick([1, 5])
    for (let choice = 0; choice < stage.specialities; choice++) {
      chosenBy[(start + choice * step) % specialities.length]?.push(pupil)
    }
  }
  specialities.forEach(({ subject, short }, position) => {
    addGroups(establishment, stage, chosenBy[position] ?? [], subject, `SP${short}`, stage.specialities === 3 ? 4 : 6)
  })
}

function addGroups(
  establishment: Establishment,
  stage: Stage,
  pupils: readonly Pupil[],
  subject: Subject,
  short: string,
  hours: number,
): void {
  if (pupils.length === 0) return
  const count = Math.max(1, Math.round(pupils.length / 27))
  const groups = Array.from({ length: count }, (_, rank): Group => {
    const code = `${stage.prefix}${short}${rank + 1}`
    // The euro sign is one of the eight characters where ISO-8859-15 differs from ISO-8859-1.
    const label = `${stage.title} ${subject.label} GR${rank + 1}${short === 'SPSES' ? ' (BUDGET EN €)' : ''}`
    return { code, label, subject, hours, classes: [] }
  })
  pupils.forEach((pupil, position) => {
    pupil.groups.push(groups[Math.floor((position * count) / pupils.length)] as Group)
  })
  for (const group of groups) group.classes = classesOf(establishment, group)
  establishment.groups.push(...groups)
}

/** Classes the pupils of a group come from. */
export function classesOf(establishment: Establishment, group: Group): SchoolClass[] {
  return establishment.classes.filter(({ pupils }) => pupils.some((pupil) => pupil.groups.includes(group)))
}
