import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import { ownNatures } from './money-access.ts'
import { moneyTables, type Nature } from './tables.ts'

export interface ListedEntry {
  id: string
  number: number
  kind: string
  label: string
  effectiveOn: Day
  recordedAt: Date
  exercise: Day
  decisionNumber: string | null
  sharingKey: string | null
  reversesNumber: number | null
  reversedByNumber: number | null
  postings: { party: string; nature: Nature; cents: bigint }[]
}

/**
 * Entries of a ledger, the newest first, or the oldest when `after` is given. An entry is seen whole or not at all: whoever sees but a part of it knows the rest.
 * @param input.before number of the entry after which the list goes on, downwards.
 * @param input.after number of the entry after which it goes on, upwards; 0 for the first.
 * @param input.seen parties whose own accounts are told; null for all.
 */
export async function listEntries(
  tx: Tx,
  input: {
    agreementId: string
    seen: string[] | null
    exercise?: Day | undefined
    before?: number | undefined
    after?: number
    limit: number
  },
): Promise<ListedEntry[]> {
  let query = moneyTables(tx)
    .selectFrom('governance.ledger_entry as entry')
    .leftJoin('governance.decision', 'governance.decision.id', 'entry.decision_id')
    .leftJoin('governance.ledger_entry as reversed', 'reversed.id', 'entry.reverses_id')
    .leftJoin('governance.ledger_entry as reversal', 'reversal.reverses_id', 'entry.id')
    .select([
      'entry.id',
      'entry.number',
      'entry.kind',
      'entry.label',
      'entry.effective_on as effectiveOn',
      'entry.recorded_at as recordedAt',
      'entry.exercise',
      'entry.sharing_key as sharingKey',
      'governance.decision.number as decisionNumber',
      'reversed.number as reversesNumber',
      'reversal.number as reversedByNumber',
    ])
    .where('entry.agreement_id', '=', input.agreementId)
  if (input.exercise !== undefined) query = query.where('entry.exercise', '=', input.exercise)
  if (input.before !== undefined) query = query.where('entry.number', '<', input.before)
  if (input.after !== undefined) query = query.where('entry.number', '>', input.after)
  const { seen } = input
  if (seen !== null) {
    query = query.where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom('governance.posting')
            .innerJoin('governance.account', 'governance.account.id', 'account_id')
            .select('position')
            .whereRef('entry_id', '=', 'entry.id')
            .where('nature', 'in', ownNatures)
            .where('party', 'not in', seen.length > 0 ? seen : ['']),
        ),
      ),
    )
  }
  const entries = await query
    .orderBy('entry.number', input.after === undefined ? 'desc' : 'asc')
    .limit(input.limit)
    .execute()
  if (entries.length === 0) return []
  const postings = await moneyTables(tx)
    .selectFrom('governance.posting')
    .innerJoin('governance.account', 'governance.account.id', 'account_id')
    .select(['entry_id', 'party', 'nature', 'amount_cents'])
    .where(
      'entry_id',
      'in',
      entries.map(({ id }) => id),
    )
    .orderBy('position')
    .execute()
  const byEntry = Map.groupBy(postings, (each) => each.entry_id)
  return entries.map((entry) => ({
    ...entry,
    postings: (byEntry.get(entry.id) ?? []).map(({ party, nature, amount_cents }) => ({
      party,
      nature,
      cents: BigInt(amount_cents),
    })),
  }))
}
