import { mkdir, readdir } from 'node:fs/promises'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { listAudit } from '#kernel/audit'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makeEstablishment as makePlace, makePerson } from '../../../../test/make.ts'
import { makeEstablishment, makePupil, writeSmallFeed } from '../../../../test/small-feed.ts'
import { applyImport, stageImport } from '../index.ts'
import { raiseAlert } from './alerts.ts'
import type { FeedAlertView } from './alerts.queries.ts'
import { chooseSourceFolder } from './sources.ts'
import type { SourceDetail, SourceHistoryView, SourceSettings, SourceView } from './sources.routes.ts'

let test: TestApp
let folder: string
let importer: { cookie: string }
let personId: string
let sourceId: string

beforeAll(async () => {
  test = await openTestApp({ now: () => new Date('2026-09-16T08:00:00Z') })
  folder = await mkdtemp(join(tmpdir(), 'preau-sources-'))
  personId = await test.inTenant((tx) => makePerson(tx, { givenName: 'Alix', familyName: 'Martin' }))
  importer = await test.signIn(personId, [{ right: 'directory.import' }])
  for (const [date, pupils] of [
    ['2026-09-14', ['101', '102']],
    ['2026-09-15', ['101', '102', '103']],
    ['2026-09-16', ['101', '103']],
  ] as const) {
    const path = await writeSmallFeed(join(folder, date), {
      date,
      establishments: [makeEstablishment('52')],
      pupils: [...pupils.map((id) => makePupil(id, '52')), makePupil('109', '52', { ENTPersonDateNaissance: 'never' })],
    })
    const { id } = await stageImport(test.services, { tenantId: test.tenant.id, folder: path, actorPersonId: null })
    await applyImport(test.services, { tenantId: test.tenant.id, id, actorPersonId: null, acceptAlerts: true })
  }
  const [source] = (await get<{ sources: SourceView[] }>('/sources')).sources
  sourceId = source!.id
})
afterAll(async () => {
  await test.close()
  await rm(folder, { recursive: true })
})

async function get<T>(url: string, headers: { cookie?: string } = importer): Promise<T> {
  const response = await test.app.inject({ url: `/api/directory${url}`, headers })
  expect([url, response.statusCode]).toEqual([url, 200])
  return response.json<T>()
}

async function change(settings: Partial<SourceSettings>) {
  const { settings: former } = await get<SourceDetail>(`/sources/${sourceId}`)
  const response = await test.app.inject({
    method: 'PUT',
    url: `/api/directory/sources/${sourceId}/settings`,
    headers: importer,
    payload: { ...former, ...settings },
  })
  return { status: response.statusCode, ...response.json<SourceDetail & { code?: string }>() }
}

it('lists sources, and only to those who import for the whole workspace', async () => {
  expect(await get('/sources')).toMatchObject({
    sources: [
      {
        kind: 'aaf2d',
        name: 'AAF 2D, académie 20',
        lastImport: { state: 'applied', mode: 'full', exportedOn: '2026-09-16' },
        nextExpectedAt: null,
        alerts: 0,
      },
    ],
  })
  const place = await test.inTenant((tx) => makePlace(tx))
  const other = await test.inTenant((tx) => makePerson(tx))
  const limited = await test.signIn(other, [{ right: 'directory.import', organisationId: place }])
  for (const url of ['/sources', `/sources/${sourceId}`, `/sources/${sourceId}/history`, '/feed-alerts']) {
    const response = await test.app.inject({ url: `/api/directory${url}`, headers: limited })
    expect([url, response.statusCode]).toEqual([url, 403])
  }
})

