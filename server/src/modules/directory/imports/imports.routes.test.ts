import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { pack as packTar } from 'tar-stream'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makePerson } from '../../../../test/make.ts'
import {
  makeEstablishment,
  makeGuardian,
  makePupil,
  type SmallFeed,
  writeSmallFeed,
} from '../../../../test/small-feed.ts'
import type { ImportView } from './imports.routes.ts'

const feed: SmallFeed = {
  establishments: [makeEstablishment('52', { ENTStructureClasses: '6A$SIXIEME A' })],
  pupils: [
    makePupil('101', '52', { ENTEleveClasses: '52$6A', ENTElevePersRelEleve: '201$10$1$1$1$1' }),
    makePupil('102', '52', { ENTPersonDateNaissance: '' }),
  ],
  guardians: [makeGuardian('201')],
}

let test: TestApp
let folder: string
let importer: { cookie: string }
let folders = 0
beforeAll(async () => {
  test = await openTestApp({ workers: true })
  folder = await mkdtemp(join(tmpdir(), 'preau-upload-'))
  const person = await test.inTenant((tx) => makePerson(tx, { givenName: 'Alix', familyName: 'Martin' }))
  importer = await test.signIn(person, [{ right: 'directory.import' }])
})
afterAll(async () => {
  await test.close()
  await rm(folder, { recursive: true })
})

async function filesOf(small: SmallFeed): Promise<{ name: string; content: Buffer }[]> {
  const path = await writeSmallFeed(join(folder, String(++folders)), small)
  const names = await readdir(path)
  return Promise.all(names.map(async (name) => ({ name, content: await readFile(join(path, name)) })))
}

function upload(files: { name: string; content: Buffer }[], headers: { cookie?: string } = importer) {
  const parts = files.flatMap(({ name, content }) => [
    Buffer.from(`--limit\r\ncontent-disposition: form-data; name="files"; filename="${name}"\r\n`),
    Buffer.from('content-type: text/xml\r\n\r\n'),
    content,
    Buffer.from('\r\n'),
  ])
  return test.app.inject({
    method: 'POST',
    url: '/api/directory/imports',
    headers: { ...headers, 'content-type': 'multipart/form-data; boundary=limit' },
    payload: Buffer.concat([...parts, Buffer.from('--limit--\r\n')]),
  })
}

async function get<T>(url: string, headers: { cookie?: string } = importer): Promise<T> {
  const response = await test.app.inject({ url: `/api/directory/imports${url}`, headers })
  expect([url, response.statusCode]).toEqual([url, 200])
  return response.json<T>()
}

const post = (url: string, payload: object = {}, headers: { cookie?: string } = importer) =>
  test.app.inject({ method: 'POST', url: `/api/directory/imports${url}`, headers, payload })

const reached = (id: string, state: ImportView['state']) =>
  expect.poll(async () => (await get<ImportView>(`/${id}`)).state, { timeout: 20_000 }).toBe(state)

const received = () => readdir(join(test.config.dataDirectory, 'incoming')).catch(() => [])

