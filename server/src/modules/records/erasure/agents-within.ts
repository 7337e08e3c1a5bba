import { identifyAgent } from '../model/agents.ts'
import type { Agent } from '../model/statement.ts'

type Fields = Record<string, unknown>

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value)

const means = ['mbox', 'mbox_sha1sum', 'openid', 'account'] as const

/** Who some value is, when it is an agent that says so well enough; undefined for anything else. */
function identify(value: Fields): string | undefined {
  const told = Object.fromEntries(means.filter((each) => Object.hasOwn(value, each)).map((each) => [each, value[each]]))
  const { account, ...texts } = told
  if (account !== undefined) {
    if (!isFields(account) || typeof account['homePage'] !== 'string' || typeof account['name'] !== 'string')
      return undefined
    return identifyAgent({ account: { homePage: account['homePage'], name: account['name'] } })
  }
  return Object.values(texts).every((each) => typeof each === 'string') ? identifyAgent(texts as Agent) : undefined
}

/**
 * A JSON value in which somebody is somebody else wherever they are an agent: actor, object, instructor, member, authority, or
 * in what a tool put anywhere else. What else is said of that agent goes: their name.
 * @param identities as `identifyAgent` says.
 */
export function replaceAgents(value: unknown, identities: ReadonlySet<string>, by: Agent): unknown {
  if (Array.isArray(value)) return value.map((each) => replaceAgents(each, identities, by))
  if (!isFields(value)) return value
  const identity = identify(value)
  if (identity !== undefined && identities.has(identity)) {
    return { ...(value['objectType'] === undefined ? {} : { objectType: value['objectType'] }), ...by }
  }
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, replaceAgents(each, identities, by)]))
}

/** An agent as `identifyAgent` says it; undefined when the text says none. */
export function readIdentity(identity: string): Agent | undefined {
  const [kind = '', first = '', ...rest] = identity.split('|')
  const value = [first, ...rest].join('|')
  switch (kind) {
    case 'account':
      return { account: { homePage: first, name: rest.join('|') } }
    case 'mbox':
    case 'mbox_sha1sum':
    case 'openid':
      return { [kind]: value }
    default:
      return undefined
  }
}
