import { hash } from 'node:crypto'
import { keyOf } from '#modules/records'
import type { LearningEvent, LearningObject } from '../events/learning-event.ts'
import type { KnownLearner } from '../identities/learners.queries.ts'
import type { ObjectRow } from './objects.queries.ts'

/** What a row of the analytics needs beside its event. */
export interface EventContext {
  tenantId: string
  build: number
  /** Learners by identifier. */
  learners: ReadonlyMap<string, KnownLearner>
  /** Says the day of a moment (milliseconds since 1970) in the tenant's zone, YYYY-MM-DD. */
  dayOf: (moment: number) => string
}

/** An event and the statement it is of. */
export interface StatementEvent {
  event: LearningEvent
  /** Moment of storing, in microseconds since 1970. */
  seq: number
  sourceId: string | null
  /** 1, or -1 when it is taken back. */
  sign: 1 | -1
}

/** Columns of `learning_event_v1`, in the order in which `writeRow` gives them. */
export const eventColumns = [
  'tenant_id',
  'build',
  'course',
  'occurred_at',
  'day',
  'learner',
  'statement_id',
  'seq',
  'source_id',
  'dialect',
  'verb',
  'action',
  'object',
  'object_kind',
  'parent',
  'session',
  'score',
  'success',
  'completed',
  'progress',
  'seconds',
  'position',
  'position_from',
  'position_to',
  'length',
  'sign',
]

const noSource = '00000000-0000-0000-0000-000000000000'

/** A row of `learning_event_v1`, as a line of JSONCompactEachRow. */
export function writeRow({ event, seq, sourceId, sign }: StatementEvent, context: EventContext): string {
  const { tenantId, build, learners, dayOf } = context
  const learner = event.learner === null ? '0' : (learners.get(event.learner)?.learner ?? '0')
  return `["${tenantId}",${build},${keyOfObject(tenantId, event.course)},${event.occurredAt},"${dayOf(event.occurredAt)}",${learner},"${event.statementId}",${seq},"${sourceId ?? noSource}","${event.dialect}",${quote(event.verb)},"${event.action}",${keyOfObject(tenantId, event.object)},"${event.object?.kind ?? ''}",${keyOfObject(tenantId, event.parent)},${keyOfSession(tenantId, event.session)},${event.score},${event.success},${event.completed},${event.progress},${event.seconds},${event.position},${event.positionFrom},${event.positionTo},${event.length},${sign}]\n`
}

const keyOfObject = (tenantId: string, object: LearningObject | null): string =>
  object === null ? '0' : keyOf(tenantId, 'activity', object.iri)

function keyOfSession(tenantId: string, session: string | null): string {
  return session === null
    ? '0'
    : hash('sha256', `${tenantId} session ${session}`, 'buffer').readBigInt64BE(0).toString()
}

// JSON allows half of a surrogate pair, which ClickHouse does not.
const quote = (text: string): string => JSON.stringify(text.toWellFormed())

/** What events tell of activities, once each: the last word on each. */
export function listObjects(tenantId: string, events: readonly StatementEvent[]): ObjectRow[] {
  const rows = new Map<string, ObjectRow>()
  const add = (object: LearningObject | null, course: string, parent: string) => {
    if (object === null) return
    const key = keyOf(tenantId, 'activity', object.iri)
    const known = rows.get(key)
    const named = Object.keys(object.name).length > 0
    if (known === undefined) {
      rows.set(key, { key, iri: object.iri, kind: object.kind, name: JSON.stringify(object.name), course, parent })
      return
    }
    if (named) known.name = JSON.stringify(object.name)
    if (object.kind !== 'other') known.kind = object.kind
    if (course !== '0') known.course = course
    if (parent !== '0') known.parent = parent
  }
  for (const { event } of events) {
    const { object, parent, course } = event
    const courseKey = keyOfObject(tenantId, course)
    add(course, courseKey, '0')
    add(parent, courseKey, '0')
    add(object, courseKey, keyOfObject(tenantId, parent))
  }
  return [...rows.values()]
}

/**
 * Days of moments in a zone. Zones go by quarters of an hour: what was asked of one is remembered.
 * @param timeZone IANA name.
 */
export function createDayReader(timeZone: string): (moment: number) => string {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' })
  const quarter = 900_000
  const known = new Map<number, string>()
  return (moment) => {
    const at = Math.floor(moment / quarter)
    let day = known.get(at)
    if (day === undefined) {
      if (known.size > 100_000) known.clear()
      day = format.format(at * quarter)
      known.set(at, day)
    }
    return day
  }
}
