import { randomUUIDv7 } from 'node:crypto'
import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import { requireAdopted } from '../bodies/decisions.ts'
import { lockJournal } from '../journal/journal-lock.ts'
import { isCommitment, sumCents, sumOfSubject } from './balances.queries.ts'
import { getTerms } from './exercises.ts'
import { type EntryKind, postEntry, type Posting } from './ledger.ts'
import { divideRounded } from './sharing.ts'
import { moneyTables, type Nature } from './tables.ts'

/** Days at a daily rate with a mark-up, rounded once. @param days in hundredths of a day. */
export function priceDays(days: bigint, dailyRateCents: bigint, markUpBasisPoints: bigint): bigint {
  return divideRounded(days * dailyRateCents * (10_000n + markUpBasisPoints), 1_000_000n)
}

/**
 * Records that a party advances money to the holder, in instalments.
 * @throws Problem as `requireAdopted`; 409 `advances_not_agreed`; 422 `instalments_off` when they do not sum to the amount, `party_unknown`.
 */
export async function createAdvance(
  tx: Tx,
  input: {
    agreementId: string
    party: string
    label: string
    amountCents: bigint
    decisionId: string | null
    instalments: { dueOn: Day; amountCents: bigint }[]
    by: string | null
  },
  now: Date,
): Promise<string> {
  const { rules } = await getTerms(tx, input.agreementId, input.instalments[0]!.dueOn)
  if (!rules.money.advances) throw new Problem(409, 'advances_not_agreed', 'This agreement knows no advances.')
  if (!rules.parties.some(({ key }) => key === input.party)) {
    throw new Problem(422, 'party_unknown', `The agreement has no party ${input.party}.`)
  }
  const sum = input.instalments.reduce((so, { amountCents }) => so + amountCents, 0n)
  if (sum !== input.amountCents) {
    throw new Problem(422, 'instalments_off', `The instalments sum to ${sum} cents, not ${input.amountCents}.`)
  }
  if (input.decisionId !== null) await requireAdopted(tx, input.agreementId, input.decisionId)
  const id = randomUUIDv7()
  await moneyTables(tx)
    .insertInto('governance.advance')
    .values({
      id,
      agreement_id: input.agreementId,
      party: input.party,
      label: input.label,
      amount_cents: input.amountCents,
      decision_id: input.decisionId,
      created_at: now,
      created_by: input.by,
      closed_at: null,
    })
    .execute()
  await moneyTables(tx)
    .insertInto('governance.instalment')
    .values(
      input.instalments.map(({ dueOn, amountCents }) => ({
        id: randomUUIDv7(),
        advance_id: id,
        due_on: dueOn,
        amount_cents: amountCents,
        received_on: null,
      })),
    )
    .execute()
  await audit(tx, 'governance.advance_created', id, input.by, { cents: String(input.amountCents) })
  return id
}

/** An instalment arrives. @throws Problem 404 `instalment_not_found`; 409 `instalment_received`, `advance_closed`. */
export async function receiveInstalment(
  tx: Tx,
  input: { agreementId: string; advanceId: string; instalmentId: string; on: Day; by: string | null },
  now: Date,
): Promise<void> {
  const advance = await takeAdvance(tx, input.agreementId, input.advanceId)
  const instalment = await moneyTables(tx)
    .selectFrom('governance.instalment')
    .selectAll()
    .where('advance_id', '=', advance.id)
    .where('id', '=', input.instalmentId)
    .executeTakeFirst()
  if (!instalment) throw new Problem(404, 'instalment_not_found', 'There is no such instalment.')
  if (instalment.received_on !== null) throw new Problem(409, 'instalment_received', 'It was received already.')
  await moneyTables(tx)
    .updateTable('governance.instalment')
    .set({ received_on: input.on })
    .where('id', '=', instalment.id)
    .execute()
  const cents = BigInt(instalment.amount_cents)
  await post(tx, advance, { kind: 'instalment', on: input.on, label: advance.label, by: input.by }, now, (holder) => [
    { party: holder, nature: 'bank', cents },
    { party: advance.party, nature: 'advance', cents: -cents },
  ])
  await audit(tx, 'governance.instalment_received', advance.id, input.by, { cents: String(cents) })
}

