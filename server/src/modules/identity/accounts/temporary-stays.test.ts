import { afterAll, beforeAll, expect, test } from 'vitest'
import { listAudit } from '#kernel/audit'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { runCommand } from '../../../../test/command.ts'
import { makeEstablishment, makePerson } from '../../../../test/make.ts'
import { purgeExpired } from '../purge.ts'

let server: TestApp
let clock = new Date('2026-11-23T08:00:00Z')

beforeAll(async () => {
  server = await openTestApp({ now: () => clock })
})
afterAll(() => server.close())

type Headers = { cookie: string }
const password = 'le cartable bleu de mamie'
const call = (method: 'GET' | 'POST' | 'PATCH', url: string, headers: Headers, payload?: object) =>
  server.app.inject({ method, url: `/api/identity/${url}`, headers, ...(payload ? { payload } : {}) })

async function makeHead() {
  const school = await server.inTenant((tx) => makeEstablishment(tx))
  const headId = await server.inTenant((tx) => makePerson(tx, { profile: 'head', in: school }))
  return { school, headId, head: await server.signIn(headId) }
}
const replacement = {
  givenName: 'Nadia',
  familyName: 'Remplaçante',
  email: null,
  profile: 'teacher',
  reason: 'replacement',
  startsOn: '2026-11-25',
  endsOn: '2026-12-18',
}

test('a replacement is known by hand, signs in on her days only, and goes by herself; she can be extended', async () => {
  clock = new Date('2026-11-23T08:00:00Z')
  const { school, head, headId } = await makeHead()
  const created = await call('POST', `establishments/${school}/stays`, head, replacement)
  expect(created.statusCode).toBe(201)
  const { id, personId } = created.json() as { id: string; personId: string }
  const { code, login } = (await call('POST', `people/${personId}/access-code`, head)).json()
  expect((await call('POST', 'codes/redeem', head, { code, password })).json().code).toBe('account_not_yet')
  clock = new Date('2026-11-25T08:00:00Z')
  const redeemed = await call('POST', 'codes/redeem', { cookie: '' }, { code, password })
  expect(redeemed.statusCode).toBe(204)
  const seen = await server.app.inject({
    url: `/api/directory/people/${personId}`,
    headers: await server.signIn(headId),
  })
  expect(seen.json().affiliations).toMatchObject([{ profile: 'teacher', organisation: { id: school } }])

  // The evening of the last day, then the day after: refused even before the hourly job.
  clock = new Date('2026-12-18T22:00:00Z')
  const evening = await call('POST', 'sign-in', { cookie: '' }, { login, password })
  expect(evening.statusCode).toBe(204)
  const session = { cookie: `preau_session=${evening.cookies[0]?.value ?? ''}` }
  clock = new Date('2026-12-19T06:00:00Z')
  expect((await call('POST', 'sign-in', head, { login, password })).json().code).toBe('account_left')
  expect((await call('GET', 'session', session)).json().signedIn).toBe(true)
  await purgeExpired(server.services)
  expect((await call('GET', 'session', session)).json().signedIn).toBe(false)
  expect((await call('POST', 'sign-in', head, { login, password })).json().code).toBe('account_left')

  const again = await server.signIn(headId)
  expect((await call('PATCH', `stays/${id}`, again, { endsOn: '2027-01-31' })).json()).toMatchObject({
    endsOn: '2027-01-31',
    endedAt: null,
  })
  expect((await call('POST', 'sign-in', { cookie: '' }, { login, password })).statusCode).toBe(204)
  const actions = (await server.inTenant((tx) => listAudit(tx, 20, personId))).map(({ action }) => action)
  expect(actions.filter((action) => action.includes('stay'))).toEqual([
    'identity.stay_changed',
    'identity.stay_ended',
    'identity.stay_created',
  ])
})

test('only who manages the establishment, for a year at most, in the right order', async () => {
  const { school, head } = await makeHead()
  const other = await makeHead()
  const create = (headers: Headers, change: object = {}) =>
    call('POST', `establishments/${school}/stays`, headers, {
      ...replacement,
      startsOn: '2027-01-01',
      endsOn: '2027-02-01',
      ...change,
    })
  expect((await create(other.head)).statusCode).toBe(403)
  expect((await create(head, { endsOn: '2026-12-31' })).json().code).toBe('period_reversed')
  expect((await create(head, { endsOn: '2028-01-02' })).json().code).toBe('stay_too_long')
  expect((await create(head, { email: 'nobody' })).json().code).toBe('email_unusable')
  expect((await create(head, { familyName: '!!' })).json().code).toBe('name_unusable')
  const { id } = (await create(head)).json() as { id: string }
  expect((await call('PATCH', `stays/${id}`, other.head, { endsOn: '2027-03-01' })).statusCode).toBe(403)
  const { stays } = (await call('GET', `establishments/${school}/stays`, head)).json()
  expect(stays).toMatchObject([{ id, state: 'coming', person: { givenName: 'Nadia' } }])
  expect((await call('GET', `establishments/${school}/stays`, other.head)).statusCode).toBe(403)
})

test('an operator adds a stay by command, extends it and ends it; the trail says nobody did', async () => {
  clock = new Date('2026-11-23T08:00:00Z')
  const { school, head } = await makeHead()
  const uai = '0801234B'
  await server.services.owner.query('update directory.organisation set uai = $2 where id = $1', [school, uai])
  const stay = (...words: string[]) => runCommand(server, 'identity', 'stay', ...words)
  const who = ['--given-name', 'Noé', '--family-name', 'Stagiaire', '--profile', 'staff', '--reason', 'trainee']
  for (const [words, code] of [
    [['add', uai, ...who], 'invalid_request'],
    [['add', uai, ...who, '--until', 'soon'], 'invalid_request'],
    [['add', uai, ...who, '--reason', 'holiday', '--until', '2026-12-18'], 'invalid_request'],
    [['add', uai, ...who, '--until', '2026-12-18', '--email', 'nobody'], 'email_unusable'],
    [['add', uai, ...who, '--until', '2028-12-18'], 'stay_too_long'],
    [['add', '0000000Z', ...who, '--until', '2026-12-18'], 'establishment_not_found'],
    [['change', school, '--until', '2026-12-18'], 'stay_not_found'],
  ] as const) {
    await expect(stay(...words), words.join(' ')).rejects.toMatchObject({ code })
  }
  expect((await stay('list', uai)).result).toEqual([])

  const { result, printed } = await stay('add', uai.toLowerCase(), ...who, '--until', '2026-12-18')
  expect(result).toMatchObject({ startsOn: '2026-11-23', endsOn: '2026-12-18', profile: 'staff', reason: 'trainee' })
  const { id, personId } = result as { id: string; personId: string }
  expect(printed).toContain(`identity code issue --person ${personId}`)
  const { stays } = (await call('GET', `establishments/${school}/stays`, head)).json()
  expect(stays).toMatchObject([{ id, state: 'current', person: { familyName: 'Stagiaire' } }])
  await stay('change', id, '--until', '2027-01-31')
  clock = new Date('2026-11-25T08:00:00Z')
  await stay('change', id, '--until', '2026-11-24')
  expect((await stay('list', uai)).printed).toMatch(/2026-11-23\t2026-11-24\tended\tStagiaire Noé$/)
  const trail = await server.inTenant((tx) => listAudit(tx, 20, personId))
  expect(trail.map(({ action, actorPersonId }) => [action, actorPersonId])).toEqual([
    ['identity.stay_ended', null],
    ['identity.stay_changed', null],
    ['identity.stay_changed', null],
    ['identity.stay_created', null],
  ])
})
