import type { ColumnType, Generated } from 'kysely'
import type { Db } from '#kernel/postgres'

export type Degree = '1D' | '2D'
export type ExportState = 'running' | 'ready' | 'failed' | 'expired'

type JsonCounts = ColumnType<Record<string, number>, string | undefined, string>

type GarTables = {
  'gar.setting': { tenant_id: Generated<string>; id_ent: string; nightly: boolean; retention_days: number }
  'gar.pseudonym': { tenant_id: Generated<string>; person_id: string; identifier: Generated<string> }
  'gar.export': {
    tenant_id: Generated<string>
    id: string
    degree: Degree
    state: ExportState
    started_at: Date
    ended_at: Date | null
    started_by: string | null
    archive: string | null
    bytes: number | null
    md5: string | null
    counts: JsonCounts
    left_out: JsonCounts
    failure: string | null
  }
}

/** The base with the tables of this standard in reach. */
export const tables = (tx: Db) => tx.withTables<GarTables>()
