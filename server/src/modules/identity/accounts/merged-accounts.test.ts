import { randomUUIDv7 } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Right } from '#kernel/access'
import type { Tx } from '#kernel/postgres'
import { findAccount, grantRight, issueAccessCode } from '#modules/identity'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makePerson } from '../../../../test/make.ts'
import { listSignIns } from '../sign-in/sign-in-history.queries.ts'
import { updateAccount } from './accounts.queries.ts'
import { reconcileAccounts } from './merged-accounts.ts'

let server: TestApp
const clock = new Date('2026-11-23T08:00:00Z')
const passwordOf = (givenName: string) => `le cartable bleu de ${givenName}`

beforeAll(async () => {
  server = await openTestApp({ now: () => clock })
})
afterAll(() => server.close())

const post = (url: string, payload: object) =>
  server.app.inject({ method: 'POST', url: `/api/identity/${url}`, payload })

interface Someone {
  personId: string
  login: string
  accountId: string
}

/** Someone whose account waits for its code. */
async function invite(givenName: string): Promise<Someone & { code: string }> {
  return server.inTenant(async (tx) => {
    const personId = await makePerson(tx, { givenName })
    const { code, login } = await issueAccessCode(tx, { tenantId: server.tenant.id, personId, issuedBy: null }, clock)
    return { personId, code, login, accountId: (await findAccount(tx, { personId }))!.id }
  })
}

/** Someone with an open account and an identity of a federation. */
async function activate(givenName: string): Promise<Someone> {
  const { code, ...someone } = await invite(givenName)
  expect((await post('codes/redeem', { code, password: passwordOf(givenName) })).statusCode).toBe(204)
  await server.inTenant((tx) =>
    sql`insert into identity.federated_identity (id, account_id, issuer, subject, linked_at)
      values (${randomUUIDv7()}, ${someone.accountId}, 'https://id.example', ${someone.personId}, ${clock})`.execute(
      tx,
    ),
  )
  return someone
}

const hold = (someone: Someone, right: Right) =>
  server.inTenant((tx) => grantRight(tx, { personId: someone.personId, right, organisationId: null }, clock))

/** Says in the directory that someone was merged into another, or into nobody, and has the accounts follow. */
const become = (merged: Someone, kept: Someone | null, by: string | null = null) =>
  server.inTenant(async (tx) => {
    await sql`update directory.person set merged_into = ${kept?.personId ?? null} where id = ${merged.personId}`.execute(
      tx,
    )
    // An event may come twice.
    await reconcileAccounts(tx, merged.personId, by, clock)
    await reconcileAccounts(tx, merged.personId, by, clock)
  })

/** Who it is that a login and a password open a session for. */
async function whoSignsIn(login: string, password: string): Promise<string | undefined> {
  const response = await post('sign-in', { login, password })
  const cookie = response.cookies.find(({ name }) => name === 'preau_session')
  if (!cookie) return undefined
  const session = await server.app.inject({
    url: '/api/identity/session',
    headers: { cookie: `preau_session=${cookie.value}` },
  })
  return session.json<{ person: { id: string } }>().person.id
}

const readAll = (tx: Tx) =>
  Promise.all(
    ['account', 'federated_identity', 'granted_right', 'temporary_stay', 'account_merge'].map(
      async (table) =>
        (await sql`select * from ${sql.table(`identity.${table}`)} x order by to_jsonb(x)->>'id'`.execute(tx)).rows,
    ),
  )

const identitiesOf = (accountId: string) =>
  server.inTenant(async (tx) => {
    const { rows } = await sql<{ subject: string }>`select subject from identity.federated_identity
      where account_id = ${accountId} order by 1`.execute(tx)
    return rows.map(({ subject }) => subject)
  })

test('two accounts become one, which both logins and all identities open; undone, each has its own again', async () => {
  const [kept, merged] = [await activate('claire'), await activate('clara')]
  const before = await server.inTenant(readAll)
  await become(merged, kept)
  expect(await whoSignsIn(kept.login, passwordOf('claire'))).toBe(kept.personId)
  expect(await whoSignsIn(merged.login, passwordOf('clara'))).toBe(kept.personId)
  expect(await whoSignsIn(merged.login, passwordOf('claire'))).toBeUndefined()
  expect(await identitiesOf(kept.accountId)).toEqual([kept.personId, merged.personId].toSorted())
  await become(merged, null)
  expect(await server.inTenant(readAll)).toEqual(before)
  expect(await whoSignsIn(merged.login, passwordOf('clara'))).toBe(merged.personId)
})

test('what was tried at the other login is in the history of the one account, page after page', async () => {
  const [kept, merged] = [await activate('mila'), await activate('milla')]
  expect(await whoSignsIn(merged.login, 'pas le bon mot de passe')).toBeUndefined()
  expect(await whoSignsIn(kept.login, passwordOf('mila'))).toBe(kept.personId)
  const history = () => server.inTenant((tx) => listSignIns(tx, kept.accountId, { limit: 10 }))
  expect((await history()).map(({ outcome }) => outcome)).not.toContain('wrongPassword')
  await become(merged, kept)
  const both = await history()
  expect(both.map(({ outcome }) => outcome)).toContain('wrongPassword')
  const paged = []
  for (let before: string | undefined; ;) {
    const page = { limit: 1, before }
    const [next] = await server.inTenant((tx) => listSignIns(tx, kept.accountId, page))
    if (!next) break
    paged.push(next)
    before = next.id
  }
  expect(paged).toEqual(both)
})

