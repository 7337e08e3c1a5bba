import { randomUUIDv7 } from 'node:crypto'
import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import type { DecisionMade } from '../bodies/decisions.ts'
import { lockJournal } from '../journal/journal-lock.ts'
import { recordInJournal } from '../journal/journal.ts'
import { tables as voteTables } from '../votes/tables.ts'
import { isCost, sumCents, sumOfSubject } from './balances.queries.ts'
import { getTerms } from './exercises.ts'
import { postEntry, requireOpen } from './ledger.ts'
import { getOrder } from './order-payments.ts'
import { shareByLargestRemainder } from './sharing.ts'
import { moneyTables } from './tables.ts'
import { getSharingKey, weighParties } from './weights.ts'

/**
 * Proposes new shares of what an order cost: under another key, among others, by another head-count or for another final
 * cost. Nothing is posted before it is voted.
 * @param input.amountCents the final cost; what was paid so far when null.
 * @returns its id.
 * @throws Problem 404 `order_not_found`; 409 `order_not_settled`, `regularisation_pending`, `exercise_closed`; 422 as `weighParties`.
 */
export async function proposeRegularisation(
  tx: Tx,
  input: {
    agreementId: string
    orderId: string
    label: string
    sharingKey: string
    amountCents: bigint | null
    effectiveOn: Day
    votersInFavour: string[] | null
    headCountId: string | null
    by: string | null
  },
  now: Date,
): Promise<string> {
  await lockJournal(tx, input.agreementId)
  const order = await getOrder(tx, input.agreementId, input.orderId)
  if (order.state !== 'settled') {
    throw new Problem(409, 'order_not_settled', 'An order is regularised when all of it was paid or released.')
  }
  const pending = await moneyTables(tx)
    .selectFrom('governance.regularisation')
    .select('id')
    .where('order_id', '=', order.id)
    .where('state', '=', 'proposed')
    .executeTakeFirst()
  if (pending) throw new Problem(409, 'regularisation_pending', 'Another one of this order waits for its vote.')
  // Now, and not only when it is voted: a vote that cannot be posted could not be closed.
  await requireOpen(tx, input.agreementId, input.effectiveOn)
  const terms = await getTerms(tx, input.agreementId, input.effectiveOn)
  const key = getSharingKey(terms.rules, input.sharingKey)
  const weighing = await weighParties(tx, terms, key, { ...input, on: input.effectiveOn })
  const borne = (await sumOfSubject(tx, order.id)).filter(({ nature }) => isCost(nature))
  const cost = input.amountCents ?? sumCents(borne)
  const after = shareByLargestRemainder(cost, weighing.weights)
  if (!after) throw new Problem(422, 'sharing_without_weight', `Nobody weighs anything under key ${key.key}.`)
  const id = randomUUIDv7()
  await moneyTables(tx)
    .insertInto('governance.regularisation')
    .values({
      id,
      agreement_id: input.agreementId,
      order_id: order.id,
      label: input.label,
      version_id: terms.versionId,
      sharing_key: key.key,
      head_count_id: weighing.headCountId,
      amount_cents: cost,
      effective_on: input.effectiveOn,
      decision_id: null,
      proposed_at: now,
      proposed_by: input.by,
      decided_at: null,
    })
    .execute()
  const parties = new Set([...after.map(({ party }) => party), ...borne.map(({ party }) => party)])
  await moneyTables(tx)
    .insertInto('governance.regularisation_part')
    .values(
      [...parties].map((party) => {
        const part = after.find((each) => each.party === party)
        return {
          regularisation_id: id,
          party,
          weight: part?.weight ?? 0n,
          before_cents: sumCents(borne.filter((each) => each.party === party)),
          after_cents: part?.cents ?? 0n,
        }
      }),
    )
    .execute()
  await recordAudit(tx, {
    action: 'governance.regularisation_proposed',
    actorPersonId: input.by,
    subjectKind: 'regularisation',
    subjectId: id,
    detail: { order: order.number, sharingKey: key.key, cents: String(cost) },
  })
  return id
}

/**
 * Takes a proposed regularisation back, unless a vote on it is being held: what waited for that vote is free again.
 * @throws Problem 404 `regularisation_not_found`; 409 `regularisation_settled`, `regularisation_put_to_vote`.
 */
