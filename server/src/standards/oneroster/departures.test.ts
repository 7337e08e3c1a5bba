import { randomUUIDv7 } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applyImport, departureDays, stageImport } from '#modules/directory'
import { openTestApp, type TestApp } from '../../../test/app.ts'
import { makePerson } from '../../../test/make.ts'
import { makeOneRosterSchool, type SmallOneRoster, writeSmallOneRoster } from '../../../test/small-oneroster.ts'
import { createClient } from './clients.ts'

type RosterObject = Record<'sourcedId' | 'status' | 'dateLastModified', string> &
  Partial<Record<'givenName' | 'title' | 'name', string>> &
  Record<string, unknown>

const base = '/ims/oneroster/rostering/v1p2'
const kinds = ['orgs', 'courses', 'classes', 'users', 'students', 'teachers', 'enrollments', 'demographics'] as const
const keys: Record<string, string> = { students: 'users', teachers: 'users' }

let server: TestApp
let folder: string
let folders = 0
/** Days that the server's clock is ahead of the databases'. */
let ahead = 0
let everything: Mirror
let firstSchool: Mirror
let headers: { cookie: string }

const now = () => new Date(Date.now() + ahead * 86_400_000)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preau-departures-'))
  server = await openTestApp({ now })
  await signIn()
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

/** A system that asks once for all there is, then only for what changed since. */
class Mirror {
  readonly held = new Map<string, Map<string, RosterObject>>(kinds.map((kind) => [kind, new Map()]))
  readonly ask: (path: string, filter?: string) => Promise<{ status: number; body: Record<string, RosterObject[]> }>
  #polledAt: string | undefined

  constructor(token: string) {
    this.ask = async (path, filter) => {
      const query = new URLSearchParams({ limit: '1000', ...(filter === undefined ? {} : { filter }) })
      const single = path.split('/').length > 2
      const answer = await server.app.inject({
        url: `${base}${path}${single ? '' : `?${query.toString()}`}`,
        headers: { authorization: `Bearer ${token}` },
      })
      return { status: answer.statusCode, body: answer.json() as Record<string, RosterObject[]> }
    }
  }

  async list(kind: string, filter?: string): Promise<RosterObject[]> {
    return (await this.ask(`/${kind}`, filter)).body[keys[kind] ?? kind]!
  }

  async poll(): Promise<void> {
    const [{ now }] = await server.inTenant(
      async (tx) => (await sql<{ now: Date }>`select now() as now`.execute(tx)).rows as [{ now: Date }],
    )
    const filter = this.#polledAt && `dateLastModified>='${this.#polledAt}'`
    for (const kind of kinds) {
      for (const object of await this.list(kind, filter)) {
        if (object.status === 'active') this.held.get(kind)?.set(object.sourcedId, object)
        else this.held.get(kind)?.delete(object.sourcedId)
      }
    }
    this.#polledAt = now.toISOString()
  }

  names(kind: string): string[] {
    return [...(this.held.get(kind)?.values() ?? [])]
      .map(({ givenName, title, name, sourcedId }) => givenName ?? title ?? name ?? sourcedId)
      .sort()
  }
}

/** What each mirror holds is what it would if it asked for everything; and the first school's, what is given. */
async function expectMirrors(): Promise<void> {
  for (const mirror of [everything, firstSchool]) {
    await mirror.poll()
    for (const kind of kinds) {
      const whole = await mirror.list(kind, `status='active'`)
      const ids = (objects: Iterable<RosterObject>) => [...objects].map(({ sourcedId }) => sourcedId).sort()
      expect(ids(mirror.held.get(kind)!.values()), kind).toEqual(ids(whole))
      if (kind !== 'users') continue
      const places = (objects: Iterable<RosterObject>) =>
        Object.fromEntries([...objects].map(({ sourcedId, roles }) => [sourcedId, roles]))
      expect(places(mirror.held.get(kind)!.values())).toEqual(places(whole))
    }
  }
}

