import {
  listRosterClasses,
  listRosterCourses,
  listRosterEnrolments,
  listRosterOrganisations,
  listRosterPeople,
  listRosterPeriods,
  type Profile,
  type RosterPage,
  type RosterQuery,
  type RosterScope,
} from '#modules/directory'
import type { Tx } from '#kernel/postgres'
import { RosterRefusal } from './errors.ts'
import {
  academicSessions,
  classes,
  courses,
  demographics,
  enrollments,
  orgs,
  users,
  type Writing,
} from './resources.ts'
import { rosterScopes } from './scopes.ts'

/** A request for a page: what is asked of whom, and the identifiers of its path. */
interface Asked {
  tx: Tx
  scope: RosterScope
  query: RosterQuery
  ids: Record<string, string>
}

/** One read operation of the rostering service. */
export interface Endpoint {
  operation: string
  /** Under the service; an identifier is `:name`. */
  path: string
  scopes: string[]
  single: boolean
  plural: string
  singular: string
  properties: string[]
  columns: Record<string, string>
  read(asked: Asked, writing: Writing): Promise<{ objects: Record<string, unknown>[]; total: number }>
}

interface Kind<Row> {
  resource: {
    plural: string
    singular: string
    properties: string[]
    columns: Record<string, string>
    write(row: Row, writing: Writing): Record<string, unknown>
  }
  list(asked: Asked): Promise<RosterPage<Row>>
}

const readable: string[] = [rosterScopes.core, rosterScopes.full]

function endpoint<Row>(
  operation: string,
  path: string,
  kind: Kind<Row>,
  { scopes = readable, single = false }: { scopes?: string[]; single?: boolean } = {},
): Endpoint {
  const { plural, singular, properties, columns } = kind.resource
  return {
    operation,
    path,
    scopes,
    single,
    plural,
    singular,
    properties,
    columns,
    async read(asked, writing) {
      const { rows, total } = await kind.list(asked)
      return { objects: rows.map((row) => kind.resource.write(row, writing)), total }
    },
  }
}

/** A collection, and each of its objects. */
function both<Row>(names: [many: string, one: string], path: string, kind: Kind<Row>, scopes = readable): Endpoint[] {
  return [
    endpoint(`get${names[0]}`, path, kind, { scopes }),
    endpoint(`get${names[1]}`, `${path}/:sourcedId`, kind, { scopes, single: true }),
  ]
}

/** Objects that belong to another, which must be there. */
function within<Row>(operation: string, path: string, kind: Kind<Row>, parents: ((asked: Asked) => Promise<void>)[]) {
  const list = async (asked: Asked) => {
    for (const check of parents) await check(asked)
    return kind.list(asked)
  }
  return endpoint(operation, path, { resource: kind.resource, list }, { scopes: [rosterScopes.full] })
}

const one = (id: string): RosterQuery => ({
  conditions: [{ column: 'id', operator: '=', value: id }],
  every: true,
  order: [],
  limit: 1,
  offset: 0,
})

async function mustExist(found: Promise<RosterPage<unknown>>, what: string): Promise<void> {
  if ((await found).total === 0) throw new RosterRefusal(404, 'unknownobject', `There is no such ${what}.`)
}

// What belongs to an object that departed is asked of the collections, where it is departed too.
const present = ({ scope }: Asked): RosterScope => ({ ...scope, departedSince: null })
const isSchool = (asked: Asked) =>
  mustExist(
    listRosterOrganisations(asked.tx, present(asked), one(asked.ids['schoolId'] ?? ''), ['establishment']),
    'school',
  )
const isClass = (asked: Asked) =>
  mustExist(listRosterClasses(asked.tx, present(asked), one(asked.ids['classId'] ?? '')), 'class')
const isClassOfSchool = (asked: Asked) =>
  mustExist(
    listRosterClasses(asked.tx, present(asked), one(asked.ids['classId'] ?? ''), {
      establishmentId: asked.ids['schoolId'] ?? '',
    }),
    'class in this school',
  )
const isCourse = (asked: Asked) =>
  mustExist(listRosterCourses(asked.tx, present(asked), one(asked.ids['courseId'] ?? '')), 'course')
const isTerm = ({ tx, ids }: Asked) => mustExist(listRosterPeriods(tx, one(ids['termId'] ?? ''), ['term']), 'term')
const isPerson = (profiles?: Profile[]) => (asked: Asked) =>
  mustExist(
    listRosterPeople(asked.tx, present(asked), one(asked.ids['userId'] ?? ''), profiles ? { profiles } : {}),
    'user',
  )

