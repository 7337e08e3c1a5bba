import type { Generated } from 'kysely'
import type { Db } from '#kernel/postgres'

type InsightTables = {
  'insight.pseudonym_key': {
    tenant_id: Generated<string>
    key: Buffer
  }
}

/** The base with this module's tables in reach. */
export const tables = (tx: Db) => tx.withTables<InsightTables>()
