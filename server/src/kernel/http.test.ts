import { afterAll, beforeAll, expect, test } from 'vitest'
import { type App, createHttp } from './http.ts'

const failed = (code: string) => Object.assign(new Error('refused by PostgreSQL'), { code })

let app: App
const nobody = () => Promise.resolve(undefined)
const open = (publicUrl: string) =>
  createHttp({
    publicUrl,
    logLevel: 'silent',
    findTenant: () => Promise.reject(new Error('no route here has a tenant')),
    authenticate: nobody,
    authenticateClient: nobody,
    findViewer: nobody,
  })
beforeAll(async () => {
  app = await open('http://localhost')
  app.get('/framed', { config: { access: 'public' } }, (_request, reply) =>
    reply.header('content-security-policy', "frame-ancestors 'none'").send('here'),
  )
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

test.for(['/framed', '/failing/53100', '/nowhere'])('%s has the headers that browsers go by', async (url) => {
  const { headers } = await app.inject({ url })
  expect(headers).toMatchObject({
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    'content-security-policy': expect.stringContaining(
      url === '/framed' ? "frame-ancestors 'none'" : "default-src 'self'",
    ) as string,
  })
  expect(headers).not.toHaveProperty('strict-transport-security')
})

test('over HTTPS, browsers are told to keep to it', async () => {
  const secure = await open('https://ent.example')
  const { headers } = await secure.inject({ url: '/nowhere' })
  await secure.close()
  expect(headers['strict-transport-security']).toMatch(/^max-age=31536000/)
  expect(headers['content-security-policy']).toContain('upgrade-insecure-requests')
})