const sessions = (...kinds: ('schoolYear' | 'term')[]) => ({
  resource: academicSessions,
  list: ({ tx, query }: Asked) => listRosterPeriods(tx, query, kinds.length === 0 ? undefined : kinds),
})
// No period that is graded: the directory knows none.
const gradingPeriods = { resource: academicSessions, list: async () => ({ rows: [], total: 0 }) }
const organisations = (...kinds: 'establishment'[]) => ({
  resource: orgs,
  list: ({ tx, scope, query }: Asked) =>
    listRosterOrganisations(tx, scope, query, kinds.length === 0 ? undefined : kinds),
})
const allCourses = {
  resource: courses,
  list: ({ tx, scope, query, ids }: Asked) => listRosterCourses(tx, scope, query, ids['schoolId']),
}
const classesOf = (of: (ids: Asked['ids']) => Parameters<typeof listRosterClasses>[3] = () => ({})) => ({
  resource: classes,
  list: ({ tx, scope, query, ids }: Asked) => listRosterClasses(tx, scope, query, of(ids)),
})
const people = (
  profiles?: Profile[],
  of: (ids: Asked['ids']) => Omit<NonNullable<Parameters<typeof listRosterPeople>[3]>, 'profiles'> = () => ({}),
) => ({
  resource: users,
  list: ({ tx, scope, query, ids }: Asked) =>
    listRosterPeople(tx, scope, query, { ...of(ids), ...(profiles ? { profiles } : {}) }),
})
const births = {
  resource: demographics,
  list: ({ tx, scope, query }: Asked) => listRosterPeople(tx, scope, query),
}
const enrolments = {
  resource: enrollments,
  list: ({ tx, scope, query, ids }: Asked) => {
    // One of them bears the identifiers of its person and of its class.
    const [personId, classId = ids['classId']] = ids['sourcedId']?.split('.') ?? []
    return listRosterEnrolments(tx, scope, query, {
      ...(ids['schoolId'] === undefined ? {} : { establishmentId: ids['schoolId'] }),
      ...(classId === undefined ? {} : { classId }),
      ...(personId === undefined ? {} : { personId }),
    })
  },
}

const ofSchool = (ids: Asked['ids']) => ({ establishmentId: ids['schoolId'] ?? '' })
const memberOf = (ids: Asked['ids']) => ({ memberOf: ids['classId'] ?? '' })
const teacherOf = (ids: Asked['ids']) => ({ teacherOf: ids['classId'] ?? '' })

/** Every read operation of the rostering service (OneRoster 1.2 REST binding §4.1). */
export const endpoints: Endpoint[] = [
  ...both(['AllAcademicSessions', 'AcademicSession'], '/academicSessions', sessions()),
  ...both(['AllTerms', 'Term'], '/terms', sessions('term')),
  ...both(['AllGradingPeriods', 'GradingPeriod'], '/gradingPeriods', gradingPeriods),
  ...both(['AllOrgs', 'Org'], '/orgs', organisations()),
  ...both(['AllSchools', 'School'], '/schools', organisations('establishment')),
  ...both(['AllCourses', 'Course'], '/courses', allCourses),
  ...both(['AllClasses', 'Class'], '/classes', classesOf()),
  ...both(['AllUsers', 'User'], '/users', people()),
  ...both(['AllStudents', 'Student'], '/students', people(['pupil'])),
  ...both(['AllTeachers', 'Teacher'], '/teachers', people(['teacher'])),
  ...both(['AllEnrollments', 'Enrollment'], '/enrollments', enrolments),
  ...both(['AllDemographics', 'Demographics'], '/demographics', births, [rosterScopes.demographics]),
  within('getStudentsForClass', '/classes/:classId/students', people(['pupil'], memberOf), [isClass]),
  within('getTeachersForClass', '/classes/:classId/teachers', people(['teacher'], teacherOf), [isClass]),
  within(
    'getClassesForCourse',
    '/courses/:courseId/classes',
    classesOf(({ courseId = '' }) => ({ courseId })),
    [isCourse],
  ),
  within('getClassesForSchool', '/schools/:schoolId/classes', classesOf(ofSchool), [isSchool]),
  within('getCoursesForSchool', '/schools/:schoolId/courses', allCourses, [isSchool]),
  within('getEnrollmentsForSchool', '/schools/:schoolId/enrollments', enrolments, [isSchool]),
  within('getStudentsForSchool', '/schools/:schoolId/students', people(['pupil'], ofSchool), [isSchool]),
  within('getTeachersForSchool', '/schools/:schoolId/teachers', people(['teacher'], ofSchool), [isSchool]),
  within('getTermsForSchool', '/schools/:schoolId/terms', sessions('term'), [isSchool]),
  within('getEnrollmentsForClassInSchool', '/schools/:schoolId/classes/:classId/enrollments', enrolments, [
    isSchool,
    isClassOfSchool,
  ]),
  within('getStudentsForClassInSchool', '/schools/:schoolId/classes/:classId/students', people(['pupil'], memberOf), [
    isSchool,
    isClassOfSchool,
  ]),
  within(
    'getTeachersForClassInSchool',
    '/schools/:schoolId/classes/:classId/teachers',
    people(['teacher'], teacherOf),
    [isSchool, isClassOfSchool],
  ),
  within(
    'getClassesForStudent',
    '/students/:userId/classes',
    classesOf(({ userId = '' }) => ({ pupilId: userId })),
    [isPerson(['pupil'])],
  ),
  within(
    'getClassesForTeacher',
    '/teachers/:userId/classes',
    classesOf(({ userId = '' }) => ({ teacherId: userId })),
    [isPerson(['teacher'])],
  ),
  within(
    'getClassesForUser',
    '/users/:userId/classes',
    classesOf(({ userId = '' }) => ({ pupilId: userId, teacherId: userId })),
    [isPerson()],
  ),
  within(
    'getClassesForTerm',
    '/terms/:termId/classes',
    classesOf(({ termId = '' }) => ({ termId })),
    [isTerm],
  ),
  within('getGradingPeriodsForTerm', '/terms/:termId/gradingPeriods', gradingPeriods, [isTerm]),
]
