import { randomUUIDv7 } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../test/app.ts'
import { makeClass, makeEstablishment, makeGuardianship, makePerson, makeTerritory } from '../../../test/make.ts'
import { createClient, withdrawClientAs } from './clients.ts'
import { endpoints } from './endpoints.ts'
import type { RosterScopeName } from './scopes.ts'

let now = new Date('2026-11-16T10:00:00Z')
let server: TestApp
let school: {
  id: string
  territory: string
  other: string
  class: string
  pupils: string[]
  teacher: string
  mother: string
}
const base = '/ims/oneroster/rostering/v1p2'

beforeAll(async () => {
  server = await openTestApp({ now: () => now })
  school = await server.inTenant(async (tx) => {
    const territory = await makeTerritory(tx)
    const id = await makeEstablishment(tx, territory)
    await sql`update directory.organisation set uai = '0801234A', name = 'Collège Ada' where id = ${id}`.execute(tx)
    const other = await makeEstablishment(tx, territory)
    const pupils = [
      await makePerson(tx, { givenName: 'Inès', familyName: 'Martin', profile: 'pupil', in: id }),
      await makePerson(tx, { givenName: 'Noé', familyName: "L'Hôte", profile: 'pupil', in: id }),
    ]
    const stranger = await makePerson(tx, { givenName: 'Ailleurs', profile: 'pupil', in: other })
    const teacher = await makePerson(tx, { givenName: 'Grace', familyName: 'Hopper', profile: 'teacher', in: id })
    const mother = await makePerson(tx, { givenName: 'Zoé', familyName: 'Martin', profile: 'guardian', in: id })
    await makePerson(tx, { givenName: 'Claude', familyName: 'Principale', profile: 'head', in: id })
    await makeGuardianship(tx, { pupil: pupils[0]!, guardian: mother })
    await sql`update directory.person set born_on = '2015-03-02', email = 'ines@example.org' where id = ${pupils[0]}`.execute(
      tx,
    )
    const classId = await makeClass(tx, {
      establishment: id,
      pupils,
      teachers: [teacher],
      mainTeachers: [teacher],
      startYear: 2026,
    })
    await makeClass(tx, { establishment: other, pupils: [stranger], teachers: [], startYear: 2026 })
    await sql`update directory.teaching set subject_codes = '{006600}'`.execute(tx)
    return { id, territory, other, class: classId, pupils, teacher, mother }
  })
})
afterAll(() => server.close())

async function makeClient(
  options: { organisationId?: string | null; scopes?: RosterScopeName[]; contactDetails?: boolean } = {},
) {
  const { organisationId = null, scopes = ['core', 'full', 'demographics'], contactDetails = false } = options
  return server.inTenant((tx) => createClient(tx, null, { name: 'LMS', organisationId, scopes, contactDetails }, now))
}

const askToken = (form: Record<string, string>, headers: Record<string, string> = {}) =>
  server.app.inject({
    method: 'POST',
    url: '/api/oneroster/token',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    payload: new URLSearchParams(form).toString(),
  })

async function open(options: Parameters<typeof makeClient>[0] = {}) {
  const { client, secret } = await makeClient(options)
  const answer = await askToken({ grant_type: 'client_credentials', client_id: client.id, client_secret: secret })
  const token = (answer.json() as { access_token: string }).access_token
  const get = (path: string, query: Record<string, string> = {}) =>
    server.app.inject({
      url: `${base}${path}?${new URLSearchParams(query).toString()}`,
      headers: { authorization: `Bearer ${token}` },
    })
  return { client, token, get }
}

