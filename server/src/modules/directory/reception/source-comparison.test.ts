import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makePerson } from '../../../../test/make.ts'
import { makeEstablishment, makePupil, type SmallFeed, writeSmallFeed } from '../../../../test/small-feed.ts'
import { applyImport } from '../imports/import-applying.ts'
import { stageImport } from '../imports/imports.ts'
import { tables } from '../tables.ts'
import { askComparison, computeComparison, forgetComparisons, type SourceComparison } from './source-comparison.ts'
import type { ComparedEstablishment, ComparedRecord } from './source-comparison.queries.ts'

let test: TestApp
let folder: string
let importer: { cookie: string }
const sources: Record<string, string> = {}

async function importFeed(feed: SmallFeed): Promise<void> {
  const path = await writeSmallFeed(join(folder, feed.academy ?? ''), feed)
  const { id } = await stageImport(test.services, { tenantId: test.tenant.id, folder: path, actorPersonId: null })
  await applyImport(test.services, { tenantId: test.tenant.id, id, actorPersonId: null, acceptAlerts: true })
}

beforeAll(async () => {
  test = await openTestApp({ now: () => new Date('2026-09-16T08:00:00Z') })
  folder = await mkdtemp(join(tmpdir(), 'preau-compared-'))
  const person = await test.inTenant((tx) => makePerson(tx))
  importer = await test.signIn(person, [{ right: 'directory.import' }])
  const uai = { ENTStructureUAI: '0800052A' }
  const other = { ENTStructureUAI: '0800053B' }
  await importFeed({
    academy: '20',
    establishments: [makeEstablishment('52', uai), makeEstablishment('53', other)],
    pupils: [
      makePupil('101', '52', { sn: 'MARTIN', givenName: 'Léa', mail: 'lea@a.example' }),
      makePupil('102', '52', { sn: 'PETIT', givenName: 'Tom' }),
      makePupil('103', '52', { sn: 'DURAND', givenName: 'Zoé', ENTEleveINE: '123456789AB', mobile: '0600000001' }),
      makePupil('104', '53', { sn: 'ROUX', givenName: 'Ana' }),
      // Two of one name and date of birth: nobody can say which is which.
      makePupil('105', '53', { sn: 'JEAN', givenName: 'Max' }),
      makePupil('106', '53', { sn: 'JEAN', givenName: 'Max' }),
    ],
  })
  await importFeed({
    academy: '10',
    establishments: [makeEstablishment('7', uai), makeEstablishment('8', other)],
    pupils: [
      makePupil('901', '7', { sn: 'Martin', givenName: 'LEA', mail: 'lea@b.example' }),
      makePupil('903', '7', { sn: 'DURAND', givenName: 'Zoë Marie', ENTEleveINE: '123456789AB', mobile: '0600000001' }),
      makePupil('905', '8', { sn: 'JEAN', givenName: 'Max' }),
      makePupil('909', '8', { sn: 'NOUVEAU', givenName: 'Ben' }),
    ],
  })
  const rows = await test.inTenant((tx) => tables(tx).selectFrom('directory.source').select(['id', 'key']).execute())
  for (const { id, key } of rows) sources[key] = id
})
afterAll(async () => {
  await test.close()
  await rm(folder, { recursive: true })
})

async function ask<T>(path: string, query: Record<string, string> = {}): Promise<T> {
  const asked = new URLSearchParams({ left: sources['20']!, right: sources['10']!, kind: 'pupil', ...query })
  const response = await test.app.inject({
    url: `/api/directory/source-comparison${path}?${asked.toString()}`,
    headers: importer,
  })
  expect([path, response.statusCode]).toEqual([path, 200])
  return response.json<T>()
}

const records = async (query: Record<string, string>) =>
  (await ask<{ records: ComparedRecord[] }>('/records', query)).records

it('counts by establishment who is in one, in the other, in both', async () => {
  const { establishments } = await ask<{ establishments: ComparedEstablishment[] }>('')
  expect(establishments.map(({ name: _name, id: _id, ...counts }) => counts)).toEqual([
    { onlyLeft: 3, onlyRight: 2, both: 0, different: 0 },
    { onlyLeft: 1, onlyRight: 0, both: 2, different: 2 },
  ])
  const places = await ask<{ establishments: ComparedEstablishment[] }>('', { kind: 'establishment' })
  expect(places.establishments.map(({ both }) => both)).toEqual([1, 1])
})

it('lists who is in one only', async () => {
  expect((await records({ view: 'left' })).map(({ left }) => left?.externalId)).toEqual(['102', '104', '105', '106'])
  expect((await records({ view: 'right' })).map(({ right }) => right?.label)).toEqual(['JEAN Max', 'NOUVEAU Ben'])
})

it('tells what differs of those in both, found by their number or by their names', async () => {
  expect(await records({ view: 'different' })).toMatchObject([
    {
      left: { externalId: '101' },
      right: { externalId: '901' },
      fields: [
        { field: 'email', left: 'lea@a.example', right: 'lea@b.example' },
        { field: 'givenName', left: 'Léa', right: 'LEA' },
      ],
    },
    { left: { externalId: '103' }, right: { externalId: '903' }, fields: [{ field: 'givenName' }] },
  ])
})

