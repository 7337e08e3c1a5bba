import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listAudit } from '#kernel/audit'
import { findAccount, issueAccessCode } from '#modules/identity'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makeClass, makeEstablishment, makePerson, makeTerritory } from '../../../../test/make.ts'
import { makeCode } from './access-codes.ts'
import { updatePolicy } from '../policy.queries.ts'
import { tables } from '../tables.ts'

let server: TestApp
let clock = new Date('2026-11-23T08:00:00Z')
const password = 'le cartable bleu de mamie'
const days = (count: number) => {
  clock = new Date(clock.getTime() + count * 86_400_000)
}

beforeAll(async () => {
  server = await openTestApp({ now: () => clock })
})
afterAll(() => server.close())

const post = (url: string, payload: object, headers: Record<string, string> = {}) =>
  server.app.inject({ method: 'POST', url: `/api/identity/${url}`, payload, headers })
const make = (input: Parameters<typeof makePerson>[1] = {}) => server.inTenant((tx) => makePerson(tx, input))
const issue = (personId: string) =>
  server.inTenant((tx) => issueAccessCode(tx, { tenantId: server.tenant.id, personId, issuedBy: null }, clock))
const issueAs = (headers: { cookie: string }, personId: string) => post(`people/${personId}/access-code`, {}, headers)

test('codes are easy to type and hard to guess', () => {
  const codes = new Set(Array.from({ length: 1_000 }, makeCode))
  expect(codes.size).toBe(1_000)
  for (const code of codes) expect(code).toMatch(/^([2-9B-DF-HJ-NP-TV-XZ]{4}-){2}[2-9B-DF-HJ-NP-TV-XZ]{4}$/)
})

test('a code tells whose it is, lets choose a password once, and signs in', async () => {
  const personId = await make({ givenName: 'Zoé', familyName: 'Marchand' })
  const { code, login } = await issue(personId)
  expect(login).toBe('zoe.marchand')
  const typed = code.toLowerCase().replaceAll('-', ' ')
  const check = await post('codes/check', { code: typed })
  expect(check.json()).toEqual({
    purpose: 'activation',
    givenName: 'Zoé',
    login,
    expiresAt: new Date(clock.getTime() + 90 * 86_400_000).toISOString(),
  })
  expect((await post('codes/redeem', { code, password: 'zoemarchand12' })).json().code).toBe('password_names_person')
  const redeemed = await post('codes/redeem', { code: typed, password })
  expect(redeemed.statusCode).toBe(204)
  expect(redeemed.cookies[0]?.name).toBe('preau_session')
  expect((await post('codes/check', { code })).json()).toMatchObject({ status: 410, code: 'code_used' })
  expect((await post('codes/redeem', { code, password })).json().code).toBe('code_used')
  const account = await server.inTenant((tx) => findAccount(tx, { personId }))
  expect(account).toMatchObject({ state: 'active' })
})

test('a code sent twice at once opens one session', async () => {
  const { code } = await issue(await make())
  const answers = await Promise.all([1, 2, 3].map(() => post('codes/redeem', { code, password })))
  expect(answers.map((each) => each.statusCode).sort()).toEqual([204, 410, 410])
})

test('a lost password is chosen anew with a reset code; the former sessions end', async () => {
  const personId = await make({ givenName: 'Perdu' })
  const first = await issue(personId)
  const session = (await post('codes/redeem', { code: first.code, password })).cookies[0]?.value ?? ''
  const reset = await issue(personId)
  expect(reset).toMatchObject({ purpose: 'reset', login: first.login })
  expect(reset.expiresAt.getTime() - clock.getTime()).toBe(7 * 86_400_000)
  expect((await post('codes/redeem', { code: reset.code, password: 'chouette hulotte' })).statusCode).toBe(204)
  const former = await server.app.inject({
    url: '/api/identity/session',
    headers: { cookie: `preau_session=${session}` },
  })
  expect(former.json()).toEqual({ signedIn: false })
  expect((await post('sign-in', { login: reset.login, password: 'chouette hulotte' })).statusCode).toBe(204)
})