describe('tokens', () => {
  it('are given for the credentials of a client, in the form or by Basic', async () => {
    const { client, secret } = await makeClient()
    const inForm = await askToken({ grant_type: 'client_credentials', client_id: client.id, client_secret: secret })
    expect(inForm.json()).toMatchObject({ token_type: 'Bearer', expires_in: 3600, scope: client.scopes.join(' ') })
    expect(inForm.headers['cache-control']).toBe('no-store')
    const basic = { authorization: `Basic ${Buffer.from(`${client.id}:${secret}`).toString('base64')}` }
    const scope = client.scopes[0]!
    expect((await askToken({ grant_type: 'client_credentials', scope }, basic)).json()).toMatchObject({ scope })
  })

  it('are refused by the errors of RFC 6749', async () => {
    const { client, secret } = await makeClient({ scopes: ['core'] })
    const grant_type = 'client_credentials'
    const own = { client_id: client.id, client_secret: secret }
    const refused = async (form: Record<string, string>) => {
      const answer = await askToken(form)
      return `${answer.statusCode} ${(answer.json() as { error: string }).error}`
    }
    expect(await refused({ grant_type, client_id: client.id, client_secret: 'wrong' })).toBe('401 invalid_client')
    expect(await refused({ grant_type, client_id: 'nobody', client_secret: secret })).toBe('401 invalid_client')
    expect(await refused({ grant_type: 'password', ...own })).toBe('400 unsupported_grant_type')
    expect(await refused({ grant_type, ...own, scope: 'roster.write' })).toBe('400 invalid_scope')
    expect(await refused({})).toBe('400 invalid_request')
  })

  it('keep neither the secret nor the token', async () => {
    const { client, secret } = await makeClient()
    const answer = await askToken({ grant_type: 'client_credentials', client_id: client.id, client_secret: secret })
    const { access_token: token } = answer.json() as { access_token: string }
    const { rows } = await server.services.owner.query<{ text: string }>(
      'select c::text || t::text as text from oneroster.client c join oneroster.access_token t on t.client_id = c.id',
    )
    const kept = rows.map((row) => row.text).join('')
    expect(kept).not.toContain(secret)
    expect(kept).not.toContain(token)
  })

  it('end with time and with their client', async () => {
    const { client, get } = await open()
    expect((await get('/orgs')).statusCode).toBe(200)
    const start = now
    now = new Date(start.getTime() + 3_601_000)
    expect((await get('/orgs')).statusCode).toBe(401)
    now = start
    await server.inTenant((tx) => withdrawClientAs(tx, null, client.id, now))
    expect((await get('/orgs')).statusCode).toBe(401)
  })
})

describe('errors', () => {
  it('have the shape of the standard', async () => {
    const { get } = await open({ scopes: ['core'] })
    const minor = async (answer: Promise<{ statusCode: number; json(): unknown }>) => {
      const response = await answer
      const { statusCode } = response
      const body = response.json() as {
        imsx_codeMajor: string
        imsx_CodeMinor: { imsx_codeMinorField: { imsx_codeMinorFieldValue: string }[] }
      }
      expect(body.imsx_codeMajor).toBe('failure')
      return `${statusCode} ${body.imsx_CodeMinor.imsx_codeMinorField[0]?.imsx_codeMinorFieldValue}`
    }
    expect(await minor(server.app.inject({ url: `${base}/orgs` }))).toBe('401 unauthorisedrequest')
    expect(await minor(get('/demographics'))).toBe('403 forbidden')
    expect(await minor(get(`/schools/${school.id}/students`))).toBe('403 forbidden')
    expect(await minor(get(`/orgs/${randomUUIDv7()}`))).toBe('404 unknownobject')
    expect(await minor(get(`/orgs/no-id`))).toBe('404 unknownobject')
    expect(await minor(get('/nothing'))).toBe('404 unknownobject')
    expect(await minor(get('/users', { filter: `password='x'` }))).toBe('400 invalid_filter_field')
    expect(await minor(get('/users', { filter: `familyName=Martin` }))).toBe('400 invalid_filter_field')
    expect(await minor(get('/users', { filter: `email='ines@example.org'` }))).toBe('400 invalid_filter_field')
    expect(await minor(get('/users', { filter: `dateLastModified>'yesterday'` }))).toBe('400 invalid_filter_field')
    expect(await minor(get('/users', { sort: 'password' }))).toBe('400 invaliddata')
    expect(await minor(get('/users', { fields: 'sourcedId,password' }))).toBe('400 invalid_selection_field')
    expect(await minor(get('/users', { limit: '-1' }))).toBe('400 invaliddata')
    expect(await minor(get('/users', { offset: 'x' }))).toBe('400 invaliddata')
    expect(await minor(get('/users', { orderBy: 'up' }))).toBe('400 invaliddata')
  })
})

