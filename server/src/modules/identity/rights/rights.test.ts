import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listAudit } from '#kernel/audit'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makeEstablishment, makePerson, makeTerritory } from '../../../../test/make.ts'
import { addYear } from './rights.ts'

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

test('one gives what one holds; people and places must exist', async () => {
  const operator = await server.signIn(await make(), [{ right: 'directory.administer' }, { right: 'instance.operate' }])
  const personId = await make()
  const nowhere = '0190b3c0-0000-7000-8000-000000000000'
  expect((await grant(operator, { personId, organisationId: null, right: 'directory.import' })).statusCode).toBe(403)
  expect((await grant(operator, { personId, organisationId: null, right: 'anything' })).statusCode).toBe(400)
  const { school } = await makePlaces()
  const operate = { personId, organisationId: school, right: 'instance.operate' }
  expect((await grant(operator, operate)).json()).toMatchObject({ status: 422, code: 'perimeter_refused' })
  const pupil = await make({ profile: 'pupil', in: school })
  expect((await grant(operator, { personId: pupil, organisationId: school })).json().code).toBe('right_for_pupil')
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

test('nobody gives for longer than they hold, nor wider', async () => {
  const { territory, school } = await makePlaces()
  const personId = await make({ profile: 'staff', in: school })
  const other = await make({ profile: 'staff', in: school })
  const operator = await server.signIn(await make(), [{ right: 'directory.administer' }])
  await grant(operator, { personId, organisationId: school, endsOn: '2026-12-31' })
  const delegate = await server.signIn(personId)
  const give = async (payload: object) => (await grant(delegate, { personId: other, ...payload })).json()
  expect(await give({ organisationId: school, endsOn: '2027-01-01' })).toMatchObject({
    status: 403,
    code: 'right_too_long',
  })
  expect(await give({ organisationId: school })).toMatchObject({ status: 403, code: 'right_too_long' })
  expect(await give({ organisationId: territory, endsOn: '2026-12-31' })).toMatchObject({ code: 'not_allowed' })
  expect(await give({ organisationId: school, endsOn: '2026-12-31' })).toMatchObject({ endsOn: '2026-12-31' })
})

test('a head delegates the establishment for a year at most, and sees who holds rights over it', async () => {
  const { territory, school, other } = await makePlaces()
  const head = await server.signIn(await make({ profile: 'head', in: school }))
  const secretary = await make({ profile: 'staff', in: school })
  const outsider = await make({ profile: 'staff', in: other })
  const year = addYear(clock.toISOString().slice(0, 10))
  expect((await grant(head, { personId: secretary, organisationId: school })).json().code).toBe('right_too_long')
  expect((await grant(head, { personId: outsider, organisationId: school, endsOn: year })).statusCode).toBe(403)
  expect((await grant(head, { personId: secretary, organisationId: territory, endsOn: year })).statusCode).toBe(403)
  const given = await grant(head, { personId: secretary, organisationId: school, endsOn: year })
  expect(given.statusCode).toBe(201)
  const above = await make({ familyName: 'Au-dessus' })
  await server.signIn(above, [{ right: 'directory.administer', organisationId: territory }])
  const list = async (headers: Record<string, string>, id: string) =>
    server.app.inject({ url: `/api/identity/organisations/${id}/rights`, headers })
  const { rights } = (await list(head, school)).json() as {
    rights: { person: { id: string }; withdrawable: boolean }[]
  }
  const ours = rights.filter(({ person }) => [above, secretary].includes(person.id))
  expect(ours.map(({ person, withdrawable }) => [person.id, withdrawable]).toSorted()).toEqual(
    [
      [secretary, true],
      [above, false],
    ].toSorted(),
  )
  expect((await list(head, other)).statusCode).toBe(403)
  const { id } = given.json() as { id: string }
  expect((await withdraw(head, id)).statusCode).toBe(204)
})

test('the trail is for managers, each within the perimeter; it can be filtered', async () => {
  const { school, other } = await makePlaces()
  const head = await server.signIn(await make({ profile: 'head', in: school }))
  const secretary = await make({ profile: 'staff', in: school, givenName: 'Ana', familyName: '=Formule' })
  const outsider = await make({ profile: 'staff', in: other })
  const operator = await server.signIn(await make(), [{ right: 'directory.administer' }])
  await grant(operator, { personId: secretary, organisationId: school })
  await grant(operator, { personId: outsider, organisationId: other })
  const read = (headers: Record<string, string>, query = '') =>
    server.app.inject({ url: `/api/directory/audit${query}`, headers })
  const { entries } = (await read(head)).json() as { entries: { subject: { id: string } | null }[] }
  expect(entries.map(({ subject }) => subject?.id)).toEqual([secretary])
  const everything = (await read(operator, '?limit=1')).json() as { next: string }
  expect(everything.next).toBeTruthy()
  expect((await read(operator, `?limit=1&before=${everything.next}`)).json().entries[0].subject.id).toBe(secretary)
  const nothing = await read(operator, `?person=${secretary}&action=identity.right_withdrawn`)
  expect(nothing.json().entries).toEqual([])
  expect((await read(operator, '?from=2031-01-01')).json().entries).toEqual([])
  expect((await read(await server.signIn(await make({ profile: 'teacher', in: school })))).statusCode).toBe(403)
})
