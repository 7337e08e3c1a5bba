import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makePerson } from '../../../../test/make.ts'
import { makeEstablishment, makePupil, type SmallFeed, writeSmallFeed } from '../../../../test/small-feed.ts'
import { applyImport } from '../imports/import-applying.ts'
import { stageImport } from '../imports/imports.ts'
import { tables } from '../tables.ts'
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
