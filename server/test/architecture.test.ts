import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeApi } from '../../tools/openapi.ts'
import { createHttp } from '#kernel/http'
import { queues } from '../src/app.ts'
import { openTestApp, type TestApp } from './app.ts'

let server: TestApp
beforeAll(async () => {
  server = await openTestApp()
})
afterAll(() => server.close())

// The registry of tenants is read before a tenant is known; the journal of migrations belongs to the instance.
const tablesOfNoTenant = ['kernel.tenant', 'public.preau_migration']

test('every table holds a tenant and is closed by row-level security, but for a named few', async () => {
  const { rows } = await server.services.owner.query<{
    name: string
    tenant: boolean
    secured: boolean
    forced: boolean
    policies: number
  }>(`
    select format('%s.%s', n.nspname, c.relname) as name, c.relrowsecurity as secured, c.relforcerowsecurity as forced,
      exists (select from pg_attribute where attrelid = c.oid and attname = 'tenant_id' and attnotnull) as tenant,
      (select count(*)::int from pg_policy where polrelid = c.oid) as policies
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and not c.relispartition
      and n.nspname not in ('pg_catalog', 'information_schema', 'pgboss')`)
  expect(rows.length).toBeGreaterThan(20)
  const open = rows.filter((row) => !(row.tenant && row.secured && row.forced && row.policies > 0))
  expect(open.map((row) => row.name).sort()).toEqual(tablesOfNoTenant)
})

test('the role that serves requests bypasses nothing and changes no audit entry', async () => {
  const { rows } = await server.services.owner.query(`
    select rolsuper or rolbypassrls or rolcreaterole or rolcreatedb as mighty,
      has_table_privilege('preau_app', 'kernel.audit_entry', 'update') as updates,
      has_table_privilege('preau_app', 'kernel.audit_entry', 'delete') as deletes
    from pg_roles where rolname = 'preau_app'`)
  expect(rows).toEqual([{ mighty: false, updates: false, deletes: false }])
})

test('the audit trail refuses changes even from its owner', async () => {
  await server.services.owner.query(
    `insert into kernel.audit_entry (tenant_id, id, action, subject_kind) values ($1, gen_random_uuid(), 'test.done', 'none')`,
    [server.tenant.id],
  )
  await expect(server.services.owner.query('delete from kernel.audit_entry')).rejects.toThrow('append-only')
  await expect(server.services.owner.query(`update kernel.audit_entry set action = 'x'`)).rejects.toThrow('append-only')
  await expect(server.services.owner.query('truncate kernel.audit_entry')).rejects.toThrow('append-only')
})

test('a route that states no access, or one that nothing would check, is refused at start', async () => {
  const app = await createHttp({
    publicUrl: 'http://localhost',
    logLevel: 'silent',
    findTenant: () => Promise.resolve(server.tenant),
    authenticate: () => Promise.resolve(undefined),
    authenticateClient: () => Promise.resolve(undefined),
    findViewer: () => Promise.resolve(undefined),
  })
  expect(() => app.get('/api/open', () => 'anyone')).toThrow('states no access')
  // Only under /api is anyone asked who they are.
  const closed = { config: { access: 'signed-in' as const } }
  expect(() => app.get('/elsewhere', closed, () => 'anyone')).toThrow('is open to everyone')
})

test('the routes open to everyone are these and no other', async () => {
  const api = JSON.parse(await describeApi()) as { paths: Record<string, Record<string, { 'x-access': string }>> }
  const routes = Object.entries(api.paths).flatMap(([url, methods]) =>
    Object.entries(methods).map(([method, route]) => ({ name: `${method} ${url}`, access: route['x-access'] })),
  )
  expect(routes.filter((route) => !/^(public|signed-in|viewer|right:.+|scope:.+)$/.test(route.access))).toEqual([])
  const open = routes.filter((route) => route.access === 'public').map((route) => route.name)
  expect(open.sort()).toMatchSnapshot()
})

test.for(['fr', 'en'])('every queue has a name that people read (%s)', async (language) => {
  const path = new URL(`../../web/src/locales/${language}/insight.json`, import.meta.url)
  const { queueName } = JSON.parse(await readFile(path, 'utf8')) as { queueName: Record<string, string> }
  const unnamed = queues.filter(({ name }) => !(name.replaceAll('.', '_') in queueName))
  expect(unnamed.map(({ name }) => name)).toEqual([])
})
