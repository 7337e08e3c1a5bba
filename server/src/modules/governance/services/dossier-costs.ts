import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { seenParties } from '../money/money-access.ts'
import { listOrders, type Order } from '../money/orders.queries.ts'
import { type Standing, takesPart } from '../standing.ts'
import type { FrozenCost } from './dossiers.queries.ts'

/** The orders whose accounts the reader may see: none for who sits for a contractor alone. */
export async function listSeenOrders(tx: Tx, standing: Standing): Promise<Order[]> {
  return takesPart(standing) ? listOrders(tx, standing.agreement.id, seenParties(standing)) : []
}

/**
 * The orders that a new version of a dossier names: those its writer chose among the ones they see, and those of the version
 * before that they do not see, which are not theirs to take out.
 * @throws Problem 422 `order_unknown` for one they do not see.
 */
export async function keepHiddenOrders(
  tx: Tx,
  standing: Standing,
  chosen: readonly string[],
  before: readonly string[],
): Promise<string[]> {
  const seen = new Set((await listSeenOrders(tx, standing)).map(({ id }) => id))
  const hidden = before.filter((id) => !seen.has(id))
  if (chosen.some((id) => !seen.has(id) && !hidden.includes(id)))
    throw new Problem(422, 'order_unknown', 'A dossier names orders of these accounts, which its writer may see.')
  return [...new Set([...hidden, ...chosen])]
}

/** What an order is in the ledger: still committed, and paid by its members. */
export function sumOrder({ id, parts }: Order): FrozenCost {
  return {
    orderId: id,
    committedCents: parts.reduce((so, { committedCents }) => so + committedCents, 0n),
    paidCents: parts.reduce((so, { costCents }) => so + costCents, 0n),
  }
}

/** What the orders of a dossier come to now, all of them, whoever submits it. */
export async function freezeCosts(tx: Tx, agreementId: string, orders: readonly string[]): Promise<FrozenCost[]> {
  if (orders.length === 0) return []
  const all = await listOrders(tx, agreementId, null)
  return all.filter(({ id }) => orders.includes(id)).map(sumOrder)
}
