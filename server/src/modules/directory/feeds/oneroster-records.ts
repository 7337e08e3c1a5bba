import { type Day, isDay } from '#kernel/time'
import type { OneRosterRow } from './oneroster-rows.ts'
import { type FeedContext, type Outcome, type PersonBody, readOutcome, toGroupCode, Unusable } from './records.ts'

/** A role of a user in an organisation (roles.csv). */
export interface Role {
  id: string
  role: string
  org: string
  primary: boolean
}

/** A user's place in a class (enrollments.csv). */
export interface ClassPlace {
  id: string
  school: string
  classId: string
  kind: 'class' | 'group'
  role: string
  /** `primary` of the enrolment: the main teacher of a homeroom. */
  primary: boolean
  /** The course that the class is of; empty when unknown. */
  course: string
}

/** A guardian of a pupil, and in which role. */
export interface GuardianLink {
  id: string
  role: string
}

/** All that a package says of a user, from however many of its rows. */
export interface UserState {
  id: string
  person: PersonBody
  ine?: string | undefined
  grade?: string | undefined
  /** Of the organisations, the one that comes first. */
  primaryOrg?: string | undefined
  roles: Map<string, Role>
  places: Map<string, ClassPlace>
  /** Users the row refers to by agentSourcedIds: pupils' guardians, guardians' pupils. */
  agents: string[]
  /** Guardians of this pupil: those its own row names, and those whose row names it. */
  guardians: Map<string, GuardianLink>
}

/** A row, or what was kept of one. */
type Cells = Pick<OneRosterRow, 'get'>

/** @throws Unusable when it could be neither kept nor shown. */
export function readSourcedId(row: Cells, column = 'sourcedId'): string {
  const id = row.get(column)
  if (id === '') throw new Unusable('attribute_missing', `${column} is empty.`)
  // A code of a class follows its school's after "$".
  if (!/^[^\s$\p{C}]{1,255}$/u.test(id)) {
    throw new Unusable('identifier_invalid', `${column} holds a space, "$" or a control character, or is too long.`)
  }
  return id
}

/** A date as OneRoster writes it (ISO 8601). @throws Unusable `date_invalid`. */
export function readDay(row: OneRosterRow, column: string): Day | undefined {
  const text = row.get(column)
  if (text === '') return undefined
  if (!isDay(text) || text < '1900') throw new Unusable('date_invalid', `${column} is not a date (yyyy-mm-dd).`)
  return text
}

/** Items of a list in one cell. */
export function readList(row: OneRosterRow, column: string): string[] {
  return row
    .get(column)
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean)
}

/** A school (orgs.csv). In France its `identifier` is expected to be its UAI; elsewhere it has none. */
export function readSchool(row: OneRosterRow): Outcome {
  return readOutcome(row.get('sourcedId'), () => {
    const externalId = readSourcedId(row)
    if (row.get('type') !== 'school') return { externalId, rule: 'org_not_school' }
    const uai = [row.get('identifier'), externalId].find((text) => /^\d{7}[A-Z]$/.test(text))
    const body = { name: readName(row, 'name', 200), uai }
    const warnings = uai === undefined ? ['uai_missing'] : []
    return { externalId, establishmentRef: externalId, body, groups: [], warnings }
  })
}

/** A course (courses.csv): what classes are about, a subject here. */
export function readCourse(row: Cells): Outcome {
  const reading = () => ({
    externalId: readSourcedId(row),
    establishmentRef: null,
    body: { name: readName(row, 'title', 200) },
    groups: [],
    warnings: [],
  })
  const keep = (): RefusedCourse => ({ of: 'onerosterCourse', cells: keepCells(row, ['sourcedId', 'title']) })
  return readOutcome(row.get('sourcedId'), reading, keep)
}

/** What is kept of a course that is set aside: its cells, by column. */
export interface RefusedCourse {
  of: 'onerosterCourse'
  cells: Record<string, string>
}

/** What is kept of a class that is set aside: its cells, and what the rest of the package told. */
export interface RefusedClass {
  of: 'onerosterClass'
  cells: Record<string, string>
  /** Whether a delta takes it away. */
  deleted: boolean
  /** Whether its terms are of the school year of the export. */
  current: boolean
}

const keepCells = (row: Cells, columns: string[]) =>
  Object.fromEntries(columns.map((column) => [column, row.get(column)]))
const restoreCells = (cells: Record<string, string>): Cells => ({ get: (column) => cells[column] ?? '' })

/** Reads a course again that was set aside. */
export function rereadCourse({ cells }: RefusedCourse): Outcome {
  return readCourse(restoreCells(cells))
}

