import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../test/app.ts'
import { openXapiClient, type XapiClient } from '../../../test/xapi.ts'

let test: TestApp
let tool: XapiClient
beforeAll(async () => {
  test = await openTestApp()
  tool = await openXapiClient(test, '1.0.3')
})
afterAll(() => test.close())

const site = 'https://campus.example'
const learner = { id: `${site}/people/17`, type: 'Person', name: 'Zoé Blanc' }
const course = {
  id: `${site}/courses/bio-1/autumn`,
  type: 'CourseSection',
  name: 'Biologie 1',
  subOrganizationOf: { id: `${site}/courses/bio-1`, type: 'CourseOffering' },
}
const event = (type: string, action: string, more: object) => ({
  '@context': 'http://purl.imsglobal.org/ctx/caliper/v1p2',
  id: `urn:uuid:${randomUUID()}`,
  type,
  actor: learner,
  action,
  eventTime: '2026-11-02T08:30:00.000Z',
  edApp: { id: `${site}/app`, type: 'SoftwareApplication', name: 'Campus' },
  group: course,
  session: { id: `${site}/sessions/9`, type: 'Session' },
  ...more,
})
const envelope = (...data: unknown[]) => ({
  sensor: `${site}/sensors/1`,
  sendTime: '2026-11-02T08:30:01.250Z',
  dataVersion: 'http://purl.imsglobal.org/ctx/caliper/v1p2',
  data,
})
const send = (body: unknown, headers: Record<string, string> = {}) =>
  test.app.inject({
    method: 'POST',
    url: '/caliper',
    headers: { authorization: tool.authorization, 'content-type': 'application/json', ...headers },
    payload: typeof body === 'string' ? body : JSON.stringify(body),
  })

/** What the statement of an event says, once it was sent. */
async function keep(sent: ReturnType<typeof event>) {
  const answer = await send(envelope(sent))
  expect(answer.statusCode, answer.body).toBe(200)
  expect(answer.body).toBe('')
  return find(sent.id)
}
async function find(id: string) {
  const query = { statementId: id.replace('urn:uuid:', '') }
  const answer = await tool.call({ method: 'GET', path: '/statements', query })
  expect(answer.statusCode, answer.body).toBe(200)
  return answer.json<Record<string, unknown>>()
}

const quiz = { id: `${site}/quizzes/4`, type: 'Assessment', name: 'Cellules' }
const attempt = {
  id: `${site}/quizzes/4/attempts/2`,
  type: 'Attempt',
  assignee: learner,
  assignable: quiz,
  startedAtTime: '2026-11-02T08:10:00.000Z',
  endedAtTime: '2026-11-02T08:30:00.000Z',
}
const video = { id: `${site}/films/3`, type: 'VideoObject', name: 'La mitose', duration: 'PT12M4S' }
const at = (currentTime: string) => ({ id: `${site}/films/3?at=${currentTime}`, type: 'MediaLocation', currentTime })
const thread = {
  id: `${site}/forum/threads/5`,
  type: 'Thread',
  name: 'Je suis perdue',
  isPartOf: { id: `${site}/forum`, type: 'Forum', name: 'Questions' },
}
const message = { id: `${site}/forum/messages/8`, type: 'Message', body: 'Qui peut m’aider ?', isPartOf: thread }

