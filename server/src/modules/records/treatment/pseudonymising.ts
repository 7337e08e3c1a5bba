import { createHmac } from 'node:crypto'
import { identifyAgent } from '../model/agents.ts'
import { componentLists, contextActivityKinds, type Agent, type Group } from '../model/statement.ts'
import { checkAgentOrGroup, type Fields, StatementError } from '../model/value-validation.ts'

/** How agents are named instead. */
export interface Pseudonyms {
  /** Home page of the accounts that stand for agents: the address of the tenant. */
  homePage: string
  /** 32 bytes. */
  key: Buffer
}

/**
 * A statement without who, and without what people wrote: agents become accounts named by a keyed digest, and only what is
 * known to be no person's words is kept (docs/operate/records-pseudonyms.md). Done again it changes nothing. The identifier stays.
 * @param value a statement, or what was sent as one: a faulty agent keeps nothing that says who it is.
 */
export function pseudonymise(value: unknown, pseudonyms: Pseudonyms): unknown {
  return isFields(value) ? treatTold(value, pseudonyms, kept) : null
}

type Treat = (value: unknown, pseudonyms: Pseudonyms) => unknown

const asIs: Treat = (value) => value
const kept: Record<string, Treat> = {
  id: scalar,
  actor: treatAgent,
  verb: treatVerb,
  object: treatObject,
  result: (value, pseudonyms) => pick(value, pseudonyms, resultParts),
  context: (value, pseudonyms) => pick(value, pseudonyms, contextParts),
  timestamp: scalar,
  stored: scalar,
  version: scalar,
}
const subStatementParts: Record<string, Treat> = { ...kept, objectType: scalar }

const resultParts: Record<string, Treat> = {
  score: (value, pseudonyms) => pick(value, pseudonyms, { scaled: number, raw: number, min: number, max: number }),
  success: scalar,
  completion: scalar,
  duration: scalar,
  extensions: treatExtensions,
}

const contextParts: Record<string, Treat> = {
  registration: scalar,
  instructor: treatAgent,
  team: treatAgent,
  contextActivities: treatActivities,
  contextAgents: (value, pseudonyms) => each(value, pseudonyms, agentParts),
  contextGroups: (value, pseudonyms) => each(value, pseudonyms, agentParts),
  revision: text,
  platform: text,
  language: scalar,
  statement: (value, pseudonyms) => pick(value, pseudonyms, { objectType: scalar, id: scalar }),
  extensions: treatExtensions,
}
const agentParts: Record<string, Treat> = {
  objectType: scalar,
  agent: treatAgent,
  group: treatAgent,
  relevantTypes: asIs,
}

function treatTold(fields: Fields, pseudonyms: Pseudonyms, parts: Record<string, Treat>): Fields {
  return pick(fields, pseudonyms, parts) as Fields
}

function treatVerb(value: unknown, pseudonyms: Pseudonyms): unknown {
  return pick(value, pseudonyms, { id: iri, display: texts })
}

function treatObject(value: unknown, pseudonyms: Pseudonyms): unknown {
  if (!isFields(value)) return undefined
  switch (value['objectType']) {
    case 'Agent':
    case 'Group':
      return treatAgent(value, pseudonyms)
    case 'StatementRef':
      return pick(value, pseudonyms, { objectType: scalar, id: scalar })
    case 'SubStatement':
      return treatTold(value, pseudonyms, subStatementParts)
    default:
      return treatActivity(value, pseudonyms)
  }
}

function treatActivities(value: unknown, pseudonyms: Pseudonyms): unknown {
  const several: Treat = (one) =>
    Array.isArray(one) ? one.map((activity) => treatActivity(activity, pseudonyms)) : treatActivity(one, pseudonyms)
  return pick(value, pseudonyms, Object.fromEntries(contextActivityKinds.map((kind) => [kind, several])))
}

