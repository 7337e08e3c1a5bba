import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import { type SchoolYearState, tables } from './tables.ts'

/** 1 September to 31 August of the next year. */
export interface SchoolYear {
  id: string
  /** 2026 for 2026-2027. */
  startYear: number
  startsOn: Day
  endsOn: Day
  state: SchoolYearState
  /** Day from which it becomes current by itself, establishment by establishment as their classes come. */
  switchOn: Day
}

const columns = [
  'id',
  'start_year as startYear',
  'starts_on as startsOn',
  'ends_on as endsOn',
  'state',
  'switch_on as switchOn',
] as const

const current = sql<string>`(select id from directory.school_year where state = 'current')`

/** SQL condition: the class or group `g`, or whatever has its two columns, is of the year that its establishment shows. */
export function isShown(alias: string): RawBuilder<boolean> {
  const of = sql.raw(alias)
  return sql<boolean>`(${of}.school_year_id = coalesce((select shown.school_year_id from directory.organisation shown
    where shown.id = ${of}.establishment_id), ${current}))`
}

/** SQL for the identifier of the year that one establishment shows. */
export function shownYearId(establishmentId: string): RawBuilder<string> {
  return sql<string>`coalesce((select school_year_id from directory.organisation where id = ${establishmentId}), ${current})`
}

/** All the years the directory knows, newest first. */
export function listSchoolYears(tx: Tx): Promise<SchoolYear[]> {
  return tables(tx).selectFrom('directory.school_year').select(columns).orderBy('start_year', 'desc').execute()
}

/** The school year that an establishment shows, or the tenant's; undefined before the first one the directory knows. */
export function findCurrentSchoolYear(tx: Tx, establishmentId?: string): Promise<SchoolYear | undefined> {
  return tables(tx)
    .selectFrom('directory.school_year')
    .select(columns)
    .where('id', '=', establishmentId === undefined ? current : shownYearId(establishmentId))
    .executeTakeFirst()
}
