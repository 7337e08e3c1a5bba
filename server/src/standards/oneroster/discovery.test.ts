import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTenant } from '#kernel/tenancy'
import { openTestApp, type TestApp } from '../../../test/app.ts'
import { makePerson } from '../../../test/make.ts'
import { endpoints } from './endpoints.ts'

let server: TestApp
beforeAll(async () => {
  server = await openTestApp({ publicUrl: 'https://instance.example' })
  await server.services.owner.query(`update kernel.tenant set host = 'ent.example.fr'`)
  await createTenant(server.services.owner, { slug: 'other', name: 'Autre', host: 'other.example.fr' })
})
afterAll(() => server.close())

interface Discovery {
  openapi: string
  servers: { url: string }[]
  paths: Record<string, { get: { operationId: string; security: Record<string, string[]>[]; parameters: object[] } }>
  components: {
    securitySchemes: Record<string, { flows: { clientCredentials: { tokenUrl: string; scopes: object } } }>
  }
}
const path = '/ims/oneroster/rostering/v1p2/discovery/onerosterv1p2rostersservice_openapi3_v1p0.json'
const discover = (host: string) => server.app.inject({ url: path, headers: { host } })

it('tells anyone what is served, at the address of the workspace that is asked', async () => {
  const answer = await discover('ent.example.fr')
  expect(answer.headers['content-type']).toContain('application/json')
  const { openapi, servers, paths, components } = answer.json<Discovery>()
  expect(openapi).toBe('3.0.1')
  expect(servers).toEqual([{ url: 'https://ent.example.fr/ims/oneroster/rostering/v1p2' }])
  expect(components.securitySchemes['OAuth2Security']?.flows.clientCredentials).toMatchObject({
    tokenUrl: 'https://ent.example.fr/api/oneroster/token',
  })
  const operations = Object.values(paths).map(({ get }) => get.operationId)
  expect(operations.sort()).toEqual(endpoints.map(({ operation }) => operation).sort())
  expect(paths['/students/{studentSourcedId}/classes']?.get.operationId).toBe('getClassesForStudent')
  expect(paths['/schools/{schoolSourcedId}/classes/{classSourcedId}/enrollments']?.get.security).toEqual([
    { OAuth2Security: ['https://purl.imsglobal.org/spec/or/v1p2/scope/roster.readonly'] },
  ])
  expect(paths['/orgs/{sourcedId}']?.get.parameters.map((each) => ({ ...each }))).toMatchObject([
    { name: 'sourcedId', in: 'path', required: true },
    { name: 'fields', in: 'query' },
  ])
  expect((await discover('other.example.fr')).json<Discovery>().servers[0]?.url).toContain('//other.example.fr/')
  expect((await discover('nobody.example')).statusCode).toBe(404)
})

it('leads where a token and objects are, whose addresses are those of the workspace too', async () => {
  const { servers, paths, components } = (await discover('ent.example.fr')).json<Discovery>()
  const operator = await server.inTenant((tx) => makePerson(tx, {}))
  const headers = { ...(await server.signIn(operator, [{ right: 'directory.administer' }])), host: 'ent.example.fr' }
  const made = await server.app.inject({
    method: 'POST',
    url: '/api/oneroster/clients',
    headers,
    payload: { name: 'LMS', organisationId: null, scopes: ['core'] },
  })
  const { client, secret } = made.json<{ client: { id: string }; secret: string }>()
  const listed = await server.app.inject({ url: '/api/oneroster/clients', headers })
  const { tokenUrl } = components.securitySchemes['OAuth2Security']!.flows.clientCredentials
  expect(listed.json()).toMatchObject({ serviceUrl: servers[0]?.url, tokenUrl })
  const form = { grant_type: 'client_credentials', client_id: client.id, client_secret: secret }
  const token = await server.app.inject({
    method: 'POST',
    url: tokenUrl,
    headers: { 'content-type': 'application/x-www-form-urlencoded', host: 'ent.example.fr' },
    payload: new URLSearchParams(form).toString(),
  })
  const authorization = `Bearer ${token.json<{ access_token: string }>().access_token}`
  await server.inTenant((tx) =>
    sql`insert into directory.school_year (id, start_year, starts_on, ends_on)
      values (gen_random_uuid(), 2026, '2026-09-01', '2027-08-31')`.execute(tx),
  )
  const url = `${servers[0]?.url}${Object.keys(paths).find((each) => each === '/academicSessions')}?limit=1`
  const page = await server.app.inject({ url, headers: { authorization, host: 'ent.example.fr' } })
  const sessions = page.json<{ academicSessions: { parent?: { href: string }; children?: { href: string }[] }[] }>()
  const [{ parent, children } = {}] = sessions.academicSessions
  expect((parent ?? children?.[0])?.href).toMatch(/^https:\/\/ent\.example\.fr\/ims\/oneroster\//)
  expect(page.headers['link']).toContain(`<${servers[0]?.url}/academicSessions?limit=1&offset=1>; rel="next"`)
})
