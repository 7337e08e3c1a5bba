import { createServer } from 'node:http'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applyImport, type ImportView, stageImport } from '#modules/directory'
import { openTestApp, type TestApp } from '../../../test/app.ts'
import { makePerson } from '../../../test/make.ts'
import { makeOneRosterSchool, writeSmallOneRoster } from '../../../test/small-oneroster.ts'
import { createClient } from './clients.ts'
import { createConnection, fetchConnection } from './connections.ts'
import { listConnections } from './connections.queries.ts'
import { ServiceClient } from './service-client.ts'

const now = new Date('2026-11-16T10:00:00Z')
const never = new AbortController().signal
let provider: TestApp
let consumer: TestApp
let address: string
let credentials: { clientId: string; secret: string }
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preau-connections-'))
  provider = await openTestApp({ now: () => now })
  consumer = await openTestApp({ now: () => now, workers: true })
  await writeSmallOneRoster(join(folder, 'school'), makeOneRosterSchool())
  const by = { tenantId: provider.tenant.id, actorPersonId: null }
  const staged = await stageImport(provider.services, { ...by, folder: join(folder, 'school') })
  await applyImport(provider.services, { ...by, id: staged.id, acceptAlerts: true })
  const { client, secret } = await provider.inTenant((tx) =>
    createClient(
      tx,
      null,
      { name: 'consumer', organisationId: null, scopes: ['core', 'demographics'], contactDetails: true },
      now,
    ),
  )
  credentials = { clientId: client.id, secret }
  address = await provider.app.listen({ port: 0, host: '127.0.0.1' })
})
afterAll(async () => {
  await provider.close()
  await consumer.close()
  await rm(folder, { recursive: true })
})

let names = 0
async function connect(more: Partial<Parameters<typeof createConnection>[1]> = {}): Promise<string> {
  const connection = await createConnection(consumer.services, {
    tenantId: consumer.tenant.id,
    actorPersonId: null,
    name: `voisin ${++names}`,
    serviceUrl: `${address}/ims/oneroster/rostering/v1p2`,
    tokenUrl: `${address}/api/oneroster/token`,
    nightly: true,
    ...credentials,
    ...more,
  })
  return connection.id
}

const fetchFrom = (id: string) =>
  fetchConnection(
    consumer.services,
    { tenantId: consumer.tenant.id, id, actorPersonId: null, unattended: false },
    never,
  )

/** Waits for the worker to have read what was fetched. */
async function settle(id: string): Promise<ImportView> {
  const headers = await consumer.signIn(await consumer.inTenant((tx) => makePerson(tx)), [
    { right: 'directory.import' },
  ])
  for (let left = 100; ; left--) {
    const found = (await consumer.app.inject({ url: `/api/directory/imports/${id}`, headers })).json() as ImportView
    if (found.state !== 'staging' || left === 0) return found
    await wait(100)
  }
}

const apply = (id: string) =>
  applyImport(consumer.services, { tenantId: consumer.tenant.id, id, actorPersonId: null, acceptAlerts: true })

const relations = (of: TestApp) =>
  of.inTenant(async (tx) => {
    const { rows } = await sql<{ line: string }>`
      select p.given_name || ' ' || p.family_name || ' ' || a.profile || ' ' || o.uai || ' ' || coalesce(p.born_on::text, '-')
        || ' ' || coalesce(p.email, '-') as line
      from directory.affiliation a join directory.person p on p.id = a.person_id and p.gone_on is null
      join directory.organisation o on o.id = a.organisation_id
      union all select p.given_name || ' in ' || g.name || ' ' || g.kind from directory.membership m
      join directory.person p on p.id = m.person_id join directory.teaching_group g on g.id = m.teaching_group_id
      union all select p.given_name || ' teaches ' || g.name || ' ' || t.main_teacher || ' ' || coalesce(
        (select string_agg(s.name, ',') from directory.subject s where s.source_id = t.source_id and s.code = any(t.subject_codes)), '')
      from directory.teaching t join directory.person p on p.id = t.person_id
      join directory.teaching_group g on g.id = t.teaching_group_id
      union all select p.given_name || ' guards ' || c.given_name from directory.guardianship g
      join directory.person p on p.id = g.guardian_id join directory.person c on c.id = g.pupil_id
      order by 1`.execute(tx)
    return rows.map(({ line }) => line)
  })

