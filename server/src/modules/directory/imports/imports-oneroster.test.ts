import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makeOneRosterSchool, type SmallOneRoster, writeSmallOneRoster } from '../../../../test/small-oneroster.ts'
import { applyImport } from './import-applying.ts'
import { stageImport } from './imports.ts'
import { listQuarantinedRecords } from './imports.queries.ts'
import type { ImportView } from './imports.routes.ts'

let server: TestApp
let folder: string
let folders = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preau-oneroster-'))
  server = await openTestApp({ now: () => new Date('2026-09-20T08:00:00Z') })
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

const by = { actorPersonId: null }

async function importPackage(
  rows: SmallOneRoster,
  options: Parameters<typeof writeSmallOneRoster>[2] = {},
): Promise<ImportView> {
  const path = await writeSmallOneRoster(join(folder, String(++folders)), rows, options)
  const staged = await stageImport(server.services, { tenantId: server.tenant.id, folder: path, ...by })
  expect(staged.refusal).toBeNull()
  return applyImport(server.services, { tenantId: server.tenant.id, id: staged.id, acceptAlerts: true, ...by })
}

const list = (query: ReturnType<typeof sql<{ line: string }>>) =>
  server.inTenant(async (tx) => (await query.execute(tx)).rows.map(({ line }) => line))

const affiliations = () =>
  list(sql`select p.given_name || ' ' || a.profile as line from directory.affiliation a
    join directory.person p on p.id = a.person_id where p.gone_on is null order by 1`)
const memberships = () =>
  list(sql`select p.given_name || ' ' || g.name as line from directory.membership m
    join directory.person p on p.id = m.person_id join directory.teaching_group g on g.id = m.teaching_group_id order by 1`)

it('brings a school with its people, classes and relations', async () => {
  const applied = await importPackage(makeOneRosterSchool())
  expect(applied.state).toBe('applied')
  expect(applied.counts.pupil).toMatchObject({ read: 2, added: 2 })
  expect(applied.counts.establishment).toMatchObject({ read: 2, added: 1, ignored: 1 })
  expect(applied.files.find(({ name }) => name === 'enrollments.csv')?.rows).toEqual({ rows: 5, kept: 5, leftOut: {} })
  expect(await affiliations()).toEqual(['Claude head', 'Grace teacher', 'Inès pupil', 'Noé pupil', 'Zoé guardian'])
  expect(await memberships()).toEqual(['Inès 6e A', 'Inès 6e A maths', 'Noé 6e A'])
  expect(
    await list(sql`select p.given_name || ' ' || g.name || ' ' || t.main_teacher as line from directory.teaching t
      join directory.person p on p.id = t.person_id join directory.teaching_group g on g.id = t.teaching_group_id order by 1`),
  ).toEqual(['Grace 6e A maths false', 'Grace 6e A true'])
  expect(await list(sql`select uai || ' ' || name as line from directory.organisation`)).toEqual([
    '0801234A Collège Ada Lovelace',
  ])
})

it('changes nothing when it comes again', async () => {
  const again = await importPackage(makeOneRosterSchool(), { date: '2026-09-15' })
  expect(again.nothingToDo).toBe(true)
  for (const [kind, counts] of Object.entries(again.counts)) {
    expect(counts.read, kind).toBe(counts.unchanged + counts.ignored)
  }
})

it('follows a delta, and only what it says changes', async () => {
  const { users, enrollments } = makeOneRosterSchool()
  const applied = await importPackage(
    {
      users: [
        { ...users[3]!, email: 'noe@example.org' },
        { ...users[0]!, status: 'tobedeleted' },
      ],
      enrollments: [
        { ...enrollments[2]!, status: 'tobedeleted' },
        { ...enrollments[2]!, sourcedId: 'e9', userSourcedId: 'pupil-2' },
      ],
    },
    { mode: 'delta', date: '2026-09-16' },
  )
  expect(applied.counts.pupil).toMatchObject({ read: 2, modified: 2, removed: 0 })
  expect(applied.counts.staff).toMatchObject({ removed: 1 })
  expect(await memberships()).toEqual(['Inès 6e A', 'Noé 6e A', 'Noé 6e A maths'])
  expect(await affiliations()).toEqual(['Grace teacher', 'Inès pupil', 'Noé pupil', 'Zoé guardian'])
  expect(await list(sql`select email as line from directory.person where email like 'noe%'`)).toEqual([
    'noe@example.org',
  ])
})

it('is then the same as the whole package that a delta leads to', async () => {
  const school = makeOneRosterSchool()
  const whole = await importPackage(
    {
      ...school,
      users: school.users
        .filter(({ sourcedId }) => sourcedId !== 'head')
        .map((user) => (user['sourcedId'] === 'pupil-2' ? { ...user, email: 'noe@example.org' } : user)),
      roles: school.roles.filter(({ userSourcedId }) => userSourcedId !== 'head'),
      enrollments: school.enrollments.map((row) =>
        row['sourcedId'] === 'e3' ? { ...row, sourcedId: 'e9', userSourcedId: 'pupil-2' } : row,
      ),
    },
    { date: '2026-09-17' },
  )
  expect(whole.nothingToDo).toBe(true)
})

it('sets aside what it cannot use, with the file and the line', async () => {
  const school = makeOneRosterSchool()
  school.users.push({ sourcedId: 'pupil-9', givenName: '', familyName: 'Sans Prénom' })
  school.roles.push({ sourcedId: 'r9', userSourcedId: 'pupil-9', role: 'student', orgSourcedId: 'school-1' })
  const applied = await importPackage(school, { date: '2026-09-18' })
  expect(applied.counts.pupil).toMatchObject({ read: 3, quarantined: 1 })
  const { records } = await server.inTenant((tx) => listQuarantinedRecords(tx, applied.id, { limit: 10 }))
  expect(records).toMatchObject([{ file: 'users.csv', line: 7, code: 'attribute_missing', externalId: 'pupil-9' }])
})

it('takes a school without a UAI, and two of them', async () => {
  const school = makeOneRosterSchool()
  const org = { sourcedId: 'school-2', name: 'École étrangère', type: 'school', identifier: 'X1' }
  school.orgs.push(org, { ...org, sourcedId: 'school-3' })
  const applied = await importPackage(school, { date: '2026-09-19' })
  expect(applied.counts.establishment).toMatchObject({ added: 2, quarantined: 0 })
  expect(applied.warnings).toContainEqual({ code: 'uai_missing', count: 2 })
})
