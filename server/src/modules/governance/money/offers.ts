import { randomUUIDv7 } from 'node:crypto'
import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import { lockJournal } from '../journal/journal-lock.ts'
import { recordInJournal } from '../journal/journal.ts'
import { getTerms } from './exercises.ts'
import { createOrder, nextNumber } from './orders.ts'
import { moneyTables } from './tables.ts'
import { findHeadCount, getSharingKey, listMembers } from './weights.ts'

/**
 * Opens a service to orders: individual when its key makes each member pay what it orders, shared otherwise.
 * @returns its id. @throws Problem 422 `sharing_key_unknown`.
 */
export async function createOffer(
  tx: Tx,
  input: {
    agreementId: string
    label: string
    sharingKey: string
    pricing: 'perPupil' | 'fixed'
    priceCents: bigint
    effectiveOn: Day
    by: string | null
  },
  now: Date,
): Promise<string> {
  const { rules } = await getTerms(tx, input.agreementId, input.effectiveOn)
  getSharingKey(rules, input.sharingKey)
  const id = randomUUIDv7()
  await moneyTables(tx)
    .insertInto('governance.offer')
    .values({
      id,
      agreement_id: input.agreementId,
      label: input.label,
      sharing_key: input.sharingKey,
      pricing: input.pricing,
      price_cents: input.priceCents,
      effective_on: input.effectiveOn,
      closed_at: null,
      created_at: now,
      created_by: input.by,
    })
    .execute()
  await recordAudit(tx, {
    action: 'governance.offer_created',
    actorPersonId: input.by,
    subjectKind: 'offer',
    subjectId: id,
    detail: { pricing: input.pricing, cents: String(input.priceCents) },
  })
  return id
}

/**
 * A member orders a service for establishments of its own, with their pupils on the last head-count. An individual service
 * is committed at once; a shared one waits until all orders are gathered.
 * @returns id of the order.
 * @throws Problem 404 `offer_not_found`; 409 `offer_closed`, `already_ordered`; 422 `head_count_missing`,
 *   `establishment_unknown` for one that the head-count does not give this member, `not_a_member`.
 */
export async function orderOffer(
  tx: Tx,
  input: { agreementId: string; offerId: string; party: string; uais: string[]; by: string | null },
  now: Date,
): Promise<string> {
  await lockJournal(tx, input.agreementId)
  const offer = await getOpenOffer(tx, input.agreementId, input.offerId)
  const terms = await getTerms(tx, input.agreementId, offer.effective_on)
  if (!listMembers(terms.rules, offer.effective_on).includes(input.party)) {
    throw new Problem(422, 'not_a_member', `${input.party} is not a member on ${offer.effective_on}.`)
  }
  const ordered = await moneyTables(tx)
    .selectFrom('governance.service_order')
    .select('number')
    .where('offer_id', '=', offer.id)
    .where('party', '=', input.party)
    .executeTakeFirst()
  if (ordered) throw new Problem(409, 'already_ordered', `This member ordered it as ${ordered.number}.`)
  const headCount = await findHeadCount(tx, input.agreementId, offer.effective_on, null)
  if (!headCount) throw new Problem(422, 'head_count_missing', `No head-count is known by ${offer.effective_on}.`)
  const establishments = await moneyTables(tx)
    .selectFrom('governance.head_count_line')
    .select(['uai', 'name', 'pupils'])
    .where('head_count_id', '=', headCount.id)
    .where('party', '=', input.party)
    .execute()
  const lines = [...new Set(input.uais)].map((uai) => {
    const found = establishments.find((each) => each.uai === uai)
    if (found) return found
    throw new Problem(422, 'establishment_unknown', `The head-count gives this member no establishment ${uai}.`, {
      uai,
    })
  })
  const pupils = lines.reduce((so, line) => so + BigInt(line.pupils), 0n)
  const price = BigInt(offer.price_cents)
  const amount = offer.pricing === 'perPupil' ? price * pupils : price
  const key = getSharingKey(terms.rules, offer.sharing_key)
  if (isIndividual(key)) {
    const made = await createOrder(
      tx,
      {
        agreementId: input.agreementId,
        decisionId: null,
        changeId: null,
        sharingKey: key.key,
        amountCents: amount,
        label: offer.label,
        effectiveOn: offer.effective_on,
        votersInFavour: null,
        party: input.party,
        by: input.by,
        offerId: offer.id,
        lines,
        headCountId: headCount.id,
      },
      now,
    )
    return made.id
  }
  const id = randomUUIDv7()
  const number = await nextNumber(tx, 'governance.service_order', 'C', input.agreementId, offer.effective_on)
  await moneyTables(tx)
    .insertInto('governance.service_order')
    .values({
      id,
      agreement_id: input.agreementId,
      number,
      label: offer.label,
      scope: 'shared',
      state: 'placed',
      party: input.party,
      offer_id: offer.id,
      gathered_in: null,
      decision_id: null,
      change_id: null,
      version_id: terms.versionId,
      sharing_key: key.key,
      head_count_id: headCount.id,
      // What is shared has one price for all: it is divided when the orders are gathered.
      amount_cents: offer.pricing === 'perPupil' ? amount : 0n,
      effective_on: offer.effective_on,
      created_at: now,
      created_by: input.by,
    })
    .execute()
  await moneyTables(tx)
    .insertInto('governance.order_line')
    .values(lines.map((line) => ({ order_id: id, ...line })))
    .execute()
  await recordAudit(tx, {
    action: 'governance.order_placed',
    actorPersonId: input.by,
    subjectKind: 'order',
    subjectId: id,
    detail: { number, pupils: String(pupils) },
  })
  await recordInJournal(
    tx,
    {
      agreementId: input.agreementId,
      kind: 'order',
      subjectId: id,
      content: { number, scope: 'placed', party: input.party, pupils: String(pupils), offer: offer.id },
    },
    now,
  )
  return id
}

