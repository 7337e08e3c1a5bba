import type { Discipline, Subject } from './curriculum.ts'
import { pickBirth } from './families.ts'
import { pickFamilyName, pickGivenName, type Name, type Sex } from './names.ts'
import { identityOf, personaClasses, type PersonaKey } from './personas.ts'
import type { Random } from './random.ts'
import type { Establishment, Group, SchoolClass, Sector } from './sector.ts'

export type StaffMember = {
  readonly id: string
  readonly sex: Sex
  readonly familyName: Name
  readonly birthName: Name | undefined
  readonly givenName: Name
  /** `dd/mm/yyyy` */
  readonly birth: string
  mail: string
  /** Jointure of the establishment, or of the replacement zone, the person is attached to. */
  readonly attachedTo: string
  readonly functions: StaffFunction[]
  readonly discipline: Discipline | undefined
  services: Service[]
  mainClasses: SchoolClass[]
  readonly facesPupils: boolean
}

export type StaffFunction = { readonly establishment: Establishment; readonly job: Job }

/** Function code and label, then discipline code and label, as `ENTPersonFonctions` joins them. */
export type Job = readonly [code: string, label: string, disciplineCode: string, disciplineLabel: string]

/** A subject taught to a class or to a group. */
export type Service = {
  readonly establishment: Establishment
  readonly subject: Subject
  readonly schoolClass: SchoolClass | undefined
  readonly group: Group | undefined
}

const jobs = {
  head: ['DIR', 'DIRECTION', 'D0010', 'CHEF D&apos;ETABLISSEMENT'],
  deputy: ['DIR', 'DIRECTION', 'D0020', 'ADJOINT AU CHEF D&apos;ETABLISSEMENT'],
  counsellor: ['EDU', 'EDUCATION', 'E0030', 'EDUCATION'],
  supervisor: ['AED', 'ASSISTANT D&apos;EDUCATION', 'X0010', 'ASSISTANT D&apos;EDUCATION'],
  librarian: ['DOC', 'DOCUMENTATION', 'L0080', 'DOCUMENTATION'],
  secretary: ['ADF', 'PERSONNELS ADMINISTRATIFS', 'A0020', 'SECRETARIAT'],
  bursar: ['ADF', 'PERSONNELS ADMINISTRATIFS', 'A0030', 'GESTION MATERIELLE'],
  nurse: ['MDS', 'PERSONNELS MEDICO-SOCIAUX', 'M0010', 'INFIRMERIE'],
  assistant: ['AES', 'ACCOMPAGNANT DES ELEVES EN SITUATION DE HANDICAP', 'X0030', 'ACCOMPAGNEMENT'],
  technician: ['LAB', 'PERSONNELS DE LABORATOIRE', 'T0010', 'LABORATOIRE'],
  worker: ['OUV', 'PERSONNELS OUVRIERS ET DE SERVICE', 'T0020', 'ENTRETIEN RESTAURATION'],
  psychologist: ['PSY', 'PSYCHOLOGUE DE L&apos;EDUCATION NATIONALE', 'O0040', 'ORIENTATION'],
  none: ['-', '-', '-', '-'],
} as const satisfies Record<string, Job>

/** Weekly hours a teacher takes on average, part-timers and trainees included. */
const weeklyHours = 12.5

/** Gives every service a teacher, every class a main teacher, and every establishment its other staff. */
export function assignStaff(random: Random, sector: Sector, withPersonas: boolean): StaffMember[] {
  const staff: StaffMember[] = []
  const parts: { member: StaffMember; load: number }[] = []
  sector.establishments.forEach((establishment, rank) => {
    const personasHere = withPersonas && rank === 0
    staff.push(...otherStaff(random, sector, establishment, personasHere))
    for (const [discipline, bundles] of bundleServices(establishment)) {
      const total = bundles.reduce((sum, { hours }) => sum + hours, 0)
      const count = Math.max(1, Math.round(total / weeklyHours))
      const persona = personasHere && discipline.code === 'L1300' ? 'teacher' : undefined
      const half = parts.find(({ member, load }) => member.discipline === discipline && load + total < 18)
      // A subject too small for one post is shared between two establishments of the sector.
      if (count === 1 && half && !persona) {
        half.load = 18
        half.member.functions.push({ establishment, job: teachingJob(discipline) })
        for (const { services } of bundles) half.member.services.push(...services)
        continue
      }
      const teachers = Array.from({ length: count }, (_, position) =>
        hire(random, sector, establishment, teachingJob(discipline), {
          discipline,
          persona: position === 0 ? persona : undefined,
        }),
      )
      deal(teachers, bundles)
      staff.push(...teachers)
      const [only] = teachers
      if (count === 1 && only && total < 9) parts.push({ member: only, load: total })
    }
  })
  nameMainTeachers(sector, staff, withPersonas)
  return staff
}