describe('the service', () => {
  it('tells a school with its classes and people', async () => {
    const { get } = await open()
    expect((await get(`/schools/${school.id}`)).json()).toMatchObject({
      org: {
        sourcedId: school.id,
        status: 'active',
        name: 'Collège Ada',
        type: 'school',
        identifier: '0801234A',
        parent: { sourcedId: school.territory },
      },
    })
    expect((await get(`/orgs/${school.territory}`)).json()).toMatchObject({ org: { type: 'district' } })
    const { class: found } = (await get(`/classes/${school.class}`)).json() as {
      class: { classType: string; terms: { sourcedId: string; href: string }[]; course: { sourcedId: string } }
    }
    expect(found.classType).toBe('homeroom')
    expect((await get(`/terms/${found.terms[0]?.sourcedId}`)).json()).toMatchObject({
      academicSession: { type: 'term', schoolYear: '2027', startDate: '2026-09-01' },
    })
    expect((await get(`/courses/${found.course.sourcedId}`)).json()).toMatchObject({ course: { courseCode: '006600' } })
    expect((await get(`/users/${school.pupils[0]}`)).json()).toEqual({
      user: {
        sourcedId: school.pupils[0],
        status: 'active',
        dateLastModified: expect.stringMatching(/^20\d\d-.*Z$/),
        enabledUser: 'true',
        givenName: 'Inès',
        familyName: 'Martin',
        roles: [
          {
            roleType: 'primary',
            role: 'student',
            org: { href: `http://localhost:3000${base}/orgs/${school.id}`, sourcedId: school.id, type: 'org' },
          },
        ],
        primaryOrg: { href: `http://localhost:3000${base}/orgs/${school.id}`, sourcedId: school.id, type: 'org' },
        agents: [
          { href: `http://localhost:3000${base}/users/${school.mother}`, sourcedId: school.mother, type: 'user' },
        ],
      },
    })
    expect((await get(`/users/${school.mother}`)).json()).toMatchObject({
      user: { roles: [{ role: 'parent' }], agents: [{ sourcedId: school.pupils[0] }] },
    })
    expect((await get(`/demographics/${school.pupils[0]}`)).json()).toMatchObject({
      demographics: { birthDate: '2015-03-02' },
    })
  })

  it('tells who is in a class, and which classes someone is in', async () => {
    const { get } = await open()
    const names = async (path: string, key: string, of: string) =>
      ((await get(path)).json() as Record<string, Record<string, string>[]>)[key]?.map((each) => each[of]).sort()
    expect(await names(`/classes/${school.class}/students`, 'users', 'givenName')).toEqual(['Inès', 'Noé'])
    expect(await names(`/classes/${school.class}/teachers`, 'users', 'givenName')).toEqual(['Grace'])
    expect(await names(`/schools/${school.id}/classes/${school.class}/students`, 'users', 'givenName')).toEqual([
      'Inès',
      'Noé',
    ])
    expect(await names(`/schools/${school.id}/students`, 'users', 'givenName')).toEqual(['Inès', 'Noé'])
    expect(await names(`/students/${school.pupils[0]}/classes`, 'classes', 'sourcedId')).toEqual([school.class])
    expect(await names(`/users/${school.teacher}/classes`, 'classes', 'sourcedId')).toEqual([school.class])
    expect(await names(`/students/${school.pupils[0]}/classes`, 'classes', 'classType')).toEqual(['homeroom'])
    expect((await get(`/schools/${school.other}/classes/${school.class}/students`)).statusCode).toBe(404)
    expect((await get(`/teachers/${school.pupils[0]}`)).statusCode).toBe(404)
    const { enrollments } = (await get(`/schools/${school.id}/classes/${school.class}/enrollments`)).json() as {
      enrollments: { sourcedId: string; role: string; primary: string }[]
    }
    expect(enrollments.map(({ role, primary }) => `${role} ${primary}`).sort()).toEqual([
      'student false',
      'student false',
      'teacher true',
    ])
    for (const { sourcedId } of enrollments) {
      expect((await get(`/enrollments/${sourcedId}`)).json()).toMatchObject({ enrollment: { sourcedId } })
    }
  })

  it('answers every operation that the standard names', async () => {
    const { get } = await open()
    expect(endpoints).toHaveLength(41)
    const ids: Record<string, string> = { schoolId: school.id, classId: school.class }
    const first = async (path: string, key: string) =>
      ((await get(path)).json() as Record<string, { sourcedId: string }[]>)[key]?.[0]?.sourcedId ?? ''
    ids['termId'] = await first('/terms', 'academicSessions')
    ids['courseId'] = await first('/courses', 'courses')
    for (const { path, plural, singular, single } of endpoints) {
      const collection = path.replace('/:sourcedId', '')
      ids['userId'] = path.startsWith('/teachers') ? school.teacher : school.pupils[0]!
      ids['sourcedId'] = single ? await first(collection, plural) : ''
      if (single && ids['sourcedId'] === '') {
        expect(path).toBe('/gradingPeriods/:sourcedId')
        continue
      }
      const answer = await get(path.replace(/:(\w+)/g, (_whole, name: string) => ids[name] ?? ''))
      expect(answer.statusCode, path).toBe(200)
      expect(Object.keys(answer.json() as object), path).toEqual([single ? singular : plural])
    }
  })

  it('turns pages, sorts, filters and selects', async () => {
    const { get } = await open({ organisationId: school.id })
    const users = async (query: Record<string, string>) => {
      const answer = await get('/users', query)
      return (answer.json() as { users: { givenName: string }[] }).users.map(({ givenName }) => givenName)
    }
    expect(await users({ sort: 'givenName' })).toEqual(['Claude', 'Grace', 'Inès', 'Noé', 'Zoé'])
    expect(await users({ sort: 'givenName', orderBy: 'desc', limit: '2', offset: '1' })).toEqual(['Noé', 'Inès'])
    expect(await users({ filter: `familyName='Martin' AND givenName!='Zoé'` })).toEqual(['Inès'])
    expect((await users({ filter: `givenName='Inès' OR givenName='Zoé'` })).sort()).toEqual(['Inès', 'Zoé'])
    expect(await users({ filter: `familyName~'hopp'` })).toEqual(['Grace'])
    expect(await users({ filter: `familyName='L''Hôte'` })).toEqual(['Noé'])
    expect(await users({ filter: `status='active'`, limit: '1' })).toHaveLength(1)
    expect(await users({ filter: `status='tobedeleted'` })).toEqual([])
    expect(await users({ filter: `dateLastModified>'2999-01-01T00:00:00Z'` })).toEqual([])
    expect(await users({ filter: `sourcedId='nobody'` })).toEqual([])
    expect((await get('/users', { fields: 'sourcedId,givenName', sort: 'givenName', limit: '1' })).json()).toEqual({
      users: [{ sourcedId: expect.any(String), givenName: 'Claude' }],
    })
    const page = await get('/users', { limit: '2', offset: '2', sort: 'givenName' })
    expect(page.headers['x-total-count']).toBe('5')
    const links = String(page.headers['link'])
    for (const [relation, offset] of [
      ['next', 4],
      ['prev', 0],
      ['first', 0],
      ['last', 4],
    ]) {
      expect(links).toContain(`limit=2&offset=${offset}&sort=givenName>; rel="${relation}"`)
    }
  })

  it('shows a client its perimeter and nothing else', async () => {
    const own = await open({ organisationId: school.id })
    const all = await open()
    const count = async (get: typeof own.get, path: string) => Number((await get(path)).headers['x-total-count'])
    expect(await count(all.get, '/schools')).toBe(2)
    expect(await count(own.get, '/schools')).toBe(1)
    expect(await count(own.get, '/orgs')).toBe(1)
    expect((await own.get(`/orgs/${school.id}`)).json()).not.toHaveProperty('org.parent')
    expect(await count(all.get, '/students')).toBe(3)
    expect(await count(own.get, '/students')).toBe(2)
    expect(await count(own.get, '/classes')).toBe(1)
    expect(await count(own.get, '/enrollments')).toBe(3)
    for (const path of ['/orgs', '/users', '/classes', '/courses', '/enrollments']) {
      const everything = (await all.get(path, { limit: '1000' })).json() as Record<string, { sourcedId: string }[]>
      const mine = (await own.get(path, { limit: '1000' })).json() as Record<string, { sourcedId: string }[]>
      const key = path.slice(1)
      const seen = new Set(mine[key]?.map(({ sourcedId }) => sourcedId))
      for (const { sourcedId } of everything[key] ?? []) {
        expect((await own.get(`${path}/${sourcedId}`)).statusCode, `${path}/${sourcedId}`).toBe(
          seen.has(sourcedId) ? 200 : 404,
        )
      }
    }
    expect((await own.get(`/schools/${school.other}/students`)).statusCode).toBe(404)
    expect(await count((await open({ organisationId: school.territory })).get, '/schools')).toBe(2)
  })

  it('tells addresses only to clients who were given them', async () => {
    const told = await open({ contactDetails: true })
    expect((await told.get(`/users/${school.pupils[0]}`)).json()).toMatchObject({ user: { email: 'ines@example.org' } })
    expect((await told.get('/users', { filter: `email='ines@example.org'` })).headers['x-total-count']).toBe('1')
  })
})

