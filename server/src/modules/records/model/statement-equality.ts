import {
  type Agent,
  type Context,
  contextActivityKinds,
  type Group,
  isActivity,
  type Result,
  type Statement,
  type SubStatement,
} from './statement.ts'
import { areSameMoment } from './timestamps.ts'

/**
 * Whether two statements say the same (1.0.3, Data 2.3.1): all counts but what a store may set or write in another way,
 * that is id, stored, authority, version, a timestamp that was not given, the zone of timestamps, what verbs are displayed
 * as, how activities are defined, the order of members, the case of identifiers, and hundredths of the seconds of durations
 * (Data 4.6).
 */
export function areSame(one: Statement, other: Statement): boolean {
  return (
    areSameTold(one, other) &&
    areSameTimes(givenTimestamp(one), givenTimestamp(other)) &&
    areEqual(one.attachments, other.attachments)
  )
}

/** The store gives a statement without timestamp that of its storage. */
function givenTimestamp({ timestamp, stored }: Statement): string | undefined {
  return timestamp === stored ? undefined : timestamp
}

function areSameTimes(one: string | undefined, other: string | undefined): boolean {
  return one === undefined || other === undefined || areSameMoment(one, other)
}

function areSameTold(one: Statement | SubStatement, other: Statement | SubStatement): boolean {
  return (
    areSameAgents(one.actor, other.actor) &&
    one.verb.id === other.verb.id &&
    areSameObjects(one.object, other.object) &&
    areEqual(comparableResult(one.result), comparableResult(other.result)) &&
    areEqual(comparableContext(one.context), comparableContext(other.context))
  )
}

function areSameObjects(one: Statement['object'], other: Statement['object']): boolean {
  if (one.objectType === 'SubStatement') {
    if (other.objectType !== 'SubStatement') return false
    if ((one.timestamp === undefined) !== (other.timestamp === undefined)) return false
    return (
      areSameTold(one, other) &&
      areSameTimes(one.timestamp, other.timestamp) &&
      areEqual(one.attachments, other.attachments)
    )
  }
  return areEqual(comparableObject(one), comparableObject(other))
}

function areSameAgents(one: Agent | Group, other: Agent | Group): boolean {
  return areEqual(comparableAgent(one), comparableAgent(other))
}

// Comparable: what is left of a part once what does not count is put in one form.

function comparableObject(object: Statement['object']): unknown {
  if (isActivity(object)) return { objectType: 'Activity', id: object.id }
  if (object.objectType === 'StatementRef') return { ...object, id: object.id.toLowerCase() }
  return object.objectType === 'SubStatement' ? object : comparableAgent(object)
}

function comparableAgent(agent: Agent | Group): unknown {
  const comparable: Record<string, unknown> = { ...agent, objectType: agent.objectType ?? 'Agent' }
  // The domain of a mail address has no case.
  if (agent.mbox !== undefined) comparable['mbox'] = agent.mbox.replace(/@.*$/, (domain) => domain.toLowerCase())
  if (agent.mbox_sha1sum !== undefined) comparable['mbox_sha1sum'] = agent.mbox_sha1sum.toLowerCase()
  if (agent.objectType === 'Group' && agent.member !== undefined)
    comparable['member'] = inOneOrder(agent.member.map(comparableAgent))
  return comparable
}

/** Values sorted by their text with sorted keys. */
function inOneOrder(values: unknown[]): unknown[] {
  return values
    .map((value) => ({ value, text: sortedText(value) }))
    .sort((one, other) => (one.text < other.text ? -1 : one.text > other.text ? 1 : 0))
    .map(({ value }) => value)
}

function sortedText(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return JSON.stringify(value)
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
  return entries.map(([key, each]) => `${key}:${sortedText(each)}`).join()
}

function comparableResult(result: Result | undefined): unknown {
  if (result?.duration === undefined) return result
  return { ...result, duration: result.duration.replace(/([.,]\d\d)\d+S$/, '$1S') }
}

function comparableContext(context: Context | undefined): unknown {
  if (context === undefined) return undefined
  const comparable: Record<string, unknown> = { ...context }
  const { registration, instructor, team, statement, contextActivities, contextAgents, contextGroups } = context
  if (registration !== undefined) comparable['registration'] = registration.toLowerCase()
  if (instructor !== undefined) comparable['instructor'] = comparableAgent(instructor)
  if (team !== undefined) comparable['team'] = comparableAgent(team)
  if (statement !== undefined) comparable['statement'] = comparableObject(statement)
  if (contextAgents !== undefined)
    comparable['contextAgents'] = contextAgents.map((each) => ({ ...each, agent: comparableAgent(each.agent) }))
  if (contextGroups !== undefined)
    comparable['contextGroups'] = contextGroups.map((each) => ({ ...each, group: comparableAgent(each.group) }))
  if (contextActivities !== undefined) {
    const kinds = contextActivityKinds.map((kind) => [
      kind,
      [contextActivities[kind] ?? []].flat().map(comparableObject),
    ])
    comparable['contextActivities'] = Object.fromEntries(kinds)
  }
  return comparable
}

/** Whether two values are the same JSON, whatever the order of keys. */
function areEqual(one: unknown, other: unknown): boolean {
  if (one === other) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  if (Array.isArray(one) !== Array.isArray(other)) return false
  const mine = Object.entries(one)
  const theirs = new Map(Object.entries(other))
  return (
    mine.length === theirs.size && mine.every(([key, value]) => theirs.has(key) && areEqual(value, theirs.get(key)))
  )
}
