import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Viewer } from '#kernel/access'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { writeIndicator } from '../../../../test/indicators.ts'
import { makePerson } from '../../../../test/make.ts'
import { tables } from '../tables.ts'
import { openLaunch } from '../viewers/viewers.ts'

const build = 7
const today = new Date('2026-11-20T10:00:00Z')

let server: TestApp
let institution: { cookie: string }
beforeAll(async () => {
  server = await openTestApp({ now: () => today })
  institution = await server.signIn(await server.inTenant((tx) => makePerson(tx)), [
    { right: 'insight.view' },
    { right: 'insight.administer' },
  ])
  await server.inTenant(async (tx) => {
    const insight = tables(tx)
    await insight
      .insertInto('insight.projection')
      .values({ build, state: 'read', rules: 1, cursor: 0, statements: 0, started_at: today, updated_at: today })
      .execute()
    const object = { iri: 'https://lms.example/', parent: '0' }
    await insight
      .insertInto('insight.learning_object')
      .values([
        { ...object, key: '100', kind: 'course', course: '100', name: JSON.stringify({ fr: 'Algèbre' }) },
        { ...object, key: '200', kind: 'course', course: '200', name: JSON.stringify({ fr: 'Histoire' }) },
        { ...object, key: '101', kind: 'quiz', course: '100', name: JSON.stringify({ fr: 'Test; 1' }) },
        { ...object, key: '102', kind: 'page', course: '100', name: JSON.stringify({ fr: 'Cours' }) },
        { ...object, key: '201', kind: 'quiz', course: '200', name: JSON.stringify({ fr: 'Test 2' }) },
      ])
      .execute()
    const enrolment = { course: '100', origin: '0193b5a0-0000-7000-8000-000000000001', active: true, seen_at: today }
    await insight
      .insertInto('insight.enrolment')
      .values([
        ...[1, 2, 3, 4, 5, 6, 7, 8].map((learner) => ({
          ...enrolment,
          learner: String(learner),
          role: 'student' as const,
          name: `Élève ${learner}`,
        })),
        { ...enrolment, learner: '9', role: 'teacher', name: 'Professeure' },
      ])
      .execute()
  })
  await insertEvents([
    // Two weeks of course 100: seven learners, then six; the teacher tries the quiz too.
    ...[1, 2, 3, 4, 5, 6, 7].map((learner) => view(100, learner, '2026-11-03', 102)),
    ...[1, 2, 3, 4, 5, 6].map((learner) => view(100, learner, '2026-11-10', 102)),
    view(100, 9, '2026-11-10', 102),
    // Taken back.
    view(100, 8, '2026-11-10', 102, { statement: 1 }),
    view(100, 8, '2026-11-10', 102, { statement: 1, sign: -1 }),
    // Moved from one learner to another, and back.
    ...[1, -1, 1].map((sign) => view(100, 7, '2026-11-04', 102, { statement: 2, sign })),
    ...[1, -1].map((sign) => view(100, 8, '2026-11-04', 102, { statement: 2, sign })),
    ...[1, 2, 3, 4, 5, 6].map((learner) => view(200, learner, '2026-11-03', 201)),
    // Another projection, and another tenant.
    ...[1, 2, 3, 4, 5, 6].map((learner) => ({ ...view(100, learner, '2026-11-03', 102), build: build + 1 })),
    ...[1, 2, 3, 4, 5, 6].map((learner) => ({ ...view(100, learner, '2026-11-03', 102), tenant_id: otherTenant })),
  ])
  await writeIndicator(server, 'views')
})
afterAll(() => server.close())

const otherTenant = '0193b5a0-0000-7000-8000-00000000ffff'
let statements = 100

