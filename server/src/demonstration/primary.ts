import type { Subject } from './curriculum.ts'
import { addChild, type Family, type Guardian } from './families.ts'
import { makeName } from './names.ts'
import { identityOf, personaTown } from './personas.ts'
import { Random } from './random.ts'
import {
  apportion,
  type Establishment,
  fillSeats,
  makeWelfareService,
  openClasses,
  type SchoolClass,
  type Sector,
  type SectorOptions,
} from './sector.ts'
import { hire, type StaffMember } from './staff.ts'
import { locateSector, pickPhone, pickSchoolName, pickStreet } from './territory.ts'
import { makeUai } from './uai.ts'

const schoolSize = { EM: 96, EE: 160 }

/** The mother of the personas and her youngest, as the primary schools' feed knows them: other identifiers. */
export const primaryPersonas = {
  mother: '5000003',
  child: '5000001',
  uai: makeUai('80', 9000),
  school: 'LES COQUELICOTS',
}

/** Builds a sector of primary schools: an école maternelle and an école élémentaire for each group of villages. */
export function buildPrimarySector(options: SectorOptions): Sector {
  const { seed, academy, index, pupils, schoolYear, withPersonas } = options
  const random = new Random(seed, 3, Number(academy.code), index)
  const location = locateSector(seed, academy, index)
  let nextId = 5_100_000 + index * 16_000
  const takeId = () => String(nextId++)
  const pairs = Math.max(1, Math.round(pupils / (schoolSize.EM + schoolSize.EE)))
  const sizes = apportion(
    pupils,
    Array.from({ length: pairs * 2 }, (_, rank) => (rank % 2 === 0 ? schoolSize.EM : schoolSize.EE)),
  )
  const order = Math.floor(index / academy.departments.length)
  const establishments = sizes.map((size, rank): Establishment => {
    const kind = rank % 2 === 0 ? 'EM' : 'EE'
    const persona = withPersonas && rank === 0
    const establishment: Establishment = {
      kind,
      jointure: String(60_001 + index * 100 + rank),
      // Those of collèges and lycées begin at 7000.
      uai: makeUai(location.department.code, (order < 20 ? 9000 : 2000) + order * 40 + rank),
      name: persona ? primaryPersonas.school : pickSchoolName(random, 'PU'),
      commune: persona ? personaTown : random.pick(location.towns),
      street: pickStreet(random),
      phone: pickPhone(random, 'fixed'),
      contract: 'PU',
      siren: `21${String(random.below(10_000_000)).padStart(7, '0')}`,
      classes: [],
      groups: [],
    }
    openClasses(random, establishment, size)
    return establishment
  })
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
  fillSeats(random, sector, false)
  if (withPersonas) addPersonaChild(random, sector)
  sector.staff = establishments.flatMap((establishment) => hireTeachers(random, sector, establishment))
  return sector
}

const classTeaching: Subject = { code: '', label: '', discipline: { code: '-', label: '-', category: '' } }

/** One teacher a class; the first one heads the school too. */
function hireTeachers(random: Random, sector: Sector, establishment: Establishment): StaffMember[] {
  return establishment.classes.map((schoolClass, rank) => {
    const job = rank === 0 ? (['DIR', 'DIRECTION', '-', '-'] as const) : (['ENS', 'ENSEIGNEMENT', '-', '-'] as const)
    const member = hire(random, sector, establishment, job, {})
    return {
      ...member,
      attachedTo: establishment.jointure,
      facesPupils: true,
      services: [{ establishment, subject: classTeaching, schoolClass, group: undefined }],
    }
  })
}

function addPersonaChild(random: Random, sector: Sector): void {
  const [school] = sector.establishments
  const seat = school?.classes.find(({ stage }) => stage.key === 'GS') as SchoolClass
  const mother: Guardian = {
    ...identityOf('mother', 'F'),
    id: primaryPersonas.mother,
    birthName: undefined,
    homePhone: '',
    workPhone: '',
    mobile: '+33 6 39 98 00 03',
    acceptsSms: 'O',
    spreadsAddress: 'N',
    address: { lines: '14 RUE DES ŒILLETS$$$', commune: personaTown },
    children: [],
  }
  const link = { guardian: mother, relation: 'mother', legalStatus: 1, pays: true, contact: true } as const
  const family: Family = { address: mother.address!, children: [], links: [link] }
  const child = addChild(random, sector, family, seat, `07/04/${sector.schoolYear - 5}`, makeName('Marchand'))
  family.children[0] = Object.assign(child, { id: primaryPersonas.child, givenName: makeName('Lou'), sex: 'F' })
  sector.families.push(family)
}
