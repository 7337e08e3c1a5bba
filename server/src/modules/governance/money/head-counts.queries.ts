import type { Tx } from '#kernel/postgres'
import { moneyTables } from './tables.ts'

/** Head-counts, the newest first, by member. */
export async function listHeadCounts(tx: Tx, agreementId: string) {
  const headCounts = await moneyTables(tx)
    .selectFrom('governance.head_count')
    .select(['id', 'counted_on as countedOn', 'source', 'recorded_at as recordedAt'])
    .where('agreement_id', '=', agreementId)
    .orderBy('counted_on', 'desc')
    .execute()
  const lines = await moneyTables(tx)
    .selectFrom('governance.head_count_line')
    .innerJoin('governance.head_count', 'governance.head_count.id', 'head_count_id')
    .select((each) => [
      'head_count_id',
      'party',
      each.fn.countAll<number>().as('establishments'),
      each.fn.sum<string>('pupils').as('pupils'),
    ])
    .where('agreement_id', '=', agreementId)
    .groupBy(['head_count_id', 'party'])
    .orderBy('party')
    .execute()
  return headCounts.map((headCount) => {
    const members = lines
      .filter((line) => line.head_count_id === headCount.id)
      .map(({ party, establishments, pupils }) => ({ party, establishments, pupils: Number(pupils) }))
    return {
      ...headCount,
      establishments: members.reduce((so, { establishments }) => so + establishments, 0),
      pupils: members.reduce((so, { pupils }) => so + pupils, 0),
      members,
    }
  })
}

/** Establishments of a head-count, by name; those of one party when it is given. */
export async function listEstablishments(
  tx: Tx,
  input: { agreementId: string; id: string; party?: string | undefined },
) {
  let query = moneyTables(tx)
    .selectFrom('governance.head_count_line')
    .innerJoin('governance.head_count', 'governance.head_count.id', 'head_count_id')
    .select(['uai', 'name', 'party', 'pupils'])
    .where('agreement_id', '=', input.agreementId)
    .where('head_count_id', '=', input.id)
  if (input.party !== undefined) query = query.where('party', '=', input.party)
  return query.orderBy('name').orderBy('uai').execute()
}
