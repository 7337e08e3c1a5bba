import { addChild, createFamily, pickBirth, type Family } from './families.ts'
import { makeName } from './names.ts'
import { personas } from './personas.ts'
import { Random } from './random.ts'
import { classesOf, type Group, type Pupil, type SchoolClass, type Sector } from './sector.ts'
import { replaceStaffMember } from './staff.ts'
import { pickAddress, pickPhone } from './territory.ts'

/**
 * What differs from the previous export of a territory, as shares (0 to 1) of what they name. Any share above 0 gives
 * one case at least. The personas never change.
 */
export type ExportChanges = {
  /** Pupils who left; guardians without a pupil left leave with them. */
  leavers?: number
  /** New pupils, as a share of the pupils before: one in five joins a brother or a sister. */
  arrivals?: number
  /** Families who moved. */
  newAddresses?: number
  /** Guardians with another mobile number and mail address. */
  newContacts?: number
  /** Pupils in another class of the same year. */
  classChanges?: number
  /** Classes closed, their pupils spread over the others of the year. */
  classesRemoved?: number
  /** Guardians whose mobile, mail, text-message consent and address became empty. */
  emptied?: number
  /** Staff replaced by newcomers who take over their classes. */
  staffReplaced?: number
}

/** Number of cases of each change. */
export type ChangeCounts = {
  leavers: number
  departedGuardians: number
  arrivals: number
  newGuardians: number
  newAddresses: number
  newContacts: number
  classChanges: number
  closedClasses: number
  movedByClosure: number
  emptied: number
  replacedStaff: number
}

const fixedIds = new Set(Object.values(personas).map(({ external }) => external?.jointure))

/** Changes a sector in place and counts what it did. */
export function applyChanges(
  sector: Sector,
  changes: ExportChanges,
  draw: { seed: number; step: number },
): ChangeCounts {
  const random = new Random(draw.seed, 2, Number(sector.academy.code), sector.index, draw.step)
  const count = (share: number | undefined, of: number) => {
    if (!share) return 0
    return sector.index === 0 ? Math.min(of, Math.ceil(share * of)) : random.round(share * of)
  }
  const families = sector.families.filter(({ links, children }) =>
    [...children, ...links.map(({ guardian }) => guardian)].every(({ id }) => !fixedIds.has(id)),
  )
  const pupils = families.flatMap(({ children }) => children)
  const classes = sector.establishments.flatMap((establishment) => establishment.classes)
  const wanted = {
    leavers: count(changes.leavers, pupils.length),
    arrivals: count(changes.arrivals, pupils.length),
    classChanges: count(changes.classChanges, pupils.length),
    closures: count(changes.classesRemoved, classes.length),
    moves: count(changes.newAddresses, families.length),
    staff: count(changes.staffReplaced, sector.staff.length),
  }

  let movedByClosure = 0
  let closedClasses = 0
  for (const schoolClass of drawSome(random, classes, classes.length)) {
    if (closedClasses >= wanted.closures) break
    const moved = closeClass(random, sector, schoolClass)
    if (moved === undefined) continue
    closedClasses++
    movedByClosure += moved
  }

  const leaving = drawSome(random, pupils, wanted.leavers)
  const departedGuardians = leaving.reduce((sum, pupil) => sum + leave(sector, pupil), 0)
  const gone = new Set(leaving)
  const staying = pupils.filter((pupil) => !gone.has(pupil))
  const stayingFamilies = families.filter(({ children }) => children.length > 0)

  let classChanges = 0
  for (const pupil of drawSome(random, staying, staying.length)) {
    if (classChanges >= wanted.classChanges) break
    const others = sameYear(pupil.class)
    if (others.length === 0) continue
    moveToClass(pupil, random.pick(others))
    classChanges++
  }

  const moving = drawSome(random, stayingFamilies, wanted.moves)
  for (const family of moving) moveHome(random, sector, family)

  const guardians = stayingFamilies.flatMap(({ links }) =>
    links.map(({ guardian }) => guardian).filter((guardian) => guardian !== sector.welfare),
  )
  const toEmpty = drawSome(
    random,
    guardians.filter(({ address }) => address),
    count(changes.emptied, guardians.length),
  )
  for (const guardian of toEmpty) {
    Object.assign(guardian, { mobile: '', mail: '', acceptsSms: '', address: undefined })
  }
  const emptied = new Set(toEmpty)
  const renewed = drawSome(
    random,
    guardians.filter((guardian) => !emptied.has(guardian)),
    count(changes.newContacts, guardians.length),
  )
  for (const guardian of renewed) {
    guardian.mobile = otherThan(guardian.mobile, () => pickPhone(random, 'mobile'))
    guardian.mail = `nouveau${draw.step + 1}.${guardian.familyName.slug}${guardian.id}@example.net`
  }

  let newGuardians = 0
  for (let arrival = 0; arrival < wanted.arrivals; arrival++) newGuardians += arrive(random, sector, stayingFamilies)

  let replacedStaff = 0
  for (const member of drawSome(random, sector.staff, sector.staff.length)) {
    if (replacedStaff >= wanted.staff) break
    if (fixedIds.has(member.id)) continue
    sector.staff[sector.staff.indexOf(member)] = replaceStaffMember(random, sector, member)
    replacedStaff++
  }
  for (const establishment of sector.establishments) {
    for (const group of establishment.groups) if (group.hours > 0) group.classes = classesOf(establishment, group)
  }
  return {
    leavers: leaving.length,
    departedGuardians,
    arrivals: wanted.arrivals,
    newGuardians,
    newAddresses: moving.length,
    newContacts: renewed.length,
    classChanges,
    closedClasses,
    movedByClosure,
    emptied: toEmpty.length,
    replacedStaff,
  }
}

