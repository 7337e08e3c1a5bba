import { sql } from 'kysely'
import { keepPlan, type Tx } from '#kernel/postgres'
import { identifyAgent } from '../model/agents.ts'
import type { Account, Agent } from '../model/statement.ts'
import { keyOf } from '../model/statement-keys.ts'
import { tables } from '../tables.ts'

/** What is known of an agent (xAPI 1.0.3, Communication 2.4): its one identifier, and the names it was given. */
export interface Person {
  objectType: 'Person'
  name?: string[]
  mbox?: string[]
  mbox_sha1sum?: string[]
  openid?: string[]
  account?: Account[]
}

/** Names change seldom: the latest statements tell them, whatever their number. */
const latest = 100

/**
 * A person as the Agents resource answers it. Other identifiers of the same human being are nobody's to combine: the
 * store keeps to the one that was asked for.
 */
export async function getPerson(tx: Tx, tenantId: string, agent: Agent): Promise<Person> {
  const names = new Set(await listNames(tx, tenantId, agent))
  if (agent.name !== undefined) names.add(agent.name)
  const { mbox, mbox_sha1sum: sum, openid, account } = agent
  return {
    objectType: 'Person',
    ...(names.size > 0 && { name: [...names] }),
    ...(mbox !== undefined && { mbox: [mbox] }),
    ...(sum !== undefined && { mbox_sha1sum: [sum] }),
    ...(openid !== undefined && { openid: [openid] }),
    ...(account !== undefined && { account: [{ homePage: account.homePage, name: account.name }] }),
  }
}

/** The names that statements give to an agent as actor or object, each as often as they do. */
async function listNames(tx: Tx, tenantId: string, agent: Agent): Promise<string[]> {
  const identity = identifyAgent(agent)
  if (identity === undefined) return []
  const key = keyOf(tenantId, 'agent', identity)
  const names: string[] = []
  for (const [column, property] of [
    ['actor', 'actor'],
    ['object_agent', 'object'],
  ] as const) {
    const rows = await tables(tx)
      .selectFrom('records.statement')
      .select('body')
      .where(column, '=', key)
      // Those that hold whole files are not read for a name.
      .where(sql<boolean>`octet_length(body) < 100000`)
      .orderBy('seq', 'desc')
      .limit(latest)
      .modifyEnd(keepPlan)
      .execute()
    for (const { body } of rows) {
      const { name } = (JSON.parse(body) as Record<typeof property, { name?: string }>)[property]
      if (name !== undefined) names.push(name)
    }
  }
  return names
}
