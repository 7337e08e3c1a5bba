import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { type Consortium, makeConsortium } from '../../../../test/make-governance.ts'
import { makeEstablishment, makePerson } from '../../../../test/make.ts'
import { addDays } from '../days.ts'
import { findPeak } from './representatives.ts'

let server: TestApp
let consortium: Consortium
const clock = new Date('2026-05-04T09:00:00Z')
const base = '/api/governance/agreements/grand-est'

beforeAll(async () => {
  server = await openTestApp({ now: () => clock })
  consortium = await makeConsortium(server)
})
afterAll(() => server.close())

async function appoint(
  body: string,
  payload: { party: string; rank: 'holder' | 'deputy'; personId?: string; startsOn?: string; endsOn?: string | null },
  headers: { cookie: string } = consortium.manager.headers,
) {
  const personId = payload.personId ?? (await server.inTenant((tx) => makePerson(tx)))
  const { statusCode: status, ...response } = await server.app.inject({
    method: 'POST',
    url: `${base}/bodies/${body}/representatives`,
    headers,
    payload: { startsOn: '2026-05-04', ...payload, personId },
  })
  return { status, json: response.json() as { id: string; code: string; article: string }, personId }
}

it('seats at most three persons for a party, even when five are named at once', async () => {
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => appoint('costrat', { party: 'marne', rank: 'holder' })),
  )
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 201, 201, 409, 409])
  const refused = answers.find(({ status }) => status === 409)
  expect(refused?.json).toMatchObject({ code: 'too_many_persons', article: '4', most: 3 })
  // Deputies do not count, and a fourth may follow one whose office ends.
  expect((await appoint('costrat', { party: 'marne', rank: 'deputy' })).status).toBe(201)
  const first = answers.find(({ status }) => status === 201)
  const ended = await server.app.inject({
    method: 'PATCH',
    url: `${base}/representatives/${first?.json.id}`,
    headers: consortium.manager.headers,
    payload: { endsOn: '2026-08-31' },
  })
  expect(ended.statusCode).toBe(200)
  expect((await appoint('costrat', { party: 'marne', rank: 'holder', startsOn: '2026-08-31' })).status).toBe(409)
  expect((await appoint('costrat', { party: 'marne', rank: 'holder', startsOn: '2026-09-01' })).status).toBe(201)
})

it('seats adults at work only: neither pupils nor guardians as such, nor who left or was merged into another', async () => {
  const people = await server.inTenant(async (tx) => {
    const school = await makeEstablishment(tx)
    const [minor, gone, merged, kept] = [
      await makePerson(tx),
      await makePerson(tx),
      await makePerson(tx),
      await makePerson(tx),
    ]
    await sql`update directory.person set born_on = '2008-05-05' where id = ${minor}`.execute(tx)
    await sql`update directory.person set gone_on = '2026-05-01' where id = ${gone}`.execute(tx)
    await sql`update directory.person set gone_on = '2026-05-01', merged_into = ${kept} where id = ${merged}`.execute(
      tx,
    )
    const pupil = await makePerson(tx, { in: school, profile: 'pupil' })
    const guardian = await makePerson(tx, { in: school, profile: 'guardian' })
    const head = await makePerson(tx, { in: school, profile: 'head' })
    return { minor, refused: [minor, gone, merged, pupil, guardian], allowed: [kept, head] }
  })
  for (const personId of people.refused) {
    const { status, json } = await appoint('costrat', { party: 'moselle', rank: 'deputy', personId })
    expect([status, json.code]).toEqual([422, 'representative_refused'])
  }
  for (const personId of people.allowed)
    expect((await appoint('costrat', { party: 'moselle', rank: 'deputy', personId })).status).toBe(201)
  // Of age on the very day.
  const grown = { party: 'moselle', rank: 'deputy', personId: people.minor, startsOn: '2026-05-05' } as const
  expect((await appoint('costrat', grown)).status).toBe(201)
})

it('puts an end off while there is room, and revives no office that is over', async () => {
  const end = (id: string, endsOn: string) =>
    server.app.inject({
      method: 'PATCH',
      url: `${base}/representatives/${id}`,
      headers: consortium.manager.headers,
      payload: { endsOn },
    })
  const first = await appoint('costrat', { party: 'meuse', rank: 'holder', endsOn: '2026-05-10' })
  expect((await end(first.json.id, '2026-05-12')).statusCode).toBe(200)
  for (const startsOn of ['2026-05-13', '2026-05-13', '2026-05-13'])
    expect((await appoint('costrat', { party: 'meuse', rank: 'holder', startsOn })).status).toBe(201)
  expect((await end(first.json.id, '2026-05-13')).json().code).toBe('too_many_persons')
  expect((await end(first.json.id, '2026-05-08')).statusCode).toBe(200)
  const over = await appoint('costrat', {
    party: 'meuse',
    rank: 'deputy',
    startsOn: '2026-01-05',
    endsOn: '2026-03-31',
  })
  expect((await end(over.json.id, '2026-12-31')).json().code).toBe('office_over')
})