test('its holder is told of the other login, as long as it opens the account', async () => {
  const [kept, merged] = [await activate('nina'), await activate('ninna')]
  const read = async () => {
    const headers = await server.signIn(kept.personId)
    return (await server.app.inject({ url: '/api/identity/links', headers })).json().logins as string[]
  }
  expect(await read()).toEqual([])
  await become(merged, kept)
  expect(await read()).toEqual([merged.login])
  await become(merged, null)
  expect(await read()).toEqual([])
})

test('another password replaces that of the other login too', async () => {
  const [kept, merged] = [await activate('lea'), await activate('lia')]
  await become(merged, kept)
  const { passwordHash } = await server.inTenant(async (tx) => (await findAccount(tx, { id: kept.accountId }))!)
  await server.inTenant((tx) =>
    updateAccount(tx, kept.accountId, { password_hash: passwordHash, password_changed_at: clock }),
  )
  expect(await whoSignsIn(merged.login, passwordOf('lia'))).toBeUndefined()
  expect(await whoSignsIn(merged.login, passwordOf('lea'))).toBe(kept.personId)
})

test('the account that was opened stays, whoever is kept', async () => {
  const [kept, merged] = [await invite('noe'), await activate('noa')]
  const before = await server.inTenant(readAll)
  await become(merged, kept)
  expect(await whoSignsIn(merged.login, passwordOf('noa'))).toBe(kept.personId)
  expect(await whoSignsIn(kept.login, passwordOf('noa'))).toBe(kept.personId)
  expect((await post('codes/redeem', { code: kept.code, password: 'un autre mot de passe' })).statusCode).toBe(410)
  await become(merged, null)
  expect(await server.inTenant(readAll)).toEqual(before)
})

test('the only account goes to who is kept, and back', async () => {
  const merged = await activate('zoe')
  const kept = await server.inTenant(async (tx) => ({ personId: await makePerson(tx), login: '', accountId: '' }))
  await become(merged, kept)
  expect(await whoSignsIn(merged.login, passwordOf('zoe'))).toBe(kept.personId)
  await become(merged, null)
  expect(await whoSignsIn(merged.login, passwordOf('zoe'))).toBe(merged.personId)
})

test('merges upon merges are undone in any order', async () => {
  const people = [await activate('ana'), await activate('anna'), await activate('hanna')] as const
  const [c, b, a] = people
  const before = await server.inTenant(readAll)
  await become(b, c)
  await become(a, b)
  expect(await whoSignsIn(a.login, passwordOf('hanna'))).toBe(c.personId)
  expect(await identitiesOf(c.accountId)).toHaveLength(3)
  await become(b, null)
  expect(await whoSignsIn(a.login, passwordOf('hanna'))).toBe(b.personId)
  expect(await identitiesOf(b.accountId)).toEqual([a.personId, b.personId].toSorted())
  await become(a, null)
  expect(await server.inTenant(readAll)).toEqual(before)
})

test('rights go to who is kept only if somebody who has them all said so', async () => {
  const [kept, merged, operator] = [await activate('paul'), await activate('paule'), await activate('operator')]
  await hold(merged, 'directory.administer')
  for (const by of [null, kept.personId]) {
    await become(merged, kept, by)
    expect(await whoSignsIn(kept.login, passwordOf('paul'))).toBe(kept.personId)
    expect(await whoSignsIn(merged.login, passwordOf('paule'))).toBe(merged.personId)
    await become(merged, null)
  }
  await hold(operator, 'directory.administer')
  await become(merged, kept, operator.personId)
  const { rows } = await server.inTenant((tx) =>
    sql`select right_name from identity.granted_right where person_id = ${kept.personId}`.execute(tx),
  )
  expect(rows).toEqual([{ right_name: 'directory.administer' }])
})

test('a temporary stay ends for whoever has its place', async () => {
  const [kept, merged] = [await activate('ines'), await activate('inesse')]
  await server.inTenant((tx) =>
    sql`insert into identity.temporary_stay
        (id, person_id, establishment_id, profile, reason, starts_on, ends_on, created_at)
      values (${randomUUIDv7()}, ${merged.personId}, ${randomUUIDv7()}, 'teacher', 'trainee', '2026-11-01',
        '2026-12-01', ${clock})`.execute(tx),
  )
  const before = await server.inTenant(readAll)
  await become(merged, kept)
  const { rows } = await server.inTenant((tx) => sql`select person_id from identity.temporary_stay`.execute(tx))
  expect(rows).toEqual([{ person_id: kept.personId }])
  await become(merged, null)
  expect(await server.inTenant(readAll)).toEqual(before)
})

test('a blocked account is not opened by way of another', async () => {
  const [kept, merged] = [await activate('max'), await activate('maxime')]
  await server.inTenant((tx) => updateAccount(tx, merged.accountId, { state: 'blocked' }))
  await become(merged, kept)
  expect(await whoSignsIn(merged.login, passwordOf('maxime'))).toBeUndefined()
  expect(await identitiesOf(kept.accountId)).toEqual([kept.personId])
})
