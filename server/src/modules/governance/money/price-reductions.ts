import { randomUUIDv7 } from 'node:crypto'
import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import { lockJournal } from '../journal/journal-lock.ts'
import { isCommitment, isCost, sumCents, sumOfSubject } from './balances.queries.ts'
import { getTerms } from './exercises.ts'
import { postEntry } from './ledger.ts'
import { getOrder } from './order-payments.ts'
import { requireNoneProposed } from './proposals.queries.ts'
import { shareByLargestRemainder } from './sharing.ts'
import { moneyTables } from './tables.ts'

/**
 * Proposes to take something off an order whose expected results were missed; nothing is written in the ledger before
 * someone posts it.
 * @returns its id.
 * @throws Problem 404 `order_not_found`; 422 `reduction_beyond_order` when all reductions would exceed its cost.
 */
export async function proposePriceReduction(
  tx: Tx,
  input: {
    agreementId: string
    orderId: string
    label: string
    amountCents: bigint
    effectiveOn: Day
    decisionId: string | null
  },
  now: Date,
): Promise<string> {
  await lockJournal(tx, input.agreementId)
  const order = await getOrder(tx, input.agreementId, input.orderId)
  const earlier = await moneyTables(tx)
    .selectFrom('governance.price_reduction')
    .select('amount_cents')
    .where('order_id', '=', order.id)
    .where('state', '!=', 'withdrawn')
    .execute()
  const taken = earlier.reduce((so, { amount_cents }) => so + BigInt(amount_cents), 0n)
  if (taken + input.amountCents > BigInt(order.amount_cents)) {
    throw new Problem(422, 'reduction_beyond_order', 'The reductions of an order are at most its amount.')
  }
  const id = randomUUIDv7()
  await moneyTables(tx)
    .insertInto('governance.price_reduction')
    .values({
      id,
      agreement_id: input.agreementId,
      order_id: order.id,
      label: input.label,
      amount_cents: input.amountCents,
      effective_on: input.effectiveOn,
      decision_id: input.decisionId ?? order.decision_id,
      proposed_at: now,
      settled_at: null,
    })
    .execute()
  return id
}

/**
 * Posts a proposed reduction, or withdraws it. It first lowers what is still committed; the rest is money the supplier
 * gives back, in the proportions in which the order was paid.
 * @throws Problem 404 `reduction_not_found`; 409 `reduction_already_settled`; 409 `reduction_beyond_cost` when less than
 *   that was paid or committed; as `requireNoneProposed`.
 */
export async function settlePriceReduction(
  tx: Tx,
  input: { agreementId: string; id: string; post: boolean; by: string | null },
  now: Date,
): Promise<void> {
  await lockJournal(tx, input.agreementId)
  const found = await moneyTables(tx)
    .selectFrom('governance.price_reduction')
    .selectAll()
    .where('agreement_id', '=', input.agreementId)
    .where('id', '=', input.id)
    .executeTakeFirst()
  if (!found) throw new Problem(404, 'reduction_not_found', 'There is no such price reduction.')
  if (found.state !== 'proposed') throw new Problem(409, 'reduction_already_settled', `It is ${found.state}.`)
  if (input.post) {
    const order = await getOrder(tx, input.agreementId, found.order_id)
    await requireNoneProposed(tx, input.agreementId, { orderId: order.id })
    const terms = await getTerms(tx, input.agreementId, found.effective_on)
    const holder = terms.rules.money.heldBy
    const sums = await sumOfSubject(tx, order.id)
    const amount = BigInt(found.amount_cents)
    const committed = sumCents(sums.filter(({ nature }) => isCommitment(nature)))
    const paid = sumCents(sums.filter(({ nature }) => isCost(nature)))
    if (amount > committed + paid) {
      throw new Problem(409, 'reduction_beyond_cost', 'Less than that is committed or was paid.')
    }
    const released = amount < committed ? amount : committed
    const share = (cents: bigint) => shareByLargestRemainder(cents, order.parts)!
    await postEntry(
      tx,
      terms,
      {
        kind: 'priceReduction',
        label: `${order.number} ${found.label}`,
        effectiveOn: found.effective_on,
        decisionId: found.decision_id,
        sharingKey: order.sharing_key,
        subject: { kind: 'order', id: order.id },
        by: input.by,
        postings: [
          ...share(-released).map(({ party, cents }) => ({
            party,
            nature: `${order.scope}Commitment` as const,
            cents,
          })),
          { party: holder, nature: 'commitmentOffset', cents: released },
          ...share(released - amount).map(({ party, cents }) => ({
            party,
            nature: `${order.scope}Cost` as const,
            cents,
          })),
          { party: holder, nature: 'bank', cents: amount - released },
        ],
      },
      now,
    )
    if (released === committed && order.state === 'committed') {
      await moneyTables(tx)
        .updateTable('governance.service_order')
        .set({ state: 'settled' })
        .where('id', '=', order.id)
        .execute()
    }
  }
  await moneyTables(tx)
    .updateTable('governance.price_reduction')
    .set({ state: input.post ? 'posted' : 'withdrawn', settled_at: now })
    .where('id', '=', found.id)
    .execute()
  await recordAudit(tx, {
    action: input.post ? 'governance.price_reduced' : 'governance.price_reduction_withdrawn',
    actorPersonId: input.by,
    subjectKind: 'order',
    subjectId: found.order_id,
    detail: { cents: String(found.amount_cents) },
  })
}
