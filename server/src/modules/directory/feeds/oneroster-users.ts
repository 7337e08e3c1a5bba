import type { LegalStatus, RecordKind } from '../tables.ts'
import type { ClassPlace, GuardianLink, Role, UserState } from './oneroster-records.ts'
import {
  type AcceptedRecord,
  type FeedContext,
  keysOf,
  type Outcome,
  type PersonBody,
  sortedSet,
  toProfile,
} from './records.ts'

/** What records of users are read against. */
export interface UserContext extends FeedContext {
  /** Organisations of the package that are no schools. */
  otherOrgs: ReadonlySet<string>
}

/** The kinds of records that describe a user of OneRoster: one for each side of what the person is. */
export const personKinds = ['pupil', 'guardian', 'staff'] as const
export type PersonKind = (typeof personKinds)[number]

// A role, its function code in the national nomenclature (hence a profile), as close as OneRoster's words allow.
const staffFunctions: Record<string, string> = {
  teacher: 'ENS',
  principal: 'DIR',
  aide: 'AES',
  counselor: 'ORI',
  proctor: 'SUR',
  siteAdministrator: 'ADM',
  systemAdministrator: 'ADM',
  districtAdministrator: 'ADM',
}
// OneRoster says how an adult is related to a child, never who holds parental authority: nobody is made a legal
// representative by it.
const legalStatuses: Record<string, LegalStatus> = { parent: 'inCharge', guardian: 'inCharge', relative: 'none' }

/** The closest of the roles of an adult who answers for a child; undefined when there is none. */
export function findGuardianRole(roles: readonly string[]): string | undefined {
  return Object.keys(legalStatuses).find((role) => roles.includes(role))
}

/**
 * The records of a user: a pupil's, a guardian's, a member of staff's, or several of them under the same identifier.
 * One whom no role concerns is ignored; one whose roles are all in schools that are not there is set aside.
 */
export function toUserOutcomes(user: UserState, context: UserContext): { kind: PersonKind; outcome: Outcome }[] {
  const roles = [...user.roles.values()].filter(({ org }) => context.establishments.has(org))
  const places = [...user.places.values()].filter(({ school }) => context.establishments.has(school))
  const isPupil = (role: string) => role === 'student'
  const isStaff = (role: string) => role in staffFunctions || role.startsWith('ext:') || role === 'administrator'
  const guardianRole = findGuardianRole([...user.roles.values()].map(({ role }) => role))
  const outcomes: { kind: PersonKind; record: AcceptedRecord }[] = []
  if (roles.some(({ role }) => isPupil(role)) || places.some(({ role }) => isPupil(role))) {
    outcomes.push({ kind: 'pupil', record: toPupil(user, roles, places, context) })
  }
  if (guardianRole) outcomes.push({ kind: 'guardian', record: toGuardian(user) })
  if (roles.some(({ role }) => isStaff(role)) || places.some(({ role }) => isStaff(role))) {
    outcomes.push({ kind: 'staff', record: toStaff(user, roles, places, context) })
  }
  if (outcomes.length > 0) {
    return outcomes.map(({ kind, record }) => ({ kind, outcome: { fate: 'accepted', externalId: user.id, ...record } }))
  }
  const [lost] = [...user.roles.values()].filter(({ org }) => !context.otherOrgs.has(org))
  const kind = [...user.roles.values()].some(({ role }) => isPupil(role)) ? 'pupil' : 'staff'
  if (!lost) {
    const rule = user.roles.size === 0 ? 'user_without_role' : 'role_outside_schools'
    return [{ kind, outcome: { fate: 'ignored', externalId: user.id, rule } }]
  }
  const detail = `Its schools are not in the package: ${lost.org.slice(0, 64)}.`
  const refused = keepUser(user)
  return [
    { kind, outcome: { fate: 'quarantined', externalId: user.id, code: 'establishment_unknown', detail, refused } },
  ]
}

/** What is kept of a user who is set aside. */
export interface RefusedUser {
  of: 'oneroster'
  user: Omit<UserState, 'roles' | 'places' | 'guardians'> & {
    roles: Role[]
    places: ClassPlace[]
    guardians: GuardianLink[]
  }
}

function keepUser(user: UserState): RefusedUser {
  const { roles, places, guardians, ...rest } = user
  const lists = { roles: [...roles.values()], places: [...places.values()], guardians: [...guardians.values()] }
  return { of: 'oneroster', user: { ...rest, ...lists } }
}

const byId = <T extends { id: string }>(list: T[]) => new Map(list.map((each) => [each.id, each]))

/** Reads a user again who was set aside. */
export function rereadUser({ user }: RefusedUser, context: FeedContext): { kind: PersonKind; outcome: Outcome }[] {
  const { roles, places, guardians } = user
  const state = { ...user, roles: byId(roles), places: byId(places), guardians: byId(guardians) }
  return toUserOutcomes(state, { ...context, otherOrgs: new Set() })
}

// What a later delta needs of the rows that a record came from, each as JSON in a fixed order.
const toTraces = (user: UserState) =>
  sortedSet([
    ...[...user.roles.values()].map((each) => JSON.stringify(['role', each.id, each.role, each.org, each.primary])),
    ...[...user.places.values()].map((each) =>
      JSON.stringify(['place', each.id, each.school, each.classId, each.kind, each.role, each.primary, each.course]),
    ),
    ...user.agents.map((id) => JSON.stringify(['agent', id])),
    ...[...user.guardians.values()].map(({ id, role }) => JSON.stringify(['guardian', id, role])),
  ])

