import { randomUUIDv7 } from 'node:crypto'
import { sql } from 'kysely'
import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import { requireAdopted } from '../bodies/decisions.ts'
import { recordInJournal } from '../journal/journal.ts'
import { lockJournal } from '../journal/journal-lock.ts'
import { getTerms } from './exercises.ts'
import { postEntry } from './ledger.ts'
import { shareByLargestRemainder } from './sharing.ts'
import { moneyTables } from './tables.ts'
import { getSharingKey, weighParties } from './weights.ts'

export interface NewOrder {
  agreementId: string
  /** Decision it carries out; null for what a member orders for itself. */
  decisionId: string | null
  /** Change it pays for; null for a service. */
  changeId: string | null
  /** Key of the agreement that says who pays, and in proportion to what. */
  sharingKey: string
  amountCents: bigint
  label: string
  effectiveOn: Day
  /** Parties that voted for; needed by keys among them. */
  votersInFavour: readonly string[] | null
  /** The member that pays alone, for keys of one member; null otherwise. */
  party: string | null
  /** Who asked, when a person did. */
  by?: string | null
  /** What each member ordered, for keys in proportion to it. */
  ordered?: ReadonlyMap<string, bigint>
  offerId?: string | null
  /** Establishments it is for. */
  lines?: { uai: string; name: string; pupils: number }[]
  headCountId?: string | null
}

/**
 * Orders something: divides its cost under a sharing key of the agreement, and commits each member to its part. What it
 * rests on (decision, version, key, head-count, weights) is kept with it.
 * @returns its id, its number (`C-2026-001`) and the parts in cents, by party.
 * @throws Problem as `requireAdopted`; 422 as `weighParties`, `sharing_without_weight` when no payer weighs anything,
 *   `voters_in_favour_differ` from those of the decision; 409 `exercise_closed`.
 */
export async function createOrder(
  tx: Tx,
  input: NewOrder,
  now: Date,
): Promise<{ id: string; number: string; parts: Map<string, bigint> }> {
  if (input.amountCents < 0n) throw new Problem(422, 'amount_negative', 'An order costs nothing or more.')
  await lockJournal(tx, input.agreementId)
  const decision = input.decisionId === null ? undefined : await requireAdopted(tx, input.agreementId, input.decisionId)
  const terms = await getTerms(tx, input.agreementId, input.effectiveOn)
  const key = getSharingKey(terms.rules, input.sharingKey)
  if (key.among === 'votersInFavour') requireVoters(decision?.inFavour ?? null, input.votersInFavour ?? [])
  const weighing = await weighParties(tx, terms, key, {
    on: input.effectiveOn,
    votersInFavour: input.votersInFavour,
    party: input.party,
    ...(input.ordered && { ordered: input.ordered }),
    headCountId: input.headCountId ?? null,
  })
  const parts = shareByLargestRemainder(input.amountCents, weighing.weights)
  if (!parts) throw new Problem(422, 'sharing_without_weight', `Nobody weighs anything under key ${key.key}.`)
  const scope = key.among === 'oneMember' || (parts.length === 1 && input.party !== null) ? 'individual' : 'shared'
  const id = randomUUIDv7()
  const number = await nextNumber(tx, 'governance.service_order', 'C', input.agreementId, input.effectiveOn)
  await moneyTables(tx)
    .insertInto('governance.service_order')
    .values({
      id,
      agreement_id: input.agreementId,
      number,
      label: input.label,
      scope,
      state: 'committed',
      party: scope === 'individual' ? parts[0]!.party : null,
      offer_id: input.offerId ?? null,
      gathered_in: null,
      decision_id: input.decisionId,
      change_id: input.changeId,
      version_id: terms.versionId,
      sharing_key: key.key,
      head_count_id: input.headCountId ?? weighing.headCountId,
      amount_cents: input.amountCents,
      effective_on: input.effectiveOn,
      created_at: now,
      created_by: input.by ?? null,
    })
    .execute()
  await moneyTables(tx)
    .insertInto('governance.order_part')
    .values(parts.map(({ party, weight, cents }) => ({ order_id: id, party, weight, cents })))
    .execute()
  if (input.lines?.length) {
    await moneyTables(tx)
      .insertInto('governance.order_line')
      .values(input.lines.map((line) => ({ order_id: id, ...line })))
      .execute()
  }
  await recordAudit(tx, {
    action: 'governance.order_created',
    actorPersonId: input.by ?? null,
    subjectKind: 'order',
    subjectId: id,
    detail: { number, sharingKey: key.key, cents: String(input.amountCents), scope },
  })
  await recordInJournal(
    tx,
    {
      agreementId: input.agreementId,
      kind: 'order',
      subjectId: id,
      content: {
        number,
        scope,
        sharingKey: key.key,
        version: terms.versionId,
        decision: input.decisionId,
        change: input.changeId,
        cents: String(input.amountCents),
        parts: parts.map(({ party, weight, cents }) => ({ party, weight: String(weight), cents: String(cents) })),
      },
    },
    now,
  )
  await postEntry(
    tx,
    terms,
    {
      kind: 'commitment',
      label: input.label,
      effectiveOn: input.effectiveOn,
      decisionId: input.decisionId,
      sharingKey: key.key,
      subject: { kind: 'order', id },
      by: input.by ?? null,
      postings: [
        ...parts.map(({ party, cents }) => ({ party, nature: `${scope}Commitment` as const, cents })),
        { party: terms.rules.money.heldBy, nature: 'commitmentOffset', cents: -input.amountCents },
      ],
    },
    now,
  )
  return { id, number, parts: new Map(parts.map(({ party, cents }) => [party, cents])) }
}

/** Those who pay because they voted for are those whom the vote names, where there was one. */
function requireVoters(voted: readonly string[] | null, given: readonly string[]): void {
  if (
    voted === null ||
    (voted.every((party) => given.includes(party)) && given.every((party) => voted.includes(party)))
  )
    return
  throw new Problem(422, 'voters_in_favour_differ', `The decision was voted for by: ${voted.join(', ')}.`, {
    parties: voted,
  })
}

/** The next number of a year, under the lock of the journal: `C-2026-001`. */
export async function nextNumber(
  tx: Tx,
  table: 'governance.service_order' | 'governance.bill' | 'governance.staff_claim',
  letter: string,
  agreementId: string,
  day: Day,
): Promise<string> {
  const prefix = `${letter}-${day.slice(0, 4)}-`
  const { rows } = await sql<{ count: number }>`select count(*) as count from ${sql.table(table)}
    where agreement_id = ${agreementId} and starts_with(number, ${prefix})`.execute(tx)
  return `${prefix}${String((rows[0]?.count ?? 0) + 1).padStart(3, '0')}`
}
