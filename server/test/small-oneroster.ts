import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import type { FeedReading } from '../src/modules/directory/feeds/feed.ts'
import { inspectFeed } from '../src/modules/directory/feeds/formats.ts'
import type { AcceptedState } from '../src/modules/directory/feeds/records.ts'

/** A row as it goes into a file: column → cell. */
export type OneRosterCells = Record<string, string>

/** A package written by hand for a test: its rows by file, without `.csv`. */
export type SmallOneRoster = Partial<Record<keyof typeof columns, OneRosterCells[]>>

const columns = {
  academicSessions: 'title type startDate endDate parentSourcedId schoolYear',
  orgs: 'name type identifier parentSourcedId',
  courses: 'schoolYearSourcedId title courseCode grades orgSourcedId subjects subjectCodes',
  classes:
    'title grades courseSourcedId classCode classType location schoolSourcedId termSourcedIds subjects subjectCodes periods',
  users:
    'enabledUser username userIds givenName familyName middleName identifier email sms phone agentSourcedIds grades ' +
    'password userMasterIdentifier preferredGivenName preferredMiddleName preferredFamilyName primaryOrgSourcedId pronouns',
  roles: 'userSourcedId roleType role beginDate endDate orgSourcedId userProfileSourcedId',
  enrollments: 'classSourcedId schoolSourcedId userSourcedId role primary beginDate endDate',
  demographics:
    'birthDate sex americanIndianOrAlaskaNative asian blackOrAfricanAmerican nativeHawaiianOrOtherPacificIslander white ' +
    'demographicRaceTwoOrMoreRaces hispanicOrLatinoEthnicity countryOfBirthCode stateOfBirthAbbreviation cityOfBirth ' +
    'publicSchoolResidenceStatus',
} as const

/** Every file a manifest speaks of (binding 1.2). */
const announced =
  'academicSessions categories classes classResources courses courseResources demographics enrollments lineItems ' +
  'lineItemLearningObjectiveIds lineItemScoreScales orgs resources results resultLearningObjectiveIds resultScoreScales ' +
  'roles scoreScales userProfiles userResources users'

/** Writes a package into a new folder. @param options.mode that of every file it holds. */
export async function writeSmallOneRoster(
  folder: string,
  rows: SmallOneRoster,
  options: { mode?: 'bulk' | 'delta'; system?: string; date?: string; version?: string } = {},
): Promise<string> {
  const { mode = 'bulk', system = 'essai', date = '2026-09-14', version = '1.2' } = options
  await mkdir(folder, { recursive: true })
  const manifest = [
    'propertyName,value',
    'manifest.version,1.0',
    `oneroster.version,${version}`,
    ...announced.split(' ').map((name) => `file.${name},${name in rows ? mode : 'absent'}`),
    ...(system === '' ? [] : [`source.systemName,${system}`, `source.systemCode,${system}`]),
  ]
  await writeFile(join(folder, 'manifest.csv'), `${manifest.join('\r\n')}\r\n`)
  for (const [name, cells] of Object.entries(rows)) {
    const names = ['sourcedId', 'status', 'dateLastModified', ...columns[name as keyof typeof columns].split(' ')]
    const lines = (cells ?? []).map((row) => {
      const whole: OneRosterCells =
        mode === 'delta' ? { status: 'active', dateLastModified: `${date}T06:00:00.000Z` } : {}
      Object.assign(whole, row)
      return names.map((column) => quote(whole[column] ?? '')).join(',')
    })
    await writeFile(join(folder, `${name}.csv`), `${[names.join(','), ...lines].join('\r\n')}\r\n`)
  }
  // A package does not say when it was made: its files do.
  const noon = new Date(`${date}T10:00:00Z`)
  await utimes(join(folder, 'manifest.csv'), noon, noon)
  return folder
}

/** A record that reading a package staged. */
export interface ReadRow {
  kind: string
  id: string | null
  change: string
  body: Record<string, unknown>
}