describe('a service of another workspace', () => {
  it('gives the same people, classes and relations', async () => {
    const id = await connect()
    const read = await settle((await fetchFrom(id)).id)
    expect(read.refusal).toBeNull()
    expect(read).toMatchObject({ state: 'ready', source: { name: 'OneRoster, voisin 1' } })
    await apply(read.id)
    const [there, here] = [await relations(provider), await relations(consumer)]
    expect(there.length).toBeGreaterThan(10)
    expect(here).toEqual(there)

    // Again: nothing to do. Then what is no longer served is gone.
    expect((await settle((await fetchFrom(id)).id)).nothingToDo).toBe(true)
    await provider.inTenant((tx) =>
      sql`update directory.person set gone_on = '2026-11-15' where given_name = 'Noé'`.execute(tx),
    )
    const less = await settle((await fetchFrom(id)).id)
    expect(less.counts.pupil).toMatchObject({ removed: 1, unchanged: 1 })
    await apply(less.id)
    expect((await relations(consumer)).filter((line) => line.startsWith('Noé'))).toEqual([])
    const [known] = await consumer.inTenant(listConnections)
    expect(known).toMatchObject({ failure: null, importId: less.id })
  })

  it('is asked page after page', async () => {
    const id = await connect({ name: 'pages' })
    await provider.inTenant(async (tx) => {
      await sql`with added as (
          insert into directory.person (id, family_name, given_name, family_key, given_key)
          select uuidv7(), 'Élève ' || n, 'Camille', 'eleve ' || n, 'camille' from generate_series(1, 1200) n returning id)
        insert into directory.affiliation (person_id, organisation_id, profile)
        select added.id, o.id, 'pupil' from added, directory.organisation o where o.uai is not null`.execute(tx)
    })
    const read = await settle((await fetchFrom(id)).id)
    expect(read.counts.pupil?.read).toBe(1201)
    expect(read.files.find(({ name }) => name === 'users.csv')?.rows).toMatchObject({ rows: 1204, kept: 1204 })
  })
})

describe('a service of another make', () => {
  interface Trouble {
    /** Most objects of a page, whatever is asked. */
    page?: number
    /** As X-Total-Count says; none: nothing is said. */
    total?: number
    /** Statuses of the next answers, before those that hold something. */
    statuses?: number[]
  }

  /** Serves 5 schools and nothing else; every other kind is not known to it. */
  async function serve({ page = 1_000, total, statuses = [] }: Trouble) {
    const asked: string[] = []
    const fake = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://fake')
      if (pathname === '/token') return response.end('{"access_token":"x","token_type":"Bearer","expires_in":60}')
      asked.push(request.url ?? '')
      const status = statuses.shift()
      if (status !== undefined) return response.writeHead(status, { 'retry-after': '0' }).end()
      if (pathname !== '/orgs') return response.writeHead(404).end()
      const offset = Number(searchParams.get('offset'))
      const orgs = Array.from({ length: 5 }, (_, index) => ({
        sourcedId: `org-${index}`,
        name: 'École',
        type: 'school',
      }))
      if (total !== undefined) response.setHeader('x-total-count', total)
      return response.end(JSON.stringify({ orgs: orgs.slice(offset, offset + page) }))
    })
    await new Promise<void>((resolve) => fake.listen(0, '127.0.0.1', resolve))
    const { port } = fake.address() as { port: number }
    const base = `http://127.0.0.1:${port}`
    const service = { serviceUrl: base, tokenUrl: `${base}/token`, clientId: 'c', secret: 's' }
    const client = new ServiceClient(service, never)
    const read = async () => {
      const ids: unknown[] = []
      for await (const objects of (await client.list('orgs')) ?? [])
        ids.push(...objects.map(({ sourcedId }) => sourcedId))
      return ids
    }
    const ids = await read().then(
      (found) => found,
      (error: { code?: string; status?: number }) => ({ code: error.code, status: error.status }),
    )
    fake.closeAllConnections()
    fake.close()
    return { ids, asked: asked.length }
  }
  const all = ['org-0', 'org-1', 'org-2', 'org-3', 'org-4']

  it('gives fewer at a time than it is asked, with or without a total', async () => {
    expect(await serve({ page: 2, total: 5 })).toEqual({ ids: all, asked: 3 })
    expect(await serve({ page: 2 })).toEqual({ ids: all, asked: 4 })
  })

  it('ends before its total: not taken for whole', async () => {
    expect((await serve({ page: 2, total: 9 })).ids).toEqual({ code: 'answer_invalid', status: 200 })
  })

  it('asks for patience, or fails for a moment: asked again', async () => {
    expect(await serve({ statuses: [429, 503] })).toEqual({ ids: all, asked: 4 })
    expect(await serve({ statuses: [500, 502, 504] })).toEqual({
      ids: { code: 'service_refused', status: 504 },
      asked: 3,
    })
    expect(await serve({ statuses: [401] })).toEqual({ ids: { code: 'service_refused', status: 401 }, asked: 1 })
  })
})

