/** Statements of xAPI as TypeScript types: what `checkStatement` has accepted. */

export type XapiVersion = '1.0.3' | '2.0.0'

/** Texts by language tag (RFC 5646). */
export type LanguageMap = Record<string, string>

/** Any JSON, by IRI. */
export type Extensions = Record<string, unknown>

export interface Account {
  homePage: string
  name: string
}

interface Identified {
  name?: string
  mbox?: string
  mbox_sha1sum?: string
  openid?: string
  account?: Account
}

/** Exactly one of mbox, mbox_sha1sum, openid and account is there. */
export interface Agent extends Identified {
  objectType?: 'Agent'
}

/** Identified by one of the same four, or anonymous: then it has members. */
export interface Group extends Identified {
  objectType: 'Group'
  member?: Agent[]
}

export interface Verb {
  id: string
  display?: LanguageMap
}

export interface InteractionComponent {
  id: string
  description?: LanguageMap
}

export const componentLists = ['choices', 'scale', 'source', 'target', 'steps'] as const
export type ComponentList = (typeof componentLists)[number]

export interface ActivityDefinition extends Partial<Record<ComponentList, InteractionComponent[]>> {
  name?: LanguageMap
  description?: LanguageMap
  type?: string
  moreInfo?: string
  interactionType?: string
  correctResponsesPattern?: string[]
  extensions?: Extensions
}

export interface Activity {
  objectType?: 'Activity'
  id: string
  definition?: ActivityDefinition
}

export interface StatementRef {
  objectType: 'StatementRef'
  id: string
}

export interface Score {
  scaled?: number
  raw?: number
  min?: number
  max?: number
}

export interface Result {
  score?: Score
  success?: boolean
  completion?: boolean
  response?: string
  duration?: string
  extensions?: Extensions
}

export const contextActivityKinds = ['parent', 'grouping', 'category', 'other'] as const
export type ContextActivities = Partial<Record<(typeof contextActivityKinds)[number], Activity | Activity[]>>

/** An agent with a part in what is told (2.0 only). */
export interface ContextAgent {
  objectType: 'contextAgent'
  agent: Agent
  relevantTypes?: string[]
}

/** A group with a part in what is told (2.0 only). */
export interface ContextGroup {
  objectType: 'contextGroup'
  group: Group
  relevantTypes?: string[]
}

export interface Context {
  registration?: string
  instructor?: Agent | Group
  team?: Group
  contextActivities?: ContextActivities
  contextAgents?: ContextAgent[]
  contextGroups?: ContextGroup[]
  revision?: string
  platform?: string
  language?: string
  statement?: StatementRef
  extensions?: Extensions
}

export interface Attachment {
  usageType: string
  display: LanguageMap
  description?: LanguageMap
  contentType: string
  /** Bytes. */
  length: number
  /** Hexadecimal. */
  sha2: string
  fileUrl?: string
}

interface Told {
  actor: Agent | Group
  verb: Verb
  result?: Result
  context?: Context
  timestamp?: string
  attachments?: Attachment[]
}

export interface SubStatement extends Told {
  objectType: 'SubStatement'
  object: Activity | Agent | Group | StatementRef
}

export interface Statement extends Told {
  id?: string
  object: Activity | Agent | Group | StatementRef | SubStatement
  stored?: string
  authority?: Agent | Group
  version?: string
}

/** Every activity a statement speaks of: its object, those of its context, and those of its substatement. */
export function activitiesOf({ object, context }: Statement | SubStatement): Activity[] {
  const activities: Activity[] = []
  if (isActivity(object)) activities.push(object)
  else if (object.objectType === 'SubStatement') activities.push(...activitiesOf(object))
  if (context?.contextActivities === undefined) return activities
  for (const kind of contextActivityKinds) {
    const each = context.contextActivities[kind]
    if (Array.isArray(each)) activities.push(...each)
    else if (each !== undefined) activities.push(each)
  }
  return activities
}

/** The object of a statement when it is an activity, which it is where nothing else is said. */
export function isActivity(object: Statement['object']): object is Activity {
  return object.objectType === undefined || object.objectType === 'Activity'
}