/** Writes a package and reads it as an import does, with the stage and what was accepted before in memory. */
export async function readSmallOneRoster(
  folder: string,
  rows: SmallOneRoster,
  options: Parameters<typeof writeSmallOneRoster>[2] = {},
  accepted: ReadRow[] = [],
): Promise<{ reading: FeedReading; records: ReadRow[] }> {
  const feed = await inspectFeed(await writeSmallOneRoster(folder, rows, options))
  const lines: string[] = []
  const unescape = (cell: string | undefined) => (cell === '\\N' ? null : (cell ?? '').replaceAll('\\\\', '\\'))
  const toRow = (line: string): ReadRow => {
    const [kind = '', id, change = '', , , , , , body] = line.split('\t')
    return { kind, id: unescape(id), change, body: JSON.parse(unescape(body) ?? '{}') as Record<string, unknown> }
  }
  const added = (kind: string, from: ReadRow[]) => from.filter((row) => row.kind === kind && row.change === 'added')
  const reading = await feed.read({
    openCopy: async () =>
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          lines.push(...chunk.toString().trimEnd().split('\n'))
          done()
        },
      }),
    listEstablishments: async () =>
      new Set(added('establishment', [...accepted, ...lines.map(toRow)]).map(({ id }) => id ?? '')),
    findAccepted: async (kind, ids) =>
      new Map<string, AcceptedState>(
        added(kind, accepted)
          .filter(({ id }) => ids.includes(id ?? ''))
          .map(({ id, body }) => [id ?? '', { body, groups: [] }]),
      ),
    onProgress: () => {},
    signal: new AbortController().signal,
  })
  return { reading, records: lines.map(toRow) }
}

const quote = (cell: string) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)

/** A collège of two classes: its head, a teacher, two pupils, a mother, in the rows of a whole package. */
export function makeOneRosterSchool(): Required<SmallOneRoster> {
  const role = (id: string, userSourcedId: string, role: string) => ({
    sourcedId: id,
    userSourcedId,
    roleType: 'primary',
    role,
    orgSourcedId: 'school-1',
  })
  const user = (sourcedId: string, givenName: string, familyName: string, more: OneRosterCells = {}) => ({
    sourcedId,
    enabledUser: 'true',
    username: sourcedId,
    givenName,
    familyName,
    ...more,
  })
  const place = (id: string, classSourcedId: string, userSourcedId: string, more: OneRosterCells) => ({
    sourcedId: id,
    classSourcedId,
    schoolSourcedId: 'school-1',
    userSourcedId,
    primary: 'false',
    ...more,
  })
  const session = { startDate: '2026-09-01', endDate: '2027-08-31', schoolYear: '2027' }
  return {
    academicSessions: [
      { sourcedId: 'year', title: '2026-2027', type: 'schoolYear', ...session },
      { sourcedId: 'term', title: 'Année', type: 'term', parentSourcedId: 'year', ...session },
    ],
    orgs: [
      { sourcedId: 'academy', name: 'Académie', type: 'district' },
      {
        sourcedId: 'school-1',
        name: 'Collège Ada Lovelace',
        type: 'school',
        identifier: '0801234A',
        parentSourcedId: 'academy',
      },
    ],
    courses: [
      { sourcedId: 'maths', title: 'Mathématiques', orgSourcedId: 'school-1' },
      { sourcedId: 'form', title: 'Vie de classe', orgSourcedId: 'school-1' },
    ],
    classes: [
      {
        sourcedId: '6a',
        title: '6e A',
        courseSourcedId: 'form',
        classType: 'homeroom',
        schoolSourcedId: 'school-1',
        termSourcedIds: 'term',
      },
      {
        sourcedId: '6a-maths',
        title: '6e A maths',
        courseSourcedId: 'maths',
        classType: 'scheduled',
        schoolSourcedId: 'school-1',
        termSourcedIds: 'term',
      },
    ],
    users: [
      user('head', 'Claude', 'Principale', { email: 'head@example.org' }),
      user('teacher', 'Grace', 'Hopper'),
      user('pupil-1', 'Inès', 'Martin', { agentSourcedIds: 'mother', grades: '06', userIds: '{INE:0123456789A}' }),
      user('pupil-2', 'Noé', 'Petit', { grades: '06', preferredFamilyName: 'Petit-Roy' }),
      user('mother', 'Zoé', 'Martin', { sms: '+33600000001' }),
    ],
    roles: [
      role('r-head', 'head', 'principal'),
      role('r-teacher', 'teacher', 'teacher'),
      role('r-pupil-1', 'pupil-1', 'student'),
      role('r-pupil-2', 'pupil-2', 'student'),
      role('r-mother', 'mother', 'parent'),
    ],
    enrollments: [
      place('e1', '6a', 'pupil-1', { role: 'student' }),
      place('e2', '6a', 'pupil-2', { role: 'student' }),
      place('e3', '6a-maths', 'pupil-1', { role: 'student' }),
      place('e4', '6a', 'teacher', { role: 'teacher', primary: 'true' }),
      place('e5', '6a-maths', 'teacher', { role: 'teacher' }),
    ],
    demographics: [{ sourcedId: 'pupil-1', birthDate: '2015-03-02', sex: 'female' }],
  }
}
