import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import { moneyTables, type Nature } from './tables.ts'

/** Natures that say what a party owes the holder, or the holder it: what it bears, was asked and paid, advanced, claimed. */
const owedNatures: Nature[] = [
  'sharedCommitment',
  'individualCommitment',
  'sharedCost',
  'individualCost',
  'regularisation',
  'reinvoicing',
  'receivable',
  'advance',
  'advanceCommitment',
  'staffContribution',
]

/**
 * What a party owes on a day, by nature: above zero it owes, below it is owed. Commitments are what it will bear of orders
 * in course; reinvoicing takes away from its costs what is asked in bills, whose unpaid part is `receivable`.
 * @param day what counts for this day or an earlier one.
 */
export async function listOwed(
  tx: Tx,
  agreementId: string,
  party: string,
  day: Day,
): Promise<{ nature: Nature; cents: bigint }[]> {
  const rows = await moneyTables(tx)
    .selectFrom('governance.account')
    .innerJoin('governance.posting', 'account_id', 'governance.account.id')
    .innerJoin('governance.ledger_entry', 'governance.ledger_entry.id', 'entry_id')
    .select((each) => ['nature', each.fn.sum<string>('amount_cents').as('cents')])
    .where('governance.account.agreement_id', '=', agreementId)
    .where('party', '=', party)
    .where('nature', 'in', owedNatures)
    .where('effective_on', '<=', day)
    .groupBy('nature')
    .execute()
  return rows
    .map(({ nature, cents }) => ({ nature, cents: BigInt(cents) }))
    .filter(({ cents }) => cents !== 0n)
    .sort((a, b) => owedNatures.indexOf(a.nature) - owedNatures.indexOf(b.nature))
}
