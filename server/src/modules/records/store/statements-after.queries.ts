import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { keyOf } from '../model/statement-keys.ts'
import { type KeptStatement, largestPage } from './statements.queries.ts'
import { tables } from '../tables.ts'
import { voidedVerb } from '../model/voiding.ts'

/** A part of the store to go through, in the order of storing. */
export interface StoreRange {
  tenantId: string
  /** Moments: what was stored after the first, until the second. */
  after: number
  until: number
  /** IRIs of verbs and of activities, and sources; absent or empty, all. */
  verbs?: string[]
  activities?: string[]
  sourceIds?: string[]
}

/**
 * The next statements of a range, voided ones too; fewer when they are large, none at the end. Those that void are in whatever is wanted: where the voided statement
 * went, its voiding must follow.
 */
export function listStatementsAfter(tx: Tx, range: StoreRange, limit: number): Promise<KeptStatement[]> {
  const { tenantId, after, until, verbs = [], activities = [], sourceIds = [] } = range
  const keys = (kind: 'verb' | 'activity', iris: string[]) => iris.map((iri) => keyOf(tenantId, kind, iri))
  const wanted = [
    ...(verbs.length > 0 ? [sql<boolean>`verb = any(${keys('verb', verbs)}::bigint[])`] : []),
    ...(activities.length > 0 ? [sql<boolean>`activity = any(${keys('activity', activities)}::bigint[])`] : []),
    ...(sourceIds.length > 0
      ? [sql<boolean>`credential_id in (select id from records.credential where source_id = any(${sourceIds}::uuid[]))`]
      : []),
  ]
  const voiding = sql<boolean>`(verb = ${keyOf(tenantId, 'verb', voidedVerb)}::bigint and referred_id is not null)`
  const page = tables(tx)
    .selectFrom('records.statement')
    .select([
      'id',
      'seq',
      'body',
      sql<number>`sum(octet_length(body)) over (order by seq) - octet_length(body)`.as('before'),
    ])
    .where('tenant_id', '=', sql<string>`kernel.current_tenant()`)
    .where('seq', '>', after)
    .where('seq', '<=', until)
    .$if(wanted.length > 0, (query) => query.where((row) => row.or([voiding, row.and(wanted)])))
    .orderBy('seq')
    .limit(limit)
  return tx
    .selectFrom(page.as('page'))
    .select(['id', 'seq', 'body'])
    .where('before', '<', largestPage)
    .orderBy('seq')
    .execute()
}
