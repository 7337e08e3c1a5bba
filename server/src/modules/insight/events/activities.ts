import { type Activity, isActivity, type Statement } from '#modules/records'
import type { Kind, LearningObject } from './learning-event.ts'
import type { Meaning } from './meaning.ts'

const adl = 'http://adlnet.gov/expapi/activities/'
const tinCan = 'http://id.tincanapi.com/activitytype/'
const streams = 'http://activitystrea.ms/schema/1.0/'
const acrossx = 'https://w3id.org/xapi/acrossx/activities/'
const edlm = 'https://xapi.edlm/profiles/edlm-lms/concepts/activity-types/'
const video = 'https://w3id.org/xapi/video/activity-type/'
const cmi5 = 'https://w3id.org/xapi/cmi5/activitytype/'
const openEdx = 'https://w3id.org/xapi/openedx/activity/'

const types: [Kind, string, string[]][] = [
  ['course', adl, ['course']],
  ['course', cmi5, ['course']],
  ['course', tinCan, ['lms/course']],
  ['section', adl, ['module']],
  ['section', cmi5, ['block']],
  ['section', tinCan, ['section']],
  ['page', tinCan, ['chapter', 'webpage']],
  ['page', acrossx, ['webpage', 'page']],
  ['page', adl, ['lesson-content-page']],
  ['page', streams, ['page', 'article']],
  ['file', adl, ['file']],
  ['file', streams, ['file', 'image']],
  ['file', 'http://activitystrea.ms/', ['file', 'collection']],
  ['file', tinCan, ['resource', 'file']],
  ['video', video, ['video']],
  ['video', streams, ['video']],
  ['video', acrossx, ['video']],
  ['audio', video, ['audio']],
  ['audio', 'https://w3id.org/xapi/audio/activity-type/', ['audio']],
  ['audio', streams, ['audio']],
  ['document', tinCan, ['document', 'book', 'slide-deck']],
  ['quiz', adl, ['assessment']],
  ['quiz', openEdx, ['timed-assessment', 'practice-assessment', 'proctored-assessment']],
  ['question', adl, ['question', 'cmi.interaction', 'interaction']],
  ['question', streams, ['question', 'review#slot']],
  ['question', tinCan, ['solution']],
  ['assignment', edlm, ['assignment', 'submission', 'workshop']],
  ['assignment', tinCan, ['school-assignment']],
  ['forum', edlm, ['forum']],
  ['forum', tinCan, ['forum-topic']],
  ['discussion', tinCan, ['discussion', 'forum-reply']],
  ['chat', tinCan, ['chat-channel']],
  ['glossary', edlm, ['glossary', 'glossary-entry']],
  ['wiki', edlm, ['wiki', 'wiki-page']],
  ['survey', edlm, ['feedback']],
  ['survey', tinCan, ['survey']],
  ['package', adl, ['lesson', 'media', 'simulation']],
  ['package', tinCan, ['legacy-learning-standard']],
  ['live', adl, ['meeting']],
  ['live', tinCan, ['webinar', 'conference-session']],
  ['live', acrossx, ['face-to-face-discussion', 'webinar']],
  ['link', adl, ['link']],
  ['message', tinCan, ['chat-message', 'email']],
  ['message', acrossx, ['message', 'comment']],
  ['message', streams, ['note', 'comment']],
  ['message', 'http://activitystrea.ms/', ['note', 'comment']],
  ['site', tinCan, ['lms', 'site']],
]

const kindOf = new Map<string, Kind>()
for (const [kind, prefix, names] of types) for (const name of names) kindOf.set(prefix + name, kind)

/** The kind of an activity by its type; other when it is not told or not known. */
export function toKind(activity: Activity): Kind {
  const type = activity.definition?.type
  return (type === undefined ? undefined : kindOf.get(type)) ?? 'other'
}

// What learners name themselves, by its kind or by its type.
const unnamed = new Set<Kind>(['discussion', 'message'])
const unnamedType = /\/(?:glossary-entry|wiki-page|article|submission|user-profile)$/

// Nobody reads longer names, nor in more languages.
const longestName = 300
const mostLanguages = 10

/** A text as both stores can keep it: neither takes the character 0, nor halves of characters. */
export const keepable = (text: string, longest: number): string =>
  text.slice(0, longest).replaceAll('\0', '').toWellFormed()

/** An activity as events speak of it. */
export function toObject(activity: Activity, kind: Kind = toKind(activity)): LearningObject {
  const { name = {}, type = '' } = activity.definition ?? {}
  if (unnamed.has(kind) || unnamedType.test(type)) return { iri: activity.id, kind, name: {} }
  const names: LearningObject['name'] = {}
  for (const [language, text] of Object.entries(name).slice(0, mostLanguages))
    names[language] = keepable(text, longestName)
  return { iri: activity.id, kind, name: names }
}

/** The activities of a context in one relation; version 1.0.3 lets a single one stand without its list. */
export function contextOf(
  { context }: Statement,
  relation: 'parent' | 'grouping' | 'category' | 'other',
): readonly Activity[] {
  const told = context?.contextActivities?.[relation]
  return told === undefined ? [] : Array.isArray(told) ? told : [told]
}

/** The first course of some activities. */
export function findCourse(...lists: (readonly Activity[])[]): LearningObject | null {
  for (const list of lists) {
    for (const activity of list) if (toKind(activity) === 'course') return toObject(activity, 'course')
  }
  return null
}

/** Where a statement took place, for the dialects that tell the course and the holder of the object in their context. */
export function placeOf(statement: Statement): Pick<Meaning, 'object' | 'parent' | 'course'> {
  const activity = isActivity(statement.object) ? statement.object : undefined
  const object = activity === undefined ? null : toObject(activity)
  const parents = contextOf(statement, 'parent')
  const holder = parents.find((parent) => toKind(parent) !== 'course' && parent.id !== activity?.id)
  return {
    object,
    parent: holder === undefined ? null : toObject(holder),
    course: object?.kind === 'course' ? object : findCourse(parents, contextOf(statement, 'grouping')),
  }
}
