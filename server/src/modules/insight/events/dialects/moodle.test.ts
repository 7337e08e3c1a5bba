import { expect, test } from 'vitest'
import type { Activity, Statement } from '#modules/records'
import { understandStatement } from '../understanding.ts'

const site = 'https://moodle.univ.example'
const edlm = 'https://xapi.edlm/profiles/edlm-lms/concepts'
const activity = (path: string, type: string, name?: string): Activity => ({
  id: site + path,
  definition: { type, ...(name !== undefined && { name: { fr: name } }) },
})
const course = activity('/course/view.php?id=3', 'https://w3id.org/xapi/cmi5/activitytype/course', 'Botanique')
const oldCourse = activity('/course/view.php?id=3', 'http://id.tincanapi.com/activitytype/lms/course', 'Botanique')
const lms = activity('', 'http://id.tincanapi.com/activitytype/lms', 'Moodle')
const source: Activity = {
  id: 'http://moodle.org',
  definition: { type: 'http://id.tincanapi.com/activitytype/source' },
}
const section = activity('/course/section.php?id=7', 'http://id.tincanapi.com/activitytype/section', 'Semaine 2')
const quiz = activity('/mod/quiz/view.php?id=21', 'http://adlnet.gov/expapi/activities/assessment', 'Les feuilles')
const oldQuiz = activity('/mod/quiz/view.php?id=21', 'http://id.tincanapi.com/activitytype/lms/module', 'Les feuilles')
const attempt = activity('/mod/quiz/attempt.php?attempt=9&cmid=21', 'http://adlnet.gov/expapi/activities/attempt')
const question = activity('/question/question.php?cmid=21&id=4', 'http://adlnet.gov/expapi/activities/cmi.interaction')
const assignment = activity('/mod/assign/view.php?id=22', `${edlm}/activity-types/assignment`, 'Herbier')
const submission = activity('/mod/assign/view.php?id=22#submission', `${edlm}/activity-types/submission`)
const forum = activity('/mod/forum/view.php?id=23', `${edlm}/activity-types/forum`, 'Questions')
const discussion = activity(
  '/mod/forum/discuss.php?d=5',
  'http://id.tincanapi.com/activitytype/discussion',
  'Au secours !',
)
const post = activity('/mod/forum/discuss.php?d=5#p8', 'http://id.tincanapi.com/activitytype/forum-reply')
const glossary = activity('/mod/glossary/view.php?id=25', `${edlm}/activity-types/glossary`, 'Mots')
const report = activity('/user/report.php?id=77', 'http://id.tincanapi.com/activitytype/user-profile', 'Ana Perrin')

type Told = Pick<Statement, 'result'> & {
  event: string
  verb: string
  object: Activity
  parent?: Activity[]
  grouping?: Activity[]
  other?: Activity[]
  instructor?: string
}
const learner = { account: { homePage: site, name: '12' } }
const tell = (
  { event, verb, object, result, parent, grouping, other, instructor }: Told,
  category = lms,
): Statement => ({
  id: 'DD3C2B57-6F42-4B6C-9B8A-3B6A6F3D3C11',
  actor: learner,
  verb: { id: verb },
  object,
  ...(result && { result }),
  context: {
    registration: '7f1c3f0e-55d5-4a0c-8a55-11a1c6a0c111',
    ...(instructor !== undefined && { instructor: { account: { homePage: site, name: instructor } } }),
    extensions: {
      'http://lrs.learninglocker.net/define/extensions/info': { event_name: event, event_function: 'x' },
    },
    contextActivities: {
      category: [category],
      ...(parent && { parent }),
      ...(grouping && { grouping }),
      ...(other && { other }),
    },
  },
  timestamp: '2026-11-02T09:00:00.123456+01:00',
})

const tin = 'http://id.tincanapi.com/verb/'
const adl = 'http://adlnet.gov/expapi/verbs/'
const short = 'http://activitystrea.ms/'
const streams = 'http://activitystrea.ms/schema/1.0/'