it('an uploaded feed is read, reviewed and applied, and its files are removed', async () => {
  const response = await upload(await filesOf(feed))
  expect(response.statusCode).toBe(202)
  const { id, state, progress, createdBy } = response.json<ImportView>()
  expect({ state, phase: progress?.phase, by: createdBy?.name }).toEqual({
    state: 'staging',
    phase: 'waiting',
    by: 'Alix Martin',
  })
  expect(await received()).toEqual([id])
  await reached(id, 'ready')
  expect(await get(`/${id}`)).toMatchObject({
    exportedOn: '2026-09-14',
    counts: { pupil: { read: 2, added: 1, quarantined: 1 }, class: { added: 1 } },
    actions: ['apply', 'abandon'],
    nothingToDo: false,
    source: { academyCode: '20' },
  })
  expect(await get(`/${id}/changes?kind=pupil`)).toMatchObject({
    changes: [{ externalId: '101', change: 'added', label: 'ÉLÈVE101 Camille', establishment: { ref: '52' } }],
  })
  expect(await get(`/${id}/quarantine`)).toMatchObject({
    reasons: [{ code: 'attribute_missing', count: 1 }],
    records: [{ externalId: '102', kind: 'pupil', code: 'attribute_missing' }],
  })
  expect(await get(`/${id}/establishments`)).toMatchObject({
    establishments: [{ ref: '52', counts: { pupil: { added: 1 } } }],
  })
  expect(await get('')).toMatchObject({ imports: [{ id }], next: null })

  const applying = await post(`/${id}/apply`, {})
  expect(applying.statusCode).toBe(202)
  expect(applying.json()).toMatchObject({ state: 'applying', actions: [] })
  await reached(id, 'applied')
  expect(await get(`/${id}`)).toMatchObject({ appliedBy: { name: 'Alix Martin' }, actions: ['rollback'] })
  // They go once all is applied.
  await expect.poll(received).toEqual([])
  const again = await post(`/${id}/apply`, {})
  expect([again.statusCode, again.json<{ code: string }>().code]).toEqual([409, 'import_state'])

  const undoing = await post(`/${id}/rollback`)
  expect(undoing.statusCode).toBe(202)
  const rollback = undoing.json<ImportView>()
  expect(rollback).toMatchObject({ state: 'staging', mode: 'rollback', undoes: id })
  await reached(rollback.id, 'ready')
  expect(await get(`/${rollback.id}/changes?kind=pupil`)).toMatchObject({
    changes: [{ externalId: '101', change: 'removed', label: 'ÉLÈVE101 Camille' }],
  })
  await post(`/${rollback.id}/abandon`)
  const late = await post(`/${rollback.id}/rollback`)
  expect([late.statusCode, late.json<{ code: string }>().code]).toEqual([409, 'import_state'])
})

it('alerts need an explicit acceptance', async () => {
  const { id } = (await upload(await filesOf({ ...feed, pupils: [], date: '2026-09-21' }))).json<ImportView>()
  await reached(id, 'ready')
  expect(await get(`/${id}`)).toMatchObject({ alerts: [{ kind: 'pupil', removed: 1, total: 1 }, { kind: 'guardian' }] })
  const refused = await post(`/${id}/apply`, {})
  expect([refused.statusCode, refused.json<{ code: string }>().code]).toEqual([409, 'import_alerts'])
  const abandoned = await post(`/${id}/abandon`)
  expect([abandoned.statusCode, abandoned.json<ImportView>().state]).toEqual([200, 'abandoned'])
  expect(await received()).toEqual([])
})

it('an archive is read as its files are; one that leads out is refused, and nothing of it stays', async () => {
  const pack = async (members: { name: string; content: Buffer }[]) => {
    const archive = packTar()
    for (const { name, content } of members) archive.entry({ name }, content)
    archive.finalize()
    return [{ name: 'ENT2DVA.20260922.tgz', content: gzipSync(await buffer(archive)) }]
  }
  const files = await filesOf({ ...feed, date: '2026-09-22' })
  const { id } = (await upload(await pack(files))).json<ImportView>()
  await reached(id, 'ready')
  expect(await get(`/${id}`)).toMatchObject({ exportedOn: '2026-09-22', counts: { pupil: { read: 2 } } })
  await post(`/${id}/abandon`)
  const hostile = await upload(await pack([...files, { name: '../../escaped.xml', content: Buffer.from('x') }]))
  const refused = hostile.json<ImportView>().id
  await reached(refused, 'refused')
  expect(await get(`/${refused}`)).toMatchObject({
    refusal: { code: 'archive_path', file: 'ENT2DVA.20260922.tgz' },
  })
  await expect.poll(received).toEqual([])
})

it('a refused feed says where and why', async () => {
  const files = await filesOf(feed)
  const pupils = files.find(({ name }) => name.includes('_Eleve_'))!
  pupils.content = pupils.content.subarray(0, pupils.content.length - 60)
  const { id } = (await upload(files)).json<ImportView>()
  await reached(id, 'refused')
  expect(await get(`/${id}`)).toMatchObject({ refusal: { code: 'truncated', file: pupils.name }, actions: [] })
  expect(await received()).toEqual([])
})

