import { sql } from 'kysely'
import { keepPlan, type Tx } from '#kernel/postgres'
import type { ActivityDefinition } from '../model/statement.ts'
import { keyOf } from '../model/statement-keys.ts'
import { tables } from '../tables.ts'

/** What is known of activities, merged from all that statements said, by IRI; those that nothing was said of are left out. */
export async function findDefinitions(
  tx: Tx,
  tenantId: string,
  iris: Iterable<string>,
): Promise<Map<string, ActivityDefinition>> {
  const keys = [...new Set(iris)].map((iri) => keyOf(tenantId, 'activity', iri))
  if (keys.length === 0) return new Map()
  const rows = await tables(tx)
    .selectFrom('records.activity')
    .select(['iri', 'definition'])
    .where(sql<boolean>`key = any(${keys}::bigint[])`)
    .modifyEnd(keepPlan)
    .execute()
  return new Map(rows.map(({ iri, definition }) => [iri, definition as ActivityDefinition]))
}
