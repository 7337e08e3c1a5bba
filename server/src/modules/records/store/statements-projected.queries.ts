import { sql } from 'kysely'
import { keepPlan, type Tx } from '#kernel/postgres'
import { keyOf } from '../model/statement-keys.ts'
import { tables } from '../tables.ts'

/** A statement for whoever counts what happened. */
export interface StatementToCount {
  /** In lower case. */
  id: string
  /** Moment of storing, in microseconds since 1970. */
  seq: number
  body: string
  sourceId: string | null
}

// Asked for each, by its key: a join would be planned by what is not known of the size of either.
const sourceId = sql<string | null>`(select source_id from records.credential c where c.id = s.credential_id)`.as(
  'sourceId',
)
const counted = ['s.id', 's.seq', 's.body', sourceId] as const

/** Bytes of the statements of a page, beyond which it ends. */
const largestPage = 8 * 1024 * 1024

/**
 * The next statements stored after a moment, until another, in order, but those that were voided before they came.
 * @returns `until`: up to where they go; the moment given when there are no more.
 */
export async function listStatementsToCount(
  tx: Tx,
  { after, until }: { after: number; until: number },
  limit: number,
): Promise<{ statements: StatementToCount[]; until: number }> {
  const rows = await tables(tx)
    .selectFrom('records.statement as s')
    .select([...counted, sql<boolean>`${isVoidedBefore(sql.ref('s.seq'))}`.as('voided')])
    .where('s.tenant_id', '=', sql<string>`(select kernel.current_tenant())`)
    .where('s.seq', '>', after)
    .where('s.seq', '<=', until)
    .orderBy('s.seq')
    .limit(limit)
    .modifyEnd(keepPlan)
    .execute()
  let size = 0
  const end = rows.findIndex(({ body }) => (size += body.length) > largestPage && size > body.length)
  const page = end === -1 ? rows : rows.slice(0, end)
  const isLast = end === -1 && rows.length < limit
  return {
    statements: page.filter(({ voided }) => !voided),
    until: isLast ? until : (page.at(-1)?.seq ?? until),
  }
}

/** What some statements voided, of what was stored before them; each voided statement is told for one of them only. */
export function listVoidedBy(tx: Tx, voidingIds: string[]): Promise<StatementToCount[]> {
  return tables(tx)
    .selectFrom('records.voiding as v')
    .innerJoin('records.statement as by', 'by.id', 'v.statement_id')
    .innerJoin('records.statement as s', 's.id', 'v.target_id')
    .select(counted)
    .where('v.statement_id', 'in', voidingIds)
    .where('s.seq', '<', (row) => row.ref('by.seq'))
    .orderBy('s.seq')
    .execute()
}

/**
 * Statements whose actor has an identifier, stored after a moment and until another, in order, but those voided until then.
 * @param identifier as `identifyAgent` says.
 */
export function listStatementsOfActor(
  tx: Tx,
  tenantId: string,
  identifier: string,
  { after, until }: { after: number; until: number },
  limit: number,
): Promise<StatementToCount[]> {
  return tables(tx)
    .selectFrom('records.statement as s')
    .select(counted)
    .where('s.actor', '=', keyOf(tenantId, 'agent', identifier))
    .where('s.seq', '>', after)
    .where('s.seq', '<=', until)
    .where(sql<boolean>`not ${isVoidedBefore(sql.val(until))}`)
    .orderBy('s.seq')
    .limit(limit)
    .execute()
}

const isVoidedBefore = (moment: ReturnType<typeof sql>) => sql<boolean>`exists (
  select from records.voiding v join records.statement by on by.tenant_id = v.tenant_id and by.id = v.statement_id
  where v.tenant_id = s.tenant_id and v.target_id = s.id and by.seq <= ${moment})`

/** When the last statement was stored that can be read now, in microseconds since 1970; 0 for none. */
export async function findLastMoment(tx: Tx): Promise<number> {
  const { rows } = await sql<{ last: number | null }>`
    select max(seq) as last from records.statement where tenant_id = (select kernel.current_tenant())`.execute(tx)
  return rows[0]?.last ?? 0
}

/**
 * What was stored after a moment.
 * @param most beyond which they are not counted.
 * @returns `first`: when the first of them was stored; null for none.
 */
export async function countStatementsAfter(
  tx: Tx,
  after: number,
  most: number,
): Promise<{ count: number; first: number | null }> {
  const { rows } = await sql<{ count: number; first: number | null }>`
    select count(*) as count, min(seq) as first from (
      select seq from records.statement where tenant_id = (select kernel.current_tenant()) and seq > ${after}
      order by seq limit ${most}
    ) following`.execute(tx)
  return rows[0] ?? { count: 0, first: null }
}