function view(
  course: number,
  learner: number,
  day: string,
  object: number,
  { statement = statements++, sign = 1 }: { statement?: number; sign?: number } = {},
) {
  return {
    tenant_id: server.tenant.id,
    build,
    course,
    occurred_at: Date.parse(`${day}T09:00:00Z`),
    day,
    learner,
    statement_id: `00000000-0000-0000-0000-${String(statement).padStart(12, '0')}`,
    seq: Date.parse('2026-11-12T00:00:00Z') * 1000,
    source_id: otherTenant,
    dialect: 'general',
    verb: 'http://id.tincanapi.com/verb/viewed',
    action: 'viewed',
    object,
    object_kind: object % 10 === 1 ? 'quiz' : 'page',
    parent: 0,
    session: 0,
    sign,
  }
}

async function insertEvents(values: object[]): Promise<void> {
  const clickhouse = await server.services.clickhouse()
  await clickhouse.insert({ table: 'learning_event_v1', values, format: 'JSONEachRow' })
}

async function launch(viewer: Partial<Viewer>): Promise<{ authorization: string }> {
  const whole: Viewer = {
    tenantId: server.tenant.id,
    audience: 'teacher',
    courses: ['100'],
    learner: null,
    nominative: true,
    personId: null,
    name: 'Mme Martin',
    indicator: null,
    ...viewer,
  }
  const token = await server.inTenant((tx) => openLaunch(tx, whole, today))
  return { authorization: `Bearer ${token}` }
}

interface Answer {
  rows: Record<string, string | number | null>[]
  answer: Record<string, string | number | null> | null
  [key: string]: unknown
}

const usual = { from: '2026-11-02', until: '2026-11-15' }

async function ask(headers: Record<string, string>, query: string, name = 'views') {
  const asked = new URLSearchParams({ ...usual, ...Object.fromEntries(new URLSearchParams(query)) })
  const answer = await server.app.inject({ url: `/api/insight/indicators/${name}?${asked.toString()}`, headers })
  return { status: answer.statusCode, ...answer.json<Answer>() }
}

test('a teacher sees the weeks of their course: nobody’s who teaches, nothing taken back, nothing of others', async () => {
  const answer = await ask(await launch({}), 'scope=group')
  expect(answer, JSON.stringify(answer)).toMatchObject({
    status: 200,
    indicator: 'views',
    period: { from: '2026-11-02', until: '2026-11-15', askedFrom: '2026-11-02', askedUntil: '2026-11-15' },
    rows: [
      { week: '2026-11-02', learners: 7, views: 8 },
      { week: '2026-11-09', learners: 6, views: 6 },
    ],
    answer: { learners: 7, views: 14 },
    suppressed: { rows: 0, cells: 0, weeks: 0, k: 5 },
    withheld: null,
    comparison: null,
    asOf: today.toISOString(),
    excludedObjectors: false,
    chart: { mark: 'bar' },
  })
})

test('a period is compared, and cut to whole weeks that have begun', async () => {
  const answer = await ask(
    await launch({}),
    'scope=group&compareFrom=2026-10-26&compareUntil=2026-11-04&from=2026-11-18&until=2026-11-30',
  )
  expect(answer).toMatchObject({
    period: { from: '2026-11-16', until: '2026-11-20', askedFrom: '2026-11-18', askedUntil: '2026-11-30' },
    rows: [],
    comparison: {
      period: { from: '2026-10-26', until: '2026-11-08' },
      rows: [{ week: '2026-11-02', learners: 7, views: 8 }],
      answer: { learners: 7, views: 8 },
      withheld: null,
    },
  })
})

test('the institution sees all courses, a programme its own; nobody sees another projection or tenant', async () => {
  const all = await ask(institution, 'scope=group')
  expect(all.rows).toMatchObject([{ learners: 7, views: 14 }, { views: 6 }])
  const programme = await launch({ audience: 'programme', courses: ['200', '300'] })
  expect((await ask(programme, 'scope=group')).rows).toEqual([{ week: '2026-11-02', learners: 6, views: 6 }])
  expect((await ask(programme, 'scope=group&course=300')).rows).toEqual([])
  const nothing = await launch({ audience: 'programme', courses: [] })
  expect((await ask(nothing, 'scope=group')).rows).toEqual([])
})

