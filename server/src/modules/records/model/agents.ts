import { hash } from 'node:crypto'
import type { Agent, Group } from './statement.ts'

/** Beyond, no index of PostgreSQL holds a text of three bytes a character. */
const longest = 800

/**
 * Who an agent or a group is, as one text: `mbox|mailto:…`, `mbox_sha1sum|…`, `openid|…` or `account|home page|name`.
 * Two agents with the same text are the same (xAPI 1.0.3, Data 2.4.2.3); neither names nor members count. A home page
 * is an IRI, which holds no bar: no two accounts give one text. What no base could keep under an index is told by its
 * digest, `digest|…`.
 * @returns undefined for an anonymous group.
 */
export function identifyAgent(agent: Agent | Group): string | undefined {
  const text = nameAgent(agent)
  if (text === undefined || (text.length <= longest && !text.includes('\0') && text.isWellFormed())) return text
  // As JSON, which writes halves of characters apart.
  return `digest|${hash('sha256', JSON.stringify(text))}`
}

function nameAgent(agent: Agent | Group): string | undefined {
  if (agent.account !== undefined) return `account|${agent.account.homePage}|${agent.account.name}`
  if (agent.mbox !== undefined) return `mbox|${agent.mbox}`
  // Hexadecimal, of which both cases mean the same.
  if (agent.mbox_sha1sum !== undefined) return `mbox_sha1sum|${agent.mbox_sha1sum.toLowerCase()}`
  if (agent.openid !== undefined) return `openid|${agent.openid}`
  return undefined
}

/** The members of a group, none for an agent. */
export function membersOf(agent: Agent | Group): Agent[] {
  return agent.objectType === 'Group' ? (agent.member ?? []) : []
}