test('a reset code is a way back for someone whose login others keep guessing', async () => {
  const personId = await make({ givenName: 'Harcele' })
  const { code, login } = await issue(personId)
  await post('codes/redeem', { code, password })
  for (let i = 0; i < 6; i += 1) await post('sign-in', { login, password: 'a wrong guess' })
  expect((await post('sign-in', { login, password })).statusCode).toBe(429)
  await post('codes/redeem', { code: (await issue(personId)).code, password })
  expect((await post('sign-in', { login, password })).statusCode).toBe(204)
})

test('a newer code takes the place of the former; time ends both', async () => {
  const personId = await make()
  const former = await issue(personId)
  const newer = await issue(personId)
  expect((await post('codes/check', { code: former.code })).json().code).toBe('code_replaced')
  days(90)
  expect((await post('codes/check', { code: newer.code })).json().code).toBe('code_expired')
  expect((await post('codes/redeem', { code: newer.code, password })).json().code).toBe('code_expired')
})

test('of codes issued at once, one is open', async () => {
  const personId = await make()
  await issue(personId)
  const codes = await Promise.all([1, 2, 3, 4].map(() => issue(personId)))
  const checks = await Promise.all(codes.map(({ code }) => post('codes/check', { code })))
  expect(checks.map((each) => each.statusCode).sort()).toEqual([200, 410, 410, 410])
})

test('codes never issued, emptied or overlong open nothing', async () => {
  expect((await post('codes/check', { code: makeCode() })).json()).toMatchObject({ status: 404, code: 'code_unknown' })
  expect((await post('codes/check', { code: '----' })).json().code).toBe('code_unknown')
  expect((await post('codes/check', { code: '' })).statusCode).toBe(400)
  expect((await post('codes/check', { code: 'x'.repeat(41) })).statusCode).toBe(400)
})

test('a copy of the base holds no code that could be typed', async () => {
  const { code } = await issue(await make())
  const rows = await server.inTenant((tx) => tables(tx).selectFrom('identity.access_code').selectAll().execute())
  const copy = JSON.stringify(rows.map((row) => ({ ...row, code_hash: row.code_hash.toString('latin1') })))
  expect(copy).not.toContain(code)
  expect(copy).not.toContain(code.replaceAll('-', ''))
})

test('homonyms get numbers, also when they arrive at once', async () => {
  const people = await Promise.all(Array.from({ length: 5 }, () => make({ givenName: 'Inès', familyName: 'Petit' })))
  const logins = (await Promise.all(people.map(issue))).map((each) => each.login)
  expect(logins.sort()).toEqual(['ines.petit', 'ines.petit2', 'ines.petit3', 'ines.petit4', 'ines.petit5'])
  const again = await Promise.all([1, 2, 3].map(() => issue(people[0] ?? '')))
  expect(new Set(again.map((each) => each.login)).size).toBe(1)
})