function toPupil(user: UserState, roles: Role[], places: ClassPlace[], context: FeedContext): AcceptedRecord {
  const own = places.filter(({ role }) => role === 'student')
  const schools = sortedSet([
    ...roles.filter(({ role }) => role === 'student').map(({ org }) => org),
    ...own.map(({ school }) => school),
  ])
  const first =
    schools.find((id) => id === user.primaryOrg) ??
    roles.find(({ role, primary }) => role === 'student' && primary)?.org ??
    schools[0]!
  const refs = (kind: 'class' | 'group') =>
    sortedSet(own.filter((each) => each.kind === kind).map(({ school, classId }) => `${school}$${classId}`))
  const body = {
    ...user.person,
    ine: user.ine,
    schoolYear: context.schoolYear,
    enrolments: [
      { establishment: first, level: user.grade },
      ...schools.filter((id) => id !== first).map((establishment) => ({ establishment })),
    ],
    classes: refs('class'),
    groups: refs('group'),
    guardians: [...user.guardians.values()]
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .map(({ id, role }) => ({
        id,
        link: role,
        legal: legalStatuses[role] ?? 'none',
        financial: false,
        contact: true,
        pays: false,
      })),
    traces: toTraces(user),
  }
  return { establishmentRef: first, body, ...keysOf(user.person), groups: [], warnings: [] }
}

function toGuardian(user: UserState): AcceptedRecord {
  const body = { ...user.person, traces: toTraces(user) }
  return { establishmentRef: null, body, ...keysOf(user.person), groups: [], warnings: [] }
}

function toStaff(user: UserState, roles: Role[], places: ClassPlace[], context: FeedContext): AcceptedRecord {
  const functions = new Map<string, { establishment: string; code: string; label: string }>()
  const add = (establishment: string, role: string) => {
    const code = staffFunctions[role] ?? '-'
    functions.set(`${establishment} ${role}`, { establishment, code, label: role })
  }
  for (const { role, org } of roles) if (role in staffFunctions || role.startsWith('ext:')) add(org, role)
  const taught = places.filter(({ role }) => role === 'teacher')
  for (const { school, role } of places) {
    const known = [...functions.values()].some(({ establishment }) => establishment === school)
    if (!known && role !== 'student') add(school, role === 'administrator' ? 'siteAdministrator' : role)
  }
  const teachings = new Map<string, { kind: 'class' | 'group'; ref: string; subjects: string[]; main: boolean }>()
  for (const { school, classId, kind, primary, course } of taught) {
    const ref = `${school}$${classId}`
    const main = kind === 'class' && (primary || teachings.get(ref)?.main === true)
    teachings.set(ref, { kind, ref, subjects: course === '' ? [] : [course], main })
  }
  const inOrder = [...functions].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each)
  const body = {
    ...user.person,
    schoolYear: context.schoolYear,
    functions: inOrder.map((each) => ({ ...each, profile: toProfile(each.code, false) })),
    teachings: [...teachings.values()].sort((a, b) => (a.ref < b.ref ? -1 : 1)),
    traces: toTraces(user),
  }
  const establishmentRef = inOrder.find(({ establishment }) => establishment === user.primaryOrg)?.establishment
  return {
    establishmentRef: establishmentRef ?? inOrder[0]!.establishment,
    body,
    ...keysOf(user.person),
    groups: [],
    warnings: [],
  }
}

/** A kind of person's record as the source last said it, to be amended by a delta. */
export function fromAccepted(id: string, records: Partial<Record<RecordKind, Record<string, unknown>>>): UserState {
  const known = personKinds.map((kind) => records[kind]).filter((body) => body !== undefined)
  const user: UserState = {
    id,
    person: pickPerson(known[0] ?? {}),
    ine: asText(records.pupil?.['ine']),
    roles: new Map(),
    places: new Map(),
    agents: [],
    guardians: new Map(),
  }
  const [enrolment] = (records.pupil?.['enrolments'] ?? []) as { establishment: string; level?: string }[]
  user.grade = enrolment?.level
  user.primaryOrg = enrolment?.establishment
  const agents = new Set<string>()
  for (const trace of new Set(known.flatMap((body) => (body['traces'] ?? []) as string[]))) {
    const [word, ...rest] = JSON.parse(trace) as [string, ...(string | boolean)[]]
    const text = (index: number) => String(rest[index] ?? '')
    if (word === 'role') {
      user.roles.set(text(0), { id: text(0), role: text(1), org: text(2), primary: rest[3] === true })
    } else if (word === 'place') {
      user.places.set(text(0), {
        id: text(0),
        school: text(1),
        classId: text(2),
        kind: text(3) === 'class' ? 'class' : 'group',
        role: text(4),
        primary: rest[5] === true,
        course: text(6),
      })
    } else if (word === 'agent') agents.add(text(0))
    else user.guardians.set(text(0), { id: text(0), role: text(1) })
  }
  user.agents = [...agents]
  return user
}

const asText = (value: unknown) => (typeof value === 'string' ? value : undefined)

function pickPerson(body: Record<string, unknown>): PersonBody {
  return {
    familyName: asText(body['familyName']) ?? '',
    givenName: asText(body['givenName']) ?? '',
    otherGivenNames: asText(body['otherGivenNames']),
    birthFamilyName: asText(body['birthFamilyName']),
    bornOn: asText(body['bornOn']),
    email: asText(body['email']),
    phone: asText(body['phone']),
    mobile: asText(body['mobile']),
  }
}
