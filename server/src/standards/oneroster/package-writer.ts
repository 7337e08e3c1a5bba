import { open, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ServiceObject } from './service-client.ts'

// Objects of the rostering service as rows of a package (CSV binding 1.2): two writings of one model. What the directory
// has no use for (passwords, user names, profiles, origins) is not written.

type Cells = Record<string, string>

const text = (object: ServiceObject, name: string): string => {
  const value = object[name]
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}
const isObject = (value: unknown): value is ServiceObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const list = (object: ServiceObject, name: string): unknown[] => {
  const value = object[name]
  return Array.isArray(value) ? value : []
}
const referred = (value: unknown): string => (isObject(value) ? text(value, 'sourcedId') : '')
const joined = (values: unknown[]): string => values.map(String).join(',')

/** How a kind of objects is written: its columns, and the rows of one object. */
const writings = {
  orgs: {
    columns: ['name', 'type', 'identifier', 'parentSourcedId'],
    row: (o) => ({
      name: text(o, 'name'),
      type: text(o, 'type'),
      identifier: text(o, 'identifier'),
      parentSourcedId: referred(o['parent']),
    }),
  },
  academicSessions: {
    columns: ['title', 'type', 'startDate', 'endDate', 'parentSourcedId', 'schoolYear'],
    row: (o) => ({
      title: text(o, 'title'),
      type: text(o, 'type'),
      startDate: text(o, 'startDate'),
      endDate: text(o, 'endDate'),
      parentSourcedId: referred(o['parent']),
      schoolYear: text(o, 'schoolYear'),
    }),
  },
  courses: {
    columns: ['title', 'courseCode', 'orgSourcedId'],
    row: (o) => ({
      title: text(o, 'title'),
      courseCode: text(o, 'courseCode'),
      orgSourcedId: referred(o['org']),
    }),
  },
  classes: {
    columns: ['title', 'courseSourcedId', 'classCode', 'classType', 'schoolSourcedId', 'termSourcedIds'],
    row: (o) => ({
      title: text(o, 'title'),
      courseSourcedId: referred(o['course']),
      classCode: text(o, 'classCode'),
      // Optional in the REST binding, not in the CSV one.
      classType: text(o, 'classType') || 'scheduled',
      schoolSourcedId: referred(o['school']),
      termSourcedIds: joined(list(o, 'terms').map(referred)),
    }),
  },
  users: {
    columns:
      'enabledUser userIds givenName familyName middleName email sms phone agentSourcedIds grades preferredGivenName preferredFamilyName primaryOrgSourcedId'.split(
        ' ',
      ),
    row: (o) => ({
      enabledUser: text(o, 'enabledUser'),
      userIds: joined(
        list(o, 'userIds').flatMap((each) =>
          isObject(each) ? [`{${text(each, 'type')}:${text(each, 'identifier')}}`] : [],
        ),
      ),
      givenName: text(o, 'givenName'),
      familyName: text(o, 'familyName'),
      middleName: text(o, 'middleName'),
      email: text(o, 'email'),
      sms: text(o, 'sms'),
      phone: text(o, 'phone'),
      agentSourcedIds: joined(list(o, 'agents').map(referred)),
      grades: joined(list(o, 'grades')),
      // The REST binding says "first" and "last" where the CSV binding says "given" and "family".
      preferredGivenName: text(o, 'preferredFirstName'),
      preferredFamilyName: text(o, 'preferredLastName'),
      primaryOrgSourcedId: referred(o['primaryOrg']),
    }),
  },
  enrollments: {
    columns: ['classSourcedId', 'schoolSourcedId', 'userSourcedId', 'role', 'primary', 'beginDate', 'endDate'],
    row: (o) => ({
      classSourcedId: referred(o['class']),
      schoolSourcedId: referred(o['school']),
      userSourcedId: referred(o['user']),
      role: text(o, 'role'),
      primary: text(o, 'primary'),
      beginDate: text(o, 'beginDate'),
      endDate: text(o, 'endDate'),
    }),
  },
  demographics: { columns: ['birthDate'], row: (o) => ({ birthDate: text(o, 'birthDate') }) },
} satisfies Record<string, { columns: string[]; row: (object: ServiceObject) => Cells }>

