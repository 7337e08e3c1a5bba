import { randomUUIDv7 } from 'node:crypto'
import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import type { Agreement } from '../agreements/agreement-schema.ts'
import { lockJournal } from '../journal/journal-lock.ts'
import { getTerms } from './exercises.ts'
import { postEntry } from './ledger.ts'
import { nextNumber } from './orders.ts'
import { divideRounded, shareByLargestRemainder } from './sharing.ts'
import { moneyTables } from './tables.ts'
import { getSharingKey, weighParties } from './weights.ts'

/** One person's time: share of a full-time post in basis points, loaded cost of a year, months. */
export interface StaffLine {
  post: string
  shareBasisPoints: number
  annualCents: bigint
  months: number
}

/**
 * What a claim comes to: share × loaded cost × months / 12 for each person, and the environment on their sum. Each line is
 * rounded once to the nearest cent, a half upwards; a half to the even cent gives the same on the known claims.
 */
export function priceStaff(lines: readonly StaffLine[], environmentBasisPoints: number) {
  const amounts = lines.map(({ shareBasisPoints, annualCents, months }) =>
    divideRounded(BigInt(shareBasisPoints) * annualCents * BigInt(months), 120_000n),
  )
  const staffCents = amounts.reduce((so, cents) => so + cents, 0n)
  return {
    amounts,
    staffCents,
    environmentCents: divideRounded(staffCents * BigInt(environmentBasisPoints), 10_000n),
  }
}

/** @throws Problem 409 `staff_not_agreed` when the agreement has no staff contributions. */
export function getStaffRule(rules: Agreement) {
  if (!rules.money.staff) throw new Problem(409, 'staff_not_agreed', 'This agreement knows no staff contributions.')
  return rules.money.staff
}

/** The half-year, or year, that begins on a day: its last day and its months. */
function periodFrom(per: 'halfYear' | 'year', startsOn: Day): { endsOn: Day; months: number } {
  const months = per === 'halfYear' ? 6 : 12
  const end = new Date(`${startsOn}T00:00:00Z`)
  end.setUTCMonth(end.getUTCMonth() + months)
  end.setUTCDate(end.getUTCDate() - 1)
  return { endsOn: end.toISOString().slice(0, 10), months }
}

/**
 * Claims the staff time of a period, person by person, with exceptional costs that were agreed to before.
 * @param input.startsOn first day of a month, from which the half-year or year of the agreement runs.
 * @returns id of the claim.
 * @throws Problem 409 `staff_not_agreed`, `claim_exists`; 422 `months_beyond_period`, `exceptional_cost_not_approved`.
 */
export async function submitClaim(
  tx: Tx,
  input: {
    agreementId: string
    party: string
    startsOn: Day
    lines: StaffLine[]
    sharingKey: string | null
    exceptionalIds: string[]
    by: string | null
  },
  now: Date,
): Promise<string> {
  await lockJournal(tx, input.agreementId)
  const { rules } = await getTerms(tx, input.agreementId, input.startsOn)
  const rule = getStaffRule(rules)
  if (input.sharingKey !== null) getSharingKey(rules, input.sharingKey)
  const { endsOn, months } = periodFrom(rule.per, input.startsOn)
  if (input.lines.some((line) => line.months > months)) {
    throw new Problem(422, 'months_beyond_period', `The period has ${months} months.`)
  }
  const overlapping = await moneyTables(tx)
    .selectFrom('governance.staff_claim')
    .select('number')
    .where('agreement_id', '=', input.agreementId)
    .where('party', '=', input.party)
    .where('state', '!=', 'refused')
    .where('starts_on', '<=', endsOn)
    .where('ends_on', '>=', input.startsOn)
    .executeTakeFirst()
  if (overlapping) throw new Problem(409, 'claim_exists', `Claim ${overlapping.number} covers this period.`)
  const costs = await moneyTables(tx)
    .selectFrom('governance.exceptional_cost')
    .select(['id', 'amount_cents', 'state', 'claim_id'])
    .where('agreement_id', '=', input.agreementId)
    .where('party', '=', input.party)
    .execute()
  const claimed = [...new Set(input.exceptionalIds)].map((id) => {
    const cost = costs.find((each) => each.id === id)
    if (cost?.state === 'approved' && cost.claim_id === null) return cost
    throw new Problem(422, 'exceptional_cost_not_approved', 'Exceptional costs are agreed to first, and claimed once.')
  })
  const { amounts, staffCents, environmentCents } = priceStaff(input.lines, rule.environmentBasisPoints)
  const id = randomUUIDv7()
  const number = await nextNumber(tx, 'governance.staff_claim', 'P', input.agreementId, input.startsOn)
  await moneyTables(tx)
    .insertInto('governance.staff_claim')
    .values({
      id,
      agreement_id: input.agreementId,
      number,
      party: input.party,
      starts_on: input.startsOn,
      ends_on: endsOn,
      sharing_key: input.sharingKey,
      environment_basis_points: rule.environmentBasisPoints,
      staff_cents: staffCents,
      environment_cents: environmentCents,
      exceptional_cents: claimed.reduce((so, { amount_cents }) => so + BigInt(amount_cents), 0n),
      reason: null,
      created_at: now,
      created_by: input.by,
      decided_at: null,
    })
    .execute()
  await moneyTables(tx)
    .insertInto('governance.staff_claim_line')
    .values(
      input.lines.map((line, position) => ({
        claim_id: id,
        position,
        post: line.post,
        share_basis_points: line.shareBasisPoints,
        annual_cents: line.annualCents,
        months: line.months,
        amount_cents: amounts[position]!,
      })),
    )
    .execute()
  if (claimed.length > 0) {
    await moneyTables(tx)
      .updateTable('governance.exceptional_cost')
      .set({ claim_id: id })
      .where(
        'id',
        'in',
        claimed.map((cost) => cost.id),
      )
      .execute()
  }
  await recordAudit(tx, {
    action: 'governance.claim_submitted',
    actorPersonId: input.by,
    subjectKind: 'staffClaim',
    subjectId: id,
    detail: { number, staffCents: String(staffCents), environmentCents: String(environmentCents) },
  })
  return id
}