describe('clients', () => {
  it('are made and withdrawn by those who administer their perimeter', async () => {
    const [local, plain] = await server.inTenant(async (tx) => [await makePerson(tx), await makePerson(tx)])
    const headers = await server.signIn(local!, [{ right: 'directory.administer', organisationId: school.id }])
    const create = (organisationId: string | null, as = headers) =>
      server.app.inject({
        method: 'POST',
        url: '/api/oneroster/clients',
        headers: as,
        payload: { name: 'Cahier', organisationId, scopes: ['core'] },
      })
    expect((await create(null)).statusCode).toBe(403)
    expect((await create(school.other)).statusCode).toBe(403)
    expect((await create(school.id, await server.signIn(plain!))).statusCode).toBe(403)
    const made = await create(school.id)
    expect(made.statusCode).toBe(201)
    const { client, secret } = made.json() as { client: { id: string }; secret: string }
    expect(secret.length).toBeGreaterThan(40)
    const list = async () =>
      (await server.app.inject({ url: '/api/oneroster/clients', headers })).json() as { clients: { id: string }[] }
    const { clients } = await list()
    // Those of this school alone, other tests' too.
    expect(clients.map(({ id }) => id)).toContain(client.id)
    expect(JSON.stringify(clients)).not.toContain(secret)
    const remove = (id: string) => server.app.inject({ method: 'DELETE', url: `/api/oneroster/clients/${id}`, headers })
    expect((await remove(client.id)).statusCode).toBe(204)
    expect((await remove(client.id)).statusCode).toBe(404)
    expect((await list()).clients.map(({ id }) => id)).not.toContain(client.id)
  })
})
