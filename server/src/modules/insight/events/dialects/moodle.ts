import { type Activity, identifyAgent, isActivity, type Statement } from '#modules/records'
import { contextOf, toKind, toObject } from '../activities.ts'
import type { Action, Kind, LearningObject } from '../learning-event.ts'
import type { Meaning, ReadDialect } from '../meaning.ts'
import { toAction } from '../verbs.ts'

const info = 'http://lrs.learninglocker.net/define/extensions/info'
const types = 'http://id.tincanapi.com/activitytype/'

// Modules by their name in addresses, since older emitters give most of them one type.
const modules = new Map<string, Kind>([
  ['assign', 'assignment'],
  ['bigbluebuttonbn', 'live'],
  ['book', 'document'],
  ['chat', 'chat'],
  ['choice', 'survey'],
  ['data', 'glossary'],
  ['facetoface', 'live'],
  ['feedback', 'survey'],
  ['folder', 'file'],
  ['forum', 'forum'],
  ['glossary', 'glossary'],
  ['h5pactivity', 'package'],
  ['hvp', 'package'],
  ['imscp', 'package'],
  ['label', 'page'],
  ['lesson', 'package'],
  ['lti', 'package'],
  ['page', 'page'],
  ['questionnaire', 'survey'],
  ['quiz', 'quiz'],
  ['resource', 'file'],
  ['scorm', 'package'],
  ['survey', 'survey'],
  ['url', 'link'],
  ['wiki', 'wiki'],
  ['workshop', 'assignment'],
])

// Where the event tells more than the verb. A verb in front: the same event gives other statements too.
const events = new Map<string, Action>([
  ['core/user_created', 'managed'],
  ['core/user_enrolment_created', 'enrolled'],
  ['core/user_enrolment_deleted', 'unenrolled'],
  ['core/group_member_added', 'managed'],
  ['core/group_member_removed', 'managed'],
  ['core/course_completion_updated', 'managed'],
  ['core/note_created', 'managed'],
  ['core/note_updated', 'managed'],
  ['mod_quiz/attempt_started', 'attempted'],
  ['completed mod_quiz/attempt_submitted', 'submitted'],
  ['completed mod_quiz/attempt_abandoned', 'ended'],
  ['mod_quiz/attempt_becameoverdue', 'ended'],
  ['mod_assign/assessable_submitted', 'submitted'],
  ['mod_survey/response_submitted', 'submitted'],
  ['mod_chat/message_sent', 'posted'],
  ['mod_forum/discussion_created', 'posted'],
  ['mod_forum/post_created', 'replied'],
  ['mod_book/chapter_created', 'managed'],
  ['mod_bigbluebuttonbn/meeting_created', 'managed'],
  ['mod_data/record_created', 'posted'],
  ['mod_glossary/entry_created', 'posted'],
  ['mod_wiki/page_created', 'posted'],
  ['mod_wiki/page_updated', 'posted'],
])

/** The component and the event, as `mod_quiz/attempt_submitted`; undefined for what does not come from Moodle. */
function eventOf(statement: Statement): string | undefined {
  const told = statement.context?.extensions?.[info]
  if (typeof told !== 'object' || told === null || !('event_name' in told)) return undefined
  const parts = typeof told.event_name === 'string' ? /^\\?(\w+)\\event\\(\w+)$/.exec(told.event_name) : null
  return parts === null ? undefined : `${parts[1]}/${parts[2]}`
}

const isAttempt = ({ definition }: Activity) => definition?.type === 'http://adlnet.gov/expapi/activities/attempt'
const isSite = ({ definition }: Activity) => definition?.type === `${types}lms` || definition?.type === `${types}source`
const isReview = ({ definition }: Activity) => definition?.type === 'http://activitystrea.ms/schema/1.0/review'

// Entries, pages and messages are what learners write, and named by them.
const ofLearners = /\/mod\/(?:chat|data|glossary|wiki)\/(?!view\.php\?id=)/

