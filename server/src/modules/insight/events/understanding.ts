import { identifyAgent, type Statement, toUtc } from '#modules/records'
import { keepable } from './activities.ts'
import { readCaliper } from './dialects/caliper.ts'
import { readCmi5 } from './dialects/cmi5.ts'
import { readFrenchLms } from './dialects/french-lms.ts'
import { readGeneral } from './dialects/general.ts'
import { readMoodle, readMoodleLegacy } from './dialects/moodle.ts'
import { readOpenEdx } from './dialects/open-edx.ts'
import { readVideo } from './dialects/video.ts'
import type { Dialect, LearningEvent } from './learning-event.ts'
import type { Meaning, ReadDialect } from './meaning.ts'
import { progressOf, scoreOf, secondsOf } from './results.ts'

// The first that recognises a statement tells what it means: those with the surest marks come first.
const tried: [Dialect, ReadDialect][] = [
  ['moodle-legacy', readMoodleLegacy],
  ['moodle', readMoodle],
  ['open-edx', readOpenEdx],
  ['caliper', readCaliper],
  ['french-lms', readFrenchLms],
  ['video', readVideo],
  ['cmi5', readCmi5],
  ['general', readGeneral],
]

const unknown: Meaning = { action: '', object: null, parent: null, course: null, session: null }

/**
 * What a statement tells, in the words of docs/standards/learning-events.md. The same statement gives the same event.
 * @param statement as it is stored.
 * @param storedAt milliseconds since 1970, for statements that tell no moment that can be.
 */
export function understandStatement(statement: Statement, storedAt: number): LearningEvent {
  let dialect: Dialect | '' = ''
  let meaning = unknown
  for (const [name, read] of tried) {
    const told = read(statement)
    if (told === undefined) continue
    dialect = name
    meaning = told
    break
  }
  const { actor, result } = statement
  const alone = actor.objectType !== 'Group'
  return {
    statementId: (statement.id ?? '').toLowerCase(),
    occurredAt: toMoment(statement.timestamp) ?? storedAt,
    learner: alone ? (identifyAgent(actor) ?? null) : null,
    learnerName: alone && actor.name !== undefined ? keepable(actor.name, 200) : null,
    dialect,
    verb: tellVerb(statement.verb.id),
    action: meaning.action,
    object: meaning.object,
    parent: meaning.parent,
    course: meaning.course,
    session: meaning.session,
    score: scoreOf(statement),
    success: meaning.success === undefined ? (result?.success ?? null) : meaning.success,
    completed: meaning.completed ?? result?.completion ?? null,
    progress: meaning.progress ?? progressOf(statement),
    seconds: secondsOf(statement),
    position: meaning.position ?? null,
    positionFrom: meaning.positionFrom ?? null,
    positionTo: meaning.positionTo ?? null,
    length: meaning.length ?? null,
  }
}

const address = /[^/?#&=;\s]+(?:@|%(?:25)*40)[^/?#&=;:,\s]*|(?:\d{1,3}\.){3}\d{1,3}|\[[\da-f:.]+\]/gi

/** A verb without the e-mail and IP addresses that it spells: of an event, it is the only text of others' in the analytics. */
const tellVerb = (iri: string): string => keepable(iri.slice(0, 1000).replace(address, '*'), 200)

const earliest = Date.UTC(2000, 0, 1)
const latest = Date.UTC(2100, 0, 1)

/** A timestamp in milliseconds since 1970; undefined before 2000 and after 2099, which are faults of a clock. */
function toMoment(timestamp: string | undefined): number | undefined {
  if (timestamp === undefined) return undefined
  // Dates have no leap second, and three digits after the point.
  const utc = toUtc(timestamp)
  const moment = Date.parse(
    `${utc.slice(0, 17)}${utc.slice(17, 19).replace('60', '59')}${utc.slice(19, 23)}`.replace(/Z?$/, 'Z'),
  )
  return moment >= earliest && moment < latest ? moment : undefined
}