/** Draws `count` different elements (all, in another order, when there are no more). */
function drawSome<T>(random: Random, list: readonly T[], count: number): T[] {
  const rest = [...list]
  const end = Math.min(count, rest.length)
  for (let position = 0; position < end; position++) {
    const other = position + random.below(rest.length - position)
    const kept = rest[position] as T
    rest[position] = rest[other] as T
    rest[other] = kept
  }
  return rest.slice(0, end)
}

function otherThan(value: string, draw: () => string): string {
  let next = draw()
  while (next === value) next = draw()
  return next
}

function remove<T>(list: T[], element: T): void {
  const position = list.indexOf(element)
  if (position >= 0) list.splice(position, 1)
}

/** Takes a pupil out; gives the number of guardians left without a pupil. */
function leave(sector: Sector, pupil: Pupil): number {
  const { family } = pupil
  remove(pupil.class.pupils, pupil)
  remove(family.children, pupil)
  for (const { guardian } of family.links) remove(guardian.children, pupil)
  if (family.children.length > 0) return 0
  remove(sector.families, family)
  return family.links.filter(({ guardian }) => guardian.children.length === 0).length
}

function sameYear({ establishment, stage, code }: SchoolClass): SchoolClass[] {
  return establishment.classes.filter((other) => other.stage === stage && other.code !== code)
}

function moveToClass(pupil: Pupil, schoolClass: SchoolClass): void {
  remove(pupil.class.pupils, pupil)
  schoolClass.pupils.push(pupil)
  pupil.class = schoolClass
  pupil.half = schoolClass.halves[schoolClass.pupils.length % 2]
}

/** Closes a class and gives the number of its pupils, or undefined if it is the only one of its year or a persona's. */
function closeClass(random: Random, sector: Sector, schoolClass: SchoolClass): number | undefined {
  const others = sameYear(schoolClass)
  if (others.length === 0 || schoolClass.pupils.some(({ id }) => fixedIds.has(id))) return undefined
  const pupils = [...schoolClass.pupils]
  for (const pupil of pupils) moveToClass(pupil, random.pick(others))
  const { establishment, halves } = schoolClass
  remove(establishment.classes, schoolClass)
  for (const half of halves) remove(establishment.groups, half)
  const closed = new Set<SchoolClass | Group | undefined>([schoolClass, ...halves])
  for (const member of sector.staff) {
    member.mainClasses = member.mainClasses.filter((other) => other !== schoolClass)
    member.services = member.services.filter((service) => !closed.has(service.schoolClass ?? service.group))
  }
  return pupils.length
}

function moveHome(random: Random, sector: Sector, family: Family): void {
  const commune = random.pick(sector.location.towns)
  const lines = otherThan(family.address.lines, () => pickAddress(random))
  const former = family.address
  family.address = { lines, commune }
  for (const { guardian } of family.links) if (guardian.address === former) guardian.address = family.address
}

/** Adds a pupil to a class that has pupils, with the choices of a classmate; gives the number of new guardians. */
function arrive(random: Random, sector: Sector, families: readonly Family[]): number {
  const classes = sector.establishments.flatMap((establishment) => establishment.classes)
  const schoolClass = random.pick(classes.filter(({ pupils }) => pupils.length > 0))
  const model = random.pick(schoolClass.pupils)
  const known = random.chance(0.2) ? random.pick(families) : undefined
  let pupil: Pupil | undefined
  let guardians = 0
  if (known) {
    const birth = pickBirth(random, sector.schoolYear - schoolClass.stage.age)
    const name = known.children[0]?.familyName ?? makeName('Nouveau')
    pupil = addChild(random, sector, known, schoolClass, birth, name)
  } else {
    const family = createFamily(random, sector, schoolClass, undefined)
    sector.families.push(family)
    pupil = family.children[0]
    guardians = family.links.filter(({ guardian }) => guardian.children.length === 1).length
  }
  if (pupil) {
    pupil.groups = [...model.groups]
    pupil.half = model.half
  }
  return guardians
}