function toModuleKind(activity: Activity): Kind {
  const kind = toKind(activity)
  const address = /\/mod\/(\w+)\/(?:view|discuss)\.php\?(id|d)=[^&#]*$/.exec(activity.id)
  if (address !== null) return address[2] === 'd' ? 'discussion' : (modules.get(address[1] ?? '') ?? kind)
  if (activity.id.includes('/course/view.php?')) return 'course'
  return activity.id.includes('/course/section.php?') ? 'section' : kind
}
const toModule = (activity: Activity) => toObject(activity, toModuleKind(activity))

/** The emitter of today: what holds the object is in `parent`, from the nearest to the course. */
export const readMoodle: ReadDialect = (statement) => {
  const event = eventOf(statement)
  return event === undefined ? undefined : read(statement, event, contextOf(statement, 'parent'))
}

/** The emitter until 2022 and its fork of Avignon: the site, the course and what holds the object are in `grouping`. */
export const readMoodleLegacy: ReadDialect = (statement) => {
  const event = eventOf(statement)
  if (event === undefined) return undefined
  const grouping = contextOf(statement, 'grouping')
  const source = contextOf(statement, 'category').some(({ definition }) => definition?.type === `${types}source`)
  if (!source && !grouping.some((each) => isSite(each) || toModuleKind(each) === 'course')) return undefined
  return read(statement, event, [...contextOf(statement, 'other'), ...grouping.toReversed()])
}

/** @param holders what holds the object, the nearest first. */
function read(statement: Statement, event: string, holders: readonly Activity[]): Meaning {
  const activity = isActivity(statement.object) ? statement.object : undefined
  const all = activity === undefined ? holders : [activity, ...holders]
  const attempt = all.find(isAttempt)
  const course = all.find((each) => toModuleKind(each) === 'course')
  const held = holders.filter((each) => !isAttempt(each) && !isSite(each) && !isReview(each) && each !== course)
  const place = (object: LearningObject | null, parent: Activity | undefined) => ({
    object,
    parent: parent === undefined ? null : toModule(parent),
    course: course === undefined ? null : toModule(course),
    // The registration is of a run of the emitter, for all learners at once.
    session: attempt?.id ?? null,
  })
  if (activity === undefined) return { action: '', ...place(null, held[0]) }

  let whole: Activity | undefined = activity
  // A report on somebody: nothing of the course, and its address says who.
  if (activity.definition?.type === `${types}user-profile`) whole = undefined
  // Attempts, submissions, messages of a discussion are parts: what they belong to is spoken of.
  else if (isAttempt(activity) || isReview(activity)) whole = held[0]
  else if (ofLearners.test(activity.id)) whole = held.find(({ id }) => !ofLearners.test(id)) ?? activity
  else if (activity.id.includes('#')) {
    const address = activity.id.slice(0, activity.id.indexOf('#'))
    whole = held.find(({ id }) => id === address) ?? { ...activity, id: address }
  }
  const after = whole === undefined ? -1 : held.indexOf(whole)
  const parent = held.slice(after + 1).find(({ id }) => id.split('#')[0] !== whole?.id)
  const object = whole === undefined ? null : toModule(whole)
  if (object !== null && /\/question\/question\.php\?/.test(object.iri)) object.kind = 'question'
  const action = toMoodleAction(statement, event, object?.kind ?? 'other')
  return { action, ...place(object, parent), success: successOf(statement, event, action) }
}

/** Without a pass mark the emitter tells that any grade passes: of grades, nothing is believed. */
function successOf({ result }: Statement, event: string, action: Action | ''): boolean | null {
  const isTrusted = action === 'answered' || action === 'passed' || action === 'failed'
  return isTrusted || event === 'core/course_module_completion_updated' ? (result?.success ?? null) : null
}

function toMoodleAction(statement: Statement, event: string, kind: Kind): Action | '' {
  const verb = statement.verb.id
  const told = events.get(event) ?? events.get(`${verb.slice(verb.lastIndexOf('/') + 1)} ${event}`)
  if (told !== undefined) return told
  if (event === 'core/user_enrolment_updated') return verb.endsWith('/suspended') ? 'unenrolled' : 'enrolled'
  if (event === 'mod_quiz/attempt_reviewed') {
    // Told of the learner, whoever reads the review.
    const reader = statement.context?.instructor
    const isOwn = reader === undefined || identifyAgent(reader) === identifyAgent(statement.actor)
    return isOwn ? 'viewed' : 'managed'
  }
  const action = toAction(verb, kind)
  // Calendars, groups, categories
  return action === 'posted' && event.startsWith('core/') && kind !== 'message' ? 'managed' : action
}
