import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Activity, Statement } from '#modules/records'
import { anyStatement } from '../../../../test/statements.ts'
import { actions, dialects, kinds } from './learning-event.ts'
import { understandStatement } from './understanding.ts'

const lms = 'https://lms.example'
const adl = 'http://adlnet.gov/expapi'
const video = 'https://w3id.org/xapi/video'
const course: Activity = {
  id: `${lms}/course/course-v1:Fun+101+s1`,
  definition: { type: `${adl}/activities/course`, name: { fr: 'Botanique' } },
}
const film: Activity = {
  id: 'uuid://7d4f3c70',
  definition: { type: `${video}/activity-type/video`, name: { fr: 'Cours 1' } },
}

function tell(verb: string, object: Statement['object'], rest: Partial<Statement> = {}): Statement {
  return {
    id: '9dc99b37-e920-4a68-a066-917faca28949',
    actor: { account: { homePage: lms, name: 'ana' }, name: 'Ana' },
    verb: { id: verb },
    object,
    timestamp: '2026-11-02T09:00:00Z',
    ...rest,
  }
}
const understand = (statement: Statement) => understandStatement(statement, 77)

test('players tell where they are, how far, and for whom', () => {
  const context = {
    contextActivities: { category: [{ id: video }], parent: [course] },
    extensions: { [`${video}/extensions/session-id`]: 's-1', [`${video}/extensions/length`]: 263.2 },
  }
  const at = (extensions: Record<string, unknown>) => ({ context, result: { extensions } })
  const time = `${video}/extensions/time`
  const told = {
    dialect: 'video',
    session: 's-1',
    length: 263.2,
    course: { iri: course.id },
    object: { kind: 'video' },
  }
  expect(understand(tell(`${video}/verbs/played`, film, at({ [time]: 12.5 })))).toMatchObject({
    ...told,
    action: 'played',
    position: 12.5,
    positionFrom: null,
  })
  const jump = { [`${video}/extensions/time-from`]: 20, [`${video}/extensions/time-to`]: 5 }
  expect(
    understand(tell(`${video}/verbs/seeked`, film, at({ ...jump, [`${video}/extensions/progress`]: 0.25 }))),
  ).toMatchObject({ ...told, action: 'seeked', position: 5, positionFrom: 20, positionTo: 5, progress: 0.25 })
  const segments = (told: string) => at({ [time]: 41, [`${video}/extensions/played-segments`]: told })
  const paused = (told: string) => understand(tell(`${video}/verbs/paused`, film, segments(told)))
  expect(paused('0[.]12.5[,]30[.]41')).toMatchObject({ position: 41, positionFrom: 30, positionTo: 41 })
  for (const other of ['0[.]12.5[,]41', '[.]41', 'x[.]41', '41[.]41', '', '[,]', '50[.]41']) {
    expect(paused(other)).toMatchObject({ position: 41, positionFrom: null, positionTo: null })
  }
  expect(understand(tell(`${adl}/verbs/initialized`, film, { context }))).toMatchObject({ ...told, action: 'launched' })
  expect(understand(tell(`${adl}/verbs/terminated`, film, { context }))).toMatchObject({ ...told, action: 'ended' })
})

const edx = (object: Activity, verb: string, result?: Statement['result'], grouping: Activity[] = []) =>
  understand(
    tell(verb, object, {
      ...(result && { result }),
      context: {
        contextActivities: { parent: [course], grouping },
        extensions: {
          'https://w3id.org/xapi/openedx/extension/transformer-version': 'event-routing-backends@9.3.5',
          'https://w3id.org/xapi/openedx/extensions/session-id': 'cookie',
        },
      },
    }),
  )
const block = (type: string) => `${lms}/xblock/block-v1:Fun+101+s1+type@${type}+block@b1`
const of = (id: string, type: string): Activity => ({ id, definition: { type } })
const resource = 'http://id.tincanapi.com/activitytype/resource'
const interaction = `${adl}/activities/cmi.interaction`
const discussion = 'http://id.tincanapi.com/activitytype/discussion'

