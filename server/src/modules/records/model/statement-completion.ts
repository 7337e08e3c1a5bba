import {
  type Agent,
  type Context,
  contextActivityKinds,
  type Statement,
  type SubStatement,
  type XapiVersion,
} from './statement.ts'
import { toUtc } from './timestamps.ts'

export interface Completion {
  /** That of the statement when it had one. */
  id: string
  /** When it is stored: UTC, ending in Z. */
  stored: string
  /** Who vouches for it, by the credential that sent it: replaces what the statement says (1.0.3, Data 2.4.9). */
  authority: Agent
  /** The version of the request. */
  version: XapiVersion
}

/**
 * A statement as the store keeps it: with what a store sets, the activities of its context as arrays (1.0.3, Data 2.4.6.2),
 * and in 2.0 its timestamps in UTC (4.2.7). Nothing else changes; the statement given is left as it is.
 * @param statement one that `checkStatement` accepted.
 */
export function completeStatement(statement: Statement, { id, stored, authority, version }: Completion): Statement {
  const { timestamp, context, object } = statement
  const completed: Statement = { ...statement, id, stored, authority }
  completed.timestamp = timestamp === undefined ? stored : version === '2.0.0' ? toUtc(timestamp) : timestamp
  // A statement of 1.0 that says nothing is of the data model 1.0.0 (Data 2.4.10).
  completed.version ??= version === '2.0.0' ? '2.0.0' : '1.0.0'
  if (context !== undefined) completed.context = completeContext(context)
  if (object.objectType === 'SubStatement') completed.object = completeSubStatement(object, version)
  return completed
}

function completeSubStatement(statement: SubStatement, version: XapiVersion): SubStatement {
  const completed = { ...statement }
  if (statement.context !== undefined) completed.context = completeContext(statement.context)
  if (statement.timestamp !== undefined && version === '2.0.0') completed.timestamp = toUtc(statement.timestamp)
  return completed
}

function completeContext(context: Context): Context {
  const activities = context.contextActivities
  if (activities === undefined || contextActivityKinds.every((kind) => isList(activities[kind]))) return context
  const lists = { ...activities }
  for (const kind of contextActivityKinds) {
    const one = lists[kind]
    if (!isList(one)) lists[kind] = [one]
  }
  return { ...context, contextActivities: lists }
}

function isList<T>(value: T | T[] | undefined): value is T[] | undefined {
  return value === undefined || Array.isArray(value)
}