async function importPackage(rows: SmallOneRoster, date: string): Promise<void> {
  const path = await writeSmallOneRoster(join(folder, String(++folders)), rows, { date })
  const by = { tenantId: server.tenant.id, actorPersonId: null }
  const staged = await stageImport(server.services, { ...by, folder: path })
  expect(staged.refusal).toBeNull()
  const applied = await applyImport(server.services, { ...by, id: staged.id, acceptAlerts: true })
  expect(applied.state).toBe('applied')
}

async function signIn(): Promise<void> {
  const operator = await server.inTenant((tx) => makePerson(tx, {}))
  headers = await server.signIn(operator, [{ right: 'directory.administer' }])
}

async function post(url: string, payload: object): Promise<void> {
  const answer = await server.app.inject({ method: 'POST', url, headers, payload })
  expect(answer.statusCode, answer.body).toBeLessThan(300)
}

const find = async (table: 'person' | 'organisation' | 'school_year', where: ReturnType<typeof sql>) => {
  const rows = await server.inTenant(
    async (tx) =>
      (await sql<{ id: string }>`select id from ${sql.table(`directory.${table}`)} where ${where}`.execute(tx)).rows,
  )
  expect(rows).toHaveLength(1)
  return rows[0]!.id
}

async function openMirror(organisationId: string | null): Promise<Mirror> {
  const { client, secret } = await server.inTenant((tx) =>
    createClient(
      tx,
      null,
      { name: 'LMS', organisationId, scopes: ['core', 'full', 'demographics'], contactDetails: false },
      now(),
    ),
  )
  const answer = await server.app.inject({
    method: 'POST',
    url: '/api/oneroster/token',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: client.id,
      client_secret: secret,
    }).toString(),
  })
  return new Mirror((answer.json() as { access_token: string }).access_token)
}

function twoSchools(): Required<SmallOneRoster> {
  const school = makeOneRosterSchool()
  school.orgs.push({ sourcedId: 'school-2', name: 'Collège B', type: 'school', identifier: '0801235B' })
  school.classes.push({ ...school.classes[0]!, sourcedId: '6b', title: '6e B', schoolSourcedId: 'school-2' })
  school.users.push({ ...school.users[3]!, sourcedId: 'pupil-3', givenName: 'Théo', username: 'pupil-3' })
  school.roles.push({ ...school.roles[3]!, sourcedId: 'r-pupil-3', userSourcedId: 'pupil-3', orgSourcedId: 'school-2' })
  school.enrollments.push({
    ...school.enrollments[1]!,
    sourcedId: 'e-3',
    classSourcedId: '6b',
    schoolSourcedId: 'school-2',
    userSourcedId: 'pupil-3',
  })
  return school
}
const without = (school: Required<SmallOneRoster>, gone: string[]): Required<SmallOneRoster> => ({
  ...school,
  users: school.users.filter(({ sourcedId = '' }) => !gone.includes(sourcedId)),
  roles: school.roles.filter(({ userSourcedId = '' }) => !gone.includes(userSourcedId)),
  classes: school.classes.filter(({ sourcedId = '' }) => !gone.includes(sourcedId)),
  demographics: school.demographics.filter(({ sourcedId = '' }) => !gone.includes(sourcedId)),
  enrollments: school.enrollments.filter(
    ({ userSourcedId = '', classSourcedId = '' }) => !gone.includes(userSourcedId) && !gone.includes(classSourcedId),
  ),
})