it('tells what each import changed and what was present then', async () => {
  const { history } = await get<{ history: SourceHistoryView[] }>(`/sources/${sourceId}/history`)
  expect(
    history.map(({ exportedOn, present, added, removed, quarantined }) => [
      exportedOn,
      present.pupil,
      added,
      removed,
      quarantined,
    ]),
  ).toEqual([
    ['2026-09-14', 2, 3, 0, 1],
    ['2026-09-15', 3, 1, 0, 1],
    ['2026-09-16', 2, 0, 1, 1],
  ])
  const last = await get<{ history: SourceHistoryView[] }>(`/sources/${sourceId}/history?limit=1`)
  expect(last.history).toEqual(history.slice(-1))
})

it('its settings change, with a trail of what was before', async () => {
  const changed = await change({
    expectedAt: '05:00',
    expectedDays: [1, 2, 3, 4, 5],
    folder: 'amiens',
    thresholds: { pupil: 500, class: 800 },
  })
  expect(changed).toMatchObject({
    status: 200,
    nextExpectedAt: '2026-09-17T03:00:00.000Z',
    settings: { folder: 'amiens', thresholds: { pupil: 500, class: 800, staff: 1500 } },
  })
  expect(await readdir(join(test.config.dataDirectory, 'feeds', 'test'))).toEqual(['amiens'])
  const [entry] = await test.inTenant((tx) => listAudit(tx, 1, sourceId))
  expect(entry).toMatchObject({
    action: 'directory.source_changed',
    actorPersonId: personId,
    detail: { folder: { before: null, after: 'amiens' }, expectedAt: { before: null, after: '05:00' } },
  })
})

it.each(['/etc', '../other', 'a/b', '.hidden', ''])(
  'a folder named %j cannot be chosen from the page',
  async (name) => {
    expect(await change({ folder: name })).toMatchObject({ status: 400, code: 'folder_invalid' })
  },
)

it('whoever operates the machine gives a folder anywhere, but not among what the program keeps', async () => {
  const choose = (path: string) => chooseSourceFolder(test.services, test.tenant, { id: sourceId, folder: path })
  const data = test.config.dataDirectory
  await mkdir(join(data, 'incoming'), { recursive: true })
  for (const path of [data, join(data, 'incoming'), '/', join(folder, 'nowhere')]) {
    await expect(choose(path)).rejects.toMatchObject({ code: 'folder_invalid' })
  }
  expect(await choose(folder)).toBe(folder)
  // From the page it may stay as it is, or be given up.
  expect(await change({ retentionDays: 3 })).toMatchObject({ status: 200, settings: { folder, retentionDays: 3 } })
  expect(await change({ folder: null })).toMatchObject({ status: 200, settings: { folder: null } })
})

it('an alert is shown until somebody acknowledges it', async () => {
  const alert = { code: 'missing', sourceId, expectedAt: new Date('2026-09-15T03:00:00Z') } as const
  const raise = () => test.inTenant((tx) => raiseAlert(test.services, tx, test.tenant.id, alert))
  expect([await raise(), await raise()]).toEqual([true, false])
  const { alerts } = await get<{ alerts: FeedAlertView[] }>('/feed-alerts')
  expect(alerts).toMatchObject([{ code: 'missing', source: { id: sourceId }, acknowledgedBy: null }])
  expect((await get<SourceDetail>(`/sources/${sourceId}`)).alerts).toBe(1)
  const url = `/api/directory/feed-alerts/${alerts[0]?.id}/acknowledge`
  const response = await test.app.inject({ method: 'POST', url, headers: importer })
  expect([response.statusCode, response.json<FeedAlertView>().acknowledgedBy]).toEqual([
    200,
    { id: personId, name: 'Alix Martin' },
  ])
  expect(await get('/feed-alerts')).toEqual({ alerts: [] })
  expect(await get(`/feed-alerts?open=false&source=${sourceId}`)).toMatchObject({ alerts: [{ code: 'missing' }] })
  const unknown = '/api/directory/feed-alerts/00000000-0000-7000-8000-000000000000/acknowledge'
  expect((await test.app.inject({ method: 'POST', url: unknown, headers: importer })).statusCode).toBe(404)
})
