import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  makeOneRosterSchool,
  type ReadRow,
  readSmallOneRoster,
  type SmallOneRoster,
  writeSmallOneRoster,
} from '../../../../test/small-oneroster.ts'
import { inspectFeed } from './formats.ts'
import { readOneRosterRows } from './oneroster-rows.ts'

let folder: string
let folders = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preau-oneroster-'))
})
afterAll(() => rm(folder, { recursive: true }))

const read = (
  rows: SmallOneRoster,
  options: Parameters<typeof writeSmallOneRoster>[2] = {},
  accepted: ReadRow[] = [],
): ReturnType<typeof readSmallOneRoster> => readSmallOneRoster(join(folder, String(++folders)), rows, options, accepted)

const find = (records: ReadRow[], kind: string, id: string) =>
  records.find((each) => each.kind === kind && each.id === id)

describe('a whole package', () => {
  it('gathers the rows of each person into records', async () => {
    const { records, reading } = await read(makeOneRosterSchool())
    expect(
      records
        .filter(({ change }) => change === 'added')
        .map(({ kind, id }) => `${kind} ${id}`)
        .sort(),
    ).toEqual([
      'class school-1$6a',
      'establishment school-1',
      'group school-1$6a-maths',
      'guardian mother',
      'pupil pupil-1',
      'pupil pupil-2',
      'staff head',
      'staff teacher',
      'subject form',
      'subject maths',
    ])
    expect(find(records, 'pupil', 'pupil-1')?.body).toMatchObject({
      familyName: 'Martin',
      bornOn: '2015-03-02',
      ine: '0123456789A',
      schoolYear: 2026,
      enrolments: [{ establishment: 'school-1', level: '06' }],
      classes: ['school-1$6a'],
      groups: ['school-1$6a-maths'],
      guardians: [{ id: 'mother', link: 'parent', legal: 'inCharge' }],
    })
    expect(find(records, 'pupil', 'pupil-2')?.body).toMatchObject({ familyName: 'Petit-Roy', birthFamilyName: 'Petit' })
    expect(find(records, 'staff', 'head')?.body).toMatchObject({
      functions: [{ establishment: 'school-1', code: 'DIR', profile: 'head' }],
    })
    expect(find(records, 'staff', 'teacher')?.body).toMatchObject({
      functions: [{ code: 'ENS', profile: 'teacher' }],
      teachings: [
        { kind: 'class', ref: 'school-1$6a', main: true, subjects: ['form'] },
        { kind: 'group', ref: 'school-1$6a-maths', main: false, subjects: ['maths'] },
      ],
    })
    expect(find(records, 'establishment', 'academy')?.change).toBe('ignored')
    expect([...reading.warnings]).toEqual([])
  })

  it('keeps no password, no user name, nothing on origins', async () => {
    const school = makeOneRosterSchool()
    school.users[0] = { ...school.users[0], password: 'hunter2', username: 'secretary77' }
    school.demographics[0] = { ...school.demographics[0], white: 'true', cityOfBirth: 'Albert-en-Somme' } as never
    const text = JSON.stringify((await read(school)).records)
    expect(text).not.toMatch(/hunter2|secretary77|Albert-en-Somme|white/)
  })

  it('accounts for every row, in a record or with a reason', async () => {
    const school = makeOneRosterSchool()
    school.roles.push(
      { sourcedId: 'r-lost', userSourcedId: 'nobody', roleType: 'primary', role: 'student', orgSourcedId: 'school-1' },
      { sourcedId: 'r-over', userSourcedId: 'head', role: 'teacher', orgSourcedId: 'school-1', endDate: '2026-07-01' },
      { sourcedId: 'r-bad', userSourcedId: 'head', role: 'teacher', orgSourcedId: 'school-1', endDate: 'soon' },
    )
    school.enrollments.push({
      sourcedId: 'e-lost',
      classSourcedId: 'unknown',
      schoolSourcedId: 'school-1',
      userSourcedId: 'pupil-2',
      role: 'student',
    })
    school.users.push(
      { ...school.users[0]! },
      { sourcedId: 'no-name', givenName: 'X' },
      { sourcedId: 'idle', givenName: 'Sans', familyName: 'Rôle' },
    )
    school.classes.push({ sourcedId: 'bad', title: 'X', classType: 'club', schoolSourcedId: 'school-1' })
    const { reading, records } = await read(school)
    for (const [file, { rows, kept, leftOut }] of reading.rows ?? []) {
      const name = file.replace('.csv', '') as keyof SmallOneRoster
      expect(rows, file).toBe(school[name].length)
      expect(kept + Object.values(leftOut).reduce((sum, each) => sum + each, 0), file).toBe(rows)
    }
    expect(reading.rows?.get('roles.csv')).toEqual({
      rows: 8,
      kept: 5,
      leftOut: { user_unknown: 1, ended: 1, date_invalid: 1 },
    })
    expect(reading.rows?.get('enrollments.csv')?.leftOut).toEqual({ class_unknown: 1 })
    expect(reading.rows?.get('users.csv')?.leftOut).toEqual({
      duplicate: 1,
      attribute_missing: 1,
      user_without_role: 1,
    })
    expect(
      records
        .filter(({ change }) => change === 'quarantined')
        .map(({ body }) => body['code'])
        .sort(),
    ).toEqual(['attribute_missing', 'duplicate', 'user_unknown', 'value_unreadable'])
    expect(reading.warnings.get('class_unknown')).toBe(1)
  })

  it('bears the columns without a name that a spreadsheet leaves at the end, and no cell too many or too few', async () => {
    const file = join(folder, 'roles.csv')
    const roles = [
      'sourcedId,userSourcedId,role,orgSourcedId,,',
      'a,b,c,d,,',
      'a,b,c,d',
      'a,b,c,d,e,',
      'a,b,c',
      'a,b,"c,d"',
    ]
    await writeFile(file, roles.join('\r\n'))
    const read: (string | undefined)[] = []
    for await (const row of readOneRosterRows(file, 'roles.csv')) {
      read.push(row.broken ? undefined : row.get('orgSourcedId'))
    }
    expect(read).toEqual(['d', 'd', undefined, undefined, undefined])
  })

  it('ignores classes of another school year', async () => {
    const school = makeOneRosterSchool()
    school.academicSessions[1] = { ...school.academicSessions[1]!, startDate: '2025-09-01', endDate: '2026-07-04' }
    const { records } = await read(school)
    expect(records.filter(({ change }) => change === 'ignored').map(({ body }) => body['code'])).toContain(
      'class_of_another_year',
    )
    expect(find(records, 'pupil', 'pupil-1')?.body['classes']).toEqual([])
  })

  it('makes one person with two sides two records under one identifier', async () => {
    const school = makeOneRosterSchool()
    school.roles.push({ sourcedId: 'r2', userSourcedId: 'teacher', role: 'guardian', orgSourcedId: 'school-1' })
    school.users[3] = { ...school.users[3]!, agentSourcedIds: 'teacher' }
    const { records } = await read(school)
    expect(find(records, 'guardian', 'teacher')?.change).toBe('added')
    expect(find(records, 'staff', 'teacher')?.change).toBe('added')
    expect(find(records, 'pupil', 'pupil-2')?.body['guardians']).toMatchObject([{ id: 'teacher', link: 'guardian' }])
  })

  it('links a guardian whose own row names the pupil', async () => {
    const school = makeOneRosterSchool()
    school.users[2] = { ...school.users[2]!, agentSourcedIds: '' }
    school.users[4] = { ...school.users[4]!, agentSourcedIds: 'pupil-1,pupil-2' }
    const { records } = await read(school)
    for (const id of ['pupil-1', 'pupil-2']) {
      expect(find(records, 'pupil', id)?.body['guardians']).toMatchObject([{ id: 'mother', link: 'parent' }])
    }
  })
})

