import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeEstablishment, makePerson } from '../../../../test/make.ts'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { authenticateCredential } from './authentication.ts'
import type { RecordScope } from './scopes.ts'

let now = new Date('2026-11-02T10:20:30Z')
let test: TestApp
let headers: { cookie: string }
beforeAll(async () => {
  test = await openTestApp({ now: () => now })
  headers = await test.signIn(await test.inTenant((tx) => makePerson(tx)), [{ right: 'records.administer' }])
})
afterAll(() => test.close())

interface Created {
  credential: { id: string; key: string; name: string; scopes: string[] }
  secret: string
}
async function create(name: string, scopes: RecordScope[]): Promise<Created> {
  const payload = { name, scopes }
  const answer = await test.app.inject({ method: 'POST', url: '/api/records/credentials', headers, payload })
  expect(answer.statusCode).toBe(201)
  return answer.json()
}
const list = () => test.app.inject({ url: '/api/records/credentials', headers })
const ask = (form: Record<string, string>, authorization?: string) =>
  test.app.inject({
    method: 'POST',
    url: '/api/records/token',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(authorization === undefined ? {} : { authorization }),
    },
    payload: new URLSearchParams(form).toString(),
  })
const authenticate = (authorization: string) =>
  authenticateCredential(test.services, { tenant: test.tenant, headers: { authorization } })

describe('an administrator of records', () => {
  it('creates a credential, sees it in the list without its secret, withdraws it', async () => {
    const { credential, secret } = await create(' Moodle du lycée ', ['statements/write', 'define'])
    expect(credential).toMatchObject({ name: 'Moodle du lycée', scopes: ['statements/write', 'define'] })
    const shown = await list()
    expect(shown.json()).toMatchObject({
      endpoint: 'http://localhost:3000/xapi',
      tokenUrl: 'http://localhost:3000/api/records/token',
      credentials: [credential],
    })
    expect(shown.body).not.toContain(secret)
    const url = `/api/records/credentials/${credential.id}`
    expect((await test.app.inject({ method: 'DELETE', url, headers })).statusCode).toBe(204)
    expect((await list()).json()).toMatchObject({ credentials: [] })
    expect((await test.app.inject({ method: 'DELETE', url, headers })).statusCode).toBe(404)
    const { rows } = await test.services.owner.query<{ action: string }>(
      'select action from kernel.audit_entry where subject_id = $1 order by recorded_at',
      [credential.id],
    )
    expect(rows.map(({ action }) => action)).toEqual(['records.credential_created', 'records.credential_withdrawn'])
  })

  it('is so over the whole workspace: an establishment is not enough', async () => {
    const [personId, organisationId] = await test.inTenant(async (tx) => [
      await makePerson(tx),
      await makeEstablishment(tx),
    ])
    const narrow = await test.signIn(personId!, [{ right: 'records.administer', organisationId: organisationId! }])
    expect((await test.app.inject({ url: '/api/records/credentials', headers: narrow })).statusCode).toBe(403)
    expect((await test.app.inject({ url: '/api/records/credentials' })).statusCode).toBe(401)
  })
})

describe('a token', () => {
  it('is given for a key and its secret, in the form or by Basic, and opens what they open', async () => {
    const { credential, secret } = await create('Vidéos', ['statements/write', 'state'])
    const form = { grant_type: 'client_credentials', client_id: credential.key, client_secret: secret }
    const first = await ask(form)
    expect(first.json()).toMatchObject({ token_type: 'Bearer', expires_in: 3600, scope: 'statements/write state' })
    const basic = `Basic ${Buffer.from(`${credential.key}:${secret}`).toString('base64')}`
    const second = await ask({ grant_type: 'client_credentials', scope: 'state' }, basic)
    const { access_token: token, scope } = second.json<{ access_token: string; scope: string }>()
    expect(scope).toBe('state')
    expect(await authenticate(`Bearer ${token}`)).toMatchObject({ id: credential.id, scopes: ['state'] })
    now = new Date(now.getTime() + 3_601_000)
    expect(await authenticate(`Bearer ${token}`)).toBeUndefined()
  })

  it('opens the store by what its scopes allow, and nothing else', async () => {
    const { credential, secret } = await create('Jeux', ['statements/write', 'state'])
    const form = { grant_type: 'client_credentials', client_id: credential.key, client_secret: secret }
    const { access_token: token } = (await ask({ ...form, scope: 'state' })).json<{ access_token: string }>()
    const call = (path: string, authorization: string) =>
      test.app.inject({ url: `/xapi${path}`, headers: { authorization, 'x-experience-api-version': '2.0.0' } })
    const agent = encodeURIComponent('{"mbox":"mailto:a@a.example"}')
    const states = `/activities/state?activityId=https://a.example&agent=${agent}`
    expect((await call(states, `Bearer ${token}`)).statusCode).toBe(200)
    expect((await call('/statements', `Bearer ${token}`)).statusCode).toBe(403)
    expect((await call(states, `Bearer ${token.slice(1)}`)).statusCode).toBe(401)
  })

  it('is refused otherwise', async () => {
    const { credential, secret } = await create('Forum', ['state'])
    const form = { grant_type: 'client_credentials', client_id: credential.key, client_secret: secret }
    const wrong = await ask({ ...form, client_secret: 'no' })
    expect([wrong.statusCode, wrong.json()]).toEqual([401, { error: 'invalid_client' }])
    const wider = await ask({ ...form, scope: 'state all' })
    expect([wider.statusCode, wider.json()]).toEqual([400, { error: 'invalid_scope' }])
    const other = await ask({ ...form, grant_type: 'password' })
    expect([other.statusCode, other.json()]).toEqual([400, { error: 'unsupported_grant_type' }])
  })

  it('opens nothing once its credential is withdrawn', async () => {
    const { credential, secret } = await create('Exercices', ['state'])
    const form = { grant_type: 'client_credentials', client_id: credential.key, client_secret: secret }
    const { access_token: token } = (await ask(form)).json<{ access_token: string }>()
    await test.app.inject({ method: 'DELETE', url: `/api/records/credentials/${credential.id}`, headers })
    expect(await authenticate(`Bearer ${token}`)).toBeUndefined()
  })
})
