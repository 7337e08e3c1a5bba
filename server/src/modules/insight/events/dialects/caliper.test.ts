import { expect, test } from 'vitest'
import type { Activity, Statement } from '#modules/records'
import { understandStatement } from '../understanding.ts'

const site = 'https://campus.example'
const activity = (path: string, type: string): Activity => ({ id: `${site}/${path}`, definition: { type } })
const course = activity('courses/bio', 'http://adlnet.gov/expapi/activities/course')
const forum = activity('forum', 'https://xapi.edlm/profiles/edlm-lms/concepts/activity-types/forum')
const thread = activity('threads/5', 'http://id.tincanapi.com/activitytype/discussion')
const message = activity('messages/8', 'http://id.tincanapi.com/activitytype/forum-reply')
const quiz = activity('quizzes/4', 'http://adlnet.gov/expapi/activities/assessment')
const attempt = activity('attempts/2', 'http://adlnet.gov/expapi/activities/attempt')
const film = activity('films/3', 'https://w3id.org/xapi/video/activity-type/video')

const understand = (verb: string, object: Activity, places: object, more: Partial<Statement> = {}) =>
  understandStatement(
    {
      actor: { account: { homePage: site, name: `${site}/people/17` } },
      verb: { id: verb },
      object,
      timestamp: '2026-11-02T08:30:00.000Z',
      context: {
        contextActivities: {
          ...places,
          grouping: [course],
          category: [{ id: 'http://purl.imsglobal.org/ctx/caliper/v1p2' }],
        },
        extensions: {
          'https://w3id.org/xapi/video/extensions/session-id': `${site}/sessions/9`,
          'https://w3id.org/xapi/video/extensions/length': 724,
        },
      },
      ...more,
    },
    0,
  )

test('a message is spoken of as its discussion', () => {
  expect(understand('http://id.tincanapi.com/verb/replied', message, { parent: [thread, forum] })).toMatchObject({
    dialect: 'caliper',
    action: 'replied',
    object: { iri: thread.id, kind: 'discussion', name: {} },
    parent: { iri: forum.id, kind: 'forum' },
    course: { iri: course.id },
    learner: `account|${site}|${site}/people/17`,
    session: `${site}/sessions/9`,
  })
  expect(understand('http://activitystrea.ms/schema/1.0/post', message, { parent: [thread, forum] }).action).toBe(
    'posted',
  )
})

test('an attempt ties what is done in it', () => {
  const scored = understand(
    'http://adlnet.gov/expapi/verbs/scored',
    quiz,
    { other: [attempt] },
    {
      result: { score: { raw: 13, min: 0, max: 20, scaled: 0.65 } },
    },
  )
  expect(scored).toMatchObject({ action: 'scored', object: { kind: 'quiz' }, session: attempt.id, score: 0.65 })
})

test('a player tells where it stands', () => {
  const result = { extensions: { 'https://w3id.org/xapi/video/extensions/time-to': 321 } }
  expect(understand('https://w3id.org/xapi/video/verbs/seeked', film, {}, { result })).toMatchObject({
    action: 'seeked',
    object: { kind: 'video' },
    position: 321,
    length: 724,
  })
})

test('what Caliper alone has a word for is recognised, and not understood', () => {
  expect(understand('http://purl.imsglobal.org/caliper/actions/Juggled', quiz, {})).toMatchObject({
    dialect: 'caliper',
    action: '',
  })
})
