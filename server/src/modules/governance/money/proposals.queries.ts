import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import { moneyTables } from './tables.ts'

/** Services open to orders, and those whose orders were gathered, the newest first. */
export async function listOffers(tx: Tx, agreementId: string) {
  const offers = await moneyTables(tx)
    .selectFrom('governance.offer')
    .selectAll()
    .where('agreement_id', '=', agreementId)
    .orderBy('id', 'desc')
    .execute()
  return offers.map((offer) => ({
    id: offer.id,
    label: offer.label,
    sharingKey: offer.sharing_key,
    pricing: offer.pricing,
    priceCents: String(offer.price_cents),
    effectiveOn: offer.effective_on,
    closedAt: offer.closed_at,
  }))
}

/** Price reductions, the newest first. */
export async function listReductions(tx: Tx, agreementId: string) {
  const rows = await moneyTables(tx)
    .selectFrom('governance.price_reduction')
    .select(['id', 'order_id as orderId', 'label', 'amount_cents', 'state'])
    .where('agreement_id', '=', agreementId)
    .orderBy('id', 'desc')
    .execute()
  return rows.map(({ amount_cents, ...row }) => ({ ...row, cents: String(amount_cents) }))
}

/** Regularisations with their old and new shares, the newest first. */
export async function listRegularisations(tx: Tx, agreementId: string) {
  const rows = await moneyTables(tx)
    .selectFrom('governance.regularisation')
    .select(['id', 'order_id as orderId', 'label', 'amount_cents', 'state', 'sharing_key as sharingKey'])
    .where('agreement_id', '=', agreementId)
    .orderBy('id', 'desc')
    .execute()
  if (rows.length === 0) return []
  const parts = await moneyTables(tx)
    .selectFrom('governance.regularisation_part')
    .select(['regularisation_id', 'party', 'before_cents', 'after_cents'])
    .where(
      'regularisation_id',
      'in',
      rows.map(({ id }) => id),
    )
    .orderBy('party')
    .execute()
  return rows.map(({ amount_cents, ...row }) => ({
    ...row,
    cents: String(amount_cents),
    parts: parts
      .filter((part) => part.regularisation_id === row.id)
      .map((part) => ({
        party: part.party,
        beforeCents: String(part.before_cents),
        afterCents: String(part.after_cents),
      })),
  }))
}

/**
 * Sees that no new shares wait for their vote: of an order, or counting for some days. What they rest on stays until then,
 * so that the vote can be closed.
 * @throws Problem 409 `regularisation_pending`.
 */
export async function requireNoneProposed(
  tx: Tx,
  agreementId: string,
  of: { orderId: string } | { from: Day; until: Day },
): Promise<void> {
  const proposed = await moneyTables(tx)
    .selectFrom('governance.regularisation')
    .select('label')
    .where('agreement_id', '=', agreementId)
    .where('state', '=', 'proposed')
    .where(
      'orderId' in of
        ? sql<boolean>`order_id = ${of.orderId}`
        : sql<boolean>`effective_on between ${of.from} and ${of.until}`,
    )
    .executeTakeFirst()
  if (proposed) throw new Problem(409, 'regularisation_pending', `“${proposed.label}” waits for its vote.`)
}
