import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import { addDays } from '../days.ts'
import { tables } from '../tables.ts'
import type { MeetingState } from './meetings.queries.ts'

/**
 * Day of the last meeting that prepares another: of the preparatory body, by a limit, and since the body it prepares last
 * met: a meeting of another year prepares nothing. Without an earlier meeting, those of the twelve months before count.
 * @param by.counting states in which a preparatory meeting counts: only those held, or those that are planned too.
 */
export async function findPreparation(
  tx: Tx,
  agreementId: string,
  meeting: { id: string; body: string; day: Day },
  by: { body: string; limit: Day; counting: MeetingState[] },
): Promise<Day | undefined> {
  const day = sql<Day>`(starts_at at time zone (select time_zone from kernel.tenant where id = kernel.current_tenant()))::date`
  const last = (body: string, states: MeetingState[]) =>
    tables(tx)
      .selectFrom('governance.meeting')
      .select(day.as('day'))
      .where('agreement_id', '=', agreementId)
      .where('body', '=', body)
      .where('state', 'in', states)
      .where('without_quorum', '=', false)
      .where('id', '<>', meeting.id)
      .orderBy('starts_at', 'desc')
      .limit(1)
  const earlier = await last(meeting.body, ['closed']).where(day, '<', meeting.day).executeTakeFirst()
  const since = earlier?.day ?? addDays(meeting.day, -366)
  const found = await last(by.body, by.counting).where(day, '<=', by.limit).where(day, '>', since).executeTakeFirst()
  return found?.day
}