/** A class of classes.csv, as those who refer to it need it. */
export interface OneRosterClass {
  school: string
  kind: 'class' | 'group'
  course: string
}

/** A row of classes.csv: what becomes of it, and, where it can be read, what others need of it. */
export function readClassRow(
  row: Cells,
  { deleted, current }: { deleted: boolean; current: boolean },
  context: FeedContext,
): { kind: 'class' | 'group'; outcome: Outcome; found?: OneRosterClass & { id: string } } {
  const columns = ['sourcedId', 'title', 'classType', 'schoolSourcedId', 'courseSourcedId']
  const keep = (): RefusedClass => ({ of: 'onerosterClass', cells: keepCells(row, columns), deleted, current })
  const externalId = row.get('sourcedId').slice(0, 255)
  try {
    const found = readClass(row)
    const { id, school, kind } = found
    if (deleted) return { kind, found, outcome: { fate: 'removed', externalId: `${school}$${id}` } }
    if (!current) return { kind, found, outcome: { fate: 'ignored', externalId, rule: 'class_of_another_year' } }
    const outcome = toClassOutcome(found, context)
    return { kind, found, outcome: outcome.fate === 'quarantined' ? { ...outcome, refused: keep() } : outcome }
  } catch (error) {
    if (!(error instanceof Unusable)) throw error
    const { code, message: detail } = error
    return { kind: 'class', outcome: { fate: 'quarantined', externalId, code, detail, refused: keep() } }
  }
}

/** Reads a class again that was set aside. */
export function rereadClass({ cells, deleted, current }: RefusedClass, context: FeedContext) {
  const { kind, outcome } = readClassRow(restoreCells(cells), { deleted, current }, context)
  return { kind, outcome }
}

/** A homeroom is a class, a scheduled class a group. @throws Unusable. */
function readClass(row: Cells): OneRosterClass & { id: string; name: string } {
  const id = toGroupCode(readSourcedId(row))
  const type = row.get('classType')
  if (type !== 'homeroom' && type !== 'scheduled') {
    throw new Unusable('value_unreadable', 'classType is neither homeroom nor scheduled.')
  }
  return {
    id,
    name: readName(row, 'title', 200),
    school: readSourcedId(row, 'schoolSourcedId'),
    kind: type === 'homeroom' ? 'class' : 'group',
    course: row.get('courseSourcedId'),
  }
}

/** The record of a class or group. */
function toClassOutcome(found: OneRosterClass & { id: string; name: string }, context: FeedContext): Outcome {
  const { id, name, school } = found
  if (!context.establishments.has(school)) {
    const detail = `schoolSourcedId ${school.slice(0, 64)} is no school of the package.`
    return { fate: 'quarantined', externalId: id, code: 'establishment_unknown', detail }
  }
  const body = {
    name,
    code: id,
    establishment: school,
    schoolYear: context.schoolYear,
    course: found.course || undefined,
  }
  return { fate: 'accepted', externalId: `${school}$${id}`, establishmentRef: school, body, groups: [], warnings: [] }
}

/** What users.csv says of a person; neither `password` nor `username` is read. @throws Unusable. */
export function readUser(row: OneRosterRow, birthDate: Day | undefined): UserState {
  const familyName = readName(row, 'familyName', 100)
  const preferred = row.get('preferredFamilyName').slice(0, 100)
  const ine = readList(row, 'userIds')
    .map((item) => /^\{(\w+):(.+)\}$/.exec(item))
    .find((parts) => parts?.[1]?.toUpperCase() === 'INE')?.[2]
  const person: PersonBody = {
    familyName: preferred || familyName,
    givenName: row.get('preferredGivenName').slice(0, 100) || readName(row, 'givenName', 100),
    otherGivenNames: row.get('middleName') || undefined,
    birthFamilyName: preferred === '' || preferred === familyName ? undefined : familyName,
    bornOn: birthDate,
    email: row.get('email') || undefined,
    phone: row.get('phone') || undefined,
    mobile: row.get('sms') || undefined,
  }
  return {
    id: readSourcedId(row),
    person,
    ine,
    grade: readList(row, 'grades')[0],
    primaryOrg: row.get('primaryOrgSourcedId') || undefined,
    roles: new Map(),
    places: new Map(),
    agents: readList(row, 'agentSourcedIds'),
    guardians: new Map(),
  }
}

function readName(row: Cells, column: string, longest: number): string {
  const text = row.get(column)
  if (text === '') throw new Unusable('attribute_missing', `${column} is empty.`)
  if (text.length > longest) throw new Unusable('value_unreadable', `${column} exceeds ${longest} characters.`)
  return text
}