function teachingJob({ code, label }: Discipline): Job {
  return ['ENS', 'ENSEIGNEMENT', code, label]
}

type Bundle = { readonly hours: number; readonly services: Service[]; readonly schoolClass: SchoolClass | undefined }

/** Services of an establishment by discipline; what one class has in a discipline goes to one teacher. */
function bundleServices(establishment: Establishment): Map<Discipline, Bundle[]> {
  const byDiscipline = new Map<Discipline, Bundle[]>()
  const add = (discipline: Discipline, bundle: Bundle) => {
    const bundles = byDiscipline.get(discipline)
    if (bundles) bundles.push(bundle)
    else byDiscipline.set(discipline, [bundle])
  }
  for (const schoolClass of establishment.classes) {
    const own = new Map<Discipline, { hours: number; services: Service[] }>()
    for (const { subject, hours, mode } of schoolClass.stage.teachings) {
      let bundle = own.get(subject.discipline)
      if (!bundle) own.set(subject.discipline, (bundle = { hours: 0, services: [] }))
      const halves = mode === 'half' ? schoolClass.halves : []
      bundle.hours += hours * (halves.length > 0 ? 1.6 : 1)
      bundle.services.push({ establishment, subject, schoolClass, group: undefined })
      for (const group of halves) bundle.services.push({ establishment, subject, schoolClass: undefined, group })
    }
    for (const [discipline, bundle] of own) add(discipline, { ...bundle, schoolClass })
  }
  for (const group of establishment.groups) {
    if (group.hours === 0) continue
    const services = [{ establishment, subject: group.subject, schoolClass: undefined, group }]
    add(group.subject.discipline, { hours: group.hours, services, schoolClass: undefined })
  }
  return byDiscipline
}

function deal(teachers: readonly StaffMember[], bundles: readonly Bundle[]): void {
  const loads = teachers.map(() => 0)
  const ordered = bundles.toSorted((a, b) => Number(isPersonaBundle(b)) - Number(isPersonaBundle(a)))
  for (const { hours, services } of ordered) {
    let least = 0
    for (let position = 1; position < loads.length; position++) {
      if ((loads[position] as number) < (loads[least] as number)) least = position
    }
    loads[least] = (loads[least] as number) + hours
    teachers[least]?.services.push(...services)
  }
}

/** The class of the persona comes first, so that the first teacher of each discipline has it. */
function isPersonaBundle({ schoolClass }: Bundle): boolean {
  return schoolClass?.code === personaClasses.pupil
}

function nameMainTeachers(sector: Sector, staff: readonly StaffMember[], withPersonas: boolean): void {
  const teachersOf = new Map<SchoolClass, StaffMember[]>()
  for (const member of staff) {
    for (const { schoolClass } of member.services) {
      if (!schoolClass) continue
      const team = teachersOf.get(schoolClass)
      if (!team) teachersOf.set(schoolClass, [member])
      else if (team.at(-1) !== member) team.push(member)
    }
  }
  const teacherId = withPersonas ? identityOf('teacher', 'M').id : undefined
  for (const establishment of sector.establishments) {
    for (const schoolClass of establishment.classes) {
      const team = teachersOf.get(schoolClass) ?? []
      const persona = schoolClass.code === personaClasses.pupil ? team.find(({ id }) => id === teacherId) : undefined
      const chosen = persona ?? leastBusy(team.filter(({ id }) => id !== teacherId)) ?? team[0]
      chosen?.mainClasses.push(schoolClass)
    }
  }
}

