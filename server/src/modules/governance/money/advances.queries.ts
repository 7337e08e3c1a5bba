import type { Tx } from '#kernel/postgres'
import { isCommitment } from './balances.queries.ts'
import { moneyTables } from './tables.ts'

/** Advances, the newest first, with their statement in commitments and payments. */
export async function listAdvances(tx: Tx, agreementId: string) {
  const advances = await moneyTables(tx)
    .selectFrom('governance.advance')
    .leftJoin('governance.decision', 'governance.decision.id', 'decision_id')
    .selectAll('governance.advance')
    .select('governance.decision.number as decision_number')
    .where('governance.advance.agreement_id', '=', agreementId)
    .orderBy('governance.advance.id', 'desc')
    .execute()
  if (advances.length === 0) return []
  const ids = advances.map(({ id }) => id)
  const instalments = await moneyTables(tx)
    .selectFrom('governance.instalment')
    .selectAll()
    .where('advance_id', 'in', ids)
    .orderBy('due_on')
    .orderBy('id')
    .execute()
  const expenses = await moneyTables(tx)
    .selectFrom('governance.expense')
    .selectAll()
    .where('advance_id', 'in', ids)
    .orderBy('id')
    .execute()
  const sums = await moneyTables(tx)
    .selectFrom('governance.ledger_entry')
    .innerJoin('governance.posting', 'entry_id', 'governance.ledger_entry.id')
    .innerJoin('governance.account', 'governance.account.id', 'account_id')
    .select((each) => ['subject_id', 'kind', 'nature', each.fn.sum<string>('amount_cents').as('cents')])
    .where('subject_id', 'in', ids)
    .groupBy(['subject_id', 'kind', 'nature'])
    .execute()
  return advances.map((advance) => {
    const own = sums.filter((each) => each.subject_id === advance.id)
    const sum = (is: (each: (typeof own)[number]) => boolean) =>
      own.filter(is).reduce((so, { cents }) => so + BigInt(cents), 0n)
    const inNature = (kind: string) => sum((each) => each.kind === kind && each.nature === 'advance')
    return {
      id: advance.id,
      party: advance.party,
      label: advance.label,
      decisionNumber: advance.decision_number,
      closedAt: advance.closed_at,
      statement: {
        agreedCents: String(advance.amount_cents),
        committedCents: String(sum(({ nature }) => isCommitment(nature))),
        receivedCents: String(-inNature('instalment')),
        spentCents: String(inNature('expense')),
        refundedCents: String(inNature('refund')),
        leftCents: String(-sum(({ nature }) => nature === 'advance')),
      },
      instalments: instalments
        .filter((each) => each.advance_id === advance.id)
        .map((each) => ({
          id: each.id,
          dueOn: each.due_on,
          cents: String(each.amount_cents),
          receivedOn: each.received_on,
        })),
      expenses: expenses
        .filter((each) => each.advance_id === advance.id)
        .map((each) => ({
          id: each.id,
          post: each.post,
          daysHundredths: String(each.days_hundredths),
          dailyRateCents: String(each.daily_rate_cents),
          markUpBasisPoints: each.mark_up_basis_points,
          cents: String(each.amount_cents),
          effectiveOn: each.effective_on,
          document: each.document,
          state: each.state,
          reason: each.reason,
        })),
    }
  })
}

export type ListedExpense = Awaited<ReturnType<typeof listExpenses>>[number]

/** Expenses with their advance, those of the newest advance first. @param page those that come after one, so many at most. */
export function listExpenses(
  tx: Tx,
  agreementId: string,
  page: { after: { advance_id: string; id: string } | undefined; limit: number },
) {
  let query = moneyTables(tx)
    .selectFrom('governance.expense as expense')
    .innerJoin('governance.advance as advance', 'advance.id', 'advance_id')
    .selectAll('expense')
    .select(['advance.label as advance', 'advance.party'])
    .where('advance.agreement_id', '=', agreementId)
  const { after } = page
  if (after) {
    query = query.where((where) =>
      where.or([
        where('advance.id', '<', after.advance_id),
        where.and([where('advance.id', '=', after.advance_id), where('expense.id', '>', after.id)]),
      ]),
    )
  }
  return query.orderBy('advance.id', 'desc').orderBy('expense.id').limit(page.limit).execute()
}
