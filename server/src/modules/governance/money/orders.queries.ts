import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import { isCommitment, isCost } from './balances.queries.ts'
import { moneyTables, type Nature } from './tables.ts'

export interface OrderPart {
  party: string
  weight: bigint
  cents: bigint
  committedCents: bigint
  costCents: bigint
}

export interface Order {
  id: string
  number: string
  label: string
  scope: 'shared' | 'individual'
  state: 'placed' | 'committed' | 'settled'
  party: string | null
  offerId: string | null
  decisionId: string | null
  decisionNumber: string | null
  changeId: string | null
  versionId: string
  sharingKey: string
  headCountId: string | null
  cents: bigint
  effectiveOn: Day
  parts: OrderPart[]
  lines: { uai: string; name: string; pupils: number }[]
}

/**
 * Orders, the newest first, with what each part came to in the ledger.
 * @param seen parties whose individual orders are told; null for all.
 * @param page those that come after one, so many at most; all of them when absent.
 */
export async function listOrders(
  tx: Tx,
  agreementId: string,
  seen: string[] | null,
  page?: { before: string | undefined; limit: number },
): Promise<Order[]> {
  let query = moneyTables(tx)
    .selectFrom('governance.service_order')
    .leftJoin('governance.decision', 'governance.decision.id', 'governance.service_order.decision_id')
    .selectAll('governance.service_order')
    .select('governance.decision.number as decision_number')
    .where('governance.service_order.agreement_id', '=', agreementId)
  if (seen !== null) {
    query = query.where((where) =>
      where.or([
        where.and([where('scope', '=', 'shared'), where('party', 'is', null)]),
        where('party', 'in', seen.length > 0 ? seen : ['']),
      ]),
    )
  }
  if (page?.before !== undefined) query = query.where('governance.service_order.id', '<', page.before)
  if (page) query = query.limit(page.limit)
  const orders = await query.orderBy('governance.service_order.id', 'desc').execute()
  if (orders.length === 0) return []
  const ids = orders.map(({ id }) => id)
  const parts = await moneyTables(tx)
    .selectFrom('governance.order_part')
    .selectAll()
    .where('order_id', 'in', ids)
    .orderBy('party')
    .execute()
  const lines = await moneyTables(tx)
    .selectFrom('governance.order_line')
    .selectAll()
    .where('order_id', 'in', ids)
    .orderBy('name')
    .execute()
  const sums = await moneyTables(tx)
    .selectFrom('governance.ledger_entry')
    .innerJoin('governance.posting', 'entry_id', 'governance.ledger_entry.id')
    .innerJoin('governance.account', 'governance.account.id', 'account_id')
    .select((each) => ['subject_id', 'party', 'nature', each.fn.sum<string>('amount_cents').as('cents')])
    .where('subject_id', 'in', ids)
    .groupBy(['subject_id', 'party', 'nature'])
    .execute()
  const partsOf = Map.groupBy(parts, (part) => part.order_id)
  const sumsOf = Map.groupBy(sums, (each) => each.subject_id)
  return orders.map((order) => {
    const shared = partsOf.get(order.id) ?? []
    const own = sumsOf.get(order.id) ?? []
    const sum = (party: string, is: (nature: Nature) => boolean) =>
      own.filter((each) => each.party === party && is(each.nature)).reduce((so, { cents }) => so + BigInt(cents), 0n)
    // Those whom a regularisation brought in bear a part without having been committed to one.
    const joined = [...new Set(own.filter(({ nature }) => isCost(nature)).map(({ party }) => party))].filter(
      (party) => !shared.some((part) => part.party === party),
    )
    return {
      id: order.id,
      number: order.number,
      label: order.label,
      scope: order.scope,
      state: order.state,
      party: order.party,
      offerId: order.offer_id,
      decisionId: order.decision_id,
      decisionNumber: order.decision_number,
      changeId: order.change_id,
      versionId: order.version_id,
      sharingKey: order.sharing_key,
      headCountId: order.head_count_id,
      cents: BigInt(order.amount_cents),
      effectiveOn: order.effective_on,
      parts: [...shared, ...joined.map((party) => ({ party, weight: 0, cents: 0 }))].map((part) => ({
        party: part.party,
        weight: BigInt(part.weight),
        cents: BigInt(part.cents),
        committedCents: sum(part.party, isCommitment),
        costCents: sum(part.party, isCost),
      })),
      lines: lines.filter((line) => line.order_id === order.id).map(({ uai, name, pupils }) => ({ uai, name, pupils })),
    }
  })
}
