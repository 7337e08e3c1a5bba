import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import { isCost, listBalances } from './balances.queries.ts'
import { exerciseOf, getTerms, type Terms } from './exercises.ts'
import { listOrders } from './orders.queries.ts'
import { shareByLargestRemainder } from './sharing.ts'
import { moneyTables } from './tables.ts'
import { findHeadCount, getSharingKey, listMembers, weighParties } from './weights.ts'

/** What a member is committed to, bears, was asked for and owes over an exercise; null for what the reader does not see. */
export interface MemberBalance {
  party: string
  /** Shared orders: still committed, borne. */
  committedCents: bigint
  costCents: bigint
  regularisationCents: bigint
  individualCommittedCents: bigint | null
  individualCostCents: bigint | null
  billedCents: bigint | null
  /** Asked for and not paid, of all exercises. */
  openCents: bigint | null
}

/**
 * The balance of an exercise, by member, and what the holder has.
 * @param seen parties whose own accounts are told; null for all.
 */
export async function balanceExercise(tx: Tx, terms: Terms, exercise: Day, seen: string[] | null) {
  const balances = await listBalances(tx, terms.agreementId)
  const during = balances.filter((each) => each.exercise === exercise)
  const sum = (rows: typeof balances, party: string | null, nature: string) =>
    rows
      .filter((each) => (party === null || each.party === party) && each.nature === nature)
      .reduce((so, { cents }) => so + cents, 0n)
  const members = new Set(listMembers(terms.rules, exerciseOf(terms.rules, exercise).endsOn))
  for (const { party, nature } of during) if (isCost(nature) || nature.startsWith('shared')) members.add(party)
  return {
    bankCents: sum(balances, null, 'bank'),
    advanceCents: -sum(balances, null, 'advance'),
    members: [...members].map((party): MemberBalance => {
      const own = (cents: bigint) => (seen === null || seen.includes(party) ? cents : null)
      return {
        party,
        committedCents: sum(during, party, 'sharedCommitment'),
        costCents: sum(during, party, 'sharedCost'),
        regularisationCents: sum(during, party, 'regularisation'),
        individualCommittedCents: own(sum(during, party, 'individualCommitment')),
        individualCostCents: own(sum(during, party, 'individualCost')),
        billedCents: own(-sum(during, party, 'reinvoicing')),
        openCents: own(sum(balances, party, 'receivable')),
      }
    }),
  }
}

/** Commitments made over an exercise, by sharing key and member; individual ones of the parties that are seen. */
export async function listCommitmentsByKey(tx: Tx, agreementId: string, exercise: Day, seen: string[] | null) {
  const rows = await moneyTables(tx)
    .selectFrom('governance.ledger_entry')
    .innerJoin('governance.posting', 'entry_id', 'governance.ledger_entry.id')
    .innerJoin('governance.account', 'governance.account.id', 'account_id')
    .select((each) => ['sharing_key', 'party', 'nature', each.fn.sum<string>('amount_cents').as('cents')])
    .where('governance.ledger_entry.agreement_id', '=', agreementId)
    .where('exercise', '=', exercise)
    .where('kind', '=', 'commitment')
    .where('nature', 'in', ['sharedCommitment', 'individualCommitment'])
    .where('sharing_key', 'is not', null)
    .groupBy(['sharing_key', 'party', 'nature'])
    .orderBy('sharing_key')
    .orderBy('party')
    .execute()
  return rows
    .filter(({ nature, party }) => nature === 'sharedCommitment' || seen === null || seen.includes(party))
    .map(({ sharing_key, party, cents }) => ({ sharingKey: sharing_key!, party, cents: BigInt(cents) }))
}

/** Exercises that hold entries, and the one of today, the newest first. */
export async function listExercises(tx: Tx, terms: Terms, today: Day) {
  const used = await moneyTables(tx)
    .selectFrom('governance.ledger_entry')
    .select('exercise')
    .distinct()
    .where('agreement_id', '=', terms.agreementId)
    .execute()
  const closed = await moneyTables(tx)
    .selectFrom('governance.closed_exercise')
    .leftJoin('governance.decision', 'governance.decision.id', 'decision_id')
    .select(['starts_on', 'approved_at', 'governance.decision.number'])
    .where('governance.closed_exercise.agreement_id', '=', terms.agreementId)
    .execute()
  const starts = new Set([...used.map(({ exercise }) => exercise), exerciseOf(terms.rules, today).startsOn])
  return [...starts]
    .toSorted()
    .toReversed()
    .map((startsOn) => {
      const approval = closed.find((each) => each.starts_on === startsOn)
      return {
        ...exerciseOf(terms.rules, startsOn),
        approvedAt: approval?.approved_at ?? null,
        decisionNumber: approval?.number ?? null,
      }
    })
}

