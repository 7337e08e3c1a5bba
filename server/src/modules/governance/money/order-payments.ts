import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import { lockJournal } from '../journal/journal-lock.ts'
import { isCommitment, isCost, sumCents, sumOfSubject } from './balances.queries.ts'
import { getTerms } from './exercises.ts'
import { postEntry, type Posting } from './ledger.ts'
import { shareByLargestRemainder } from './sharing.ts'
import { moneyTables } from './tables.ts'

/** @throws Problem 404 `order_not_found`. */
export async function getOrder(tx: Tx, agreementId: string, id: string) {
  const order = await moneyTables(tx)
    .selectFrom('governance.service_order')
    .selectAll()
    .where('agreement_id', '=', agreementId)
    .where('id', '=', id)
    .executeTakeFirst()
  if (!order) throw new Problem(404, 'order_not_found', 'There is no such order.')
  const parts = await moneyTables(tx)
    .selectFrom('governance.order_part')
    .select(['party', 'weight', 'cents'])
    .where('order_id', '=', id)
    .orderBy('party')
    .execute()
  return {
    ...order,
    parts: parts.map(({ party, weight, cents }) => ({ party, weight: BigInt(weight), cents: BigInt(cents) })),
  }
}

/**
 * Pays for an order, all at once or in parts: what is paid leaves the bank of the holder, becomes a cost of each member and
 * stops being committed. The parts of all that was paid so far are shared anew each time, so that they are those of the sum
 * and not the sum of roundings. With the last payment, what stays committed is released.
 * @param input.amountCents 0 or more; 0 only with `last`, to release what is left.
 * @throws Problem 404 `order_not_found`; 409 `order_not_committed`; 422 `payment_beyond_commitment`, `amount_missing`.
 */
export async function payOrder(
  tx: Tx,
  input: {
    agreementId: string
    orderId: string
    amountCents: bigint
    effectiveOn: Day
    /** Supplier's invoice, or another supporting document. */
    document: string
    last: boolean
    by: string | null
  },
  now: Date,
): Promise<void> {
  await lockJournal(tx, input.agreementId)
  const order = await getOrder(tx, input.agreementId, input.orderId)
  if (order.state !== 'committed') throw new Problem(409, 'order_not_committed', `The order is ${order.state}.`)
  if (input.amountCents <= 0n && !input.last) throw new Problem(422, 'amount_missing', 'A payment is above zero.')
  const sums = await sumOfSubject(tx, order.id)
  const remaining = sumCents(sums.filter(({ nature }) => isCommitment(nature)))
  if (input.amountCents > remaining) {
    throw new Problem(422, 'payment_beyond_commitment', `No more than ${remaining} cents are still committed.`, {
      remainingCents: String(remaining),
    })
  }
  const terms = await getTerms(tx, input.agreementId, input.effectiveOn)
  const holder = terms.rules.money.heldBy
  const paidBefore = sumCents(sums.filter(({ nature }) => isCost(nature)))
  const target = shareByLargestRemainder(paidBefore + input.amountCents, order.parts)!
  const held = (party: string, is: typeof isCost) =>
    sumCents(sums.filter((each) => each.party === party && is(each.nature)))
  const cost: Posting[] = target.map(({ party, cents }) => ({
    party,
    nature: `${order.scope}Cost`,
    cents: cents - held(party, isCost),
  }))
  const release = (cents: bigint, lines: { party: string; cents: bigint }[]): Posting[] => [
    ...lines.map((line) => ({ party: line.party, nature: `${order.scope}Commitment` as const, cents: -line.cents })),
    { party: holder, nature: 'commitmentOffset', cents },
  ]
  const entry = {
    label: `${order.number} ${order.label}`,
    effectiveOn: input.effectiveOn,
    decisionId: order.decision_id,
    sharingKey: order.sharing_key,
    subject: { kind: 'order', id: order.id },
    by: input.by,
  }
  await postEntry(
    tx,
    terms,
    {
      ...entry,
      kind: 'payment',
      label: `${entry.label} (${input.document})`,
      postings: [
        ...cost,
        { party: holder, nature: 'bank', cents: -input.amountCents },
        ...release(input.amountCents, cost),
      ],
    },
    now,
  )
  const settled = input.last || input.amountCents === remaining
  if (settled) {
    const left = order.parts.map(({ party }) => ({
      party,
      cents: held(party, isCommitment) - (cost.find((each) => each.party === party)?.cents ?? 0n),
    }))
    await postEntry(tx, terms, { ...entry, kind: 'release', postings: release(sumCents(left), left) }, now)
    await moneyTables(tx)
      .updateTable('governance.service_order')
      .set({ state: 'settled' })
      .where('id', '=', order.id)
      .execute()
  }
  await recordAudit(tx, {
    action: 'governance.order_paid',
    actorPersonId: input.by,
    subjectKind: 'order',
    subjectId: order.id,
    detail: { number: order.number, cents: String(input.amountCents), settled },
  })
}