/**
 * Engages an expense on an advance, with its supporting document: days at a rate, with a mark-up.
 * @returns its id. @throws Problem 404 `advance_not_found`; 409 `advance_closed`; 422 `expense_beyond_advance`.
 */
export async function createExpense(
  tx: Tx,
  input: {
    agreementId: string
    advanceId: string
    post: string
    daysHundredths: bigint
    dailyRateCents: bigint
    markUpBasisPoints: number
    document: string
    documentSha256: string | null
    on: Day
    by: string | null
  },
  now: Date,
): Promise<string> {
  const advance = await takeAdvance(tx, input.agreementId, input.advanceId)
  const cents = priceDays(input.daysHundredths, input.dailyRateCents, BigInt(input.markUpBasisPoints))
  if (cents <= 0n) throw new Problem(422, 'amount_missing', 'An expense is above zero.')
  const expenses = await moneyTables(tx)
    .selectFrom('governance.expense')
    .select('amount_cents')
    .where('advance_id', '=', advance.id)
    .where('state', '!=', 'refused')
    .execute()
  const engaged = expenses.reduce((so, { amount_cents }) => so + BigInt(amount_cents), 0n)
  if (engaged + cents > BigInt(advance.amount_cents)) {
    throw new Problem(422, 'expense_beyond_advance', 'The expenses of an advance are at most its amount.', {
      remainingCents: String(BigInt(advance.amount_cents) - engaged),
    })
  }
  const id = randomUUIDv7()
  await moneyTables(tx)
    .insertInto('governance.expense')
    .values({
      id,
      advance_id: advance.id,
      post: input.post,
      days_hundredths: input.daysHundredths,
      daily_rate_cents: input.dailyRateCents,
      mark_up_basis_points: input.markUpBasisPoints,
      amount_cents: cents,
      effective_on: input.on,
      document: input.document,
      document_sha256: input.documentSha256,
      reason: null,
      created_at: now,
      created_by: input.by,
    })
    .execute()
  await post(
    tx,
    advance,
    { kind: 'expenseCommitment', on: input.on, label: `${input.post} (${input.document})`, by: input.by },
    now,
    (holder) => [
      { party: advance.party, nature: 'advanceCommitment', cents },
      { party: holder, nature: 'commitmentOffset', cents: -cents },
    ],
  )
  await audit(tx, 'governance.expense_created', advance.id, input.by, { expense: id, cents: String(cents) })
  return id
}

/**
 * Pays an expense, or refuses it with a reason. One that was paid and turns out to be for something else is refused too:
 * the holder then bears it, and it goes back with what is not spent.
 * @throws Problem 404 `expense_not_found`; 409 `expense_settled`; 422 `advance_not_received` when less than that is left
 *   of what came in.
 */
export async function settleExpense(
  tx: Tx,
  input: {
    agreementId: string
    advanceId: string
    expenseId: string
    state: 'paid' | 'refused'
    reason: string | null
    on: Day
    by: string | null
  },
  now: Date,
): Promise<void> {
  const advance = await takeAdvance(tx, input.agreementId, input.advanceId)
  const expense = await moneyTables(tx)
    .selectFrom('governance.expense')
    .selectAll()
    .where('advance_id', '=', advance.id)
    .where('id', '=', input.expenseId)
    .executeTakeFirst()
  if (!expense) throw new Problem(404, 'expense_not_found', 'There is no such expense.')
  if (expense.state === input.state || expense.state === 'refused') {
    throw new Problem(409, 'expense_settled', `The expense is ${expense.state}.`)
  }
  const cents = BigInt(expense.amount_cents)
  const line = (holder: string, nature: Nature, amount: bigint): Posting => ({
    party: nature === 'bank' || nature === 'commitmentOffset' || nature === 'individualCost' ? holder : advance.party,
    nature,
    cents: amount,
  })
  const entry = { on: input.on, label: `${expense.post} (${expense.document})`, by: input.by }
  const release = (holder: string) => [
    line(holder, 'advanceCommitment', -cents),
    line(holder, 'commitmentOffset', cents),
  ]
  if (input.state === 'paid') {
    if (cents > (await findUnspent(tx, advance.id))) {
      throw new Problem(422, 'advance_not_received', 'Less than that is left of the instalments received.')
    }
    await post(tx, advance, { ...entry, kind: 'expense' }, now, (holder) => [
      line(holder, 'advance', cents),
      line(holder, 'bank', -cents),
      ...release(holder),
    ])
  } else if (expense.state === 'committed') {
    await post(tx, advance, { ...entry, kind: 'expenseRelease' }, now, release)
  } else {
    await post(tx, advance, { ...entry, kind: 'expense' }, now, (holder) => [
      line(holder, 'individualCost', cents),
      line(holder, 'advance', -cents),
    ])
  }
  await moneyTables(tx)
    .updateTable('governance.expense')
    .set({ state: input.state, reason: input.reason })
    .where('id', '=', expense.id)
    .execute()
  await audit(tx, `governance.expense_${input.state}`, advance.id, input.by, {
    expense: expense.id,
    cents: String(cents),
  })
}