/**
 * What the services of an exercise would cost each member in the years after it, divided under the same keys by a
 * head-count. What keys of changes share is not in it: it is ordered once.
 * @param input.growthBasisPoints by which the cost of each service grows every year.
 * @throws Problem 422 as `weighParties`.
 */
export async function projectYears(
  tx: Tx,
  input: {
    agreementId: string
    exercise: Day
    years: number
    headCountId: string | null
    growthBasisPoints: number
    seen: string[] | null
  },
): Promise<{ startsOn: Day; parts: { party: string; cents: bigint }[] }[]> {
  const orders = (await listOrders(tx, input.agreementId, input.seen)).filter(
    (order) => order.state !== 'placed' && order.parts.length > 0,
  )
  const years = []
  for (let after = 1; after <= input.years; after += 1) {
    const startsOn = `${Number(input.exercise.slice(0, 4)) + after}${input.exercise.slice(4)}`
    const terms = await getTerms(tx, input.agreementId, startsOn)
    const sums = new Map<string, bigint>()
    for (const order of orders) {
      if (exerciseOf(terms.rules, order.effectiveOn).startsOn !== input.exercise) continue
      let cost = order.cents
      for (let year = 0; year < after; year += 1) {
        cost += (cost * BigInt(input.growthBasisPoints)) / 10_000n
      }
      const key = getSharingKey(terms.rules, order.sharingKey)
      if (!key.usedFor.includes('sharedService') && !key.usedFor.includes('individualService')) continue
      const members = listMembers(terms.rules, startsOn)
      const weights =
        order.scope === 'individual' || key.by === 'ordered' || key.among === 'votersInFavour'
          ? order.parts.filter(({ party }) => members.includes(party))
          : (await weighParties(tx, terms, key, { on: startsOn, headCountId: input.headCountId })).weights
      for (const { party, cents } of shareByLargestRemainder(cost, weights) ?? []) {
        sums.set(party, (sums.get(party) ?? 0n) + cents)
      }
    }
    years.push({ startsOn, parts: [...sums].map(([party, cents]) => ({ party, cents })) })
  }
  return years
}

/** One step of a member's part of an order, as someone checks it by hand. */
export interface PartStep {
  orderId: string
  number: string
  label: string
  scope: 'shared' | 'individual'
  state: 'placed' | 'committed' | 'settled'
  effectiveOn: Day
  decisionNumber: string | null
  sharingKey: string
  keyName: string
  article: string
  interpretation: string | null
  by: string
  headCountOn: Day | null
  amountCents: bigint
  weight: bigint
  totalWeight: bigint
  floorCents: bigint
  /** Whether one of the last cents came to this member, whose remainder was among the largest. */
  lastCent: boolean
  cents: bigint
  committedCents: bigint
  costCents: bigint
}

/** How each order of an exercise comes to what a member bears of it. */
export async function explainPart(tx: Tx, terms: Terms, party: string, exercise: Day): Promise<PartStep[]> {
  const orders = await listOrders(tx, terms.agreementId, [party])
  const steps: PartStep[] = []
  for (const order of orders) {
    const part = order.parts.find((each) => each.party === party)
    const ordered = await getTerms(tx, terms.agreementId, order.effectiveOn)
    if (!part || exerciseOf(ordered.rules, order.effectiveOn).startsOn !== exercise) continue
    const key = getSharingKey(ordered.rules, order.sharingKey)
    const headCount = order.headCountId && (await findHeadCount(tx, terms.agreementId, exercise, order.headCountId))
    const share = shareByLargestRemainder(order.cents, order.parts)?.find((each) => each.party === party)
    steps.push({
      orderId: order.id,
      number: order.number,
      label: order.label,
      scope: order.scope,
      state: order.state,
      effectiveOn: order.effectiveOn,
      decisionNumber: order.decisionNumber,
      sharingKey: key.key,
      keyName: key.name,
      article: key.article,
      interpretation: key.interpretation ?? null,
      by: key.by,
      headCountOn: headCount ? headCount.countedOn : null,
      amountCents: order.cents,
      weight: part.weight,
      totalWeight: order.parts.reduce((so, { weight }) => so + weight, 0n),
      floorCents: share?.floorCents ?? 0n,
      lastCent: share !== undefined && share.cents !== share.floorCents,
      cents: part.cents,
      committedCents: part.committedCents,
      costCents: part.costCents,
    })
  }
  return steps
}