test('who may issue a code for whom', async () => {
  const { school, other, territory } = await server.inTenant(async (tx) => {
    const within = await makeTerritory(tx)
    return { territory: within, school: await makeEstablishment(tx, within), other: await makeEstablishment(tx) }
  })
  const pupil = await make({ profile: 'pupil', in: school })
  const otherPupil = await make({ profile: 'pupil', in: other })
  const head = await server.signIn(await make({ profile: 'head', in: school }))
  const delegate = await server.signIn(await make(), [{ right: 'directory.administer', organisationId: territory }])
  const everywhere = await server.signIn(await make(), [{ right: 'directory.administer' }])
  const importer = await server.signIn(await make(), [{ right: 'directory.import' }])
  const supervisor = await server.signIn(await make({ profile: 'schoolLife', in: school }))
  const ask = async (who: { cookie: string }, whom: string) => (await issueAs(who, whom)).statusCode
  expect([await ask(head, pupil), await ask(head, otherPupil)]).toEqual([201, 403])
  expect([await ask(delegate, pupil), await ask(delegate, otherPupil)]).toEqual([201, 403])
  expect([await ask(everywhere, pupil), await ask(everywhere, otherPupil)]).toEqual([201, 201])
  expect([await ask(importer, pupil), await ask(supervisor, pupil)]).toEqual([403, 403])
  expect(await ask({ cookie: '' }, pupil)).toBe(401)
  expect(await ask(everywhere, '0190b3c0-0000-7000-8000-000000000000')).toBe(404)
  // The trail tells that it was done, never the code.
  const trail = await server.inTenant((tx) => listAudit(tx, 10, pupil))
  const issued = { action: 'identity.access_code_issued', detail: { purpose: 'activation' } }
  expect(trail).toMatchObject([issued, issued, issued])
  expect(trail.map((entry) => Object.keys(entry.detail))).toEqual([['purpose'], ['purpose'], ['purpose']])
})

test('a teacher resets a pupil of the class, but activates nobody', async () => {
  const school = await server.inTenant((tx) => makeEstablishment(tx))
  const teacherId = await make({ profile: 'teacher', in: school })
  const [pupil, stranger] = [await make({ profile: 'pupil', in: school }), await make({ profile: 'pupil', in: school })]
  await server.inTenant((tx) =>
    makeClass(tx, { establishment: school, pupils: [pupil], teachers: [teacherId], startYear: 2026 }),
  )
  const teacher = await server.signIn(teacherId)
  expect((await issueAs(teacher, pupil)).statusCode).toBe(403)
  for (const each of [pupil, stranger]) await post('codes/redeem', { code: (await issue(each)).code, password })
  expect((await issueAs(teacher, pupil)).json()).toMatchObject({ purpose: 'reset' })
  expect((await issueAs(teacher, stranger)).statusCode).toBe(403)
})

test('nobody takes rights by resetting their holder, nor resets oneself', async () => {
  const school = await server.inTenant((tx) => makeEstablishment(tx))
  const headId = await make({ profile: 'head', in: school })
  const head = await server.signIn(headId)
  const operatorId = await make({ profile: 'teacher', in: school })
  await server.signIn(operatorId, [{ right: 'instance.operate' }])
  expect((await issueAs(head, operatorId)).statusCode).toBe(403)
  expect((await issueAs(head, headId)).json().code).toBe('own_account')
  const delegateId = await make({ profile: 'staff', in: school })
  const delegate = await server.signIn(delegateId, [{ right: 'directory.administer', organisationId: school }])
  expect((await issueAs(delegate, operatorId)).statusCode).toBe(403)
  expect((await issueAs(delegate, headId)).statusCode).toBe(201)
  // A head delegates the administration of the establishment: whom they could appoint, they can help.
  expect((await issueAs(head, delegateId)).statusCode).toBe(201)
})

test('the head of another establishment is not a head’s to reset', async () => {
  const { school, other, territory } = await server.inTenant(async (tx) => {
    const within = await makeTerritory(tx)
    return {
      territory: within,
      school: await makeEstablishment(tx, within),
      other: await makeEstablishment(tx, within),
    }
  })
  // Teaches some hours here, heads the other school.
  const shared = await make({ profile: 'teacher', in: school })
  await server.inTenant((tx) =>
    sql`insert into directory.affiliation (person_id, organisation_id, profile)
      values (${shared}, ${other}, 'head')`.execute(tx),
  )
  const head = await server.signIn(await make({ profile: 'head', in: school }))
  const colleague = await server.signIn(await make({ profile: 'head', in: other }))
  const delegateOf = async (organisationId: string) =>
    server.signIn(await make(), [{ right: 'directory.administer', organisationId }])
  const ask = async (who: { cookie: string }) => (await issueAs(who, shared)).statusCode
  expect([await ask(head), await ask(await delegateOf(school))]).toEqual([403, 403])
  expect([await ask(colleague), await ask(await delegateOf(territory))]).toEqual([201, 201])
})

