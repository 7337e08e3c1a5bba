import { contextOf, findCourse, placeOf, toKind, toObject } from '../activities.ts'
import type { Kind, LearningObject } from '../learning-event.ts'
import type { ReadDialect } from '../meaning.ts'
import { mediaOf, sessionOf } from '../results.ts'
import { toAction } from '../verbs.ts'

const version = 'https://w3id.org/xapi/openedx/extension/transformer-version'
const session = 'https://w3id.org/xapi/openedx/extensions/session-id'
const adl = 'http://adlnet.gov/expapi/verbs/'

// Blocks of a course by their type; their statements often tell no more than "resource".
const blocks = new Map<string, Kind>([
  ['course', 'course'],
  ['chapter', 'section'],
  ['sequential', 'section'],
  ['vertical', 'page'],
  ['html', 'page'],
  ['video', 'video'],
  ['problem', 'question'],
  ['drag-and-drop-v2', 'question'],
  ['openassessment', 'assignment'],
  ['edx_sga', 'assignment'],
  ['discussion', 'forum'],
  ['poll', 'survey'],
  ['survey', 'survey'],
  ['lti_consumer', 'package'],
  ['scorm', 'package'],
  ['h5pxblock', 'package'],
  ['scormxblock', 'package'],
])
const block = /^(?:(https?:\/\/[^/]+)\/.*)?((?:ccx-)?block-v1:[^/?#]+)/

/** Open edX, by its event-routing-backends. */
export const readOpenEdx: ReadDialect = (statement) => {
  const extensions = statement.context?.extensions
  if (extensions?.[version] === undefined && extensions?.[session] === undefined) return undefined
  const place = placeOf(statement)
  const grouping = contextOf(statement, 'grouping')
  const told = { session: sessionOf(statement, [session]) }
  if (place.object === null) return { action: '', ...place, ...told }

  const object = toBlock(place.object, place.course)
  const parent = place.parent === null ? null : toBlock(place.parent, place.course)
  let action = toAction(statement.verb.id, object.kind)
  if (object.kind === 'discussion' && action === 'posted') {
    // A response, or a comment on one: what holds it is the discussion.
    const held = grouping.find((each) => toKind(each) === 'discussion')
    if (held !== undefined) return { action: 'replied', ...place, object: toObject(held, 'discussion'), ...told }
  }
  if (object.kind === 'discussion' && action === 'viewed')
    object.iri = object.iri.replace('/v1/comments/', '/v1/threads/')
  // One answer gives three statements: that it was tried, what it is worth, and its evaluation, which says most.
  if (action === 'attempted' && statement.result?.score !== undefined) action = 'scored'
  if (action === 'progressed' && statement.result?.completion === true) action = 'completed'
  if (object.kind === 'quiz') {
    if (statement.verb.id === `${adl}initialized`) action = 'attempted'
    if (statement.verb.id === `${adl}terminated`) action = 'submitted'
    const attempt = grouping.find(
      ({ definition }) => definition?.type === 'http://adlnet.gov/expapi/activities/attempt',
    )
    if (attempt !== undefined) told.session = attempt.id
  }
  const course = place.course ?? (object.kind === 'course' ? object : findCourse(grouping))
  return { action, object, parent, course, ...told, ...mediaOf(statement, action) }
}

/** A block under one IRI, from wherever it was opened; anything else as it is told. */
function toBlock(object: LearningObject, course: LearningObject | null): LearningObject {
  const parts = block.exec(object.iri)
  if (parts === null) return object
  const [, origin = course?.iri.match(/^https?:\/\/[^/]+/)?.[0], key = ''] = parts
  const { kind, name } = object
  const type = /\+type@([^+@]+)/.exec(key)?.[1] ?? ''
  return {
    iri: origin === undefined ? key : `${origin}/xblock/${key}`,
    // Most are told to be a resource, which would be a file.
    kind: kind === 'quiz' || kind === 'question' ? kind : (blocks.get(type) ?? (kind === 'file' ? 'other' : kind)),
    name,
  }
}
