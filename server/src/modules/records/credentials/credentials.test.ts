import { randomUUIDv7 } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createTenant } from '#kernel/tenancy'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { authenticateCredential, getCredential } from './authentication.ts'
import { createCredential, withdrawCredentialAs } from './credentials.ts'
import { findCredential, listCredentials } from './credentials.queries.ts'
import { mayDefine, readsOwnOnly, type RecordScope } from './scopes.ts'

let now = new Date('2026-11-02T10:20:30Z')
let test: TestApp
beforeAll(async () => {
  test = await openTestApp({ now: () => now, publicUrl: 'https://ent.example' })
})
afterAll(() => test.close())
beforeEach(() => {
  now = new Date(now.getTime() + 3_600_000)
})

const make = (...scopes: RecordScope[]) =>
  test.inTenant((tx) => createCredential(tx, null, { name: `Moodle ${randomUUIDv7()}`, scopes }, now))
const basic = (key: string, secret: string) => `Basic ${Buffer.from(`${key}:${secret}`).toString('base64')}`
const authenticate = (authorization: string | undefined, tenant = test.tenant) =>
  authenticateCredential(test.services, { tenant, headers: authorization === undefined ? {} : { authorization } })

describe('a request', () => {
  it('is its credential’s by key and secret', async () => {
    const { credential, secret } = await make('statements/write', 'state')
    const client = await authenticate(basic(credential.key, secret))
    expect(client).toMatchObject({ id: credential.id, scopes: ['statements/write', 'state'], organisationId: null })
  })

  it('is nobody’s otherwise', async () => {
    const { credential, secret } = await make('all')
    const other = await make('all')
    for (const shown of [
      undefined,
      '',
      'Basic',
      'Basic ****',
      basic(credential.key, ''),
      basic(credential.key, other.secret),
      basic(credential.key, secret.slice(1)),
      basic('', secret),
      basic(`${credential.key}\0`, secret),
      `Bearer ${secret}`,
      `Digest ${credential.key}`,
      `Basic ${'A'.repeat(5000)}`,
    ]) {
      expect(await authenticate(shown), shown).toBeUndefined()
    }
  })

  it('of another tenant finds nothing', async () => {
    const { credential, secret } = await make('all')
    const elsewhere = await createTenant(test.services.owner, { slug: 'other', name: 'Autre', host: 'other.example' })
    expect(await authenticate(basic(credential.key, secret), elsewhere)).toBeUndefined()
    expect(await authenticate(basic(credential.key, secret))).toBeDefined()
  })

  it('opens nothing five seconds after its credential was withdrawn', async () => {
    const { credential, secret } = await make('all')
    const shown = basic(credential.key, secret)
    expect(await authenticate(shown)).toBeDefined()
    await test.inTenant((tx) => withdrawCredentialAs(tx, null, { key: credential.key }, now))
    now = new Date(now.getTime() + 5_001)
    expect(await authenticate(shown)).toBeUndefined()
    await expect(
      test.inTenant((tx) => withdrawCredentialAs(tx, null, { key: credential.key }, now)),
    ).rejects.toMatchObject({ code: 'credential_unknown' })
  })

  it('asks the base once, however many come at once', async () => {
    const { credential, secret } = await make('all')
    const shown = basic(credential.key, secret)
    const clients = await Promise.all(Array.from({ length: 20 }, () => authenticate(shown)))
    expect(new Set(clients).size).toBe(1)
  })

  it('notes the hour it was last used in', async () => {
    const { credential, secret } = await make('all')
    await authenticate(basic(credential.key, secret))
    const kept = await test.inTenant((tx) => findCredential(tx, { id: credential.id }))
    expect(kept?.lastUsedAt?.getTime()).toBe(Math.floor(now.getTime() / 3_600_000) * 3_600_000)
  })
})

describe('a credential', () => {
  it('is the authority of what it sends, even withdrawn', async () => {
    const { credential } = await make('all')
    await test.inTenant((tx) => withdrawCredentialAs(tx, null, { id: credential.id }, now))
    const known = await getCredential(test.services, test.tenant.id, credential.id)
    expect(known).toEqual({
      id: credential.id,
      sourceId: credential.sourceId,
      key: credential.key,
      authority: { objectType: 'Agent', account: { homePage: 'https://ent.example', name: credential.key } },
    })
    await expect(getCredential(test.services, test.tenant.id, randomUUIDv7())).rejects.toMatchObject({ status: 404 })
  })

  it('is one of several of the same source', async () => {
    const request = { name: 'Vidéos', scopes: ['all' as const] }
    const first = await test.inTenant((tx) => createCredential(tx, null, request, now))
    const second = await test.inTenant((tx) => createCredential(tx, null, request, now))
    expect(second.credential.sourceId).toBe(first.credential.sourceId)
    const keys = (await test.inTenant(listCredentials)).filter(({ name }) => name === 'Vidéos').map(({ key }) => key)
    expect(keys).toEqual([first.credential.key, second.credential.key])
  })

  it('is kept without its secret', async () => {
    const { secret } = await make('all')
    const { rows } = await test.services.owner.query<{ text: string }>(
      'select c::text as text from records.credential c',
    )
    expect(rows.map(({ text }) => text).join(' ')).not.toContain(secret)
  })
})

it.for<[RecordScope[], boolean, boolean]>([
  [['all'], false, true],
  [['all/read'], false, false],
  [['statements/read'], false, false],
  [['statements/read/mine', 'statements/write'], true, false],
  [['statements/read/mine', 'statements/read'], false, false],
  [['statements/write', 'define'], true, true],
])('scopes %j: reads only its own %s, defines %s', ([scopes, ownOnly, defines]) => {
  const client = { id: '', scopes, organisationId: null, contactDetails: false }
  expect([readsOwnOnly(client), mayDefine(client)]).toEqual([ownOnly, defines])
})