test.each<[string, ReturnType<typeof edx>, Record<string, unknown>]>([
  [
    'a video, without a name',
    edx(of(block('video'), `${video}/activity-type/video`), `${video}/verbs/paused`, {
      extensions: { [`${video}/extensions/time`]: 9 },
    }),
    { action: 'paused', object: { iri: block('video'), kind: 'video', name: {} }, position: 9, session: 'cookie' },
  ],
  [
    'a subsection, from an outline',
    edx(
      of(
        `${lms}/courses/course-v1:Fun+101+s1/jump_to/block-v1:Fun+101+s1+type@sequential+block@b1`,
        `${adl}/activities/module`,
      ),
      'https://w3id.org/xapi/dod-isd/verbs/navigated',
    ),
    { action: 'viewed', object: { iri: block('sequential'), kind: 'section', name: {} } },
  ],
  [
    'an answer, evaluated',
    edx(of(block('problem'), interaction), 'https://w3id.org/xapi/acrossx/verbs/evaluated', {
      success: false,
      response: '["moi"]',
      score: { min: 0, max: 2, raw: 1, scaled: 0.5 },
    }),
    { action: 'answered', object: { iri: block('problem'), kind: 'question', name: {} }, success: false, score: 0.5 },
  ],
  ['an answer, sent', edx(of(block('problem'), interaction), `${adl}/verbs/attempted`), { action: 'attempted' }],
  [
    'an answer, graded',
    edx(of(block('problem'), `${adl}/activities/question`), `${adl}/verbs/attempted`, { score: { scaled: 1 } }),
    { action: 'scored', score: 1 },
  ],
  [
    'a part of a problem',
    understand(
      tell('https://w3id.org/xapi/acrossx/verbs/evaluated', of(`${block('problem')}_2_1`, interaction), {
        result: { success: true },
        context: {
          contextActivities: { parent: of(block('problem'), interaction), grouping: course },
          extensions: { 'https://w3id.org/xapi/openedx/extension/transformer-version': '1' },
        },
      }),
    ),
    { action: 'answered', parent: { iri: block('problem'), kind: 'question', name: {} }, course: { iri: course.id } },
  ],
  [
    'a unit, done',
    edx(of(block('html'), resource), `${adl}/verbs/progressed`, {
      completion: true,
      extensions: { 'https://w3id.org/xapi/cmi5/result/extensions/progress': 100 },
    }),
    { action: 'completed', object: { iri: block('html'), kind: 'page', name: {} }, progress: 1, completed: true },
  ],
  [
    'an exam, handed in',
    edx(
      of('block-v1:Fun+101+s1+type@sequential+block@b1', 'https://w3id.org/xapi/openedx/activity/timed-assessment'),
      `${adl}/verbs/terminated`,
      undefined,
      [of('urn:attempt:438', `${adl}/activities/attempt`)],
    ),
    { action: 'submitted', object: { iri: block('sequential'), kind: 'quiz', name: {} }, session: 'urn:attempt:438' },
  ],
  [
    'a response in a discussion',
    edx(
      of(`${lms}/api/discussion/v1/comments/22`, discussion),
      'https://w3id.org/xapi/acrossx/verbs/posted',
      undefined,
      [of(`${lms}/api/discussion/v1/threads/11`, discussion)],
    ),
    { action: 'replied', object: { iri: `${lms}/api/discussion/v1/threads/11`, kind: 'discussion', name: {} } },
  ],
  [
    'a discussion, opened',
    edx(of(`${lms}/api/discussion/v1/threads/11`, discussion), 'https://w3id.org/xapi/acrossx/verbs/posted'),
    { action: 'posted' },
  ],
  ['an enrolment', edx(course, `${adl}/verbs/registered`), { action: 'enrolled', course: { iri: course.id } }],
  [
    'a grade of the course',
    edx(course, 'http://id.tincanapi.com/verb/earned', { score: { scaled: 0.4 } }),
    { action: 'scored' },
  ],
])('Open edX: %s', (_, event, expected) => {
  expect(event).toMatchObject({ dialect: 'open-edx', ...expected, course: { iri: course.id, kind: 'course' } })
})

const cmi5 = (verb: string, rest: Partial<Statement> = {}, object: Activity = { id: 'https://units.example/au-1' }) =>
  understand(
    tell(verb, object, {
      context: {
        registration: '7f1c3f0e-55d5-4a0c-8a55-11a1c6a0c111',
        contextActivities: {
          category: [{ id: 'https://w3id.org/xapi/cmi5/context/categories/cmi5' }],
          grouping: [course],
        },
        extensions: { 'https://w3id.org/xapi/cmi5/context/extensions/sessionid': 'session-9' },
      },
      ...rest,
    }),
  )