/**
 * Gathers the orders of a shared service into one, whose cost is divided among those who ordered: by the key of the offer
 * when it tells who they are by pupils, heads or voices, or in proportion to the pupils they ordered for.
 * @returns id of the order. @throws Problem 404 `offer_not_found`; 409 `offer_closed`; 422 `orders_missing`.
 */
export async function closeOffer(
  tx: Tx,
  input: { agreementId: string; offerId: string; decisionId: string | null; by: string | null },
  now: Date,
): Promise<string | null> {
  await lockJournal(tx, input.agreementId)
  const offer = await getOpenOffer(tx, input.agreementId, input.offerId)
  const close = () =>
    moneyTables(tx).updateTable('governance.offer').set({ closed_at: now }).where('id', '=', offer.id).execute()
  const placed = await moneyTables(tx)
    .selectFrom('governance.service_order')
    .innerJoin('governance.order_line', 'order_id', 'governance.service_order.id')
    .select((each) => ['id', 'party', 'head_count_id', 'amount_cents', each.fn.sum<string>('pupils').as('pupils')])
    .where('offer_id', '=', offer.id)
    .where('state', '=', 'placed')
    .groupBy(['id'])
    .orderBy('party')
    .execute()
  const { rules } = await getTerms(tx, input.agreementId, offer.effective_on)
  if (isIndividual(getSharingKey(rules, offer.sharing_key))) {
    await close()
    return null
  }
  if (placed.length === 0) throw new Problem(422, 'orders_missing', 'Nobody ordered this service yet.')
  const total = placed.reduce((so, { amount_cents }) => so + BigInt(amount_cents), 0n)
  const made = await createOrder(
    tx,
    {
      agreementId: input.agreementId,
      decisionId: input.decisionId,
      changeId: null,
      sharingKey: offer.sharing_key,
      amountCents: offer.pricing === 'fixed' ? BigInt(offer.price_cents) : total,
      label: offer.label,
      effectiveOn: offer.effective_on,
      votersInFavour: null,
      party: null,
      by: input.by,
      ordered: new Map(placed.map(({ party, pupils }) => [party!, BigInt(pupils)])),
      offerId: offer.id,
      headCountId: placed[0]!.head_count_id,
    },
    now,
  )
  await moneyTables(tx)
    .updateTable('governance.service_order')
    .set({ gathered_in: made.id, state: 'settled' })
    .where(
      'id',
      'in',
      placed.map(({ id }) => id),
    )
    .execute()
  await close()
  return made.id
}

/** Whether each member pays what it orders, whoever else orders. */
const isIndividual = (key: { among: string; usedFor: readonly string[] }) =>
  key.among === 'oneMember' || key.usedFor.includes('individualService')

async function getOpenOffer(tx: Tx, agreementId: string, id: string) {
  const offer = await moneyTables(tx)
    .selectFrom('governance.offer')
    .selectAll()
    .where('agreement_id', '=', agreementId)
    .where('id', '=', id)
    .executeTakeFirst()
  if (!offer) throw new Problem(404, 'offer_not_found', 'There is no such service.')
  if (offer.closed_at !== null) throw new Problem(409, 'offer_closed', 'Its orders were gathered already.')
  return offer
}