describe('an event', () => {
  it('is a statement with its place, and is kept whole beside it', async () => {
    const sent = event('ViewEvent', 'Viewed', {
      object: {
        id: `${site}/pages/1`,
        type: 'Page',
        name: 'Plan',
        isPartOf: { id: `${site}/books/1`, type: 'Document', name: 'Manuel' },
      },
    })
    expect(await keep(sent)).toMatchObject({
      actor: { objectType: 'Agent', name: 'Zoé Blanc', account: { homePage: site, name: learner.id } },
      verb: { id: 'http://id.tincanapi.com/verb/viewed', display: { en: 'Viewed' } },
      object: {
        id: `${site}/pages/1`,
        definition: { type: 'https://w3id.org/xapi/acrossx/activities/page', name: { und: 'Plan' } },
      },
      context: {
        platform: 'Campus',
        contextActivities: {
          parent: [{ id: `${site}/books/1` }],
          grouping: [
            { id: course.id, definition: { type: 'http://adlnet.gov/expapi/activities/course' } },
            { id: course.subOrganizationOf.id },
          ],
          category: [{ id: 'http://purl.imsglobal.org/ctx/caliper/v1p2' }],
        },
        extensions: {
          'https://w3id.org/xapi/video/extensions/session-id': `${site}/sessions/9`,
          'http://purl.imsglobal.org/caliper/Event': sent,
        },
      },
      timestamp: '2026-11-02T08:30:00.000Z',
    })
  })

  it('of a player tells where it stands', async () => {
    const jump = await keep(event('MediaEvent', 'JumpedTo', { object: video, target: at('PT5M21S') }))
    expect(jump).toMatchObject({
      verb: { id: 'https://w3id.org/xapi/video/verbs/seeked' },
      result: { extensions: { 'https://w3id.org/xapi/video/extensions/time-to': 321 } },
      context: { extensions: { 'https://w3id.org/xapi/video/extensions/length': 724 } },
    })
    expect(await keep(event('MediaEvent', 'Paused', { object: video, target: at('PT0.5S') }))).toMatchObject({
      verb: { id: 'https://w3id.org/xapi/video/verbs/paused' },
      result: { extensions: { 'https://w3id.org/xapi/video/extensions/time': 0.5 } },
    })
  })

  it('of a grade is told of the learner, with the score and who gave it', async () => {
    const teacher = { id: `${site}/people/2`, type: 'Person' }
    const generated = { id: `${attempt.id}/scores/1`, type: 'Score', attempt: attempt.id, maxScore: 20, scoreGiven: 13 }
    expect(await keep(event('GradeEvent', 'Graded', { actor: teacher, object: attempt, generated }))).toMatchObject({
      actor: { account: { name: learner.id } },
      verb: { id: 'http://adlnet.gov/expapi/verbs/scored' },
      object: { id: quiz.id },
      result: { score: { raw: 13, min: 0, max: 20, scaled: 0.65 }, duration: 'PT1200S' },
      context: {
        instructor: { account: { name: teacher.id } },
        contextActivities: { other: [{ id: attempt.id }] },
      },
    })
    const bonus = { ...generated, scoreGiven: 21 }
    const kept = await keep(event('GradeEvent', 'Graded', { actor: teacher, object: attempt, generated: bonus }))
    expect(kept['result']).toMatchObject({ score: { raw: 21 } })
  })

  it('of an answer has it, its quiz and its attempt', async () => {
    const item = { id: `${quiz.id}/items/1`, type: 'AssessmentItem', isPartOf: quiz }
    const generated = { id: `${item.id}/responses/1`, type: 'FillinBlankResponse', attempt, values: ['noyau', 'ADN'] }
    expect(await keep(event('AssessmentItemEvent', 'Completed', { object: item, generated }))).toMatchObject({
      verb: { id: 'http://adlnet.gov/expapi/verbs/answered' },
      object: { id: item.id },
      result: { response: 'noyau[,]ADN', duration: 'PT1200S' },
      context: { contextActivities: { parent: [{ id: quiz.id }], other: [{ id: attempt.id }] } },
    })
  })

  it('of a message names neither it nor its thread', async () => {
    const kept = await keep(
      event('MessageEvent', 'Posted', { object: { ...message, replyTo: `${site}/forum/messages/7` } }),
    )
    expect(kept).toMatchObject({
      verb: { id: 'http://id.tincanapi.com/verb/replied' },
      object: { id: message.id, definition: { type: 'http://id.tincanapi.com/activitytype/forum-reply' } },
      context: { contextActivities: { parent: [{ id: thread.id }, { definition: { name: { und: 'Questions' } } }] } },
    })
    const { object, context } = kept as { object: unknown; context: { contextActivities: unknown } }
    expect(JSON.stringify([object, context.contextActivities])).not.toMatch(/perdue|aider/)
  })

  it.for([
    ['SessionEvent', 'LoggedIn', 'https://xapi.edlm/profiles/edlm-lms/concepts/verbs/login'],
    ['AssessmentEvent', 'Started', 'http://adlnet.gov/expapi/verbs/attempted'],
    ['AssignableEvent', 'Submitted', 'http://activitystrea.ms/schema/1.0/submit'],
    ['AnnotationEvent', 'Highlighted', 'http://adlnet.gov/expapi/verbs/interacted'],
    ['ToolUseEvent', 'Used', 'http://adlnet.gov/expapi/verbs/interacted'],
    ['ToolLaunchEvent', 'Launched', 'http://adlnet.gov/expapi/verbs/launched'],
    ['MessageEvent', 'Posted', 'http://activitystrea.ms/schema/1.0/post'],
    ['ThreadEvent', 'MarkedAsRead', 'http://id.tincanapi.com/verb/viewed'],
    ['NavigationEvent', 'NavigatedTo', 'http://id.tincanapi.com/verb/viewed'],
    ['Event', 'Juggled', 'http://purl.imsglobal.org/caliper/actions/Juggled'],
  ] as const)('%s %s has the verb %s', async ([type, action, verb]) => {
    const kept = await keep(event(type, action, { object: { id: `${site}/things/1`, type: 'Thing' } }))
    expect(kept).toMatchObject({
      verb: { id: verb },
      object: { definition: { type: 'http://purl.imsglobal.org/caliper/Thing' } },
    })
  })

  it('may tell entities by their IRI only', async () => {
    const bare = { actor: learner.id, object: quiz.id, edApp: site, group: course.id, session: `${site}/sessions/9` }
    expect(await keep(event('AssessmentEvent', 'Submitted', bare))).toMatchObject({
      actor: { account: { homePage: site, name: learner.id } },
      object: { id: quiz.id },
      context: { platform: site },
    })
  })

  it('of somebody who is not to be known is of nobody in particular', async () => {
    const actor = { id: 'http://purl.imsglobal.org/caliper/Person', type: 'Person' }
    const kept = await keep(event('ViewEvent', 'Viewed', { actor, object: quiz }))
    expect(kept['actor']).toEqual({ objectType: 'Group', member: [] })
  })
})