/** Kinds of objects that are fetched, in the order in which they are. */
export const fetchedKinds = Object.keys(writings) as (keyof typeof writings)[]
export type FetchedKind = keyof typeof writings

const roleColumns = ['userSourcedId', 'roleType', 'role', 'beginDate', 'endDate', 'orgSourcedId']

/** The roles that a user of the REST binding holds are rows of their own in a package. */
function toRoles(user: ServiceObject): Cells[] {
  const userId = text(user, 'sourcedId')
  return list(user, 'roles').flatMap((role) => {
    if (!isObject(role)) return []
    const org = referred(role['org'])
    return [
      {
        // Roles have no identifier of their own in this binding: what they say is one.
        sourcedId: `${userId}.${text(role, 'role')}.${org}`.slice(0, 255),
        userSourcedId: userId,
        roleType: text(role, 'roleType'),
        role: text(role, 'role'),
        beginDate: text(role, 'beginDate'),
        endDate: text(role, 'endDate'),
        orgSourcedId: org,
      },
    ]
  })
}

/**
 * Writes a whole package, page by page, into a folder.
 * @param fetch gives the pages of one kind; undefined when the service does not serve that kind.
 * @param date of the fetch, which becomes that of the package.
 */
export async function writePackage(
  folder: string,
  source: string,
  fetch: (kind: FetchedKind) => Promise<AsyncIterable<ServiceObject[]> | undefined>,
  date: Date,
): Promise<void> {
  const written: string[] = []
  for (const kind of fetchedKinds) {
    const pages = await fetch(kind)
    if (!pages) continue
    await writeFiles(folder, kind, pages)
    written.push(kind, ...(kind === 'users' ? ['roles'] : []))
  }
  const manifest = [
    ['propertyName', 'value'],
    ['manifest.version', '1.0'],
    ['oneroster.version', '1.2'],
    ...written.map((name) => [`file.${name}`, 'bulk']),
    ['source.systemName', source],
    ['source.systemCode', source],
  ]
  const path = join(folder, 'manifest.csv')
  await writeFile(path, manifest.map(toLine).join(''), { mode: 0o600 })
  await utimes(path, date, date)
}

async function writeFiles(folder: string, kind: FetchedKind, pages: AsyncIterable<ServiceObject[]>): Promise<void> {
  const { columns, row } = writings[kind]
  const main = await create(folder, kind, columns)
  const roles = kind === 'users' ? await create(folder, 'roles', roleColumns) : undefined
  try {
    for await (const objects of pages) {
      // A package that is whole says nothing of what is no more.
      const active = objects.filter((object) => text(object, 'status') !== 'tobedeleted')
      const lines = active.map((object) => {
        const cells: Cells = { sourcedId: text(object, 'sourcedId'), ...row(object) }
        return toLine(['sourcedId', 'status', 'dateLastModified', ...columns].map((column) => cells[column] ?? ''))
      })
      await main.write(lines.join(''))
      const held = active.flatMap(toRoles).map((cells) => {
        return toLine(['sourcedId', 'status', 'dateLastModified', ...roleColumns].map((column) => cells[column] ?? ''))
      })
      if (roles && held.length > 0) await roles.write(held.join(''))
    }
  } finally {
    await main.close()
    await roles?.close()
  }
}

async function create(folder: string, name: string, columns: string[]) {
  const file = await open(join(folder, `${name}.csv`), 'wx', 0o600)
  await file.write(toLine(['sourcedId', 'status', 'dateLastModified', ...columns]))
  return file
}

const toLine = (cells: string[]) =>
  `${cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replace(/[\r\n]+/g, ' ').replaceAll('"', '""')}"` : cell)).join(',')}\r\n`
