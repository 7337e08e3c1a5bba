import { type RawBuilder, sql } from 'kysely'
import type { Day } from '#kernel/time'

/** What the steps of an application work on. */
export interface Application {
  importId: string
  sourceId: string
  academyCode: string | null
  exportedOn: Day
  /** Year in which the school year of the export starts. */
  schoolYear: number
  /** Whether nothing of this source was present before. */
  first: boolean
  /** Whether so much changes that whole tables are best read from end to end. */
  bulk: boolean
  /** The import that this one undoes, and the school year it spoke of. */
  undoes: { id: string; schoolYear: number } | null
  /**
   * Whether the school year is prepared beside the one people see; found by a step. Who leaves then stays until the
   * switch, and functions, which bear no year, are written at it.
   */
  preparing: boolean
  /**
   * Whether some staged records were accepted before; found by a step. Else nothing is there to change or to take away:
   * a first load need not look for it.
   */
  anyKnown: boolean
  /** Whether other records describe some of the people; found by a step. */
  anyShared: boolean
}

export const staged = ({ importId }: Application, alias = 's') =>
  sql`${sql.raw(alias)}.import_id = ${importId}` as RawBuilder<boolean>

export const present = (application: Application) => sql`${staged(application)} and s.change <> 'removed'`

export const isPerson = sql`s.kind in ('pupil', 'guardian', 'staff')`

/** The school year of the export, made by the first step. */
export const yearId = ({ schoolYear }: Application) =>
  sql`(select id from directory.school_year where start_year = ${schoolYear} and tenant_id = kernel.current_tenant())`

/** The school years of which the source's relations are written anew: a roll-back ends the one it goes back from. */
export const yearIds = ({ schoolYear, undoes }: Application) =>
  sql`select id from directory.school_year where tenant_id = kernel.current_tenant()
    and start_year in (${schoolYear}, ${undoes?.schoolYear ?? schoolYear})`

/** The accepted record `r` of a staged one `s`. */
export const sameRecord = ({ sourceId }: Application) =>
  sql`r.source_id = ${sourceId} and r.kind = s.kind and r.external_id = s.external_id`