test('someone who left signs in for the days of grace, then is told so', async () => {
  const personId = await make({ givenName: 'Ancienne', familyName: 'Eleve' })
  const { code, login } = await issue(personId)
  await post('codes/redeem', { code, password })
  const later = await issue(personId)
  const leave = (since: number) =>
    server.inTenant((tx) =>
      sql`update directory.person set gone_on = (${clock}::timestamptz - make_interval(days => ${since}))::date
        where id = ${personId}`.execute(tx),
    )
  await leave(29)
  expect((await post('sign-in', { login, password })).statusCode).toBe(204)
  await leave(31)
  expect((await post('sign-in', { login, password })).json()).toMatchObject({ status: 403, code: 'account_left' })
  expect((await post('sign-in', { login, password: 'not the password' })).json().code).toBe('sign_in_refused')
  expect((await post('codes/check', { code: later.code })).json().code).toBe('account_left')
  expect((await post('codes/redeem', { code: later.code, password })).json().code).toBe('account_left')
  await server.inTenant((tx) => updatePolicy(tx, { leaverGraceDays: 60 }))
  expect((await post('sign-in', { login, password })).statusCode).toBe(204)
  await server.inTenant((tx) => updatePolicy(tx, { leaverGraceDays: 30 }))
})

test('the server tells what it would accept, and accepts no more', async () => {
  const school = await server.inTenant((tx) => makeEstablishment(tx))
  const pupil = await make({ profile: 'pupil', in: school })
  const teacherId = await make({ profile: 'teacher', in: school })
  await server.inTenant((tx) =>
    makeClass(tx, { establishment: school, pupils: [pupil], teachers: [teacherId], startYear: 2026 }),
  )
  const [head, teacher] = [
    await server.signIn(await make({ profile: 'head', in: school })),
    await server.signIn(teacherId),
  ]
  const read = async (headers: { cookie: string }) =>
    (await server.app.inject({ url: `/api/identity/people/${pupil}/account`, headers })).json()
  expect(await read(teacher)).toEqual({ actions: [], account: null })
  await post('codes/redeem', { code: (await issue(pupil)).code, password })
  expect(await read(teacher)).toMatchObject({ actions: ['issueCode'], account: { state: 'active' } })
  expect((await read(head)).actions).toEqual(['issueCode', 'declareCompromised', 'grantRight', 'seeHistory'])
  expect(await read(await server.signIn(await make()))).toEqual({ actions: [], account: null })
  expect((await read(await server.signIn(pupil))).actions).toEqual(['seeHistory'])
})

test('a teacher shared by two schools is helped by either head, and both see it', async () => {
  const [north, south] = await server.inTenant(async (tx) => [await makeEstablishment(tx), await makeEstablishment(tx)])
  const shared = await make({ profile: 'teacher', in: north })
  await server.inTenant((tx) =>
    sql`insert into directory.affiliation (person_id, organisation_id, profile)
      values (${shared}, ${south}, 'teacher')`.execute(tx),
  )
  const northId = await make({ profile: 'head', in: north, familyName: 'Nordhead' })
  const heads = [await server.signIn(northId), await server.signIn(await make({ profile: 'head', in: south }))]
  expect((await issueAs(heads[0] ?? { cookie: '' }, shared)).statusCode).toBe(201)
  for (const headers of heads) {
    const history = await server.app.inject({ url: `/api/directory/people/${shared}/audit`, headers })
    expect(history.json().entries).toMatchObject([
      { action: 'identity.access_code_issued', by: 'person', actor: { id: northId, familyName: 'Nordhead' } },
    ])
    const trail = await server.app.inject({ url: `/api/directory/audit?person=${shared}`, headers })
    expect(trail.json().entries).toHaveLength(1)
  }
})
