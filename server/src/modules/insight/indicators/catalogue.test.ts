import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { definition, texts, writeIndicator } from '../../../../test/indicators.ts'
import { type Contents, openCatalogue } from './catalogue.ts'
import { openChartCompiler } from './charts.ts'
import { compute } from './compute.ts'
import { checkFixtures } from './fixtures.ts'
import { loadIndicator } from './loading.ts'
import type { Reach } from './scoped-events.ts'

let server: TestApp
const compiler = openChartCompiler()
beforeAll(async () => {
  server = await openTestApp()
})
afterAll(async () => {
  await compiler.close()
  await server.close()
})
beforeEach(() => rm(join(server.services.dataDirectory, 'indicators'), { recursive: true, force: true }))

const read = (packages: string[] = []): Promise<Contents> =>
  openCatalogue({ dataDirectory: server.services.dataDirectory, indicatorPackages: packages }).read()

const withScopes = (scopes: object, more: object = {}) =>
  JSON.stringify({ name: 'bad', ...definition, ...more, scopes })
const group = definition.scopes.group
const chart = (spec: object) => ({ 'group.vl.json': JSON.stringify(spec) })
const bar = { data: { name: 'rows' }, mark: 'bar', encoding: { x: { field: 'week', type: 'ordinal' } } }