it('an interrupted import is read again from its files', async () => {
  const changed = {
    ...feed,
    pupils: [...(feed.pupils ?? []), makePupil('103', '52')],
    guardians: [makeGuardian('201', { mobile: '0600000002' })],
  }
  const { id } = (await upload(await filesOf(changed))).json<ImportView>()
  await reached(id, 'ready')
  await test.services.owner.query(`truncate directory.staged_${id.replaceAll('-', '')}`)
  await post(`/${id}/apply`, {})
  await reached(id, 'interrupted')
  expect(await get(`/${id}`)).toMatchObject({ refusal: { code: 'stage_lost' }, actions: ['stage', 'abandon'] })
  const review = async () => [await get(`/${id}/quarantine`), await get(`/${id}/establishments`)]
  const before = await review()
  expect((await post(`/${id}/stage`)).statusCode).toBe(202)
  await reached(id, 'ready')
  expect(await review()).toEqual([
    { ...(before[0] as object), records: [expect.objectContaining({ externalId: '102' })] },
    before[1],
  ])
  await post(`/${id}/abandon`)
})

it.each([
  ['a name that leads elsewhere', '../../evil.xml'],
  ['another name', 'eleves.xml'],
  ['a delta', 'ENT_Delta_20260914_Eleve_0000.xml'],
])('%s is refused and leaves nothing', async (_, name) => {
  const files = await filesOf(feed)
  const response = await upload([...files.slice(0, 2), { name, content: Buffer.from('x') }])
  const code = name.includes('/') ? ['file_name_unexpected', 'no_file'] : ['file_name_unexpected']
  if (response.statusCode === 400) expect(code).toContain(response.json<{ code: string }>().code)
  else await reached(response.json<ImportView>().id, 'refused')
  // Its files go once it is told.
  await expect.poll(received).toEqual([])
})

it('a part without a file name is refused', async () => {
  const response = await test.app.inject({
    method: 'POST',
    url: '/api/directory/imports',
    headers: { ...importer, 'content-type': 'multipart/form-data; boundary=limit' },
    payload:
      '--limit\r\ncontent-disposition: form-data; name="files"\r\ncontent-type: application/octet-stream\r\n\r\nx\r\n--limit--\r\n',
  })
  expect([response.statusCode, response.json<{ code: string }>().code]).toEqual([400, 'file_name_unexpected'])
})

it.each(['99999999999999999999:x', 'nowhere'])('a page after %s cannot be asked for', async (after) => {
  const { id } = (await upload(await filesOf(feed))).json<ImportView>()
  await reached(id, 'ready')
  for (const list of ['establishments', 'changes']) {
    const { statusCode } = await test.app.inject({
      url: `/api/directory/imports/${id}/${list}?after=${after}`,
      headers: importer,
    })
    expect([list, statusCode]).toEqual([list, 400])
  }
  await post(`/${id}/abandon`)
})

it('the same file twice and an empty upload are refused', async () => {
  const [file] = await filesOf(feed)
  const twice = await upload([file!, file!])
  expect([twice.statusCode, twice.json<{ code: string }>().code]).toEqual([400, 'file_twice'])
  const none = await upload([])
  expect([none.statusCode, none.json<{ code: string }>().code]).toEqual([400, 'no_file'])
  expect(await received()).toEqual([])
})

it('is for holders of the right over the whole workspace', async () => {
  const { person, limited } = await test.inTenant(async (tx) => ({
    person: await makePerson(tx),
    limited: await makePerson(tx),
  }))
  const plain = await test.signIn(person)
  expect((await test.app.inject({ url: '/api/directory/imports', headers: plain })).statusCode).toBe(403)
  expect((await upload([], plain)).statusCode).toBe(403)
  expect((await test.app.inject({ url: '/api/directory/imports' })).statusCode).toBe(401)
  const { rows } = await test.services.owner.query<{ id: string }>(`select id from directory.organisation limit 1`)
  const local = await test.signIn(limited, [{ right: 'directory.import', organisationId: rows[0]!.id }])
  expect((await test.app.inject({ url: '/api/directory/imports', headers: local })).statusCode).toBe(403)
})

it('an unknown import is not found', async () => {
  const url = '/api/directory/imports/01a201a8-d84a-7fe7-81dd-9d065b545bfd'
  for (const path of ['', '/changes', '/establishments', '/quarantine']) {
    expect((await test.app.inject({ url: url + path, headers: importer })).statusCode).toBe(404)
  }
})
