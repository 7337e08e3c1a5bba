import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Viewer } from '#kernel/access'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { openXapiClient } from '../../../../test/xapi.ts'
import { upsertEnrolments } from '../enrolments/enrolments.queries.ts'
import { getLearner } from '../identities/identity-map.ts'
import { projectAll } from '../projection/projection.ts'
import { openLaunch } from '../viewers/viewers.ts'
import { recordLooks } from './looks.queries.ts'
import { listObjectors } from './objections.queries.ts'

let app: TestApp
let ana: string
let asAna: { authorization: string }
let asTeacher: { authorization: string }
let teacher: Viewer
const course = '77'
const home = 'https://lms.example'

beforeAll(async () => {
  app = await openTestApp({ now: () => new Date('2026-11-20T10:00:00Z') })
  const tool = await openXapiClient(app, '1.0.3')
  const did = (name: string, at: string, verb = 'viewed') => ({
    id: randomUUID(),
    actor: { account: { homePage: home, name } },
    verb: { id: `http://id.tincanapi.com/verb/${verb}`, display: { fr: '=a vu', en: 'viewed' } },
    object: {
      id: `${home}/page/1`,
      definition: { type: 'http://activitystrea.ms/schema/1.0/page', name: { fr: 'Le plan' } },
    },
    timestamp: at,
  })
  const statements = Array.from({ length: 51 }, (_, at) => did('ana', `2026-11-0${1 + (at % 9)}T09:00:00Z`))
  for (const body of [statements, [did('bob', '2026-11-02T09:00:00Z')]]) {
    expect((await tool.call({ method: 'POST', path: '/statements', body })).statusCode).toBe(200)
  }
  await tool.call({
    method: 'POST',
    path: '/agents/profile',
    query: { profileId: 'choices', agent: JSON.stringify({ account: { homePage: home, name: 'ana' } }) },
    body: { theme: 'sombre' },
  })
  await projectAll(app.services, app.tenant.id)
  const base = { tenantId: app.tenant.id, personId: null, indicator: null }
  const { anas, student, other } = await app.inTenant(async (tx) => {
    const anas = await getLearner(tx, `account|${home}|ana`)
    teacher = { ...base, audience: 'teacher', courses: [course], learner: '5', nominative: true, name: 'Mme Durand' }
    const viewer: Viewer = {
      ...base,
      audience: 'student',
      courses: [course],
      learner: anas,
      nominative: false,
      name: 'Ana',
    }
    const now = app.services.now()
    const told = { course, origin: '0193b5a0-0000-7000-8000-000000000001' }
    await upsertEnrolments(tx, told, [{ learner: anas, role: 'student', name: 'Ana' }], now)
    return { anas, student: await openLaunch(tx, viewer, now), other: await openLaunch(tx, teacher, now) }
  })
  ana = anas
  asAna = { authorization: `Bearer ${student}` }
  asTeacher = { authorization: `Bearer ${other}` }
})
afterAll(() => app.close())

const get = async (url: string, headers = asAna) => {
  const answer = await app.app.inject({ url: `/api/insight/${url}`, headers })
  return { status: answer.statusCode, body: answer.json() }
}

test('a learner reads what they did, page by page, and nothing of others', async () => {
  const { body } = await get('own/traces')
  expect(body.traces).toHaveLength(50)
  expect(body.traces[0]).toMatchObject({
    action: 'viewed',
    object: { kind: 'page', name: { fr: 'Le plan' } },
    source: 'Tool of all',
  })
  const { body: second } = await get(`own/traces?before=${body.next}`)
  expect(second).toMatchObject({ next: null })
  expect(second.traces).toHaveLength(1)
  expect(JSON.stringify([body, second])).not.toContain('bob')
})

test('a learner takes away all that is kept about them', async () => {
  const json = await app.app.inject({ url: '/api/insight/own/export.json', headers: asAna })
  const all = json.json()
  expect(all.statements).toHaveLength(51)
  expect(all.events).toHaveLength(51)
  expect(all.identifiers).toEqual([`account|${home}|ana`])
  expect(all.documents).toMatchObject([{ name: 'choices', content: '{"theme":"sombre"}' }])
  const csv = await app.app.inject({ url: '/api/insight/own/export.csv?language=en', headers: asAna })
  const lines = csv.body.trim().split('\r\n')
  expect(lines).toHaveLength(52)
  // No formula for an office program.
  expect(lines[1]).toContain(';viewed;Le plan;')
  expect((await app.app.inject({ url: '/api/insight/own/export.csv', headers: asAna })).body).toContain("'=a vu")
  expect(csv.body.split('\uFEFF')).toHaveLength(2)
})