/**
 * Gives back what was not spent, or not on what it was for, and closes the advance.
 * @returns cents given back. @throws Problem 409 `expenses_pending`, `refund_not_agreed`.
 */
export async function refundAdvance(
  tx: Tx,
  input: { agreementId: string; advanceId: string; on: Day; by: string | null },
  now: Date,
): Promise<bigint> {
  const advance = await takeAdvance(tx, input.agreementId, input.advanceId)
  const { rules } = await getTerms(tx, input.agreementId, input.on)
  if (!rules.money.advances?.unspentIsRefunded) {
    throw new Problem(409, 'refund_not_agreed', 'The agreement does not say that the unspent goes back.')
  }
  const sums = await sumOfSubject(tx, advance.id)
  if (sumCents(sums.filter(({ nature }) => isCommitment(nature))) !== 0n) {
    throw new Problem(409, 'expenses_pending', 'Pay or refuse the expenses that are engaged first.')
  }
  const cents = await findUnspent(tx, advance.id)
  await post(tx, advance, { kind: 'refund', on: input.on, label: advance.label, by: input.by }, now, (holder) => [
    { party: advance.party, nature: 'advance', cents },
    { party: holder, nature: 'bank', cents: -cents },
  ])
  await moneyTables(tx).updateTable('governance.advance').set({ closed_at: now }).where('id', '=', advance.id).execute()
  await audit(tx, 'governance.advance_refunded', advance.id, input.by, { cents: String(cents) })
  return cents
}

interface Advance {
  id: string
  agreement_id: string
  party: string
  label: string
  amount_cents: number
  decision_id: string | null
}

async function takeAdvance(tx: Tx, agreementId: string, id: string): Promise<Advance> {
  await lockJournal(tx, agreementId)
  const found = await moneyTables(tx)
    .selectFrom('governance.advance')
    .selectAll()
    .where('agreement_id', '=', agreementId)
    .where('id', '=', id)
    .executeTakeFirst()
  if (!found) throw new Problem(404, 'advance_not_found', 'There is no such advance.')
  if (found.closed_at !== null) throw new Problem(409, 'advance_closed', 'What was left of it went back.')
  return found
}

/** Cents that came in and neither were spent nor went back. */
async function findUnspent(tx: Tx, advanceId: string): Promise<bigint> {
  return -sumCents((await sumOfSubject(tx, advanceId)).filter(({ nature }) => nature === 'advance'))
}

async function post(
  tx: Tx,
  advance: Advance,
  entry: { kind: EntryKind; on: Day; label: string; by: string | null },
  now: Date,
  postings: (holder: string) => Posting[],
): Promise<void> {
  const terms = await getTerms(tx, advance.agreement_id, entry.on)
  await postEntry(
    tx,
    terms,
    {
      kind: entry.kind,
      label: entry.label,
      effectiveOn: entry.on,
      decisionId: advance.decision_id,
      sharingKey: null,
      subject: { kind: 'advance', id: advance.id },
      by: entry.by,
      postings: postings(terms.rules.money.heldBy),
    },
    now,
  )
}

const audit = (tx: Tx, action: string, subjectId: string, by: string | null, detail: Record<string, unknown>) =>
  recordAudit(tx, { action, actorPersonId: by, subjectKind: 'advance', subjectId, detail })
