import { randomUUIDv7 } from 'node:crypto'
import { sql } from 'kysely'
import { recordAudit } from '#kernel/audit'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import { lockJournal } from '../journal/journal-lock.ts'
import { costNatures, sumCents, sumOfSubject } from './balances.queries.ts'
import { getTerms } from './exercises.ts'
import { postEntry } from './ledger.ts'
import { nextNumber } from './orders.ts'
import { type BillLine, moneyTables } from './tables.ts'

/**
 * What a party bears and was not asked for yet, order by order.
 * @param by costs that count for this day or an earlier one.
 */
export async function listUnbilled(tx: Tx, agreementId: string, party: string, by: Day): Promise<BillLine[]> {
  const borne = await moneyTables(tx)
    .selectFrom('governance.ledger_entry')
    .innerJoin('governance.posting', 'entry_id', 'governance.ledger_entry.id')
    .innerJoin('governance.account', 'governance.account.id', 'account_id')
    .leftJoin('governance.service_order', 'governance.service_order.id', 'subject_id')
    .select((each) => [
      'nature',
      'subject_id as subjectId',
      'governance.service_order.number as orderNumber',
      'governance.service_order.label as orderLabel',
      // Of the first entry: what came after it, a price reduction or a correction, is in its sum.
      sql<string>`(array_agg(governance.ledger_entry.label order by governance.ledger_entry.number))[1]`.as('label'),
      each.fn.sum<string>('governance.posting.amount_cents').as('cents'),
      each.fn.min('governance.ledger_entry.number').as('first'),
    ])
    .where('governance.ledger_entry.agreement_id', '=', agreementId)
    .where('governance.account.party', '=', party)
    .where('nature', 'in', costNatures)
    .where('governance.ledger_entry.effective_on', '<=', by)
    .groupBy(['nature', 'subject_id', 'governance.service_order.id'])
    .orderBy('first')
    .execute()
  const bills = await moneyTables(tx)
    .selectFrom('governance.bill')
    .select('lines')
    .where('agreement_id', '=', agreementId)
    .where('party', '=', party)
    .execute()
  const billed = bills.flatMap(({ lines }) => lines)
  return borne
    .map(({ nature, subjectId, orderNumber, orderLabel, label: first, cents }) => {
      const label = orderNumber === null ? first : `${orderNumber} ${nature === 'regularisation' ? first : orderLabel}`
      const before = billed.filter((line) => line.nature === nature && line.subjectId === subjectId)
      const asked = before.reduce((so, line) => so + BigInt(line.cents), 0n)
      return { label, nature, subjectId, cents: String(BigInt(cents) - asked) }
    })
    .filter(({ cents }) => cents !== '0')
}

/**
 * Asks a party to pay what it bears and was not asked for yet.
 * @throws Problem 422 `nothing_to_bill` when that is nothing, or less.
 */
export async function issueBill(
  tx: Tx,
  input: { agreementId: string; party: string; issuedOn: Day; dueOn: Day; by: string | null },
  now: Date,
): Promise<string> {
  await lockJournal(tx, input.agreementId)
  const lines = await listUnbilled(tx, input.agreementId, input.party, input.issuedOn)
  const amount = lines.reduce((so, { cents }) => so + BigInt(cents), 0n)
  if (amount <= 0n) throw new Problem(422, 'nothing_to_bill', 'This member bears nothing that it was not asked for.')
  if (input.dueOn < input.issuedOn) throw new Problem(422, 'due_before_issue', 'A bill is due after it is issued.')
  const id = randomUUIDv7()
  const number = await nextNumber(tx, 'governance.bill', 'F', input.agreementId, input.issuedOn)
  await moneyTables(tx)
    .insertInto('governance.bill')
    .values({
      id,
      agreement_id: input.agreementId,
      number,
      party: input.party,
      amount_cents: amount,
      lines: JSON.stringify(lines),
      issued_on: input.issuedOn,
      due_on: input.dueOn,
      created_at: now,
      created_by: input.by,
    })
    .execute()
  await postEntry(
    tx,
    await getTerms(tx, input.agreementId, input.issuedOn),
    {
      kind: 'bill',
      label: number,
      effectiveOn: input.issuedOn,
      decisionId: null,
      sharingKey: null,
      subject: { kind: 'bill', id },
      by: input.by,
      postings: [
        { party: input.party, nature: 'receivable', cents: amount },
        { party: input.party, nature: 'reinvoicing', cents: -amount },
      ],
    },
    now,
  )
  await recordAudit(tx, {
    action: 'governance.bill_issued',
    actorPersonId: input.by,
    subjectKind: 'bill',
    subjectId: id,
    detail: { number, cents: String(amount) },
  })
  return id
}