test.each<[string, string, string]>([
  [`${adl}/verbs/launched`, 'launched', 'package'],
  [`${adl}/verbs/initialized`, 'attempted', 'package'],
  [`${adl}/verbs/completed`, 'completed', 'package'],
  [`${adl}/verbs/passed`, 'passed', 'package'],
  [`${adl}/verbs/failed`, 'failed', 'package'],
  [`${adl}/verbs/terminated`, 'ended', 'package'],
  ['https://w3id.org/xapi/adl/verbs/abandoned', 'ended', 'package'],
  ['https://w3id.org/xapi/adl/verbs/waived', 'completed', 'package'],
  ['https://w3id.org/xapi/adl/verbs/satisfied', 'completed', 'package'],
])('cmi5: %s', (verb, action, kind) => {
  expect(cmi5(verb)).toMatchObject({
    dialect: 'cmi5',
    action,
    object: { kind },
    course: { iri: course.id },
    session: 'session-9',
  })
})

test.each<[string, string, Activity['definition'], Record<string, unknown>]>([
  [
    'accessed',
    'https://w3id.org/xapi/netc/verbs/accessed',
    {
      type: 'https://w3id.org/xapi/acrossx/activities/webpage',
      extensions: { 'https://w3id.org/xapi/acrossx/extensions/type': 'course' },
    },
    { action: 'viewed', object: { kind: 'course' }, course: { kind: 'course' } },
  ],
  [
    'downloaded',
    'http://id.tincanapi.com/verb/downloaded',
    { type: 'http://id.tincanapi.com/activitytype/document' },
    { action: 'downloaded', object: { kind: 'document' }, course: null },
  ],
  [
    'uploaded',
    'https://w3id.org/xapi/netc/verbs/uploaded',
    { type: 'http://activitystrea.ms/file' },
    { action: 'uploaded', object: { kind: 'file' } },
  ],
  [
    'registered',
    `${adl}/verbs/registered`,
    { type: `${adl}/activities/course` },
    { action: 'enrolled', course: { kind: 'course' } },
  ],
])('French LMS profile: %s', (_, verb, definition, expected) => {
  const event = understand(
    tell(
      verb,
      { id: 'https://lms.example/objects/1', ...(definition && { definition }) },
      {
        context: { contextActivities: { category: { id: 'https://w3id.org/xapi/lms' } } },
      },
    ),
  )
  expect(event).toMatchObject({ dialect: 'french-lms', ...expected })
})

test('the usual verbs are understood of any tool, and other ones of none', () => {
  const h5p = understand(
    tell(`${adl}/verbs/answered`, of('https://h5p.example/1?subContentId=2', interaction), {
      context: {
        contextActivities: { parent: of('https://h5p.example/1', `${adl}/activities/media`), grouping: [course] },
      },
    }),
  )
  expect(h5p).toMatchObject({
    dialect: 'general',
    action: 'answered',
    parent: { kind: 'package' },
    course: { kind: 'course' },
  })
  const passage = {
    result: {
      extensions: {
        'http://id.tincanapi.com/extension/starting-point': 'PT10S',
        'http://id.tincanapi.com/extension/ending-point': 'PT1M',
      },
    },
  }
  const watch = 'http://activitystrea.ms/schema/1.0/watch'
  expect(understand(tell(watch, film, passage))).toMatchObject({ dialect: 'video' })
  const clip = of('https://clips.example/1', 'http://activitystrea.ms/schema/1.0/video')
  expect(understand(tell(watch, clip, passage))).toMatchObject({ action: 'watched', positionFrom: 10, positionTo: 60 })
  expect(understand(tell(watch, clip))).toMatchObject({ action: 'viewed', positionFrom: null })
  expect(understand(tell('https://verbs.example/pondered', film))).toMatchObject({ dialect: 'video', action: '' })
  expect(understand(tell('https://verbs.example/pondered', course))).toMatchObject({ dialect: '', action: '' })
})