describe('a service that cannot be read', () => {
  const failure = (id: string) =>
    fetchFrom(id).then(
      () => 'fetched',
      (error: { code?: string }) => error.code,
    )
  const folders = async () => readdir(join(consumer.config.dataDirectory, 'incoming')).catch(() => [])

  it('is noted, and changes nothing', async () => {
    const before = await folders()
    expect(await failure(await connect({ name: 'wrong', secret: 'wrong' }))).toBe('token_refused')
    expect(await failure(await connect({ name: 'away', serviceUrl: 'http://127.0.0.1:9/v1p2' }))).toBe(
      'service_unreachable',
    )
    const elsewhere = await connect({ name: 'elsewhere', serviceUrl: `${address}/livez` })
    expect(await failure(elsewhere)).not.toBe('fetched')
    const connections = await consumer.inTenant(listConnections)
    expect(connections.find(({ name }) => name === 'wrong')?.failure).toEqual({ code: 'token_refused', status: 401 })
    expect(await folders()).toEqual(before)
  })

  it.each([
    ['no JSON', 200, '<html>'],
    ['another shape', 200, '{"orgs": {}}'],
    ['an error', 500, '{}'],
    ['a redirection', 302, ''],
  ])('answers %s', async (_name, status, body) => {
    const fake = createServer((request, response) => {
      const isToken = request.url === '/token'
      response.writeHead(isToken ? 200 : status, {
        'content-type': 'application/json',
        location: 'http://127.0.0.1:9/',
        'retry-after': '0',
      })
      response.end(isToken ? '{"access_token":"x","token_type":"Bearer","expires_in":60}' : body)
    })
    await new Promise<void>((resolve) => fake.listen(0, '127.0.0.1', resolve))
    const { port } = fake.address() as { port: number }
    const base = `http://127.0.0.1:${port}`
    const id = await connect({ name: `fake ${status} ${body}`, serviceUrl: base, tokenUrl: `${base}/token` })
    const expected = status === 500 ? 'service_refused' : status === 302 ? 'service_unreachable' : 'answer_invalid'
    expect(await failure(id)).toBe(expected)
    fake.closeAllConnections()
    fake.close()
  })

  it('answers a page where tokens are asked for', async () => {
    const fake = createServer((_request, response) => response.end('<html>'))
    await new Promise<void>((resolve) => fake.listen(0, '127.0.0.1', resolve))
    const { port } = fake.address() as { port: number }
    const id = await connect({ name: 'page for tokens', tokenUrl: `http://127.0.0.1:${port}/` })
    expect(await failure(id)).toBe('answer_invalid')
    fake.closeAllConnections()
    fake.close()
  })

  it('is refused in clear on another machine', async () => {
    await expect(connect({ serviceUrl: 'http://sis.example/v1p2' })).rejects.toMatchObject({ code: 'service_insecure' })
  })
})

describe('connections', () => {
  it('keep their secret sealed and tell it to nobody', async () => {
    const { rows } = await consumer.services.owner.query<{ text: string }>(
      'select c::text as text from oneroster.connection c',
    )
    expect(rows.map((row) => row.text).join('')).not.toContain(credentials.secret)
    const importer = await consumer.inTenant((tx) => makePerson(tx))
    const headers = await consumer.signIn(importer, [{ right: 'directory.import' }])
    const made = await consumer.app.inject({
      method: 'POST',
      url: '/api/oneroster/connections',
      headers,
      payload: {
        name: 'by page',
        serviceUrl: `${address}/x`,
        tokenUrl: `${address}/y`,
        clientId: 'c',
        secret: 'hush-hush',
      },
    })
    expect(made.statusCode).toBe(201)
    const list = await consumer.app.inject({ url: '/api/oneroster/connections', headers })
    expect(made.body + list.body).not.toContain('hush-hush')
    const { id } = made.json() as { id: string }
    const again = { method: 'DELETE' as const, url: `/api/oneroster/connections/${id}`, headers }
    expect((await consumer.app.inject(again)).statusCode).toBe(204)
    expect((await consumer.app.inject(again)).statusCode).toBe(404)
    const stranger = await consumer.signIn(await consumer.inTenant((tx) => makePerson(tx)))
    expect((await consumer.app.inject({ url: '/api/oneroster/connections', headers: stranger })).statusCode).toBe(403)
  })
})
