import { type Activity, checkUuid, type Statement, StatementError } from '#modules/records'
import {
  type Entity,
  type Fields,
  findEntity,
  listUpwards,
  readTerm,
  readText,
  toActivity,
  toAgent,
  toObject,
} from './entities.ts'
import { readResult, toSeconds } from './event-results.ts'
import { caliper, courseTypes, toVerb } from './vocabulary.ts'

/** An event as it came, with what has to be told of any. */
interface CaliperEvent {
  id: string
  type: string
  action: string
  actor: Entity
  object: Entity
  eventTime: string
  fields: Fields
  at: string
}

const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/

/** @throws StatementError when it is no moment in UTC. */
export function checkMoment(value: unknown, at: string): string {
  if (typeof value !== 'string' || !moment.test(value) || Number.isNaN(Date.parse(value))) {
    throw new StatementError(at, 'must be a date and time in UTC, as 2026-11-15T10:15:00.000Z')
  }
  return value
}

function readEvent(fields: Fields, at: string): CaliperEvent {
  const id = fields['id']
  const uuid = checkUuid(typeof id === 'string' ? id.replace(/^urn:uuid:/i, '') : id, `${at}/id`)
  const place = { fields, at }
  const required = (name: string): Entity => {
    const found = findEntity(place, name)
    if (found === undefined) throw new StatementError(`${at}/${name}`, 'is missing')
    return found
  }
  return {
    id: uuid,
    type: readTerm(fields['type'], `${at}/type`),
    action: readTerm(fields['action'], `${at}/action`),
    actor: required('actor'),
    object: required('object'),
    eventTime: checkMoment(fields['eventTime'], `${at}/eventTime`),
    fields,
    at,
  }
}

/** Where the whole event is kept in its statement: nothing of what was sent is lost. */
const eventExtension = `${caliper}Event`
const sessionExtension = 'https://w3id.org/xapi/video/extensions/session-id'
const video = 'https://w3id.org/xapi/video/extensions/'

/**
 * The statement that an event is (docs/standards/caliper.md).
 * @param at pointer to the event.
 * @param context IRI of the version of Caliper: the category by which such statements are told.
 * @throws StatementError with the pointer to what is wrong in the event.
 */
export function toStatement(fields: Fields, at: string, context: string): Statement {
  const event = readEvent(fields, at)
  const { actor, object, told, grader } = readParts(event)
  const activity = toObject(object)
  const result = readResult(event, told)
  const length = event.type === 'MediaEvent' ? toSeconds(readText(object, 'duration')) : undefined
  const session = findEntity(event, 'session')?.id
  const platform = findEntity(event, 'edApp')
  const extensions = {
    [eventExtension]: event.fields,
    ...(session === undefined ? {} : { [sessionExtension]: session }),
    ...(length === undefined ? {} : { [`${video}length`]: length }),
  }
  return {
    id: event.id,
    actor: toAgent(actor),
    verb: { id: toVerb(event.type, told), display: { en: inWords(event.action) } },
    object: activity,
    ...(result === undefined ? {} : { result }),
    context: {
      ...(grader === undefined ? {} : { instructor: toAgent(grader) }),
      // xAPI has platforms for what is done with activities only.
      ...(platform === undefined || !('id' in activity) ? {} : { platform: readText(platform, 'name') ?? platform.id }),
      contextActivities: readPlaces(event, object, context),
      extensions,
    },
    timestamp: event.eventTime,
  }
}

/**
 * Whose deed it is, and on what. A grade is told of the learner who gets it, as learning tools do in xAPI, and of what was
 * attempted; a message that answers another is told apart from the first of a discussion.
 */
function readParts(event: CaliperEvent): { actor: Entity; object: Entity; told: string; grader?: Entity } {
  const { type, action, actor, object } = event
  if (object.type === 'Attempt') {
    const attempted = findEntity(object, 'assignable')
    const learner = findEntity(object, 'assignee')
    if (type === 'GradeEvent' && learner !== undefined) {
      return { actor: learner, object: attempted ?? object, told: action, grader: actor }
    }
    return { actor, object: attempted ?? object, told: action }
  }
  const isReply = type === 'MessageEvent' && action === 'Posted' && findEntity(object, 'replyTo') !== undefined
  return { actor, object, told: isReply ? 'Replied' : action }
}

function readPlaces(event: CaliperEvent, object: Entity, context: string) {
  const parents = listUpwards(object, 'isPartOf')
  const group = findEntity(event, 'group')
  const courses =
    group === undefined
      ? []
      : [group, ...listUpwards(group, 'subOrganizationOf')].filter(({ type }) => courseTypes.has(type ?? ''))
  const generated = findEntity(event, 'generated')
  const attempts = [event.object, generated, generated && findEntity(generated, 'attempt')]
    .filter((each) => each !== undefined)
    .filter((each) => each.type === 'Attempt' && each.id !== object.id)
  const isTarget = event.type !== 'MediaEvent'
  const target = isTarget ? findEntity(event, 'target') : undefined
  const other = [...attempts, ...(target === undefined ? [] : [target])]
  return {
    ...list('parent', parents),
    ...list('grouping', courses),
    ...list('other', other),
    category: [{ objectType: 'Activity' as const, id: context }],
  }
}

function list(name: 'parent' | 'grouping' | 'other', entities: Entity[]): { [kind: string]: Activity[] } {
  return entities.length === 0 ? {} : { [name]: entities.map(toActivity) }
}

/** `NavigatedTo` as people read it. */
const inWords = (action: string): string => action.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