describe('a delta', () => {
  const whole = async () => (await read(makeOneRosterSchool())).records.filter(({ change }) => change === 'added')
  const delta = (rows: SmallOneRoster, accepted: ReadRow[]) => read(rows, { mode: 'delta' }, accepted)

  it('moves a pupil by its enrolments alone', async () => {
    const { records, reading } = await delta(
      {
        enrollments: [
          { sourcedId: 'e3', status: 'tobedeleted', userSourcedId: 'pupil-1' },
          {
            sourcedId: 'e9',
            classSourcedId: '6a-maths',
            schoolSourcedId: 'school-1',
            userSourcedId: 'pupil-2',
            role: 'student',
          },
        ],
      },
      await whole(),
    )
    expect(records.map(({ kind, id, change }) => `${change} ${kind} ${id}`).sort()).toEqual([
      'added pupil pupil-1',
      'added pupil pupil-2',
    ])
    expect(find(records, 'pupil', 'pupil-1')?.body).toMatchObject({
      familyName: 'Martin',
      bornOn: '2015-03-02',
      ine: '0123456789A',
      classes: ['school-1$6a'],
      groups: [],
      guardians: [{ id: 'mother' }],
    })
    expect(find(records, 'pupil', 'pupil-2')?.body['groups']).toEqual(['school-1$6a-maths'])
    expect(reading.rows?.get('enrollments.csv')).toEqual({ rows: 2, kept: 2, leftOut: {} })
  })

  it('changes nothing when it says again what was known', async () => {
    const accepted = await whole()
    const { users, roles, enrollments, demographics } = makeOneRosterSchool()
    const { records } = await delta({ users, roles, enrollments, demographics }, accepted)
    for (const { kind, id, body } of records)
      expect(body, `${kind} ${id}`).toEqual(find(accepted, kind, id ?? '')?.body)
    expect(records).toHaveLength(5)
  })

  it('takes people, roles and classes away', async () => {
    const { records } = await delta(
      {
        users: [{ ...makeOneRosterSchool().users[4]!, status: 'tobedeleted' }],
        roles: [{ ...makeOneRosterSchool().roles[0]!, status: 'tobedeleted' }],
        classes: [{ ...makeOneRosterSchool().classes[1]!, status: 'tobedeleted' }],
      },
      await whole(),
    )
    expect(records.map(({ kind, id, change }) => `${change} ${kind} ${id}`).sort()).toEqual([
      'removed group school-1$6a-maths',
      'removed guardian mother',
      'removed staff head',
    ])
  })

  it('follows a guardian who answers for another pupil', async () => {
    const mother = { ...makeOneRosterSchool().users[4]!, agentSourcedIds: 'pupil-2' }
    const { records } = await delta({ users: [mother] }, await whole())
    expect(find(records, 'pupil', 'pupil-2')?.body['guardians']).toMatchObject([{ id: 'mother', link: 'parent' }])
  })

  it('sets rows aside whose user nobody knows', async () => {
    const { records, reading } = await delta(
      { roles: [{ sourcedId: 'r', userSourcedId: 'stranger', role: 'student', orgSourcedId: 'school-1' }] },
      await whole(),
    )
    expect(records).toMatchObject([{ kind: 'pupil', change: 'quarantined', body: { code: 'user_unknown' } }])
    expect(reading.rows?.get('roles.csv')).toEqual({ rows: 1, kept: 0, leftOut: { user_unknown: 1 } })
  })
})

