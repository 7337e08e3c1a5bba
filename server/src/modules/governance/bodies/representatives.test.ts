import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { type Consortium, makeConsortium } from '../../../../test/make-governance.ts'
import { makePerson } from '../../../../test/make.ts'
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