test.each<[string, Record<string, string | undefined>, string, RegExp]>([
  ['another table', { 'group.sql': 'select * from learning_event_v1' }, 'group.sql', /^line 1: .*out of reach/],
  ['a table function', { 'group.sql': "select *\nfrom url('http://localhost/', CSV)" }, 'group.sql', /^line 2: .*url/],
  ['a setting', { 'person.sql': 'select 1 from events settings max_threads = 64' }, 'person.sql', /SETTINGS/],
  ['another statement', { 'named.sql': 'select 1 from days; drop table events_v1' }, 'named.sql', /; is not taken/],
  ['a function that waits', { 'group.answer.sql': 'select sleep(3) as n from events' }, 'group.answer.sql', /sleep/],
  ['names that reach elsewhere', { 'with.sql': 'a as (\nselect 1 from system.one)' }, 'with.sql', /^line 2: /],
  ['a parameter it has not', { 'group.sql': 'select {p_other:Int32} as n from events' }, 'group.sql', /no parameter/],
  ['broken JSON', { 'indicator.json': '{ "name": ' }, 'indicator.json', /JSON/],
  ['an unknown key', { 'indicator.json': withScopes({ group }, { licence: 'MIT' }) }, 'indicator.json', /licence/],
  [
    'another name',
    { 'indicator.json': JSON.stringify({ name: 'good', ...definition }) },
    'indicator.json',
    /^name: it is good/,
  ],
  ['no scope', { 'indicator.json': withScopes({}) }, 'indicator.json', /scopes/],
  [
    'groups of unknown size',
    { 'indicator.json': withScopes({ group: { ...group, columns: [group.columns[0]] } }) },
    'indicator.json',
    /learners/,
  ],
  [
    'groups that name',
    {
      'indicator.json': withScopes({
        group: { ...group, columns: [...group.columns, { name: 'learner', type: 'learner', role: 'dimension' }] },
      }),
    },
    'indicator.json',
    /nobody is told apart/,
  ],
  [
    'a default out of bounds',
    {
      'indicator.json': withScopes({ group }, { parameters: { top: { type: 'integer', min: 1, max: 5, default: 9 } } }),
    },
    'indicator.json',
    /min ≤ default/,
  ],
  ['no texts', { 'en.json': undefined }, 'en.json', /it is missing/],
  ['an empty text', { 'fr.json': JSON.stringify({ ...texts, limits: ' ' }) }, 'fr.json', /^limits: /],
  [
    'no label of a column',
    { 'fr.json': JSON.stringify({ ...texts, columns: { week: 'Semaine' } }) },
    'fr.json',
    /^columns.learners: /,
  ],
  [
    'no label of a choice',
    { 'fr.json': JSON.stringify({ ...texts, parameters: { page: 'a', top: 'b', step: 'c' } }) },
    'fr.json',
    /^parameters.step_day: /,
  ],
  [
    'a sentence of values it has not',
    { 'en.json': JSON.stringify({ ...texts, answer: { group: '{{secret}}' } }) },
    'en.json',
    /\{\{secret\}\}/,
  ],
  ['no sentence', { 'en.json': JSON.stringify({ ...texts, answer: {} }) }, 'en.json', /^answer.group: it is missing/],
  ['no SQL', { 'named.sql': undefined }, 'named.sql', /it is missing/],
  ['a chart with data', chart({ ...bar, data: { url: 'https://example.org/x.json' } }), 'group.vl.json', /^data: /],
  [
    'a chart that fetches',
    chart({ ...bar, transform: [{ lookup: 'week', from: { data: { url: 'x' }, key: 'a' } }] }),
    'group.vl.json',
    /^data: /,
  ],
  [
    'a chart of links',
    chart({ ...bar, encoding: { href: { value: 'javascript:alert(1)' } } }),
    'group.vl.json',
    /href/,
  ],
  ['a chart of images', chart({ ...bar, mark: { type: 'image' } }), 'group.vl.json', /images/],
  ['a chart with colours', chart({ ...bar, mark: { type: 'bar', color: '#ff0000' } }), 'group.vl.json', /#ff0000/],
  [
    'a chart of a column it has not',
    chart({ ...bar, encoding: { x: { field: 'learner' } } }),
    'group.vl.json',
    /no column learner/,
  ],
  ['a chart that draws nothing', chart({ ...bar, mark: 'barr' }), 'group.vl.json', /Vega-Lite cannot draw/],
  [
    'a chart elsewhere',
    { 'indicator.json': withScopes({ group: { ...group, chart: '../views/group.vl.json' } }) },
    'indicator.json',
    /a file of this folder/,
  ],
  ['a huge file', { 'group.sql': `select 1 /* ${'x'.repeat(300_000)} */ from events` }, 'group.sql', /longer than/],
])('an indicator with %s is refused', async (_what, files, file, reason) => {
  const loaded = await loadIndicator(await writeIndicator(server, 'bad', files), 'institution', compiler)
  const problems = 'broken' in loaded ? loaded.broken.problems : []
  expect(problems).toContainEqual({ file, reason: expect.stringMatching(reason) })
})

test('a folder that cannot even be read is refused like others', async () => {
  const endless = `${'{"layer":['.repeat(20_000)}{}${']}'.repeat(20_000)}`
  await writeIndicator(server, 'bad', { 'group.vl.json': endless.slice(0, 199_999) })
  await writeIndicator(server, 'worse', { 'group.vl.json': `${'['.repeat(50_000)}${']'.repeat(50_000)}` })
  await writeIndicator(server, 'worst', { 'group.vl.json': `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}` })
  await writeIndicator(server, 'views')
  const { indicators, broken } = await read()
  expect(indicators.has('views')).toBe(true)
  expect(broken.map(({ name }) => name)).toEqual(expect.arrayContaining(['bad', 'worse', 'worst']))
})

test('a device in the place of a file is refused, not read', async () => {
  const folder = await writeIndicator(server, 'piped')
  await rm(join(folder, 'group.sql'))
  await symlink('/dev/null', join(folder, 'group.sql'))
  await rm(join(folder, 'fr.json'))
  await symlink('/dev/null', join(folder, 'fr.json'))
  const { broken } = await read()
  expect(broken).toMatchObject([
    {
      name: 'piped',
      problems: [
        { file: 'fr.json', reason: 'it is no file' },
        { file: 'group.sql', reason: 'it is no file' },
      ],
    },
  ])
})

test('what is refused is told, and takes nothing down', async () => {
  await writeIndicator(server, 'bad', { 'indicator.json': '{' })
  await writeIndicator(server, 'worse', { 'group.sql': 'drop table events', ...chart({ ...bar, mark: 'barr' }) })
  await writeIndicator(server, 'views')
  const { indicators, broken } = await read()
  expect(indicators.has('views')).toBe(true)
  expect(broken.filter(({ origin }) => origin === 'institution')).toMatchObject([
    { name: 'bad', problems: [{ file: 'indicator.json' }] },
    { name: 'worse', problems: [{ file: 'group.sql' }, { file: 'group.vl.json' }] },
  ])
})

test('of two with one name the first stands; what is no indicator is passed over', async () => {
  const { indicators: product } = await read()
  const [taken] = product.keys()
  await writeIndicator(server, 'views')
  if (taken !== undefined) await writeIndicator(server, taken)
  const parent = join(server.services.dataDirectory, 'indicators')
  await mkdir(join(parent, '.git'), { recursive: true })
  await writeFile(join(parent, 'README.md'), 'ours')
  await mkdir(join(parent, 'empty'))
  const { indicators, broken } = await read(['fastify', 'surely-not-installed'])
  expect(indicators.get('views')?.origin).toBe('institution')
  expect(broken.filter(({ origin }) => origin !== 'product')).toMatchObject(
    [
      ...(taken === undefined ? [] : [{ name: taken, problems: [{ reason: expect.stringContaining('is taken by') }] }]),
      { name: 'empty', problems: [{ file: 'indicator.json', reason: 'it is missing' }] },
      { name: 'fastify', problems: [{ reason: 'it holds no folder indicators' }] },
      { name: 'surely-not-installed', problems: [{ reason: 'the package is not installed' }] },
    ].toSorted((one, other) => (one.name === taken ? (taken < 'empty' ? -1 : 1) : other.name === taken ? 1 : 0)),
  )
})

const somewhere: Reach = {
  tenantId: '0193b5a0-0000-7000-8000-000000000001',
  build: 1,
  courses: null,
  from: '2026-11-01',
  until: '2026-11-30',
  learner: null,
  without: [],
  staff: [],
  release: null,
}
const circumstances = {
  zone: 'Europe/Paris',
  now: new Date('2026-11-20T10:00:00Z'),
  roster: [],
  enrolled: 0,
  learner: '0',
  planWeekly: 0,
  parameters: { page: '0', top: 3, step: 'day' },
}

async function computeWith(files: Record<string, string>) {
  await writeIndicator(server, 'bad', files)
  const indicator = (await read()).indicators.get('bad')
  return compute(await server.services.clickhouse(), indicator!, 'group', somewhere, circumstances, false)
}

test('SQL that cannot be run is a failure of that indicator, not of the server', async () => {
  await expect(computeWith({ 'group.sql': 'select nothing as week from events' })).rejects.toMatchObject({
    status: 500,
    code: 'indicator_failed',
  })
})

test('an endless question is ended, and the next is answered', async () => {
  const clickhouse = await server.services.clickhouse()
  const values = Array.from({ length: 3000 }, (_, at) => ({
    tenant_id: somewhere.tenantId,
    build: 1,
    course: 1,
    occurred_at: Date.parse('2026-11-03T09:00:00Z'),
    day: '2026-11-03',
    learner: at + 1,
    object: at,
    action: 'viewed',
    sign: 1,
  }))
  await clickhouse.insert({ table: 'learning_event_v1', values, format: 'JSONEachRow' })
  const began = performance.now()
  const endless = `select max(a.day) as week, sum(cityHash(a.object)) as views, uniqExact(d.learner) as learners from events as a, events as b, events as c, events as d`
  await expect(computeWith({ 'group.sql': endless.replace('cityHash', 'sqrt') })).rejects.toMatchObject({
    status: 503,
    code: 'indicator_too_heavy',
  })
  expect(performance.now() - began).toBeLessThan(20_000)
  const many =
    'select toDate({from:Date}) as week, a.learner as learners, b.object as views from events as a, events as b'
  await expect(computeWith({ 'group.sql': many })).rejects.toMatchObject({ code: 'indicator_too_heavy' })
  expect((await computeWith({})).rows).toEqual([{ week: '2026-11-02', learners: 3000, views: 3000 }])
}, 40_000)

test('cases run as a tenant of their own, of which nothing stays; what differs is told', async () => {
  const folder = await writeIndicator(server, 'views')
  await mkdir(join(folder, 'fixtures'))
  const viewed = (learner: string, at: string) => ({ learner, action: 'viewed', kind: 'page', object: 'p1', at })
  const one = {
    now: '2026-11-20T10:00:00Z',
    period: { from: '2026-11-02', until: '2026-11-15' },
    events: [
      viewed('ana', '2026-11-03T09:00:00Z'),
      viewed('ben', '2026-11-08T23:30:00Z'),
      viewed('cho', '2026-11-04T09:00:00Z'),
      { ...viewed('cho', '2026-11-04T09:00:00Z'), sign: -1 },
    ],
    expect: {
      group: {
        rows: [
          { week: '2026-11-02', learners: 1, views: 1 },
          { week: '2026-11-09', learners: 1, views: 1 },
        ],
        answer: { learners: 2, views: 2 },
      },
      person: { of: 'ben', rows: [{ week: '2026-11-09', views: 1 }] },
      named: { rows: [{ views: 1 }, { views: 1 }] },
    },
  }
  const write = (name: string, content: object) => writeFile(join(folder, 'fixtures', name), JSON.stringify(content))
  await write('1.json', one)
  await write('2.json', { ...one, zone: 'UTC', expect: { group: { answer: { learners: 3 } } } })
  await write('3.json', { ...one, event: [] })
  const clickhouse = await server.services.clickhouse()
  const count = async () =>
    (await clickhouse.query({ query: 'select count() as n from learning_event_v1', format: 'JSONEachRow' })).json()
  const before = await count()
  const indicator = (await read()).indicators.get('views')!
  expect(await checkFixtures(clickhouse, indicator)).toMatchObject([
    { case: '1.json', faults: [] },
    { case: '2.json', faults: ['group: answer, row 1, learners: 2, not 3'] },
    { case: '3.json', faults: [expect.stringContaining('event')] },
  ])
  expect(await count()).toEqual(before)
})

test('a changed folder is read anew without a restart', async () => {
  const catalogue = openCatalogue({ dataDirectory: server.services.dataDirectory, indicatorPackages: [] })
  await writeIndicator(server, 'views', { 'fr.json': '{' })
  expect((await catalogue.read()).indicators.has('views')).toBe(false)
  await writeIndicator(server, 'views')
  await expect.poll(async () => (await catalogue.read()).indicators.has('views'), { timeout: 6000 }).toBe(true)
})

test('the example of the authors’ guide is good as it stands', async () => {
  const guide = await readFile(join(import.meta.dirname, '../../../../../docs/standards/indicators.md'), 'utf8')
  const parent = join(server.services.dataDirectory, 'indicators')
  const files = [...guide.matchAll(/^`(active-days\/[\w./-]+)`\n```\w+\n([^]*?)^```$/gm)]
  expect(files).toHaveLength(9)
  for (const [, path = '', text = ''] of files) {
    await mkdir(dirname(join(parent, path)), { recursive: true })
    await writeFile(join(parent, path), text)
  }
  const { indicators, broken } = await read()
  expect(broken.filter(({ name }) => name === 'active-days')).toEqual([])
  const results = await checkFixtures(await server.services.clickhouse(), indicators.get('active-days')!)
  expect(results).toMatchObject([{ case: 'two-weeks.json', faults: [] }])
})