/** The event in one line: action, object, parent, course, session. */
function line(statement: Statement): string {
  const { dialect, action, object, parent, course, session } = understandStatement(statement, 0)
  const told = (each: typeof object) => (each === null ? '-' : `${each.kind} ${each.iri.replace(site, '')}`)
  const sitting = session === attempt.id ? 'attempt' : (session ?? '-')
  return `${dialect}: ${action || '?'} ${told(object)} in ${told(parent)} of ${told(course)}, ${sitting}`
}
const botany = 'of course /course/view.php?id=3'

test.each<[Told, string]>([
  [
    { event: '\\core\\event\\course_viewed', verb: `${tin}viewed`, object: course },
    `viewed course /course/view.php?id=3 in - ${botany}, -`,
  ],
  [
    { event: '\\mod_quiz\\event\\course_module_viewed', verb: `${tin}viewed`, object: quiz, parent: [section, course] },
    `viewed quiz /mod/quiz/view.php?id=21 in section /course/section.php?id=7 ${botany}, -`,
  ],
  [
    {
      event: '\\mod_quiz\\event\\attempt_started',
      verb: `${streams}start`,
      object: attempt,
      parent: [quiz, section, course],
    },
    `attempted quiz /mod/quiz/view.php?id=21 in section /course/section.php?id=7 ${botany}, attempt`,
  ],
  [
    {
      event: '\\mod_quiz\\event\\attempt_submitted',
      verb: `${adl}completed`,
      object: attempt,
      parent: [quiz, section, course],
    },
    `submitted quiz /mod/quiz/view.php?id=21 in section /course/section.php?id=7 ${botany}, attempt`,
  ],
  [
    {
      event: '\\mod_quiz\\event\\attempt_submitted',
      verb: `${adl}answered`,
      object: question,
      parent: [attempt, quiz, section, course],
    },
    `answered question /question/question.php?cmid=21&id=4 in quiz /mod/quiz/view.php?id=21 ${botany}, attempt`,
  ],
  [
    {
      event: '\\mod_quiz\\event\\attempt_reviewed',
      verb: `${streams}receive`,
      object: activity('/review.php?attempt=9', 'http://activitystrea.ms/schema/1.0/review'),
      parent: [attempt, quiz, section, course],
      instructor: '12',
    },
    `viewed quiz /mod/quiz/view.php?id=21 in section /course/section.php?id=7 ${botany}, attempt`,
  ],
  [
    {
      event: '\\mod_quiz\\event\\attempt_reviewed',
      verb: `${streams}receive`,
      object: activity('/review.php?attempt=9', 'http://activitystrea.ms/schema/1.0/review'),
      parent: [attempt, quiz, section, course],
      instructor: '2',
    },
    `managed quiz /mod/quiz/view.php?id=21 in section /course/section.php?id=7 ${botany}, attempt`,
  ],
  [
    {
      event: '\\mod_assign\\event\\assessable_submitted',
      verb: `${streams}submit`,
      object: submission,
      parent: [assignment, section, course],
    },
    `submitted assignment /mod/assign/view.php?id=22 in section /course/section.php?id=7 ${botany}, -`,
  ],
  [
    {
      event: '\\mod_assign\\event\\submission_graded',
      verb: 'https://w3id.org/xapi/tla/verbs/scored',
      object: submission,
      parent: [assignment, section, course],
      instructor: '2',
    },
    `scored assignment /mod/assign/view.php?id=22 in section /course/section.php?id=7 ${botany}, -`,
  ],
  [
    {
      event: '\\mod_forum\\event\\discussion_created',
      verb: `${short}create`,
      object: discussion,
      parent: [forum, section, course],
    },
    `posted discussion /mod/forum/discuss.php?d=5 in forum /mod/forum/view.php?id=23 ${botany}, -`,
  ],
  [
    {
      event: '\\mod_forum\\event\\post_created',
      verb: `${tin}replied`,
      object: post,
      parent: [discussion, forum, section, course],
    },
    `replied discussion /mod/forum/discuss.php?d=5 in forum /mod/forum/view.php?id=23 ${botany}, -`,
  ],
  [
    {
      event: '\\core\\event\\course_module_completion_updated',
      verb: `${adl}completed`,
      object: quiz,
      parent: [section, course],
    },
    `completed quiz /mod/quiz/view.php?id=21 in section /course/section.php?id=7 ${botany}, -`,
  ],
  [
    {
      event: '\\core\\event\\course_module_completion_updated',
      verb: `${edlm}/verbs/uncompleted`,
      object: quiz,
      parent: [section, course],
    },
    `managed quiz /mod/quiz/view.php?id=21 in section /course/section.php?id=7 ${botany}, -`,
  ],
  [
    {
      event: '\\core\\event\\course_module_created',
      verb: `${short}create`,
      object: forum,
      parent: [section, course],
    },
    `managed forum /mod/forum/view.php?id=23 in section /course/section.php?id=7 ${botany}, -`,
  ],
  [
    {
      event: '\\mod_glossary\\event\\entry_viewed',
      verb: `${tin}viewed`,
      object: activity('/mod/glossary/showentry.php?eid=1', `${edlm}/activity-types/glossary-entry`, 'Un mot à moi'),
      parent: [glossary, section, course],
    },
    `viewed glossary /mod/glossary/view.php?id=25 in section /course/section.php?id=7 ${botany}, -`,
  ],
  [
    { event: '\\core\\event\\user_enrolment_created', verb: `${edlm}/verbs/enrolled`, object: course },
    `enrolled course /course/view.php?id=3 in - ${botany}, -`,
  ],
  [
    { event: '\\core\\event\\user_enrolment_deleted', verb: `${short}leave`, object: course },
    `unenrolled course /course/view.php?id=3 in - ${botany}, -`,
  ],
  [
    {
      event: '\\core\\event\\user_enrolment_updated',
      verb: 'https://w3id.org/xapi/tla/verbs/suspended',
      object: course,
    },
    `unenrolled course /course/view.php?id=3 in - ${botany}, -`,
  ],
  [{ event: '\\core\\event\\user_loggedin', verb: `${edlm}/verbs/login`, object: lms }, 'signed-in site  in - of -, -'],
  [
    { event: '\\core\\event\\course_created', verb: `${short}create`, object: course },
    `managed course /course/view.php?id=3 in - ${botany}, -`,
  ],
  [
    { event: '\\mod_forum\\event\\user_report_viewed', verb: `${tin}viewed`, object: report, parent: [course] },
    `viewed - in - ${botany}, -`,
  ],
  [
    { event: '\\mod_what\\event\\happened', verb: 'https://verbs.example/pondered', object: quiz, parent: [course] },
    `? quiz /mod/quiz/view.php?id=21 in - ${botany}, -`,
  ],
])('today: %j', (told, expected) => {
  expect(line(tell(told))).toBe(`moodle: ${expected}`)
})