it('lets a holder name the deputies of their own party, and no one else', async () => {
  const { headers } = await consortium.seatOf('vosges', 'cogouv')
  expect((await appoint('cogouv', { party: 'vosges', rank: 'deputy' }, headers)).status).toBe(201)
  expect((await appoint('cogouv', { party: 'vosges', rank: 'holder' }, headers)).status).toBe(403)
  expect((await appoint('cogouv', { party: 'marne', rank: 'deputy' }, headers)).status).toBe(403)
  expect((await appoint('costrat', { party: 'vosges', rank: 'deputy' }, headers)).status).toBe(403)
  const deputy = await consortium.seatOf('vosges', 'cogouv', 'deputy')
  expect((await appoint('cogouv', { party: 'vosges', rank: 'deputy' }, deputy.headers)).status).toBe(403)
})

it('refuses with its reason what the agreement does not allow', async () => {
  const { personId, status } = await appoint('cogouv', { party: 'aube', rank: 'holder' })
  expect(status).toBe(201)
  expect((await appoint('cogouv', { party: 'aube', rank: 'holder', personId })).json.code).toBe('already_seated')
  expect((await appoint('cogouv', { party: 'meuse', rank: 'holder', personId })).json.code).toBe('sits_for_another')
  expect((await appoint('cogouv', { party: 'academie-reims', rank: 'holder' })).json).toMatchObject({
    code: 'party_not_in_body',
    article: '5',
  })
  expect((await appoint('senate', { party: 'aube', rank: 'holder' })).json.code).toBe('body_not_found')
  expect((await appoint('cogouv', { party: 'aube', rank: 'holder', endsOn: '2026-05-03' })).json.code).toBe(
    'period_reversed',
  )
  const nobody = '01990000-0000-7000-8000-000000000000'
  expect((await appoint('cogouv', { party: 'aube', rank: 'holder', personId: nobody })).json.code).toBe(
    'person_not_found',
  )
})

it('shows the seats of a body with those vacant, and finds people to name', async () => {
  await consortium.seatOf('alsace', 'ag')
  const { headers } = consortium.manager
  const body = (await server.app.inject({ url: `${base}/bodies/ag`, headers })).json<{
    seats: { party: string; vacant: boolean; voices: string; nameable: string[] }[]
  }>()
  expect(body.seats).toHaveLength(10)
  expect(body.seats.filter(({ vacant }) => !vacant).map(({ party }) => party)).toEqual(['alsace'])
  expect(body.seats[0]).toMatchObject({ voices: '1', nameable: ['holder', 'deputy'] })
  const list = (await server.app.inject({ url: `${base}/bodies`, headers })).json<{
    bodies: { key: string; vacant: number }[]
  }>()
  expect(list.bodies.find(({ key }) => key === 'ag')).toMatchObject({ vacant: 9 })

  await server.inTenant((tx) => makePerson(tx, { givenName: 'Odile', familyName: 'Zwingel' }))
  const url = `${base}/bodies/ag/candidates?party=vosges&q=zwing`
  const found = (await server.app.inject({ url, headers })).json<{ people: { familyName: string }[] }>()
  expect(found.people.map(({ familyName }) => familyName)).toEqual(['Zwingel'])
  const other = await consortium.seatOf('meuse', 'ag')
  expect((await server.app.inject({ url, headers: other.headers })).statusCode).toBe(403)
})

it('counts the most of some periods that hold one same day', () => {
  const day = fc.integer({ min: 0, max: 12 }).map((count) => addDays('2026-01-01', count))
  const period = fc
    .record({ startsOn: day, length: fc.option(fc.integer({ min: 0, max: 6 })) })
    .map(({ startsOn, length }) => ({ startsOn, endsOn: length === null ? null : addDays(startsOn, length) }))
  fc.assert(
    fc.property(fc.array(period, { maxLength: 8 }), (periods) => {
      const days = Array.from({ length: 20 }, (_, count) => addDays('2026-01-01', count))
      const counts = days.map(
        (each) => periods.filter(({ startsOn, endsOn }) => startsOn <= each && (endsOn ?? '9999') >= each).length,
      )
      expect(findPeak(periods)).toBe(Math.max(0, ...counts))
    }),
  )
})
