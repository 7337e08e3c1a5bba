import {
  type Activity,
  type ActivityDefinition,
  type Agent,
  componentLists,
  type Context,
  contextActivityKinds,
  type Group,
  isActivity,
  type LanguageMap,
  type Statement,
  type SubStatement,
  type Verb,
  type XapiVersion,
} from './statement.ts'

/**
 * A statement in the format `ids` (1.0.3, Communication 2.1.3): of agents, groups, verbs and activities, only what
 * identifies them.
 */
export function toIds(statement: Statement): Statement {
  const identified = rewrite(statement, identifying)
  if (statement.authority !== undefined) identified.authority = rewriteAgent(statement.authority, identifying)
  return identified
}

/**
 * A statement in the format `canonical`: activities with the definition the store has of them, and in each language map of
 * activities and verbs one language only, the most wished of those there are.
 * @param definitions by IRI; an activity that has none there keeps what the statement says of it.
 * @param languages ranges of RFC 4647, the most wished first; without any, the first language of each map.
 */
export function toCanonical(
  statement: Statement,
  definitions: ReadonlyMap<string, ActivityDefinition>,
  languages: readonly string[],
): Statement {
  const keepOne = (texts: LanguageMap) => keepOneLanguage(texts, languages)
  return rewrite(statement, {
    agent: (agent) => agent,
    group: (group) => group,
    verb: (verb) => (verb.display === undefined ? verb : { ...verb, display: keepOne(verb.display) }),
    activity(activity) {
      const definition = definitions.get(activity.id) ?? activity.definition
      return definition === undefined ? activity : { ...activity, definition: translate(definition, keepOne) }
    },
  })
}

/**
 * A kept statement for who speaks a version. What 1.0.3 does not know is left out, of statements that say 1.0 too, since in
 * 2.0 these may have it; those of 2.0 then say 1.0.0 (as 1.0.3, Data 2.4.10, has it). Any other is as good in either.
 */
export function toVersion(statement: Statement, version: XapiVersion): Statement {
  if (version === '2.0.0') return statement
  const older = withoutParticipants(statement)
  const object = older.object.objectType === 'SubStatement' ? withoutParticipants(older.object) : older.object
  const isOlder = older.version?.startsWith('1.') === true
  if (isOlder && object === older.object) return older
  return { ...older, object, ...(!isOlder && { version: '1.0.0' }) }
}

/**
 * Whether the text of a kept statement may have something that `toVersion` would change: without reading it. What is found
 * inside one of its texts instead is only looked at for nothing.
 */
export function mayNeedVersion(body: string, version: XapiVersion): boolean {
  return version === '1.0.3' && /"version":"2\.|"context(?:Agents|Groups)":/.test(body)
}

function withoutParticipants<T extends Statement | SubStatement>(statement: T): T {
  if (statement.context?.contextAgents === undefined && statement.context?.contextGroups === undefined) return statement
  const { contextAgents: _agents, contextGroups: _groups, ...context } = statement.context
  return { ...statement, context }
}

/** What to make of the agents, groups, verbs and activities of a statement, wherever they are. */
interface Rewriting {
  agent(agent: Agent): Agent
  group(group: Group): Group
  verb(verb: Verb): Verb
  activity(activity: Activity): Activity
}

const identifying: Rewriting = {
  agent: ({ name: _, ...identity }) => identity,
  group({ name: _, member, ...identity }) {
    // An anonymous group is known by its members.
    const isAnonymous = Object.keys(identity).length === 1
    return isAnonymous && member !== undefined
      ? { ...identity, member: member.map((each) => identifying.agent(each)) }
      : identity
  },
  verb: ({ id }) => ({ id }),
  activity: ({ id }) => ({ id }),
}

function rewrite<T extends Statement | SubStatement>(statement: T, rewriting: Rewriting): T {
  const rewritten = {
    ...statement,
    actor: rewriteAgent(statement.actor, rewriting),
    verb: rewriting.verb(statement.verb),
    object: rewriteObject(statement.object, rewriting),
  }
  if (statement.context !== undefined) rewritten.context = rewriteContext(statement.context, rewriting)
  return rewritten
}

function rewriteAgent(agent: Agent | Group, rewriting: Rewriting): Agent | Group {
  return agent.objectType === 'Group' ? rewriting.group(agent) : rewriting.agent(agent)
}

function rewriteObject(object: Statement['object'], rewriting: Rewriting): Statement['object'] {
  if (isActivity(object)) return rewriting.activity(object)
  if (object.objectType === 'StatementRef') return object
  return object.objectType === 'SubStatement' ? rewrite(object, rewriting) : rewriteAgent(object, rewriting)
}

function rewriteContext(context: Context, rewriting: Rewriting): Context {
  const { instructor, team, contextActivities, contextAgents, contextGroups } = context
  const rewritten = { ...context }
  if (instructor !== undefined) rewritten.instructor = rewriteAgent(instructor, rewriting)
  if (team !== undefined) rewritten.team = rewriting.group(team)
  if (contextAgents !== undefined)
    rewritten.contextAgents = contextAgents.map((each) => ({ ...each, agent: rewriting.agent(each.agent) }))
  if (contextGroups !== undefined)
    rewritten.contextGroups = contextGroups.map((each) => ({ ...each, group: rewriting.group(each.group) }))
  if (contextActivities !== undefined) {
    rewritten.contextActivities = { ...contextActivities }
    for (const kind of contextActivityKinds) {
      const activities = contextActivities[kind]
      if (activities !== undefined)
        rewritten.contextActivities[kind] = [activities].flat().map((each) => rewriting.activity(each))
    }
  }
  return rewritten
}

function translate(definition: ActivityDefinition, keepOne: (texts: LanguageMap) => LanguageMap): ActivityDefinition {
  const translated = { ...definition }
  if (definition.name !== undefined) translated.name = keepOne(definition.name)
  if (definition.description !== undefined) translated.description = keepOne(definition.description)
  for (const list of componentLists) {
    const components = definition[list]
    if (components === undefined) continue
    translated[list] = components.map((component) =>
      component.description === undefined ? component : { ...component, description: keepOne(component.description) },
    )
  }
  return translated
}

function keepOneLanguage(texts: LanguageMap, languages: readonly string[]): LanguageMap {
  const tags = Object.keys(texts)
  const tag = languages.map((range) => findLanguage(tags, range)).find((found) => found !== undefined) ?? tags[0]
  return tag === undefined ? {} : { [tag]: texts[tag] ?? '' }
}

/** The first tag of a range, where fr also means fr-CA; a range such as fr-CA falls back to fr (RFC 4647, 3.3.1 and 3.4). */
function findLanguage(tags: string[], range: string): string | undefined {
  if (range === '*') return tags[0]
  const wished = range.toLowerCase()
  const within = (wide: string, narrow: string) => wide === narrow || narrow.startsWith(`${wide}-`)
  return (
    tags.find((tag) => tag.toLowerCase() === wished) ??
    tags.find((tag) => within(wished, tag.toLowerCase())) ??
    tags.find((tag) => within(tag.toLowerCase(), wished))
  )
}
