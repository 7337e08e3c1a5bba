import type { Generated } from 'kysely'
import type { Db } from '#kernel/postgres'

type ApplicationsTables = {
  'applications.application': {
    tenant_id: Generated<string>
    id: string
    slug: string
    name: string
    description: string
    url: string
    category: string
    profiles: string[]
    position: number
  }
}

/** The base with this module's tables in reach. */
export const tables = (tx: Db) => tx.withTables<ApplicationsTables>()
