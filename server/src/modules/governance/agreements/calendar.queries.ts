import { randomUUIDv7 } from 'node:crypto'
import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import type { Day } from '#kernel/time'
import type { CalendarEntry, CalendarMeeting, DoneReview, Period } from './calendar.ts'
import { calendarTables } from './calendar-tables.ts'

const zone = sql`(select time_zone from kernel.tenant where id = kernel.current_tenant())`

/** A meeting with its hours. */
export interface TimedMeeting extends CalendarMeeting {
  startsAt: Date
  endsAt: Date
  place: string
}

/** Meetings of a period and of the year before; neither those cancelled nor those that found no quorum. */
export async function listCalendarMeetings(tx: Tx, agreementId: string, period: Period): Promise<TimedMeeting[]> {
  const day = sql<Day>`(starts_at at time zone ${zone})::date`
  return calendarTables(tx)
    .selectFrom('governance.meeting')
    .select([
      'id',
      'body',
      'title',
      day.as('day'),
      sql<Day | null>`(convened_at at time zone ${zone})::date`.as('convenedOn'),
      'urgent',
      sql<boolean>`state in ('open', 'closed')`.as('held'),
      'starts_at as startsAt',
      'ends_at as endsAt',
      'place',
    ])
    .where('agreement_id', '=', agreementId)
    .where('state', '<>', 'cancelled')
    .where('without_quorum', '=', false)
    .where(day, '>=', sql<Day>`${period.from}::date - interval '1 year'`)
    .where(day, '<=', period.until)
    .orderBy('starts_at')
    .execute()
}

export async function listDoneReviews(tx: Tx, agreementId: string): Promise<DoneReview[]> {
  return calendarTables(tx)
    .selectFrom('governance.review_done')
    .select(['review as key', 'period_from as periodFrom', 'done_on as doneOn'])
    .where('agreement_id', '=', agreementId)
    .execute()
}

/** First day of the first version of an agreement. */
export async function findFirstDay(tx: Tx, agreementId: string): Promise<Day> {
  const { day } = await calendarTables(tx)
    .selectFrom('governance.agreement_version')
    .select((each) => each.fn.min('valid_from').as('day'))
    .where('agreement_id', '=', agreementId)
    .executeTakeFirstOrThrow()
  return day
}