test.each<[Told, string]>([
  [
    { event: '\\core\\event\\course_viewed', verb: `${tin}viewed`, object: oldCourse, grouping: [lms] },
    `viewed course /course/view.php?id=3 in - ${botany}, -`,
  ],
  [
    {
      event: '\\mod_quiz\\event\\course_module_viewed',
      verb: `${tin}viewed`,
      object: oldQuiz,
      grouping: [lms, oldCourse],
    },
    `viewed quiz /mod/quiz/view.php?id=21 in - ${botany}, -`,
  ],
  [
    {
      event: '\\mod_quiz\\event\\attempt_submitted',
      verb: `${adl}completed`,
      object: oldQuiz,
      grouping: [lms, oldCourse],
      other: [attempt],
    },
    `submitted quiz /mod/quiz/view.php?id=21 in - ${botany}, attempt`,
  ],
  [
    {
      event: '\\mod_quiz\\event\\attempt_submitted',
      verb: `${adl}answered`,
      object: question,
      grouping: [lms, oldCourse, oldQuiz, attempt],
    },
    `answered question /question/question.php?cmid=21&id=4 in quiz /mod/quiz/view.php?id=21 ${botany}, attempt`,
  ],
  [
    {
      event: '\\mod_forum\\event\\discussion_created',
      verb: `${streams}create`,
      object: discussion,
      grouping: [lms, oldCourse, forum],
    },
    `posted discussion /mod/forum/discuss.php?d=5 in forum /mod/forum/view.php?id=23 ${botany}, -`,
  ],
  [
    {
      event: '\\mod_assign\\event\\submission_graded',
      verb: `${adl}scored`,
      object: activity('/mod/assign/view.php?id=22', 'http://adlnet.gov/expapi/activities/assessment'),
      grouping: [lms, oldCourse],
    },
    `scored assignment /mod/assign/view.php?id=22 in - ${botany}, -`,
  ],
  [
    { event: '\\core\\event\\user_loggedin', verb: 'https://brindlewaye.com/xAPITerms/verbs/loggedin/', object: lms },
    'signed-in site  in - of -, -',
  ],
  [
    {
      event: '\\mod_chat\\event\\message_sent',
      verb: `${streams}send`,
      object: activity('/mod/chat/gui_ajax/index.php?id=1', 'http://id.tincanapi.com/activitytype/chat-channel'),
      grouping: [
        lms,
        oldCourse,
        activity('/mod/chat/view.php?id=24', 'http://id.tincanapi.com/activitytype/chat-channel'),
      ],
    },
    `posted chat /mod/chat/view.php?id=24 in - ${botany}, -`,
  ],
  [
    {
      event: '\\mod_forum\\event\\post_created',
      verb: `${tin}replied`,
      object: discussion,
      grouping: [lms, oldCourse, post],
    },
    `replied discussion /mod/forum/discuss.php?d=5 in - ${botany}, -`,
  ],
])('until 2022: %j', (told, expected) => {
  expect(line(tell(told, source))).toBe(`moodle-legacy: ${expected}`)
})

