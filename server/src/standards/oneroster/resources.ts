import type {
  Profile,
  RosterClass,
  RosterCourse,
  RosterEnrolment,
  RosterOrganisation,
  RosterPeriod,
  RosterPerson,
  RosterRow,
} from '#modules/directory'

/** What objects are written with: their addresses, and how much the client may know. */
export interface Writing {
  /** Address of the service, without a trailing slash. */
  base: string
  contactDetails: boolean
}

interface Resource<Row> {
  /** Names of a collection and of one object in an answer. */
  plural: string
  singular: string
  /** Properties that can be selected. */
  properties: string[]
  /** Properties that can be filtered and sorted by, and the directory's column of each. */
  columns: Record<string, string>
  write(row: Row, writing: Writing): Record<string, unknown>
}

type Referred = 'academicSession' | 'class' | 'course' | 'org' | 'user'
const paths: Record<Referred, string> = {
  academicSession: 'academicSessions',
  class: 'classes',
  course: 'courses',
  org: 'orgs',
  user: 'users',
}

const refer = ({ base }: Writing, type: Referred, sourcedId: string) => ({
  href: `${base}/${paths[type]}/${sourcedId}`,
  sourcedId,
  type,
})

const common = ['sourcedId', 'status', 'dateLastModified']
const commonColumns = { sourcedId: 'id', status: 'status', dateLastModified: 'changedAt' }
const begin = ({ id, departed, changedAt }: RosterRow) => ({
  sourcedId: id,
  status: departed ? 'tobedeleted' : 'active',
  dateLastModified: changedAt.toISOString(),
})

const optional = (properties: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== null && value !== undefined))

export const academicSessions: Resource<RosterPeriod> = {
  plural: 'academicSessions',
  singular: 'academicSession',
  properties: [...common, 'title', 'startDate', 'endDate', 'type', 'parent', 'children', 'schoolYear'],
  columns: { ...commonColumns, type: 'kind', startDate: 'startsOn', endDate: 'endsOn', schoolYear: 'endYear' },
  write: (row, writing) => ({
    ...begin(row),
    title: `${row.startYear}-${row.startYear + 1}`,
    startDate: row.startsOn,
    endDate: row.endsOn,
    type: row.kind,
    ...(row.kind === 'term'
      ? { parent: refer(writing, 'academicSession', row.otherId) }
      : { children: [refer(writing, 'academicSession', row.otherId)] }),
    // The year in which it ends.
    schoolYear: String(row.startYear + 1),
  }),
}

export const orgs: Resource<RosterOrganisation> = {
  plural: 'orgs',
  singular: 'org',
  properties: [...common, 'name', 'type', 'identifier', 'parent', 'children'],
  columns: { ...commonColumns, name: 'name', identifier: 'uai' },
  write: (row, writing) => ({
    ...begin(row),
    name: row.name,
    type: row.kind === 'establishment' ? 'school' : 'district',
    identifier: row.uai ?? row.code ?? row.id,
    ...optional({
      parent: row.parentId === null ? undefined : refer(writing, 'org', row.parentId),
      children: row.childIds?.map((id) => refer(writing, 'org', id)),
    }),
  }),
}

export const courses: Resource<RosterCourse> = {
  plural: 'courses',
  singular: 'course',
  properties: [...common, 'title', 'courseCode', 'org', 'subjects', 'subjectCodes'],
  columns: { ...commonColumns, title: 'title', courseCode: 'code' },
  write: (row, writing) => ({
    ...begin(row),
    title: row.title || 'Vie de classe',
    courseCode: row.code ?? 'classe',
    org: refer(writing, 'org', row.establishmentId),
    ...(row.code === null ? {} : { subjects: [row.title], subjectCodes: [row.code] }),
  }),
}

export const classes: Resource<RosterClass> = {
  plural: 'classes',
  singular: 'class',
  properties: [...common, 'title', 'classCode', 'classType', 'subjects', 'course', 'school', 'terms'],
  columns: { ...commonColumns, title: 'name', classCode: 'code' },
  write: (row, writing) => ({
    ...begin(row),
    title: row.name,
    classCode: row.code,
    classType: row.kind === 'class' ? 'homeroom' : 'scheduled',
    ...optional({ subjects: row.subjects }),
    course: refer(writing, 'course', row.courseId),
    school: refer(writing, 'org', row.establishmentId),
    terms: [refer(writing, 'academicSession', row.termId)],
  }),
}

// The standard's words leave little choice; `ext:` is its way to say another. None of them gives more than the person
// has: a member of staff is no "administrator".
const roles: Record<Profile, string> = {
  pupil: 'student',
  guardian: 'guardian',
  teacher: 'teacher',
  head: 'principal',
  schoolLife: 'aide',
  documentation: 'ext:documentation',
  staff: 'ext:staff',
  localAuthority: 'ext:localAuthority',
}

export const users: Resource<RosterPerson> = {
  plural: 'users',
  singular: 'user',
  properties: [
    ...common,
    'enabledUser',
    'givenName',
    'familyName',
    'middleName',
    'roles',
    'primaryOrg',
    'agents',
    'email',
    'phone',
    'sms',
  ],
  columns: { ...commonColumns, givenName: 'givenName', familyName: 'familyName' },
  write: (row, writing) => ({
    ...begin(row),
    enabledUser: String(!row.departed),
    givenName: row.givenName,
    familyName: row.familyName,
    roles: row.roles.map(({ organisationId, profile }, index) => ({
      roleType: index === 0 ? 'primary' : 'secondary',
      role: profile === 'guardian' && row.parent ? 'parent' : roles[profile],
      org: refer(writing, 'org', organisationId),
    })),
    ...optional({
      middleName: row.otherGivenNames,
      primaryOrg: row.roles[0] && refer(writing, 'org', row.roles[0].organisationId),
      agents: row.relatedIds?.map((id) => refer(writing, 'user', id)),
      ...(writing.contactDetails ? { email: row.email, phone: row.phone, sms: row.mobile } : {}),
    }),
  }),
}

/** To filter by an address is to learn it: only for clients who are told it. */
export const contactColumns = { email: 'email' }

export const enrollments: Resource<RosterEnrolment> = {
  plural: 'enrollments',
  singular: 'enrollment',
  properties: [...common, 'user', 'class', 'school', 'role', 'primary'],
  columns: commonColumns,
  write: (row, writing) => ({
    ...begin(row),
    user: refer(writing, 'user', row.personId),
    class: refer(writing, 'class', row.classId),
    school: refer(writing, 'org', row.establishmentId),
    role: row.role === 'pupil' ? 'student' : 'teacher',
    primary: String(row.mainTeacher),
  }),
}

/** Of all that the standard calls demographics, the day of birth: the rest is not kept. */
export const demographics: Resource<RosterPerson> = {
  plural: 'demographics',
  singular: 'demographics',
  properties: [...common, 'birthDate'],
  columns: { ...commonColumns, birthDate: 'bornOn' },
  write: (row) => ({ ...begin(row), ...optional({ birthDate: row.bornOn }) }),
}
