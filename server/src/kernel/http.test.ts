import { afterAll, beforeAll, expect, test } from 'vitest'
import { type App, createHttp } from './http.ts'

const failed = (code: string) => Object.assign(new Error('refused by PostgreSQL'), { code })

let app: App
beforeAll(async () => {
  const nobody = () => Promise.resolve(undefined)
  app = await createHttp({
    publicUrl: 'http://localhost',
    logLevel: 'silent',
    findTenant: () => Promise.reject(new Error('no route here has a tenant')),
    authenticate: nobody,
    authenticateClient: nobody,
  })
  app.get('/failing/*', { config: { access: 'public' } }, (request) => {
    throw failed((request.params as { '*': string })['*'])
  })
})
afterAll(() => app.close())

// SQLSTATE, what is answered, and when to come again.
test.for([
  ['53100', 503, 'storage_full', '60'],
  ['53300', 503, 'database_unavailable', '5'],
  ['57014', 503, 'database_busy', '30'],
  ['22021', 400, 'invalid_text', undefined],
  ['22003', 400, 'invalid_request', undefined],
  ['23505', 500, 'internal_error', undefined],
] as const)('a database that fails with %s is answered %s %s', async ([sqlState, status, code, retryAfter]) => {
  const answer = await app.inject({ url: `/failing/${sqlState}` })
  expect(answer.json()).toMatchObject({ status, code })
  expect(answer.headers['retry-after']).toBe(retryAfter)
  expect(answer.body).not.toContain('refused by PostgreSQL')
})
