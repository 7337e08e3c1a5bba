import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listAudit } from '#kernel/audit'
import { openTestApp, type TestApp } from '../../../test/app.ts'
import { makeEstablishment, makePerson, makeTerritory } from '../../../test/make.ts'

let server: TestApp
// 23:30 in Paris on the 23rd.
let clock = new Date('2026-11-23T22:30:00Z')

beforeAll(async () => {
  server = await openTestApp({ now: () => clock })
})
afterAll(() => server.close())

const make = (input: Parameters<typeof makePerson>[1] = {}) => server.inTenant((tx) => makePerson(tx, input))
const grant = (headers: Record<string, string>, payload: object) =>
  server.app.inject({
    method: 'POST',
    url: '/api/identity/rights',
    headers,
    payload: { right: 'directory.administer', ...payload },
  })
const withdraw = (headers: Record<string, string>, id: string) =>
  server.app.inject({ method: 'DELETE', url: `/api/identity/rights/${id}`, headers })
const rightsOf = async (headers: Record<string, string>) =>
  (await server.app.inject({ url: '/api/identity/session', headers })).json().rights as { organisationId: string }[]

async function makePlaces() {
  return server.inTenant(async (tx) => {
    const territory = await makeTerritory(tx)
    return { territory, school: await makeEstablishment(tx, territory), other: await makeEstablishment(tx) }
  })
}

test('an administrator delegates within the perimeter, to people of the perimeter, and no further', async () => {
  const { territory, school, other } = await makePlaces()
  const delegate = await server.signIn(await make(), [{ right: 'directory.administer', organisationId: territory }])
  const personId = await make({ profile: 'staff', in: school })
  const stranger = await make({ profile: 'staff', in: other })
  const answer = await grant(delegate, { personId, organisationId: school })
  expect(answer.statusCode).toBe(201)
  expect(answer.json()).toMatchObject({ personId, organisationId: school, startsOn: '2026-11-23', endsOn: null })
  expect((await grant(delegate, { personId, organisationId: territory })).statusCode).toBe(201)
  expect((await grant(delegate, { personId, organisationId: other })).statusCode).toBe(403)
  expect((await grant(delegate, { personId, organisationId: null })).statusCode).toBe(403)
  expect((await grant(delegate, { personId: stranger, organisationId: school })).statusCode).toBe(403)
  expect((await grant(await server.signIn(personId), { personId, organisationId: school })).statusCode).toBe(403)
  const trail = await server.inTenant((tx) => listAudit(tx, 10, personId))
  expect(trail.map((entry) => entry.action)).toEqual(['identity.right_granted', 'identity.right_granted'])
})

test('only administration is given here; people and places must exist', async () => {
  const operator = await server.signIn(await make(), [{ right: 'directory.administer' }, { right: 'instance.operate' }])
  const personId = await make()
  const nowhere = '0190b3c0-0000-7000-8000-000000000000'
  expect((await grant(operator, { personId, organisationId: null, right: 'instance.operate' })).statusCode).toBe(400)
  expect((await grant(operator, { personId, organisationId: nowhere })).json().code).toBe('organisation_not_found')
  expect((await grant(operator, { personId: nowhere, organisationId: null })).json().code).toBe('person_not_found')
  const reversed = { personId, organisationId: null, startsOn: '2026-12-02', endsOn: '2026-12-01' }
  expect((await grant(operator, reversed)).json().code).toBe('period_reversed')
  expect((await grant(operator, { personId, organisationId: null, endsOn: '2026-11-22' })).statusCode).toBe(422)
  expect((await grant(operator, { personId, organisationId: null, startsOn: '0000-01-01' })).statusCode).toBe(400)
  expect(
    (await server.app.inject({ url: `/api/identity/people/${personId}/rights`, headers: operator })).json(),
  ).toEqual({
    rights: [],
  })
})

test('a right holds from its first day to its last in the workspace’s own zone, in sessions already open', async () => {
  const { school } = await makePlaces()
  const operator = await server.signIn(await make(), [{ right: 'directory.administer' }])
  const personId = await make({ profile: 'staff', in: school })
  const headers = await server.signIn(personId)
  await grant(operator, { personId, organisationId: school, startsOn: '2026-11-24', endsOn: '2026-11-24' })
  expect(await rightsOf(headers)).toEqual([])
  clock = new Date('2026-11-23T23:01:00Z')
  expect(await rightsOf(headers)).toEqual([{ right: 'directory.administer', organisationId: school }])
  const dayAfter = await server.signIn(personId)
  clock = new Date('2026-11-24T22:59:00Z')
  const evening = await server.signIn(personId)
  expect(await rightsOf(evening)).toHaveLength(1)
  clock = new Date('2026-11-24T23:01:00Z')
  expect(await rightsOf(evening)).toEqual([])
  expect(await rightsOf(dayAfter)).toBeUndefined()
})

test('a right is withdrawn at once, by who could have given it', async () => {
  const { school, other } = await makePlaces()
  const operator = await server.signIn(await make(), [{ right: 'directory.administer' }])
  const outsider = await server.signIn(await make(), [{ right: 'directory.administer', organisationId: other }])
  const personId = await make({ profile: 'staff', in: school })
  const headers = await server.signIn(personId)
  const { id } = (await grant(operator, { personId, organisationId: school })).json() as { id: string }
  expect(await rightsOf(headers)).toHaveLength(1)
  expect((await withdraw(outsider, id)).statusCode).toBe(403)
  expect((await withdraw(operator, id)).statusCode).toBe(204)
  expect(await rightsOf(headers)).toEqual([])
  expect((await withdraw(operator, id)).json().code).toBe('right_not_found')
})

test('rights are shown to the person and to their administrators', async () => {
  const { school, other } = await makePlaces()
  const personId = await make({ profile: 'staff', in: school })
  const headers = await server.signIn(personId, [{ right: 'directory.administer', organisationId: school }])
  const outsider = await server.signIn(await make(), [{ right: 'directory.administer', organisationId: other }])
  const read = (who: Record<string, string>) =>
    server.app.inject({ url: `/api/identity/people/${personId}/rights`, headers: who })
  expect((await read(headers)).json().rights).toMatchObject([{ personId, organisationId: school }])
  expect((await read(outsider)).statusCode).toBe(403)
})

test('someone whom no source knows any more holds no right, until they are back', async () => {
  const { school } = await makePlaces()
  const personId = await make({ profile: 'staff', in: school })
  const pupil = await make({ profile: 'pupil', in: school })
  const headers = await server.signIn(personId, [{ right: 'directory.administer', organisationId: school }])
  const card = async () =>
    (await server.app.inject({ url: `/api/directory/people/${pupil}`, headers })).json().because as string[] | undefined
  expect(await card()).toContain('youAdminister')
  // The feed no longer holds them: their own function went, the right given by hand did not.
  const leave = (day: string | null) =>
    server.inTenant(async (tx) => {
      await sql`update directory.person set gone_on = ${day} where id = ${personId}`.execute(tx)
      await sql`delete from directory.affiliation where person_id = ${personId}`.execute(tx)
    })
  await leave('2026-11-20')
  expect(await rightsOf(headers)).toEqual([])
  expect(await card()).toBeUndefined()
  expect((await grant(headers, { personId: pupil, organisationId: school })).statusCode).toBe(403)
  await leave(null)
  expect(await rightsOf(headers)).toHaveLength(1)
})