/** What a member paid for a bill, or a part of it. @throws Problem 404 `bill_not_found`; 422 `receipt_beyond_bill`. */
export async function recordReceipt(
  tx: Tx,
  input: { agreementId: string; billId: string; amountCents: bigint; on: Day; by: string | null },
  now: Date,
): Promise<void> {
  await lockJournal(tx, input.agreementId)
  const bill = await moneyTables(tx)
    .selectFrom('governance.bill')
    .selectAll()
    .where('agreement_id', '=', input.agreementId)
    .where('id', '=', input.billId)
    .executeTakeFirst()
  if (!bill) throw new Problem(404, 'bill_not_found', 'There is no such bill.')
  const open = sumCents((await sumOfSubject(tx, bill.id)).filter(({ nature }) => nature === 'receivable'))
  if (input.amountCents > open) {
    throw new Problem(422, 'receipt_beyond_bill', `No more than ${open} cents of this bill are open.`, {
      remainingCents: String(open),
    })
  }
  const terms = await getTerms(tx, input.agreementId, input.on)
  await postEntry(
    tx,
    terms,
    {
      kind: 'receipt',
      label: bill.number,
      effectiveOn: input.on,
      decisionId: null,
      sharingKey: null,
      subject: { kind: 'bill', id: bill.id },
      by: input.by,
      postings: [
        { party: terms.rules.money.heldBy, nature: 'bank', cents: input.amountCents },
        { party: bill.party, nature: 'receivable', cents: -input.amountCents },
      ],
    },
    now,
  )
  await recordAudit(tx, {
    action: 'governance.bill_paid',
    actorPersonId: input.by,
    subjectKind: 'bill',
    subjectId: bill.id,
    detail: { cents: String(input.amountCents) },
  })
}

/** A bill with what is still open of it today. */
export interface Bill {
  id: string
  number: string
  party: string
  cents: bigint
  openCents: bigint
  lines: BillLine[]
  issuedOn: Day
  dueOn: Day
  /** Days after the due date; 0 for what is paid or not due yet. */
  daysLate: number
  /** How late, as balances by age tell it. */
  age: 'paid' | 'notDue' | 'upTo30' | 'upTo60' | 'upTo90' | 'over90'
}

/** Bills, the newest first. @param party only of this one; null for all. */
export async function listBills(tx: Tx, agreementId: string, party: string | null, today: Day): Promise<Bill[]> {
  let query = moneyTables(tx).selectFrom('governance.bill').selectAll().where('agreement_id', '=', agreementId)
  if (party !== null) query = query.where('party', '=', party)
  const bills = await query.orderBy('id', 'desc').execute()
  if (bills.length === 0) return []
  const sums = await moneyTables(tx)
    .selectFrom('governance.ledger_entry')
    .innerJoin('governance.posting', 'entry_id', 'governance.ledger_entry.id')
    .innerJoin('governance.account', 'governance.account.id', 'account_id')
    .select((each) => ['subject_id', each.fn.sum<string>('governance.posting.amount_cents').as('cents')])
    .where('subject_kind', '=', 'bill')
    .where('nature', '=', 'receivable')
    .where(
      'subject_id',
      'in',
      bills.map(({ id }) => id),
    )
    .groupBy('subject_id')
    .execute()
  const open = new Map(sums.map((each) => [each.subject_id, BigInt(each.cents)]))
  return bills.map((bill) => {
    const openCents = open.get(bill.id) ?? 0n
    const daysLate = openCents === 0n ? 0 : Math.max(0, (Date.parse(today) - Date.parse(bill.due_on)) / 86_400_000)
    return {
      id: bill.id,
      number: bill.number,
      party: bill.party,
      cents: BigInt(bill.amount_cents),
      openCents,
      lines: bill.lines,
      issuedOn: bill.issued_on,
      dueOn: bill.due_on,
      daysLate,
      age: openCents === 0n ? ('paid' as const) : ageOf(daysLate),
    }
  })
}

function ageOf(daysLate: number): Bill['age'] {
  if (daysLate === 0) return 'notDue'
  if (daysLate <= 30) return 'upTo30'
  if (daysLate <= 60) return 'upTo60'
  return daysLate <= 90 ? 'upTo90' : 'over90'
}