export async function withdrawRegularisation(
  tx: Tx,
  input: { agreementId: string; id: string; by: string | null },
  now: Date,
): Promise<void> {
  // Nobody opens a vote meanwhile: who does holds the journal too.
  await lockJournal(tx, input.agreementId)
  const found = await moneyTables(tx)
    .selectFrom('governance.regularisation')
    .select(['order_id', 'state', 'sharing_key', 'amount_cents'])
    .where('agreement_id', '=', input.agreementId)
    .where('id', '=', input.id)
    .executeTakeFirst()
  if (!found) throw new Problem(404, 'regularisation_not_found', 'There is no such regularisation.')
  if (found.state !== 'proposed') throw new Problem(409, 'regularisation_settled', `It is ${found.state} already.`)
  const ballot = await voteTables(tx)
    .selectFrom('governance.ballot')
    .innerJoin('governance.agenda_item', 'governance.agenda_item.id', 'governance.ballot.agenda_item_id')
    .innerJoin('governance.meeting', 'governance.meeting.id', 'governance.ballot.meeting_id')
    .select('governance.ballot.id')
    .where('subject_kind', '=', 'regularisation')
    .where('subject_id', '=', input.id)
    .where('kind', '=', 'decision')
    .where('governance.meeting.state', '=', 'open')
    .where('decision_id', 'is', null)
    .executeTakeFirst()
  if (ballot) throw new Problem(409, 'regularisation_put_to_vote', 'It has been put to the vote: the vote decides.')
  await moneyTables(tx)
    .updateTable('governance.regularisation')
    .set({ state: 'withdrawn', decided_at: now })
    .where('id', '=', input.id)
    .execute()
  await recordAudit(tx, {
    action: 'governance.regularisation_withdrawn',
    actorPersonId: input.by,
    subjectKind: 'regularisation',
    subjectId: input.id,
    detail: { cents: String(found.amount_cents) },
  })
  const content = { order: found.order_id, sharingKey: found.sharing_key, cents: String(found.amount_cents) }
  const entry = { agreementId: input.agreementId, kind: 'regularisation.withdrawn', subjectId: input.id, content }
  await recordInJournal(tx, entry, now)
}

/**
 * What the vote on a regularisation does: without a decision it awaits another; adopted, it posts the difference to each party, new share less what it bore; the
 * differences sum to that of the cost, which leaves or joins the bank of the holder.
 * @throws Problem 409 `regularisation_stale` when the order moved since the shares were proposed.
 */
export async function onDecision(
  tx: Tx,
  decision: Pick<DecisionMade, 'subjectId' | 'decisionId' | 'outcome'>,
  now: Date,
): Promise<void> {
  // It may be put on another agenda, or withdrawn.
  if (decision.outcome === 'none') return
  const { agreement_id: agreementId } = await moneyTables(tx)
    .selectFrom('governance.regularisation')
    .select('agreement_id')
    .where('id', '=', decision.subjectId)
    .executeTakeFirstOrThrow()
  await lockJournal(tx, agreementId)
  const found = await moneyTables(tx)
    .selectFrom('governance.regularisation')
    .selectAll()
    .where('id', '=', decision.subjectId)
    .where('state', '=', 'proposed')
    .executeTakeFirst()
  if (!found) return
  const adopted = decision.outcome === 'adopted'
  await moneyTables(tx)
    .updateTable('governance.regularisation')
    .set({ state: adopted ? 'adopted' : 'rejected', decision_id: decision.decisionId, decided_at: now })
    .where('id', '=', found.id)
    .execute()
  if (!adopted) return
  const parts = await moneyTables(tx)
    .selectFrom('governance.regularisation_part')
    .select(['party', 'before_cents', 'after_cents'])
    .where('regularisation_id', '=', found.id)
    .orderBy('party')
    .execute()
  const borne = (await sumOfSubject(tx, found.order_id)).filter(({ nature }) => isCost(nature))
  const moved =
    sumCents(borne) !== parts.reduce((so, part) => so + BigInt(part.before_cents), 0n) ||
    parts.some((part) => sumCents(borne.filter(({ party }) => party === part.party)) !== BigInt(part.before_cents))
  if (moved) throw new Problem(409, 'regularisation_stale', 'The order moved since these shares were proposed.')
  const terms = await getTerms(tx, agreementId, found.effective_on)
  const differences = parts.map(({ party, before_cents, after_cents }) => ({
    party,
    nature: 'regularisation' as const,
    cents: BigInt(after_cents) - BigInt(before_cents),
  }))
  await postEntry(
    tx,
    terms,
    {
      kind: 'regularisation',
      label: found.label,
      effectiveOn: found.effective_on,
      decisionId: decision.decisionId,
      sharingKey: found.sharing_key,
      subject: { kind: 'order', id: found.order_id },
      by: null,
      postings: [...differences, { party: terms.rules.money.heldBy, nature: 'bank', cents: -sumCents(differences) }],
    },
    now,
  )
}