test('a course out of reach is not told from one that is not', async () => {
  const teacher = await launch({})
  for (const course of ['200', '999', '-1']) {
    expect(await ask(teacher, `scope=group&course=${course}`)).toMatchObject({ status: 404, code: 'course_unknown' })
    expect(await ask(teacher, `scope=named&course=${course}`)).toMatchObject({ status: 404, code: 'course_unknown' })
  }
  expect(await ask(teacher, 'scope=group&p.page=201')).toMatchObject({ status: 400, code: 'parameter_invalid' })
  expect(await ask(await launch({ courses: ['200'] }), 'scope=group&p.page=102')).toMatchObject({ status: 400 })
})

test('learners are named to the teacher come from their course only, who leaves a trace', async () => {
  const teacher = await launch({ learner: '9' })
  const answer = await ask(teacher, 'scope=named')
  expect(answer).toMatchObject({
    rows: [1, 2, 3, 4, 5, 6, 7].map((learner) => ({ learner: String(learner), views: learner === 7 ? 2 : 2 })),
    learners: { 1: 'Élève 1', 7: 'Élève 7' },
  })
  const looks = await server.inTenant((tx) =>
    tables(tx).selectFrom('insight.look').select(['learner', 'viewer_name', 'indicator']).execute(),
  )
  expect(looks).toHaveLength(7)
  expect(looks[0]).toMatchObject({ viewer_name: 'Mme Martin', indicator: 'views' })

  const refused = { status: 403, code: 'indicator_scope_refused' }
  expect(await ask(await launch({ nominative: false }), 'scope=named')).toMatchObject(refused)
  expect(await ask(await launch({ courses: null }), 'scope=named&course=100')).toMatchObject(refused)
  expect(await ask(institution, 'scope=named&course=100')).toMatchObject(refused)
  expect(await ask(await launch({ audience: 'student', learner: '1' }), 'scope=named')).toMatchObject(refused)
  const both = await launch({ courses: ['100', '200'] })
  expect(await ask(both, 'scope=named')).toMatchObject({ status: 400, code: 'course_needed' })
  expect(await ask(both, 'scope=named&course=200')).toMatchObject({ status: 200 })
})

test('a learner sees themselves, and nothing of others', async () => {
  const own = await ask(await launch({ audience: 'student', courses: null, learner: '7' }), 'scope=person')
  expect(own.rows).toEqual([{ week: '2026-11-02', views: 2 }])
  expect(own).toMatchObject({ suppressed: { k: 0 } })
  const refused = { status: 403, code: 'indicator_scope_refused' }
  expect(await ask(await launch({ audience: 'student', courses: null, learner: '7' }), 'scope=group')).toMatchObject(
    refused,
  )
  expect(await ask(await launch({ audience: 'student', learner: null }), 'scope=person')).toMatchObject(refused)
  expect(await ask(await launch({ learner: '7' }), 'scope=person')).toMatchObject(refused)
  expect((await server.app.inject({ url: '/api/insight/indicators/views?scope=person' })).statusCode).toBe(401)
})

test('who came for one indicator is answered that one', async () => {
  await writeIndicator(server, 'reads')
  const embedded = await launch({ indicator: 'reads' })
  expect(await ask(embedded, 'scope=group')).toMatchObject({ status: 404, code: 'indicator_unknown' })
  const list = await server.app.inject({ url: '/api/insight/indicators', headers: embedded })
  expect(list.json<{ indicators: object[] }>().indicators.length).toBeLessThanOrEqual(1)
  await expect
    .poll(async () => (await ask(embedded, 'scope=group', 'reads')).status, { timeout: 8000, interval: 300 })
    .toBe(200)
})

