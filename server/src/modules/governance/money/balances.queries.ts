import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import { moneyTables, type Nature } from './tables.ts'

/** What an account holds over an exercise. */
export interface Balance {
  party: string
  nature: Nature
  /** First day of the exercise. */
  exercise: Day
  cents: bigint
  postings: number
}

/** Balances of all accounts, by exercise; read from the totals that the database keeps beside the ledger. */
export async function listBalances(tx: Tx, agreementId: string): Promise<Balance[]> {
  const rows = await moneyTables(tx)
    .selectFrom('governance.account')
    .innerJoin('governance.account_total', 'account_id', 'governance.account.id')
    .select(['party', 'nature', 'exercise', 'amount_cents', 'postings'])
    .where('agreement_id', '=', agreementId)
    .orderBy('exercise')
    .orderBy('party')
    .orderBy('nature')
    .execute()
  return rows.map(({ amount_cents, ...row }) => ({ ...row, cents: BigInt(amount_cents) }))
}

/** The same sums, made anew from every posting: what the totals are checked against. */
export async function sumPostings(tx: Tx, agreementId: string): Promise<Balance[]> {
  const rows = await moneyTables(tx)
    .selectFrom('governance.posting')
    .innerJoin('governance.ledger_entry', 'governance.ledger_entry.id', 'entry_id')
    .innerJoin('governance.account', 'governance.account.id', 'account_id')
    .select((each) => [
      'party',
      'nature',
      'exercise',
      each.fn.sum<string>('amount_cents').as('cents'),
      each.fn.countAll<number>().as('postings'),
    ])
    .where('governance.posting.agreement_id', '=', agreementId)
    .groupBy(['party', 'nature', 'exercise'])
    .orderBy('exercise')
    .orderBy('party')
    .orderBy('nature')
    .execute()
  return rows.map(({ cents, ...row }) => ({ ...row, cents: BigInt(cents) }))
}

/** What the entries of one order, bill, claim… sum to, by party and nature. */
export async function sumOfSubject(
  tx: Tx,
  subjectId: string,
): Promise<{ party: string; nature: Nature; cents: bigint }[]> {
  const rows = await moneyTables(tx)
    .selectFrom('governance.ledger_entry')
    .innerJoin('governance.posting', 'entry_id', 'governance.ledger_entry.id')
    .innerJoin('governance.account', 'governance.account.id', 'account_id')
    .select((each) => ['party', 'nature', each.fn.sum<string>('amount_cents').as('cents')])
    .where('subject_id', '=', subjectId)
    .groupBy(['party', 'nature'])
    .execute()
  return rows.map(({ cents, ...row }) => ({ ...row, cents: BigInt(cents) }))
}

/** The natures under which a member bears a cost. */
export const costNatures = ['sharedCost', 'individualCost', 'regularisation'] as const satisfies readonly Nature[]
export const isCost = (nature: Nature): boolean => costNatures.some((each) => each === nature)
export const isCommitment = (nature: Nature): boolean =>
  nature === 'sharedCommitment' || nature === 'individualCommitment' || nature === 'advanceCommitment'

/** A sum of cents. */
export const sumCents = (rows: readonly { cents: bigint }[]): bigint => rows.reduce((so, { cents }) => so + cents, 0n)