describe('a system that asks for changes only', () => {
  it('begins with all there is', async () => {
    await importPackage(twoSchools(), '2026-09-10')
    everything = await openMirror(null)
    firstSchool = await openMirror(await find('organisation', sql`uai = '0801234A'`))
    await expectMirrors()
    expect(firstSchool.names('users')).toEqual(['Claude', 'Grace', 'Inès', 'Noé', 'Zoé'])
    expect(everything.names('students')).toEqual(['Inès', 'Noé', 'Théo'])
    expect(await everything.list('users', `status='tobedeleted'`)).toEqual([])
  })

  it('is told who left, where they were and nothing else of them', async () => {
    const noe = await find('person', sql`given_name = 'Noé'`)
    await importPackage(without(twoSchools(), ['pupil-2']), '2026-09-11')
    const [departed, ...others] = await firstSchool.list('students', `status='tobedeleted'`)
    expect(others).toEqual([])
    expect(departed).toMatchObject({ sourcedId: noe, givenName: 'Noé', enabledUser: 'false' })
    expect(departed).toMatchObject({ roles: [{ role: 'student' }] })
    const { dateLastModified } = departed!
    expect(Math.abs(Date.now() - Date.parse(dateLastModified))).toBeLessThan(60_000)
    const since = (sign: string) => `dateLastModified${sign}'${dateLastModified}' AND status='tobedeleted'`
    expect(await firstSchool.list('users', since('>='))).toHaveLength(1)
    expect(await firstSchool.list('users', since('>'))).toEqual([])
    expect(await firstSchool.ask(`/users/${noe}`)).toMatchObject({
      status: 200,
      body: { user: { status: 'tobedeleted' } },
    })
    expect(await firstSchool.list('demographics', `status='tobedeleted'`)).toEqual([
      { sourcedId: noe, status: 'tobedeleted', dateLastModified },
    ])
    const [enrolment] = await firstSchool.list('enrollments', `status='tobedeleted'`)
    expect(enrolment).toMatchObject({ user: { sourcedId: noe }, role: 'student', primary: 'false' })
    expect((await firstSchool.ask(`/students/${noe}/classes`)).status).toBe(404)
    await expectMirrors()
    expect(firstSchool.names('students')).toEqual(['Inès'])
  })

  it('is told of their return, and of classes that end with those in them', async () => {
    await importPackage(without(twoSchools(), ['6a-maths']), '2026-09-12')
    expect(await firstSchool.list('users', `status='tobedeleted'`)).toEqual([])
    const ended = await firstSchool.list('classes', `status='tobedeleted'`)
    expect(ended).toMatchObject([{ title: '6e A maths', classType: 'scheduled' }])
    expect((await firstSchool.ask(`/classes/${ended[0]?.sourcedId}`)).status).toBe(200)
    expect((await firstSchool.ask(`/classes/${ended[0]?.sourcedId}/students`)).status).toBe(404)
    expect(await firstSchool.list('courses', `status='tobedeleted'`)).toMatchObject([{ title: 'Mathématiques' }])
    expect(await firstSchool.list('enrollments', `status='tobedeleted'`)).toHaveLength(2)
    await expectMirrors()
    expect(firstSchool.names('students')).toEqual(['Inès', 'Noé'])
    expect(firstSchool.names('courses')).not.toContain('Mathématiques')
  })

  it('is told of those who went elsewhere only where they are no more', async () => {
    const moved = twoSchools()
    const there = { orgSourcedId: 'school-2' }
    moved.roles = moved.roles.map((role) =>
      ['pupil-1', 'mother'].includes(role['userSourcedId'] ?? '') ? { ...role, ...there } : role,
    )
    moved.enrollments = moved.enrollments
      .filter(({ sourcedId }) => sourcedId !== 'e3')
      .map((row) => (row['sourcedId'] === 'e1' ? { ...row, classSourcedId: '6b', schoolSourcedId: 'school-2' } : row))
    await importPackage(moved, '2026-09-13')
    const names = (objects: RosterObject[]) => objects.map(({ givenName }) => givenName).sort()
    expect(names(await firstSchool.list('users', `status='tobedeleted'`))).toEqual(['Inès', 'Zoé'])
    expect(names(await everything.list('users', `status='tobedeleted'`))).toEqual([])
    await expectMirrors()
    expect(firstSchool.names('users')).toEqual(['Claude', 'Grace', 'Noé'])
    await importPackage(twoSchools(), '2026-09-14')
    await expectMirrors()
    expect(firstSchool.names('users')).toEqual(['Claude', 'Grace', 'Inès', 'Noé', 'Zoé'])
  })

  it('follows a new school year, and back', async () => {
    const next = twoSchools()
    const session = { startDate: '2027-09-01', endDate: '2028-08-31', schoolYear: '2028' }
    next.academicSessions = next.academicSessions.map((each) => ({ ...each, ...session }))
    next.classes = next.classes.map((each) => ({ ...each, sourcedId: `${each['sourcedId']}-next` }))
    next.enrollments = without(next, ['pupil-2']).enrollments.map((each) => ({
      ...each,
      classSourcedId: `${each['classSourcedId']}-next`,
    }))
    await importPackage({ ...without(next, ['pupil-2']), enrollments: next.enrollments }, '2027-09-02')
    const classes = [...everything.held.get('classes')!.keys()]
    await expectMirrors()
    expect([...everything.held.get('classes')!.keys()], 'what is prepared is not told').toEqual(classes)
    const turn = async (startYear: number) => {
      const id = await find('school_year', sql`start_year = ${startYear}`)
      await post(`/api/directory/school-years/${id}/switch`, {})
      await expectMirrors()
      return [...everything.held.get('classes')!.keys()].filter((each) => classes.includes(each)).length
    }
    expect(await turn(2027)).toBe(0)
    expect(firstSchool.names('students')).toEqual(['Inès'])
    expect(await turn(2026)).toBe(classes.length)
    expect(await turn(2027)).toBe(0)
  })

  it('is told when two people are found to be one', async () => {
    const pair = [await find('person', sql`given_name = 'Inès'`), await find('person', sql`given_name = 'Théo'`)]
    const [left, right] = pair.sort() // both made within a moment: either may have the older identifier, which is kept
    const proposal = randomUUIDv7()
    await server.inTenant((tx) =>
      sql`insert into directory.match_proposal (id, left_id, right_id, points, parts, cautions, state, found_at)
        values (${proposal}, ${left}, ${right}, 80, '[]', '{}', 'open', now())`.execute(tx),
    )
    await post(`/api/directory/matching/proposals/${proposal}/settle`, { opinion: 'accept' })
    const gone = await everything.list('students', `status='tobedeleted'`)
    expect(gone.map(({ sourcedId }) => sourcedId)).toContain(right)
    expect(gone.map(({ sourcedId }) => sourcedId)).not.toContain(left)
    await expectMirrors()
  })

  it('is told when a school closes', async () => {
    const schools = without(twoSchools(), ['pupil-2', 'pupil-3', '6b'])
    const session = { startDate: '2027-09-01', endDate: '2028-08-31', schoolYear: '2028' }
    schools.academicSessions = schools.academicSessions.map((each) => ({ ...each, ...session }))
    schools.orgs = schools.orgs.filter(({ sourcedId }) => sourcedId !== 'school-2')
    await importPackage(schools, '2027-09-20')
    const [closed, ...others] = await everything.list('orgs', `status='tobedeleted'`)
    expect(others).toEqual([])
    expect(closed).toMatchObject({ name: 'Collège B', type: 'school' })
    await expectMirrors()
    expect(everything.names('orgs')).toEqual(['Collège Ada Lovelace'])
  })
})

it('forgets the names of those who are deleted, and all of them after a while', async () => {
  const gone = await server.inTenant(async (tx) => {
    const { rows } = await sql<{ id: string }>`update directory.person set gone_on = current_date - 400
      where given_name = 'Noé' returning id`.execute(tx)
    return rows[0]!.id
  })
  await post('/api/directory/leavers/run', { insist: true })
  const told = await everything.list('users', `sourcedId='${gone}'`)
  expect(told).toMatchObject([{ status: 'tobedeleted', givenName: '', familyName: '' }])
  const fresh = await openMirror(null)
  expect(await fresh.list('users', `status='tobedeleted'`), 'it knew none of them').toEqual([])
  ahead = departureDays + 1
  await signIn()
  await post('/api/directory/leavers/run', {})
  for (const table of ['former_affiliation', 'former_group', 'former_member']) {
    const { rows } = await server.services.owner.query(`select from directory.${table}`)
    expect(rows, table).toEqual([])
  }
  ahead = 0
})