function leastBusy(team: readonly StaffMember[]): StaffMember | undefined {
  let best: StaffMember | undefined
  for (const member of team) if (!best || member.mainClasses.length < best.mainClasses.length) best = member
  return best
}

function otherStaff(
  random: Random,
  sector: Sector,
  establishment: Establishment,
  personasHere: boolean,
): StaffMember[] {
  const pupils = establishment.classes.reduce((sum, { pupils: { length } }) => sum + length, 0)
  const posts: [Job, number][] = [
    [jobs.head, 1],
    [jobs.deputy, pupils < 250 ? 0 : 1],
    [jobs.counsellor, Math.max(1, Math.round(pupils / 320))],
    [jobs.supervisor, Math.max(1, Math.round(pupils / 70))],
    [jobs.librarian, pupils > 900 ? 2 : 1],
    [jobs.secretary, 1 + Math.round(pupils / 350)],
    [jobs.bursar, 1 + Math.round(pupils / 700)],
    [jobs.nurse, 1],
    [jobs.assistant, Math.max(1, Math.round(pupils / 45))],
    [jobs.technician, establishment.kind === 'CLG' ? 0 : Math.max(1, Math.round(pupils / 350))],
    [jobs.worker, Math.max(1, Math.round(pupils / 45))],
    [jobs.psychologist, establishment.kind === 'CLG' && pupils > 250 ? 1 : 0],
    [jobs.none, random.chance(0.3) ? 1 : 0],
  ]
  const fixed = new Map<Job, PersonaKey>(
    personasHere
      ? [
          [jobs.head, 'head'],
          [jobs.secretary, 'secretary'],
        ]
      : [],
  )
  return posts.flatMap(([job, count]) =>
    Array.from({ length: count }, (_, rank) =>
      hire(random, sector, establishment, job, { persona: rank === 0 ? fixed.get(job) : undefined }),
    ),
  )
}

const womenAmong: Readonly<Record<string, number>> = { AES: 0.92, MDS: 0.95, ADF: 0.8, DOC: 0.85, DIR: 0.5, OUV: 0.6 }
const personaSex: Partial<Record<PersonaKey, Sex>> = { teacher: 'M', head: 'F', secretary: 'F' }

export function hire(
  random: Random,
  sector: Sector,
  establishment: Establishment,
  job: Job,
  { discipline, persona }: { discipline?: Discipline; persona?: PersonaKey | undefined },
): StaffMember {
  const teacher = job[0] === 'ENS'
  const person = persona
    ? { ...identityOf(persona, personaSex[persona] ?? 'F'), birthName: undefined }
    : createAdult(random, sector, job[0])
  // Some teachers are attached to the replacement zone of the département, not to where they teach.
  const replacement = teacher && !persona && random.chance(0.02)
  return {
    ...person,
    attachedTo: replacement ? zoneJointure(sector) : establishment.jointure,
    functions: [{ establishment, job }],
    discipline,
    services: [],
    mainClasses: [],
    facesPupils: teacher,
  }
}

function createAdult(random: Random, sector: Sector, code: string) {
  const id = sector.takeId()
  const sex: Sex = random.chance(womenAmong[code] ?? 0.6) ? 'F' : 'M'
  const familyName = pickFamilyName(random)
  const givenName = pickGivenName(random, sex, 'adult')
  const domain = `ac-${sector.academy.name.toLowerCase()}.example.org`
  return {
    id,
    sex,
    familyName,
    birthName: sex === 'F' && random.chance(0.4) ? pickFamilyName(random) : undefined,
    givenName,
    birth: pickBirth(random, sector.schoolYear - 24 - random.below(41)),
    mail: random.chance(0.94) ? `${givenName.slug}.${familyName.slug}${id}@${domain}` : '',
  }
}

/** A colleague who takes over everything of a member who leaves. */
export function replaceStaffMember(random: Random, sector: Sector, member: StaffMember): StaffMember {
  const code = member.functions[0]?.job[0] ?? '-'
  return { ...member, ...createAdult(random, sector, code) }
}

/** Jointure of the replacement zone of the sector's département. */
export function zoneJointure({ academy, location }: Pick<Sector, 'academy' | 'location'>): string {
  return String(1901 + academy.departments.indexOf(location.department))
}