/** @returns false when it was recorded before. */
export async function insertDoneReview(
  tx: Tx,
  agreementId: string,
  done: DoneReview & { note: string; recordedBy: string | null },
  now: Date,
): Promise<boolean> {
  const made = await calendarTables(tx)
    .insertInto('governance.review_done')
    .values({
      agreement_id: agreementId,
      review: done.key,
      period_from: done.periodFrom,
      done_on: done.doneOn,
      note: done.note,
      recorded_at: now,
      recorded_by: done.recordedBy,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('review')
    .executeTakeFirst()
  return made !== undefined
}

export interface Notice {
  id: string
  entry: CalendarEntry
  madeAt: Date
}

/** What someone was told of that is not settled, and that they have not put aside; newest first. */
export async function listNotices(tx: Tx, agreementId: string, personId: string): Promise<Notice[]> {
  return calendarTables(tx)
    .selectFrom('governance.notice')
    .select(['id', 'entry', 'made_at as madeAt'])
    .where('agreement_id', '=', agreementId)
    .where('person_id', '=', personId)
    .where('settled_at', 'is', null)
    .where('read_at', 'is', null)
    .orderBy('made_at', 'desc')
    .orderBy('id', 'desc')
    .limit(50)
    .execute()
}

/** How many notices someone has not put aside, by the name of the agreement. */
export async function countNotices(tx: Tx, personId: string): Promise<Map<string, number>> {
  const rows = await calendarTables(tx)
    .selectFrom('governance.notice as notice')
    .innerJoin('governance.agreement as agreement', 'agreement.id', 'notice.agreement_id')
    .select(['agreement.slug', (each) => each.fn.countAll<number>().as('count')])
    .where('notice.person_id', '=', personId)
    .where('settled_at', 'is', null)
    .where('read_at', 'is', null)
    .groupBy('agreement.slug')
    .execute()
  return new Map(rows.map(({ slug, count }) => [slug, count]))
}

/** Puts a notice of someone aside. @returns false when there is none of theirs. */
export async function markNoticeRead(tx: Tx, id: string, personId: string, now: Date): Promise<boolean> {
  const read = await calendarTables(tx)
    .updateTable('governance.notice')
    .set({ read_at: now })
    .where('id', '=', id)
    .where('person_id', '=', personId)
    .returning('id')
    .executeTakeFirst()
  return read !== undefined
}

/**
 * Tells people of matters, each once, and settles what is no matter any more.
 * @returns number of new notices.
 */
export async function replaceNotices(
  tx: Tx,
  agreementId: string,
  matters: { matter: string; entry: CalendarEntry; personIds: string[] }[],
  now: Date,
): Promise<number> {
  const open = matters.map(({ matter }) => matter)
  await calendarTables(tx)
    .updateTable('governance.notice')
    .set({ settled_at: now })
    .where('agreement_id', '=', agreementId)
    .where('settled_at', 'is', null)
    .where('matter', '<>', sql<string>`all(${open}::text[])`)
    .execute()
  const rows = matters.flatMap(({ matter, entry, personIds }) =>
    personIds.map((personId) => ({
      id: randomUUIDv7(),
      agreement_id: agreementId,
      person_id: personId,
      matter,
      entry: JSON.stringify(entry),
      made_at: now,
    })),
  )
  if (rows.length === 0) return 0
  const made = await calendarTables(tx)
    .insertInto('governance.notice')
    .values(rows)
    // What comes back after it was settled is news again.
    .onConflict((conflict) =>
      conflict
        .columns(['agreement_id', 'person_id', 'matter'])
        .doUpdateSet({ settled_at: null, read_at: null, made_at: now })
        .where('governance.notice.settled_at', 'is not', null),
    )
    .returning('id')
    .execute()
  return made.length
}

/** Makes an address for someone's calendar; the former one answers no more. */
export async function replaceFeed(
  tx: Tx,
  feed: { agreementId: string; personId: string; tokenHash: Buffer },
  now: Date,
): Promise<void> {
  await calendarTables(tx)
    .insertInto('governance.calendar_feed')
    .values({
      agreement_id: feed.agreementId,
      person_id: feed.personId,
      token_hash: feed.tokenHash,
      created_at: now,
    })
    .onConflict((conflict) =>
      conflict.columns(['agreement_id', 'person_id']).doUpdateSet({ token_hash: feed.tokenHash, created_at: now }),
    )
    .execute()
}

/** @returns false when there was none. */
export async function deleteFeed(tx: Tx, agreementId: string, personId: string): Promise<boolean> {
  const { numDeletedRows } = await calendarTables(tx)
    .deleteFrom('governance.calendar_feed')
    .where('agreement_id', '=', agreementId)
    .where('person_id', '=', personId)
    .executeTakeFirstOrThrow()
  return numDeletedRows > 0n
}

/** Since when someone's calendar has an address. */
export async function findFeedDate(tx: Tx, agreementId: string, personId: string): Promise<Date | undefined> {
  const feed = await calendarTables(tx)
    .selectFrom('governance.calendar_feed')
    .select('created_at')
    .where('agreement_id', '=', agreementId)
    .where('person_id', '=', personId)
    .executeTakeFirst()
  return feed?.created_at
}

/** Whose calendar an address is. */
export async function findFeed(tx: Tx, tokenHash: Buffer): Promise<{ slug: string; personId: string } | undefined> {
  return calendarTables(tx)
    .selectFrom('governance.calendar_feed as feed')
    .innerJoin('governance.agreement as agreement', 'agreement.id', 'feed.agreement_id')
    .select(['agreement.slug', 'feed.person_id as personId'])
    .where('token_hash', '=', tokenHash)
    .executeTakeFirst()
}

/** Agreements of the tenant, by their name. */
export async function listAgreementSlugs(tx: Tx): Promise<string[]> {
  const rows = await calendarTables(tx).selectFrom('governance.agreement').select('slug').orderBy('slug').execute()
  return rows.map(({ slug }) => slug)
}

/** Who sits for a party, in a body or in any, on a day: holders and deputies. */
export async function listSeated(
  tx: Tx,
  agreementId: string,
  party: string,
  body: string | null,
  day: Day,
): Promise<string[]> {
  const seated = calendarTables(tx)
    .selectFrom('governance.representative')
    .select('person_id')
    .distinct()
    .where('agreement_id', '=', agreementId)
    .where('party', '=', party)
    .where('starts_on', '<=', day)
    .where((where) => where.or([where('ends_on', 'is', null), where('ends_on', '>=', day)]))
  const rows = await (body === null ? seated : seated.where('body', '=', body)).execute()
  return rows.map((row) => row.person_id)
}

/** Forgets what was told to people who are deleted, and the addresses of their calendars. */
export async function deleteCalendarsOf(tx: Tx, personIds: string[]): Promise<void> {
  const theirs = sql<string>`any(${personIds}::uuid[])`
  await calendarTables(tx).deleteFrom('governance.notice').where('person_id', '=', theirs).execute()
  await calendarTables(tx).deleteFrom('governance.calendar_feed').where('person_id', '=', theirs).execute()
}