/**
 * Approves a claim, refuses it with a reason, or pays one that was approved. Approved, the holder owes it, and it is a cost
 * of those whom its key names, or of the holder.
 * @throws Problem 404 `claim_not_found`; 409 `claim_out_of_turn` when it is not in the state for that.
 */
export async function settleClaim(
  tx: Tx,
  input: {
    agreementId: string
    id: string
    state: 'approved' | 'refused' | 'paid'
    reason: string | null
    on: Day
    by: string | null
  },
  now: Date,
): Promise<void> {
  await lockJournal(tx, input.agreementId)
  const claim = await moneyTables(tx)
    .selectFrom('governance.staff_claim')
    .selectAll()
    .where('agreement_id', '=', input.agreementId)
    .where('id', '=', input.id)
    .executeTakeFirst()
  if (!claim) throw new Problem(404, 'claim_not_found', 'There is no such claim.')
  if (claim.state !== (input.state === 'paid' ? 'approved' : 'submitted')) {
    throw new Problem(409, 'claim_out_of_turn', `The claim is ${claim.state}.`, { state: claim.state })
  }
  const terms = await getTerms(tx, input.agreementId, input.on)
  const holder = terms.rules.money.heldBy
  const amount = BigInt(claim.staff_cents) + BigInt(claim.environment_cents) + BigInt(claim.exceptional_cents)
  const entry = {
    label: claim.number,
    effectiveOn: input.on,
    decisionId: null,
    sharingKey: claim.sharing_key,
    subject: { kind: 'staffClaim', id: claim.id },
    by: input.by,
  }
  if (input.state === 'approved') {
    const costs = await shareClaim()
    await postEntry(
      tx,
      terms,
      {
        ...entry,
        kind: 'staffClaim',
        postings: [...costs, { party: claim.party, nature: 'staffContribution', cents: -amount }],
      },
      now,
    )
  }
  if (input.state === 'paid') {
    await postEntry(
      tx,
      terms,
      {
        ...entry,
        kind: 'staffPayment',
        postings: [
          { party: claim.party, nature: 'staffContribution', cents: amount },
          { party: holder, nature: 'bank', cents: -amount },
        ],
      },
      now,
    )
  }
  await moneyTables(tx)
    .updateTable('governance.staff_claim')
    .set({ state: input.state, reason: input.reason, decided_at: now })
    .where('id', '=', claim.id)
    .execute()
  await recordAudit(tx, {
    action: `governance.claim_${input.state}`,
    actorPersonId: input.by,
    subjectKind: 'staffClaim',
    subjectId: claim.id,
    detail: { number: claim.number, cents: String(amount) },
  })

  async function shareClaim() {
    if (claim!.sharing_key === null) return [{ party: holder, nature: 'individualCost' as const, cents: amount }]
    const key = getSharingKey(terms.rules, claim!.sharing_key)
    const { weights } = await weighParties(tx, terms, key, { on: input.on })
    const parts = shareByLargestRemainder(amount, weights)
    if (!parts) throw new Problem(422, 'sharing_without_weight', `Nobody weighs anything under key ${key.key}.`)
    return parts.map(({ party, cents }) => ({ party, nature: 'sharedCost' as const, cents }))
  }
}

/** Asks to agree to an exceptional cost or travel before it is made. */
export async function askExceptionalCost(
  tx: Tx,
  input: {
    agreementId: string
    party: string
    kind: 'travel' | 'exceptional'
    label: string
    amountCents: bigint
    by: string | null
  },
  now: Date,
): Promise<string> {
  const id = randomUUIDv7()
  await moneyTables(tx)
    .insertInto('governance.exceptional_cost')
    .values({
      id,
      agreement_id: input.agreementId,
      party: input.party,
      kind: input.kind,
      label: input.label,
      amount_cents: input.amountCents,
      claim_id: null,
      asked_at: now,
      asked_by: input.by,
      decided_at: null,
    })
    .execute()
  return id
}

/** Agrees to an exceptional cost or refuses it. @throws Problem 404 `exceptional_cost_not_found`; 409 `exceptional_cost_decided`. */
export async function decideExceptionalCost(
  tx: Tx,
  input: { agreementId: string; id: string; state: 'approved' | 'refused'; by: string | null },
  now: Date,
): Promise<void> {
  await lockJournal(tx, input.agreementId)
  const found = await moneyTables(tx)
    .selectFrom('governance.exceptional_cost')
    .select(['state', 'amount_cents'])
    .where('agreement_id', '=', input.agreementId)
    .where('id', '=', input.id)
    .executeTakeFirst()
  if (!found) throw new Problem(404, 'exceptional_cost_not_found', 'There is no such cost.')
  if (found.state !== 'asked') throw new Problem(409, 'exceptional_cost_decided', `It is ${found.state}.`)
  await moneyTables(tx)
    .updateTable('governance.exceptional_cost')
    .set({ state: input.state, decided_at: now })
    .where('id', '=', input.id)
    .execute()
  await recordAudit(tx, {
    action: `governance.exceptional_cost_${input.state}`,
    actorPersonId: input.by,
    subjectKind: 'exceptionalCost',
    subjectId: input.id,
    detail: { cents: String(found.amount_cents) },
  })
}