test.each<[string, Statement, Record<string, unknown>]>([
  [
    'a group is no learner',
    tell(`${adl}/verbs/completed`, course, {
      actor: { objectType: 'Group', mbox: 'mailto:g@x.example', name: 'Equipe' },
    }),
    { learner: null, learnerName: null, action: 'completed' },
  ],
  [
    'an agent is no activity',
    tell(`${adl}/verbs/commented`, { mbox: 'mailto:b@x.example', objectType: 'Agent' }),
    { object: null, action: '' },
  ],
  [
    'nor is a statement',
    tell(`${adl}/verbs/commented`, { objectType: 'StatementRef', id: 'x' }),
    { object: null, action: '' },
  ],
  [
    'what somebody means to do is not done',
    tell('http://activitystrea.ms/schema/1.0/complete', {
      objectType: 'SubStatement',
      actor: { mbox: 'mailto:b@x.example' },
      verb: { id: `${adl}/verbs/completed` },
      object: course,
    }),
    { object: null, action: '' },
  ],
  [
    'a moment before all',
    tell(`${adl}/verbs/completed`, course, { timestamp: '1969-01-01T00:00:00Z' }),
    { occurredAt: 77 },
  ],
  [
    'a moment after all',
    tell(`${adl}/verbs/completed`, course, { timestamp: '2100-01-01T00:00:00Z' }),
    { occurredAt: 77 },
  ],
  [
    'a leap second',
    tell(`${adl}/verbs/completed`, course, { timestamp: '2016-12-31T23:59:60.25Z' }),
    { occurredAt: Date.UTC(2016, 11, 31, 23, 59, 59, 250) },
  ],
  [
    'a day alone',
    tell(`${adl}/verbs/completed`, course, { timestamp: '20261102' }),
    { occurredAt: Date.UTC(2026, 10, 2) },
  ],
  [
    'points of nobody knows how many',
    tell(`${adl}/verbs/scored`, course, { result: { score: { raw: 12 } } }),
    { score: null },
  ],
  [
    'points of none',
    tell(`${adl}/verbs/scored`, course, { result: { score: { raw: 0, min: 0, max: 0 } } }),
    { score: null },
  ],
  ['a month has no length', tell(`${adl}/verbs/completed`, course, { result: { duration: 'P1M' } }), { seconds: null }],
  [
    'two years are no work',
    tell(`${adl}/verbs/completed`, course, { result: { duration: 'P999D' } }),
    { seconds: null },
  ],
  [
    'figures that are none',
    tell(`${video}/verbs/played`, film, {
      result: { extensions: { [`${video}/extensions/time`]: '12', [`${video}/extensions/progress`]: 47 } },
      context: { extensions: { [`${video}/extensions/length`]: 1e300, [`${video}/extensions/session-id`]: { a: 1 } } },
    }),
    { position: null, progress: null, length: null, session: null },
  ],
])('%s', (_, statement, expected) => {
  expect(understand(statement)).toMatchObject(expected)
})

test('whatever is stored gives an event in closed lists, the same each time', () => {
  const statement = fc.oneof(anyStatement('1.0.3'), anyStatement('2.0.0')).map((told) => told as Statement)
  const marks: [string, unknown][] = [
    ['', 0],
    ['http://lrs.learninglocker.net/define/extensions/info', { event_name: '\\mod_quiz\\event\\attempt_submitted' }],
    ['https://w3id.org/xapi/openedx/extension/transformer-version', 1],
    ['https://w3id.org/xapi/cmi5/context/extensions/sessionid', []],
  ]
  const category = fc.constantFrom(undefined, 'https://w3id.org/xapi/lms', `${video}`)
  fc.assert(
    fc.property(statement, fc.constantFrom(...marks), category, (told, [iri, value], id) => {
      const extensions = { ...told.context?.extensions, [iri]: value }
      const marked: Statement = { ...told, context: { ...told.context, extensions } }
      if (id !== undefined) marked.context = { extensions, contextActivities: { category: { id } } }
      const before = structuredClone(marked)
      const event = understandStatement(marked, 77)
      expect(understandStatement(structuredClone(marked), 77)).toEqual(event)
      expect(['', ...actions]).toContain(event.action)
      expect(['', ...dialects]).toContain(event.dialect)
      for (const object of [event.object, event.parent, event.course])
        if (object !== null) expect(kinds).toContain(object.kind)
      for (const figure of [event.score, event.progress, event.seconds, event.position, event.length]) {
        if (figure !== null) expect(Number.isFinite(figure)).toBe(true)
      }
      expect(Number.isSafeInteger(event.occurredAt)).toBe(true)
      expect(marked).toEqual(before)
    }),
    { numRuns: 500 },
  )
})
