import { hash } from 'node:crypto'
import { identifyAgent, membersOf } from './agents.ts'
import {
  type Activity,
  type Agent,
  contextActivityKinds,
  type Group,
  isActivity,
  type Statement,
  type SubStatement,
} from './statement.ts'

/**
 * What a key is of. `member` is an agent as a member of the group that is the actor or the object: the filter `agent`
 * finds those too (xAPI 1.0.3, Communication 2.1.3: "Groups that have members which match the specified Agent […] are
 * considered a match"), whereas agents elsewhere only count with `related_agents`.
 */
export type KeyKind = 'agent' | 'member' | 'verb' | 'activity'

/**
 * By what a statement is found: columns of `records.statement`, and `related` in `records.mention`. Keys are 64 bits in decimal.
 *
 * - `agent=A`: actor or objectAgent is the key of A as 'agent', or related holds that of A as 'member'.
 * - `agent=A&related_agents=true`: actor, objectAgent, authority or related is or holds that of A as 'agent'.
 * - `activity=I`: activity is the key of I; with `related_activities=true`, or related holds it.
 */
export interface StatementKeys {
  actor: string
  verb: string
  activity: string | null
  objectAgent: string | null
  registration: string | null
  referredId: string | null
  /** Who vouches for it, an agent. */
  authority: string
  related: string[]
}

// The same verbs, activities and learners come back all day: keys are kept in two generations, of which the older one is
// dropped when the younger one is full. It costs less than an exact order of use.
const generationSize = 50_000
const longestKept = 1000
interface Known {
  young: Map<string, string>
  old: Map<string, string>
}
const knownOf = new Map<string, Record<KeyKind, Known>>()

/**
 * The key of a value in a tenant: 64 bits of SHA-256 over tenant, kind and value, signed, in decimal as PostgreSQL's bigint
 * writes them.
 * @param value an IRI, or what `identifyAgent` says.
 */
export function keyOf(tenantId: string, kind: KeyKind, value: string): string {
  let kinds = knownOf.get(tenantId)
  if (kinds === undefined) {
    const known = (): Known => ({ young: new Map(), old: new Map() })
    kinds = { agent: known(), member: known(), verb: known(), activity: known() }
    knownOf.set(tenantId, kinds)
  }
  const known = kinds[kind]
  let key = known.young.get(value)
  if (key !== undefined) return key
  key = known.old.get(value) ?? hash('sha256', `${tenantId} ${kind} ${value}`, 'buffer').readBigInt64BE(0).toString()
  // A value may be as long as a request: those that are would fill the memory.
  if (value.length > longestKept) return key
  if (known.young.size >= generationSize) {
    known.old = known.young
    known.young = new Map()
  }
  known.young.set(value, key)
  return key
}

/** The keys of a statement as it is stored: completed, so that its authority is among them. */
export function keysOf(tenantId: string, statement: Statement): StatementKeys {
  const related = new Set<string>()
  const addAgent = (agent: Agent | Group | undefined) => {
    if (agent === undefined) return
    const identity = identifyAgent(agent)
    if (identity !== undefined) related.add(keyOf(tenantId, 'agent', identity))
    for (const member of membersOf(agent)) addAgent(member)
  }
  const addActivity = (activity: Activity) => related.add(keyOf(tenantId, 'activity', activity.id))
  const addContext = ({ context }: Statement | SubStatement) => {
    if (context === undefined) return
    addAgent(context.instructor)
    addAgent(context.team)
    for (const each of context.contextAgents ?? []) addAgent(each.agent)
    for (const each of context.contextGroups ?? []) addAgent(each.group)
    if (context.contextActivities === undefined) return
    for (const kind of contextActivityKinds) {
      const activities = context.contextActivities[kind]
      if (Array.isArray(activities)) activities.forEach(addActivity)
      else if (activities !== undefined) addActivity(activities)
    }
  }
  const addMembers = (agent: Agent | Group) => {
    for (const member of membersOf(agent)) {
      addAgent(member)
      const identity = identifyAgent(member)
      if (identity !== undefined) related.add(keyOf(tenantId, 'member', identity))
    }
  }

  const { actor, object } = statement
  const keys: StatementKeys = {
    // All anonymous groups are under one key: nobody asks for one, their members are what finds them.
    actor: keyOf(tenantId, 'agent', identifyAgent(actor) ?? 'anonymous'),
    verb: keyOf(tenantId, 'verb', statement.verb.id),
    activity: null,
    objectAgent: null,
    registration: statement.context?.registration?.toLowerCase() ?? null,
    referredId: null,
    authority: keyOf(tenantId, 'agent', (statement.authority && identifyAgent(statement.authority)) ?? 'anonymous'),
    related: [],
  }
  addMembers(actor)
  addContext(statement)
  for (const member of statement.authority ? membersOf(statement.authority) : []) addAgent(member)
  if (isActivity(object)) keys.activity = keyOf(tenantId, 'activity', object.id)
  else if (object.objectType === 'StatementRef') keys.referredId = object.id.toLowerCase()
  else if (object.objectType === 'SubStatement') {
    addAgent(object.actor)
    addContext(object)
    if (isActivity(object.object)) addActivity(object.object)
    else if (object.object.objectType !== 'StatementRef') addAgent(object.object)
  } else {
    const identity = identifyAgent(object)
    keys.objectAgent = identity === undefined ? null : keyOf(tenantId, 'agent', identity)
    addMembers(object)
  }
  // What its own columns say need not be said twice.
  for (const own of [keys.actor, keys.objectAgent, keys.activity, keys.authority]) if (own !== null) related.delete(own)
  keys.related = [...related]
  return keys
}