const graded = (event: string, verb: string, success: boolean, score: object) =>
  understandStatement(
    tell({ event: `\\${event}`, verb, object: quiz, parent: [course], result: { success, score } }),
    0,
  )

test('takes no grade for a success, and counts points from the lowest', () => {
  const none = { raw: 0, min: 0, max: 20, scaled: -1 }
  expect(graded('mod_quiz\\event\\attempt_submitted', `${adl}completed`, true, none)).toMatchObject({
    action: 'submitted',
    score: 0,
    success: null,
  })
  expect(graded('mod_quiz\\event\\attempt_submitted', `${adl}answered`, false, none).success).toBe(false)
  const completion = 'core\\event\\course_module_completion_updated'
  expect(graded(completion, `${adl}completed`, false, none).success).toBe(false)
  expect(graded(completion, `${adl}completed`, true, none).success).toBe(true)
})

test('keeps figures and moment, and nothing that somebody wrote', () => {
  const score = { raw: 15, min: 10, max: 20 }
  const event = understandStatement(
    tell({
      event: '\\mod_forum\\event\\post_created',
      verb: `${tin}replied`,
      object: { ...post, definition: { ...post.definition, description: { fr: 'Mon chat est malade.' } } },
      parent: [discussion, forum, course],
      result: { response: 'Mon chat est malade.', score, success: true, completion: true, duration: 'PT1M30.5S' },
    }),
    0,
  )
  expect(event).toMatchObject({
    statementId: 'dd3c2b57-6f42-4b6c-9b8a-3b6a6f3d3c11',
    occurredAt: Date.parse('2026-11-02T08:00:00.123Z'),
    learner: `account|${site}|12`,
    learnerName: null,
    score: 0.5,
    success: null,
    completed: true,
    seconds: 90.5,
    parent: { name: { fr: 'Questions' } },
    object: { name: {} },
  })
  expect(JSON.stringify(event)).not.toMatch(/chat|secours/)
})
