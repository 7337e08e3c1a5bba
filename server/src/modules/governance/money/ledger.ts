import { randomUUIDv7 } from 'node:crypto'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import { findToday } from '#modules/identity'
import { recordInJournal } from '../journal/journal.ts'
import { lockJournal } from '../journal/journal-lock.ts'
import { isCommitment, sumCents, sumOfSubject } from './balances.queries.ts'
import { exerciseOf, getTerms, type Terms } from './exercises.ts'
import { requireNoneProposed } from './proposals.queries.ts'
import { moneyTables, type Nature } from './tables.ts'

/** One line of an entry: a debit above zero, a credit below. */
export interface Posting {
  party: string
  nature: Nature
  cents: bigint
}

/** What became of money: of the kinds that pages and exports tell apart. */
export type EntryKind =
  | 'commitment'
  | 'release'
  | 'payment'
  | 'regularisation'
  | 'priceReduction'
  | 'bill'
  | 'receipt'
  | 'instalment'
  | 'expenseCommitment'
  | 'expenseRelease'
  | 'expense'
  | 'refund'
  | 'staffClaim'
  | 'staffPayment'
  | 'reversal'

export interface NewEntry {
  kind: EntryKind
  label: string
  effectiveOn: Day
  decisionId: string | null
  sharingKey: string | null
  subject: { kind: string; id: string } | null
  by: string | null
  postings: Posting[]
  reversesId?: string
}

/**
 * Writes an entry in the ledger of an agreement, and in its journal. Postings to one account are put together, and those
 * of nothing left out; an entry of which nothing is left is not written.
 * @returns its number; undefined when there was nothing to write.
 * @throws Problem 409 `exercise_closed` when the balance of its exercise was approved; 422 `entry_in_future` for what is
 *   said to have happened after today.
 */
export async function postEntry(
  tx: Tx,
  terms: Terms,
  entry: NewEntry,
  now: Date,
): Promise<{ id: string; number: number } | undefined> {
  const { agreementId } = terms
  await lockJournal(tx, agreementId)
  const merged = mergePostings(entry.postings)
  if (merged.length === 0) return undefined
  if (merged.reduce((so, { cents }) => so + cents, 0n) !== 0n) throw new RangeError('An entry sums to zero.')
  await requireOpen(tx, agreementId, entry.effectiveOn)
  if (happened.includes(entry.kind) && entry.effectiveOn > (await findToday(tx, now)))
    throw new Problem(422, 'entry_in_future', 'Money is written down once it moved: today at the latest.')
  const accounts = await openAccounts(tx, agreementId, merged)
  const last = await moneyTables(tx)
    .selectFrom('governance.ledger_entry')
    .select((each) => each.fn.max('number').as('number'))
    .where('agreement_id', '=', agreementId)
    .executeTakeFirst()
  const id = randomUUIDv7()
  const number = (last?.number ?? 0) + 1
  await moneyTables(tx)
    .insertInto('governance.ledger_entry')
    .values({
      id,
      agreement_id: agreementId,
      number,
      kind: entry.kind,
      label: entry.label,
      effective_on: entry.effectiveOn,
      recorded_at: now,
      recorded_by: entry.by,
      exercise: exerciseOf(terms.rules, entry.effectiveOn).startsOn,
      decision_id: entry.decisionId,
      version_id: terms.versionId,
      sharing_key: entry.sharingKey,
      subject_kind: entry.subject?.kind ?? null,
      subject_id: entry.subject?.id ?? null,
      reverses_id: entry.reversesId ?? null,
    })
    .execute()
  await moneyTables(tx)
    .insertInto('governance.posting')
    .values(
      merged.map((posting, position) => ({
        agreement_id: agreementId,
        entry_id: id,
        position,
        account_id: accounts.get(accountName(posting))!,
        amount_cents: posting.cents,
      })),
    )
    .execute()
  await recordInJournal(
    tx,
    {
      agreementId,
      kind: 'ledgerEntry',
      subjectId: id,
      content: {
        number,
        entry: entry.kind,
        effectiveOn: entry.effectiveOn,
        decision: entry.decisionId,
        sharingKey: entry.sharingKey,
        reverses: entry.reversesId ?? null,
        postings: merged.map(({ party, nature, cents }) => ({ party, nature, cents: String(cents) })),
      },
    },
    now,
  )
  return { id, number }
}

// What is planned may count for a later day; what moved did so already.
const happened: readonly EntryKind[] = ['payment', 'receipt', 'bill', 'instalment', 'expense', 'refund', 'staffPayment']

// What became of an order and of what was received follows from the ledger alone; other operations keep a state besides.
const reversible: readonly string[] = [
  'commitment',
  'release',
  'payment',
  'priceReduction',
  'regularisation',
  'receipt',
]