describe('an envelope', () => {
  it('sent again is kept once; another event under the same identifier is refused', async () => {
    const sent = event('ViewEvent', 'Viewed', { object: quiz })
    await keep(sent)
    const stored = (await find(sent.id))['stored']
    expect((await send(envelope(sent))).statusCode).toBe(200)
    expect((await find(sent.id))['stored']).toBe(stored)
    const other = await send(envelope({ ...sent, object: video }))
    expect([other.statusCode, other.json<{ code: string }>().code]).toEqual([409, 'statement_conflict'])
  })

  it('may describe entities, which give no statement', async () => {
    expect((await send(envelope(learner, course))).statusCode).toBe(200)
    const bad = await send(envelope(learner, { id: 'no iri', type: 'Person' }))
    expect(bad.json()).toMatchObject({ code: 'caliper_invalid', event: 1, pointer: '/data/1/id' })
  })

  const good = () => event('ViewEvent', 'Viewed', { object: quiz })
  it.for<[string, () => unknown, object]>([
    ['no object', () => [], { pointer: '' }],
    ['an event alone', () => good(), { pointer: '/@context' }],
    ['nothing in it', () => envelope(), { pointer: '/data' }],
    ['a property of its own', () => ({ ...envelope(good()), 'a/b': 1 }), { pointer: '/a~1b' }],
    ['a local time', () => ({ ...envelope(good()), sendTime: '2026-11-02T09:30:00+01:00' }), { pointer: '/sendTime' }],
    [
      'an event without UUID',
      () => envelope(good(), { ...good(), id: 'urn:uuid:1' }),
      { event: 1, pointer: '/data/1/id' },
    ],
    ['no actor', () => envelope({ ...good(), actor: null }), { event: 0, pointer: '/data/0/actor' }],
    ['an actor without type', () => envelope({ ...good(), actor: { id: site } }), { pointer: '/data/0/actor/type' }],
    ['an object that is no IRI', () => envelope({ ...good(), object: '12' }), { pointer: '/data/0/object' }],
    ['a day for a moment', () => envelope({ ...good(), eventTime: '2026-11-02' }), { pointer: '/data/0/eventTime' }],
    ['an impossible moment', () => envelope({ ...good(), eventTime: '2026-13-02T00:00:00.000Z' }), { event: 0 }],
    ['an action that is no term', () => envelope({ ...good(), action: 'has viewed' }), { pointer: '/data/0/action' }],
    [
      'a place in a film that is no duration',
      () => envelope(event('MediaEvent', 'Paused', { object: video, target: at('321') })),
      { pointer: '/data/0/target/currentTime' },
    ],
    [
      'a score in words',
      () =>
        envelope(
          event('GradeEvent', 'Graded', { object: attempt, generated: { id: site, type: 'Score', scoreGiven: 'A' } }),
        ),
      { pointer: '/data/0/generated/scoreGiven' },
    ],
  ])('with %s is refused whole, saying where', async ([, make, where]) => {
    const before = await count()
    const answer = await send(make())
    expect(answer.statusCode, answer.body).toBe(400)
    expect(answer.json()).toMatchObject({ code: 'caliper_invalid', ...where })
    expect(await count()).toBe(before)
  })

  const count = () =>
    test.services.owner
      .query<{ count: string }>('select count(*) from records.statement')
      .then(({ rows }) => rows[0]?.count)

  it('is refused by its own codes otherwise', async () => {
    const body = envelope(good())
    const later = { ...body, dataVersion: 'http://purl.imsglobal.org/ctx/caliper/v2p0' }
    expect((await send(later)).statusCode).toBe(422)
    expect((await send('{')).json()).toMatchObject({ status: 400, code: 'json_invalid' })
    expect((await send(body, { 'content-type': 'text/plain' })).statusCode).toBe(415)
    const nobody = await send(body, { authorization: 'Bearer none' })
    expect([nobody.statusCode, nobody.headers['www-authenticate']]).toEqual([401, expect.stringContaining('Bearer')])
    const reader = await openXapiClient(test, '1.0.3', ['statements/read'])
    expect((await send(body, { authorization: reader.authorization })).statusCode).toBe(403)
  })

  it('comes with a token too', async () => {
    const [key, secret] = Buffer.from(tool.authorization.slice(6), 'base64').toString().split(':')
    const answer = await test.app.inject({
      method: 'POST',
      url: '/api/records/token',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: key ?? '',
        client_secret: secret ?? '',
      }).toString(),
    })
    const { access_token } = answer.json<{ access_token: string }>()
    expect((await send(envelope(good()), { authorization: `Bearer ${access_token}` })).statusCode).toBe(200)
  })
})