it('is limited to an establishment, and read page by page', async () => {
  const { establishments } = await ask<{ establishments: ComparedEstablishment[] }>('')
  const id = establishments[0]!.id!
  expect((await records({ view: 'left', establishment: id })).map(({ left }) => left?.externalId)).toEqual([
    '104',
    '105',
    '106',
  ])
  const first = await ask<{ records: ComparedRecord[]; next: string }>('/records', { view: 'left', limit: '3' })
  const rest = await ask<{ records: ComparedRecord[]; next: null }>('/records', {
    view: 'left',
    limit: '3',
    after: first.next,
  })
  expect([...first.records, ...rest.records].map(({ left }) => left?.externalId)).toEqual(['102', '104', '105', '106'])
  expect(rest.next).toBeNull()
})

it('refuses a source with itself, and one that is not', async () => {
  for (const [right, status] of [
    [sources['20']!, 400],
    ['00000000-0000-7000-8000-000000000000', 404],
  ] as const) {
    const query = new URLSearchParams({ left: sources['20']!, right, kind: 'pupil' })
    const response = await test.app.inject({
      url: `/api/directory/source-comparison?${query.toString()}`,
      headers: importer,
    })
    expect(response.statusCode).toBe(status)
  }
})

it('of large sources is computed once in the background, and read from then on', { timeout: 60_000 }, async () => {
  // Guardians of both: 16,000 each, 15,000 of them the same people, of whom 5,000 have another telephone.
  await test.inTenant(async (tx) => {
    for (const [key, from] of [
      ['20', 1],
      ['10', 1001],
    ] as const) {
      await sql`insert into directory.source_record (source_id, kind, external_id, subject_id, hash, body)
        select ${sources[key]!}, 'guardian', 'G' || i, ('00000000-0000-7000-8000-' || lpad(i::text, 12, '0'))::uuid, '\\x00',
          jsonb_build_object('familyName', case ${key} when '20' then 'NOM' else 'Nom' end, 'givenName', 'Prénom',
            'phone', case when ${key} = '10' and i % 3 = 0 then '2' else '1' end)
        from generate_series(${from}::int, ${from + 15_999}::int) i`.execute(tx)
    }
  })
  const input = { left: sources['20']!, right: sources['10']!, kind: 'guardian' as const, tenantId: test.tenant.id }
  const question = { kind: 'guardian' }
  const asked = await ask<SourceComparison>('', question)
  expect(asked).toMatchObject({ state: 'computing', done: 0, total: 32_000, establishments: [] })
  const query = new URLSearchParams({ left: input.left, right: input.right, view: 'left', ...question }).toString()
  const early = await test.app.inject({
    url: `/api/directory/source-comparison/records?${query}`,
    headers: importer,
  })
  expect([early.statusCode, early.json<{ code: string }>().code]).toEqual([409, 'comparison_computing'])

  const find = () =>
    test.inTenant((tx) => tables(tx).selectFrom('directory.source_comparison').selectAll().executeTakeFirstOrThrow())
  const { id } = await find()
  // Asked again meanwhile, it is the same one.
  await ask('', question)
  expect((await find()).id).toBe(id)
  const job = { tenantId: test.tenant.id, comparisonId: id }
  await computeComparison(test.services, job, new AbortController().signal)
  expect(await find()).toMatchObject({ state: 'ready', done: 32_000 })
  expect(await ask<SourceComparison>('', question)).toMatchObject({
    state: 'ready',
    establishments: [{ id: null, onlyLeft: 1000, onlyRight: 1000, both: 15_000, different: 5000 }],
  })
  expect((await records({ ...question, view: 'left', limit: '2' })).map(({ left }) => left?.externalId)).toEqual([
    'G1',
    'G10',
  ])
  const different: ComparedRecord[] = []
  for (let after: string | null = ''; after !== null;) {
    const page: { records: ComparedRecord[]; next: string | null } = await ask('/records', {
      ...question,
      view: 'different',
      limit: '1000',
      ...(after && { after }),
    })
    different.push(...page.records)
    after = page.next
  }
  expect(different).toHaveLength(5000)
  expect(different[0]?.fields).toEqual([{ field: 'phone', left: '1', right: '2' }])

  // Another import of either makes it anew; one that stops is told, and tried again by who asks for it.
  await test.inTenant((tx) => tables(tx).updateTable('directory.source_comparison').set({ basis: 'others' }).execute())
  expect(await ask<SourceComparison>('', question)).toMatchObject({ state: 'computing' })
  const anew = await find()
  expect(anew.id).not.toBe(id)
  const stopped = AbortSignal.abort(new Error('The program stops.'))
  await expect(computeComparison(test.services, { ...job, comparisonId: anew.id }, stopped)).rejects.toThrow('stops')
  expect(await ask<SourceComparison>('', question)).toMatchObject({ state: 'failed' })
  expect(await ask<SourceComparison>('', { ...question, again: 'true' })).toMatchObject({ state: 'computing' })
  // Its program died: some time later it is begun anew.
  const dead = await find()
  const later = { ...test.services, now: () => new Date(dead.asked_at.getTime() + 1_000_000) }
  await test.inTenant((tx) => askComparison(later, tx, { ...input, again: false }))
  expect((await find()).id).not.toBe(dead.id)

  await test.inTenant((tx) => forgetComparisons(tx, new Date('2026-10-16T08:00:00Z')))
  const left = await test.inTenant((tx) => tables(tx).selectFrom('directory.compared_record').select('place').execute())
  expect(left).toEqual([])
})