/**
 * Undoes an entry by its reverse, once. It counts for a day of its own, as the exercise of the first may be closed.
 * @throws Problem 404 `entry_not_found`, 409 `entry_already_reversed`, 409 `entry_is_reversal`, 409
 *   as `requireNoneProposed`; `entry_of_operation` for an entry of a bill, an advance or a claim, which is settled there.
 */
export async function reverseEntry(
  tx: Tx,
  input: { agreementId: string; entryId: string; effectiveOn: Day; reason: string; by: string | null },
  now: Date,
): Promise<{ id: string; number: number }> {
  await lockJournal(tx, input.agreementId)
  const entry = await moneyTables(tx)
    .selectFrom('governance.ledger_entry')
    .selectAll()
    .where('agreement_id', '=', input.agreementId)
    .where('id', '=', input.entryId)
    .executeTakeFirst()
  if (!entry) throw new Problem(404, 'entry_not_found', 'There is no such entry in this ledger.')
  if (entry.reverses_id !== null)
    throw new Problem(409, 'entry_is_reversal', 'A reversal is not undone: write the entry anew.')
  if (!reversible.includes(entry.kind)) {
    throw new Problem(409, 'entry_of_operation', 'This entry belongs to a bill, an advance or a claim.')
  }
  const reversed = await moneyTables(tx)
    .selectFrom('governance.ledger_entry')
    .select('number')
    .where('reverses_id', '=', entry.id)
    .executeTakeFirst()
  if (reversed) throw new Problem(409, 'entry_already_reversed', `Entry ${reversed.number} undid it already.`)
  if (entry.subject_kind === 'order') {
    await requireNoneProposed(tx, input.agreementId, { orderId: entry.subject_id! })
  }
  const postings = await moneyTables(tx)
    .selectFrom('governance.posting')
    .innerJoin('governance.account', 'governance.account.id', 'account_id')
    .select(['party', 'nature', 'amount_cents'])
    .where('entry_id', '=', entry.id)
    .orderBy('position')
    .execute()
  const made = await postEntry(
    tx,
    await getTerms(tx, input.agreementId, input.effectiveOn),
    {
      kind: 'reversal',
      label: input.reason,
      effectiveOn: input.effectiveOn,
      decisionId: entry.decision_id,
      sharingKey: entry.sharing_key,
      subject: entry.subject_kind === null ? null : { kind: entry.subject_kind, id: entry.subject_id! },
      by: input.by,
      postings: postings.map(({ party, nature, amount_cents }) => ({ party, nature, cents: -BigInt(amount_cents) })),
      reversesId: entry.id,
    },
    now,
  )
  if (entry.subject_kind === 'order') {
    const committed = sumCents((await sumOfSubject(tx, entry.subject_id!)).filter(({ nature }) => isCommitment(nature)))
    await moneyTables(tx)
      .updateTable('governance.service_order')
      .set({ state: committed === 0n ? 'settled' : 'committed' })
      .where('id', '=', entry.subject_id!)
      .execute()
  }
  return made!
}

/** @throws Problem 409 `exercise_closed` when the balance of the exercise of a day was approved. */
export async function requireOpen(tx: Tx, agreementId: string, day: Day): Promise<void> {
  const closed = await moneyTables(tx)
    .selectFrom('governance.closed_exercise')
    .select(['starts_on', 'ends_on'])
    .where('agreement_id', '=', agreementId)
    .where('starts_on', '<=', day)
    .where('ends_on', '>=', day)
    .executeTakeFirst()
  if (!closed) return
  throw new Problem(
    409,
    'exercise_closed',
    `The balance from ${closed.starts_on} to ${closed.ends_on} was approved: choose a later effective date.`,
  )
}

const accountName = ({ party, nature }: { party: string; nature: Nature }) => `${nature} ${party}`

/** One posting an account, in the order in which accounts are first named, without those of nothing. */
function mergePostings(postings: Posting[]): Posting[] {
  const merged = new Map<string, Posting>()
  for (const posting of postings) {
    const so = merged.get(accountName(posting))?.cents ?? 0n
    merged.set(accountName(posting), { ...posting, cents: so + posting.cents })
  }
  return [...merged.values()].filter(({ cents }) => cents !== 0n)
}

/** Ids of accounts by name, those that are not there yet opened. */
async function openAccounts(tx: Tx, agreementId: string, wanted: Posting[]): Promise<Map<string, string>> {
  await moneyTables(tx)
    .insertInto('governance.account')
    .values(wanted.map(({ party, nature }) => ({ id: randomUUIDv7(), agreement_id: agreementId, party, nature })))
    .onConflict((conflict) => conflict.columns(['agreement_id', 'party', 'nature']).doNothing())
    .execute()
  const accounts = await moneyTables(tx)
    .selectFrom('governance.account')
    .select(['id', 'party', 'nature'])
    .where('agreement_id', '=', agreementId)
    .execute()
  return new Map(accounts.map((account) => [accountName(account), account.id]))
}