test('who looked is told, once an hour, and one’s own looks are not', async () => {
  const look = { viewer: teacher, course, learners: [ana, '5'] }
  for (const indicator of ['grades', 'grades', 'help-needed']) {
    await app.inTenant((tx) => recordLooks(tx, { ...look, indicator }, app.services.now()))
  }
  expect((await get('own/looks')).body.looks).toEqual([
    {
      lookedAt: '2026-11-20T10:00:00.000Z',
      by: 'Mme Durand',
      course,
      courseName: null,
      indicators: ['grades', 'help-needed'],
      times: 3,
    },
  ])
  expect((await get('own/looks', asTeacher)).body.looks).toEqual([])
})

test('an objection holds until it is taken back', async () => {
  const objectors = () => app.inTenant(listObjectors)
  const change = (method: 'PUT' | 'DELETE') =>
    app.app.inject({ method, url: '/api/insight/own/objection', headers: asAna })
  expect((await get('own/objection')).body).toEqual({ since: null })
  expect((await change('PUT')).statusCode).toBe(204)
  expect((await get('own/objection')).body).toEqual({ since: '2026-11-20T10:00:00.000Z' })
  expect(await objectors()).toEqual([ana])
  expect((await change('DELETE')).statusCode).toBe(204)
  expect(await objectors()).toEqual([])
})

test('a learner sets a plan, changes it and gives it up', async () => {
  const put = (payload: object) =>
    app.app.inject({ method: 'PUT', url: `/api/insight/own/plans/${course}`, headers: asAna, payload })
  expect((await put({ weekly: 3, since: '2026-11-02', until: null })).statusCode).toBe(204)
  expect((await put({ weekly: 4, since: '2026-11-02', until: '2026-12-20' })).statusCode).toBe(204)
  expect((await get('own/plans')).body.plans).toEqual([
    { course, courseName: null, weekly: 4, since: '2026-11-02', until: '2026-12-20' },
  ])
  expect((await put({ weekly: 4, since: '2026-11-02', until: '2026-10-01' })).statusCode).toBe(400)
  const elsewhere = await app.app.inject({
    method: 'PUT',
    url: '/api/insight/own/plans/4242',
    headers: asAna,
    payload: { weekly: 3, since: '2026-11-02', until: null },
  })
  expect([elsewhere.statusCode, elsewhere.json().code]).toEqual([404, 'course_unknown'])
  for (const none of ['9999999999999999999', 'x']) {
    const answer = await app.app.inject({ method: 'DELETE', url: `/api/insight/own/plans/${none}`, headers: asAna })
    expect(answer.statusCode).toBe(400)
  }
  await app.app.inject({ method: 'DELETE', url: `/api/insight/own/plans/${course}`, headers: asAna })
  expect((await get('own/plans')).body.plans).toEqual([])
})

test('what a teacher does about a flag is there for the learner to read', async () => {
  const post = (headers: { authorization: string }, of = course, learner = ana) =>
    app.app.inject({
      method: 'POST',
      url: `/api/insight/courses/${of}/follow-ups`,
      headers,
      payload: { learner, rule: 'not-seen', decision: 'followed', note: 'Appelée ce matin' },
    })
  const done = await post(asTeacher)
  expect(done.statusCode, done.body).toBe(201)
  expect((await post(asTeacher, '78')).statusCode).toBe(403)
  expect((await post(asAna)).statusCode).toBe(403)
  const stranger = await post(asTeacher, course, '4242')
  expect([stranger.statusCode, stranger.json().code]).toEqual([404, 'learner_not_in_course'])
  expect((await get('own/follow-ups')).body.followUps).toMatchObject([
    { rule: 'not-seen', decision: 'followed', note: 'Appelée ce matin', until: '2026-12-04T10:00:00.000Z' },
  ])
  expect((await get(`courses/${course}/follow-ups`, asTeacher)).body.followUps).toMatchObject([{ learner: ana }])
  expect((await get(`courses/${course}/follow-ups`)).status).toBe(403)
})
