import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Viewer } from '#kernel/access'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makePerson } from '../../../../test/make.ts'
import { tables } from '../tables.ts'
import { openLaunch } from '../viewers/viewers.ts'

let server: TestApp
let institution: { cookie: string }
beforeAll(async () => {
  server = await openTestApp()
  institution = await server.signIn(await server.inTenant((tx) => makePerson(tx)), [{ right: 'insight.view' }])
  await server.inTenant(async (tx) => {
    const now = server.services.now()
    const insight = tables(tx)
    await insight
      .insertInto('insight.projection')
      .values({ build: 2, state: 'read', rules: 1, cursor: 0, statements: 0, started_at: now, updated_at: now })
      .execute()
    await insight.insertInto('insight.objection').values({ learner: '7', since: now }).execute()
    const object = { iri: 'https://lms.example/', parent: '0' }
    await insight
      .insertInto('insight.learning_object')
      .values([
        { ...object, key: '100', kind: 'course', course: '0', name: JSON.stringify({ fr: 'Algèbre à la carte' }) },
        { ...object, key: '200', kind: 'course', course: '0', name: JSON.stringify({ fr: 'Histoire' }) },
        {
          ...object,
          key: '400',
          kind: 'course',
          course: '0',
          name: '{}',
          iri: 'https://lms.example/courses/v1:LATIN+2/',
        },
        { ...object, key: '101', kind: 'quiz', course: '100', name: JSON.stringify({ fr: 'Test 1' }) },
        { ...object, key: '102', kind: 'video', course: '100', name: JSON.stringify({ fr: 'Film' }) },
        { ...object, key: '201', kind: 'quiz', course: '200', name: JSON.stringify({ fr: 'Test 2' }) },
      ])
      .execute()
  })
  const row = { tenant_id: server.tenant.id, build: 2, action: 'viewed', events: 1 }
  const work = (course: number, learner: number, day: string, events = 1) => ({ ...row, course, learner, day, events })
  await (
    await server.services.clickhouse()
  ).insert({
    table: 'learner_day_v1',
    format: 'JSONEachRow',
    values: [
      // Seven different learners, of whom one objects; five in the first week, two in the second.
      ...[1, 2, 3, 4, 5, 7].map((learner) => work(100, learner, '2026-11-02')),
      ...[1, 6].map((learner) => work(100, learner, '2026-11-10')),
      // Four, once what was taken back is.
      ...[1, 2, 3, 4, 5].map((learner) => work(200, learner, '2026-11-04')),
      work(200, 5, '2026-11-04', -1),
      // Another projection is not read.
      { ...work(300, 1, '2026-11-04'), build: 1 },
    ],
  })
})
afterAll(() => server.close())

const list = async (headers: Record<string, string>, query = '') => {
  const answer = await server.app.inject({ url: `/api/insight/courses${query}`, headers })
  return answer.json<{
    courses: { key: string; name: object; learners: number | null; lastWeek: string | null }[]
    more: boolean
  }>()
}

async function launch(viewer: Partial<Viewer>): Promise<{ authorization: string }> {
  const whole: Viewer = {
    tenantId: server.tenant.id,
    audience: 'teacher',
    courses: null,
    learner: null,
    nominative: false,
    personId: null,
    name: null,
    indicator: null,
    ...viewer,
  }
  const token = await server.inTenant((tx) => openLaunch(tx, whole, server.services.now()))
  return { authorization: `Bearer ${token}` }
}

test('courses are told with how many learn there, unless they are too few; objectors are not counted', async () => {
  expect(await list(institution)).toEqual({
    courses: [
      { key: '100', name: { fr: 'Algèbre à la carte' }, lastWeek: '2026-11-02', learners: 6 },
      { key: '200', name: { fr: 'Histoire' }, lastWeek: null, learners: null },
    ],
    more: false,
  })
  expect((await list(institution, '?q=ALGEBRE')).courses.map(({ key }) => key)).toEqual(['100'])
  expect(await list(institution, '?limit=1')).toMatchObject({ courses: [{ key: '100' }], more: true })
})

test('a teacher has the course they came from, used or not; a student those where they worked', async () => {
  const teacher = await launch({ courses: ['200', '400'] })
  expect((await list(teacher)).courses.map(({ key, name }) => [key, name])).toEqual([
    ['200', { fr: 'Histoire' }],
    // Nobody named it.
    ['400', { und: 'v1:LATIN+2' }],
  ])
  const student = await launch({ audience: 'student', learner: '6' })
  expect((await list(student)).courses).toMatchObject([{ key: '100', learners: null, lastWeek: '2026-11-09' }])
  expect((await list(await launch({ audience: 'student' }))).courses).toEqual([])
})

test('activities to choose from are those of courses within reach', async () => {
  const find = async (headers: Record<string, string>, query: string) => {
    const answer = await server.app.inject({ url: `/api/insight/activities?${query}`, headers })
    return answer.json<{ activities: { key: string }[] }>().activities.map(({ key }) => key)
  }
  expect(await find(institution, 'kinds=quiz')).toEqual(['101', '201'])
  expect(await find(institution, 'course=100')).toEqual(['102', '101'])
  expect(await find(institution, 'course=100&q=fi%25')).toEqual([])
  const student = await launch({ audience: 'student', learner: '6' })
  expect(await find(student, 'kinds=quiz')).toEqual(['101'])
  expect(await find(student, 'course=200')).toEqual([])
})