describe('a package that cannot be used', () => {
  const refusal = async (work: Promise<unknown>) =>
    work.then(
      () => 'read',
      (error: Error & { refusal?: { code: string } }) => error.refusal?.code ?? error.message,
    )

  it('is refused whole, with the reason', async () => {
    const school = makeOneRosterSchool()
    const { roles: _roles, ...withoutRoles } = school
    expect(await refusal(read(school, { version: '1.1' }))).toBe('version_unsupported')
    expect(await refusal(read(withoutRoles))).toBe('type_missing')
    expect(await refusal(read(school, { system: '' }))).toBe('source_unknown')
  })

  it('is one even where a file beside it is of none: it is no set of unknown tables', async () => {
    const path = await writeSmallOneRoster(join(folder, String(++folders)), makeOneRosterSchool())
    await writeFile(join(path, 'notes.csv'), 'a,b\n1,2\n')
    const refused = inspectFeed(path)
    expect(await refusal(refused)).toBe('file_name_unexpected')
    await expect(refused).rejects.toMatchObject({ refusal: { file: 'notes.csv' } })
  })

  it.each([
    ['orgs.csv', 'sourcedId,name,type\nx,"never closed,school\n', 'csv_invalid'],
    ['orgs.csv', 'sourcedId,name\nx,y\n', 'column_missing'],
    ['orgs.csv', Buffer.from('sourcedId,name,type\nx,Coll\xe8ge,school\n', 'latin1'), 'encoding_invalid'],
    ['orgs.csv', '', 'csv_invalid'],
    ['orgs.csv', 'sourcedId,name,type\nx,Coll\0ge,school\n', 'csv_no_text'],
    ['manifest.csv', 'propertyName,value\noneroster.version,1.2\nfile.users,some\n', 'manifest_invalid'],
    ['manifest.csv', 'propertyName,value\noneroster.version,1.2\noneroster.version,1.2\n', 'manifest_invalid'],
    ['manifest.csv', 'propertyName,value\noneroster.version,1.2\nfile.results,bulk\n', 'manifest_mismatch'],
  ])('names the file: %s', async (name, content, code) => {
    const path = await writeSmallOneRoster(join(folder, String(++folders)), makeOneRosterSchool())
    await writeFile(join(path, name), content)
    const reading = inspectFeed(path).then((feed) =>
      feed.read({
        openCopy: async () => new PassThrough().resume(),
        listEstablishments: async () => new Set(),
        findAccepted: async () => new Map(),
        onProgress: () => {},
        signal: new AbortController().signal,
      }),
    )
    expect(await refusal(reading)).toBe(code)
  })
})