test('an objection counts from the next question on', async () => {
  const teacher = await launch({})
  await server.inTenant((tx) =>
    tables(tx).insertInto('insight.objection').values({ learner: '1', since: today }).execute(),
  )
  expect(await ask(teacher, 'scope=group')).toMatchObject({
    rows: [{ learners: 6, views: 7 }, { learners: 5 }],
    excludedObjectors: true,
  })
  expect((await ask(teacher, 'scope=named')).rows).toHaveLength(6)
  const own = await ask(await launch({ audience: 'student', learner: '1' }), 'scope=person')
  expect(own.rows).toHaveLength(2)
  await server.inTenant((tx) => tables(tx).deleteFrom('insight.objection').execute())
})

test('the rows leave as a file, without groups under ten', async () => {
  const url = `/api/insight/indicators/views/rows.csv?${new URLSearchParams(usual).toString()}`
  const named = await server.app.inject({ url: `${url}&scope=named&language=fr`, headers: await launch({}) })
  expect(named.headers['content-type']).toBe('text/csv; charset=utf-8')
  expect(named.body.split('\r\n').slice(0, 2)).toEqual(['\uFEFFÉlève;Consultations', 'Élève 1;2'])
  const group = await server.app.inject({ url: `${url}&scope=group`, headers: await launch({}) })
  expect(group.body).toBe('\uFEFFSemaine;Élèves;Consultations\r\n')
})

test.each([
  ['scope=group&from=2026-11-15&until=2026-11-02', 'period_invalid'],
  ['scope=group&from=1999-01-01&until=2026-11-02', 'period_invalid'],
  ['scope=group&from=2026-02-30', 'invalid_request'],
  ['scope=everything', 'invalid_request'],
  ['scope=group&course=9999999999999999999', 'invalid_request'],
  ['scope=group&course=0100', 'invalid_request'],
  ['scope=group&p.top=6', 'parameter_invalid'],
  ['scope=group&p.top=two', 'parameter_invalid'],
  ['scope=group&p.step=month', 'parameter_invalid'],
  ['scope=group&p.other=1', 'parameter_invalid'],
  ['scope=group&p.page=99999999999999999999', 'parameter_invalid'],
  ["scope=group&p.page=1'%20or%201", 'parameter_invalid'],
  ['scope=group&p.page=101', 'parameter_invalid'],
])('%s is refused as %s', async (query, code) => {
  expect(await ask(await launch({}), query)).toMatchObject({ status: 400, code })
})

test('an institution takes an indicator away, and gives it back', async () => {
  const set = (enabled: boolean, headers = institution, name = 'views') =>
    server.app.inject({
      method: 'PUT',
      url: `/api/insight/indicators/${name}/setting`,
      headers,
      payload: { enabled },
    })
  const teacher = await launch({})
  const names = async (headers: Record<string, string>) =>
    (await server.app.inject({ url: '/api/insight/indicators', headers }))
      .json<{ indicators: { name: string; enabled: boolean }[] }>()
      .indicators.flatMap(({ name, enabled }) => (name === 'views' ? [enabled] : []))
  expect((await set(false)).statusCode).toBe(200)
  expect(await ask(teacher, 'scope=group')).toMatchObject({ status: 404, code: 'indicator_unknown' })
  expect(await names(teacher)).toEqual([])
  expect(await names(institution)).toEqual([false])
  expect((await set(true)).statusCode).toBe(200)
  expect(await names(teacher)).toEqual([true])
  expect((await set(true, institution, 'nothing')).statusCode).toBe(404)
  const looker = await server.signIn(await server.inTenant((tx) => makePerson(tx)), [{ right: 'insight.view' }])
  expect((await set(false, looker)).statusCode).toBe(403)
})

test('before the first projection there is nothing to tell', async () => {
  await server.inTenant((tx) => tables(tx).updateTable('insight.projection').set({ state: 'left' }).execute())
  expect(await ask(await launch({}), 'scope=group')).toMatchObject({
    rows: [],
    withheld: 'nothing_projected',
    asOf: null,
  })
  await server.inTenant((tx) => tables(tx).updateTable('insight.projection').set({ state: 'read' }).execute())
})
