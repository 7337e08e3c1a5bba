import type { Generated, JSONColumnType } from 'kysely'
import type { Db } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import { tables } from '../tables.ts'
import type { CalendarEntry } from './calendar.ts'

type CalendarTables = {
  'governance.review_done': {
    tenant_id: Generated<string>
    agreement_id: string
    review: string
    period_from: Day
    done_on: Day
    note: string
    recorded_at: Date
    recorded_by: string | null
  }
  'governance.notice': {
    tenant_id: Generated<string>
    id: string
    agreement_id: string
    person_id: string
    matter: string
    entry: JSONColumnType<CalendarEntry>
    made_at: Date
    read_at: Date | null
    settled_at: Date | null
  }
  'governance.calendar_feed': {
    tenant_id: Generated<string>
    agreement_id: string
    person_id: string
    token_hash: Buffer
    created_at: Date
  }
}

/** The base with the calendar's tables in reach, beside the module's. */
export const calendarTables = (tx: Db) => tables(tx).withTables<CalendarTables>()
