import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import { tables } from './tables.ts'

/** 1 September to 31 August of the next year. */
export interface SchoolYear {
  id: string
  /** 2026 for 2026-2027. */
  startYear: number
  startsOn: Day
  endsOn: Day
}

/**
 * SQL for the identifier of the school year it is at an instant, in the tenant's zone: the last one begun, so that
 * people keep their classes until the next year is loaded and begins.
 */
export function currentSchoolYearId(now: Date): RawBuilder<string> {
  return sql<string>`(select id from directory.school_year
    where starts_on <= (${now}::timestamptz at time zone
      (select time_zone from kernel.tenant where id = kernel.current_tenant()))::date
    order by starts_on desc limit 1)`
}

/** All the years the directory knows, newest first. */
export function listSchoolYears(tx: Tx): Promise<SchoolYear[]> {
  return tables(tx)
    .selectFrom('directory.school_year')
    .select(['id', 'start_year as startYear', 'starts_on as startsOn', 'ends_on as endsOn'])
    .orderBy('start_year', 'desc')
    .execute()
}

/** The school year it is at an instant; undefined before the first one the directory knows. */
export function findCurrentSchoolYear(tx: Tx, now: Date): Promise<SchoolYear | undefined> {
  return tables(tx)
    .selectFrom('directory.school_year')
    .select(['id', 'start_year as startYear', 'starts_on as startsOn', 'ends_on as endsOn'])
    .where('id', '=', currentSchoolYearId(now))
    .executeTakeFirst()
}