/** Types, or the ends of types, of what learners write or name themselves. */
const learnerWritten =
  /[/#](?:discussion|forum-reply|forum-topic|comment|note|message|chat-message|email|review|wiki-page|glossary-entry|blog|post|status|submission|solution|annotation|Message|Thread|Comment)$/
/** Types of pages about somebody: their addresses say who. */
const personal = /[/#](?:user-profile|profile|person|Person)$/

function treatActivity(value: unknown, pseudonyms: Pseudonyms): unknown {
  if (!isFields(value)) return undefined
  const definition = isFields(value['definition']) ? value['definition'] : undefined
  const type = typeof definition?.['type'] === 'string' ? definition['type'] : ''
  const isPersonal = personal.test(type)
  const named = !isPersonal && !learnerWritten.test(type)
  const treated = pick(value, pseudonyms, {
    objectType: scalar,
    id: isPersonal ? hidden : iri,
  }) as Fields
  if (definition !== undefined) {
    treated['definition'] = pick(definition, pseudonyms, named ? { ...definitionParts, name: texts } : definitionParts)
  }
  return treated
}

// No description: it is where tools put what was written.
const definitionParts: Record<string, Treat> = {
  type: iri,
  interactionType: scalar,
  correctResponsesPattern: asIs,
  extensions: treatExtensions,
  ...Object.fromEntries(componentLists.map((list) => [list, asIs])),
}

/** Extensions that say where in a content, how far, in which sitting, or which event of the tool; one that ends in a `/`: all that begin so. */
const allowed = [
  'https://w3id.org/xapi/video/extensions/',
  'https://w3id.org/xapi/audio/extensions/',
  'https://w3id.org/xapi/cmi5/context/extensions/',
  'https://w3id.org/xapi/cmi5/result/extensions/',
  'https://w3id.org/xapi/openedx/extension/',
  'https://w3id.org/xapi/openedx/extensions/session-id',
  'https://w3id.org/xapi/acrossx/extensions/type',
  'http://id.tincanapi.com/extension/starting-point',
  'http://id.tincanapi.com/extension/ending-point',
]
// Of Moodle: which event, and versions of programs.
const info = 'http://lrs.learninglocker.net/define/extensions/info'

function treatExtensions(value: unknown, pseudonyms: Pseudonyms): unknown {
  if (!isFields(value)) return undefined
  const treated: Fields = {}
  for (const [name, told] of Object.entries(value)) {
    if (name === info && isFields(told)) {
      treated[name] = Object.fromEntries(
        Object.entries(told).filter(([key, each]) => /^event_|^https?:/.test(key) && typeof each === 'string'),
      )
    } else if (allowed.some((each) => (each.endsWith('/') ? name.startsWith(each) : name === each))) {
      const short = typeof told !== 'string' || told.length <= 500 ? text(told, pseudonyms) : undefined
      if (short !== undefined) treated[name] = short
    }
  }
  return treated
}

/** An account that stands for an agent; of a group, its members too. */
function treatAgent(value: unknown, pseudonyms: Pseudonyms): unknown {
  const agent = readAgent(value)
  // Still faulty, and nobody's any more.
  if (agent === undefined) return isFields(value) ? pick(value, pseudonyms, { objectType: scalar }) : undefined
  const treated: Fields = agent.objectType === undefined ? {} : { objectType: agent.objectType }
  const identity = identifyAgent(agent)
  if (identity !== undefined) {
    const { account } = agent
    const isDone = account?.homePage === pseudonyms.homePage && pseudonym.test(account.name)
    treated['account'] = isDone ? account : { homePage: pseudonyms.homePage, name: toPseudonym(identity, pseudonyms) }
  }
  if (agent.objectType === 'Group' && agent.member !== undefined) {
    treated['member'] = agent.member.map((member) => treatAgent(member, pseudonyms))
  }
  return treated
}

function readAgent(value: unknown): Agent | Group | undefined {
  try {
    checkAgentOrGroup(value, '')
    return value
  } catch (error) {
    if (error instanceof StatementError) return undefined
    throw error
  }
}

const pseudonym = /^p-[0-9a-f]{32}$/

/** HMAC-SHA-256 under the tenant's key, its first 128 bits. */
function toPseudonym(identity: string, { key }: Pseudonyms): string {
  return `p-${createHmac('sha256', key).update(identity).digest('hex').slice(0, 32)}`
}

/** How statements tell of an agent once they are treated. @param identity as `identifyAgent` says. */
export function identifyPseudonym(identity: string, pseudonyms: Pseudonyms): string {
  const { homePage } = pseudonyms
  return identifyAgent({ account: { homePage, name: toPseudonym(identity, pseudonyms) } }) ?? identity
}

const hiddenAddress = /^urn:x-preau:p-[0-9a-f]{32}$/

/** An address that says who: another that is the same for the same address. */
function hidden(value: unknown, pseudonyms: Pseudonyms): unknown {
  if (typeof value !== 'string') return undefined
  return hiddenAddress.test(value) ? value : `urn:x-preau:${toPseudonym(value, pseudonyms)}`
}

const at = /@|%40/g
const domain = /[\w-]{1,63}(?:\.[\w-]{1,63})+/y
const local = /[^\s/?#&=:;,<>()"'@]{1,64}$/

/**
 * A text whose e-mail addresses are replaced. They are looked for around each `@`, so that a long text costs no more than its
 * length.
 */
function replaceMail(told: string, replacement: (address: string) => string): string {
  let replaced = ''
  let done = 0
  for (const { index, 0: sign } of told.matchAll(at)) {
    domain.lastIndex = index + sign.length
    const [before] = local.exec(told.slice(Math.max(done, index - 64), index)) ?? []
    const [after] = domain.exec(told) ?? []
    if (before === undefined || after === undefined) continue
    replaced += told.slice(done, index - before.length) + replacement(before + sign + after)
    done = index + sign.length + after.length
  }
  return replaced + told.slice(done)
}

/** An IRI, in which e-mail addresses are hidden. */
function iri(value: unknown, pseudonyms: Pseudonyms): unknown {
  if (typeof value !== 'string') return undefined
  return replaceMail(value, (found) => toPseudonym(found.toLowerCase(), pseudonyms))
}

/** What a tool or an author wrote, less e-mail addresses; numbers, true and false as they are. */
function text(value: unknown, _pseudonyms: Pseudonyms): unknown {
  return typeof value === 'string' ? replaceMail(value, () => '…') : scalar(value)
}

function texts(value: unknown, pseudonyms: Pseudonyms): unknown {
  if (!isFields(value)) return undefined
  return Object.fromEntries(Object.entries(value).map(([language, each]) => [language, text(each, pseudonyms)]))
}

// Numbers are objects where they keep their digits (JSON.rawJSON).
function scalar(value: unknown): unknown {
  return typeof value === 'object' && value !== null && !JSON.isRawJSON(value) ? undefined : value
}

function number(value: unknown): unknown {
  return typeof value === 'string' ? undefined : scalar(value)
}

function each(value: unknown, pseudonyms: Pseudonyms, parts: Record<string, Treat>): unknown {
  return Array.isArray(value) ? value.map((one) => pick(one, pseudonyms, parts)) : undefined
}

/** Nothing but the parts named, each treated; what is of no use any more is left out. */
function pick(value: unknown, pseudonyms: Pseudonyms, parts: Record<string, Treat>): unknown {
  if (!isFields(value)) return undefined
  const picked: Fields = {}
  for (const [name, treat] of Object.entries(parts)) {
    if (!Object.hasOwn(value, name)) continue
    const treated = treat(value[name], pseudonyms)
    if (treated !== undefined) picked[name] = treated
  }
  return picked
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value)
