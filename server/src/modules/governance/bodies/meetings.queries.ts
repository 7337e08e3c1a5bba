import { sql } from 'kysely'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import { tables } from '../tables.ts'
import type { ConveningCheck } from './convening.ts'

export type MeetingState = 'draft' | 'convened' | 'open' | 'closed' | 'cancelled'

/** A meeting of a body. */
export interface Meeting {
  id: string
  body: string
  title: string
  startsAt: Date
  endsAt: Date
  /** Day it begins, in the zone of the workspace. */
  day: Day
  place: string
  urgent: boolean
  secondOf: string | null
  state: MeetingState
  convenedAt: Date | null
  openedAt: Date | null
  closedAt: Date | null
  sequence: number
  chairId: string | null
  secretaryId: string | null
  convening: ConveningCheck[] | null
  withoutQuorum: boolean
  cancelledAt: Date | null
  cancelReason: string | null
  salt: Buffer
}

const day = sql<Day>`(starts_at at time zone (select time_zone from kernel.tenant where id = kernel.current_tenant()))::date`

const columns = [
  'id',
  'body',
  'title',
  'starts_at as startsAt',
  'ends_at as endsAt',
  day.as('day'),
  'place',
  'urgent',
  'second_of as secondOf',
  'state',
  'convened_at as convenedAt',
  'opened_at as openedAt',
  'closed_at as closedAt',
  'sequence',
  'chair_id as chairId',
  'secretary_id as secretaryId',
  'convening',
  'without_quorum as withoutQuorum',
  'cancelled_at as cancelledAt',
  'cancel_reason as cancelReason',
  'salt',
] as const

/** Meetings of an agreement, the latest first. */
export function listMeetings(tx: Tx, agreementId: string, body?: string): Promise<Meeting[]> {
  return tables(tx)
    .selectFrom('governance.meeting')
    .select(columns)
    .where('agreement_id', '=', agreementId)
    .$if(body !== undefined, (query) => query.where('body', '=', body ?? ''))
    .orderBy('starts_at', 'desc')
    .orderBy('id', 'desc')
    .execute()
}

/**
 * One meeting of an agreement.
 * @param lock `update` for who changes it or its state; `share` for who relies on its state: it cannot change until the
 * transaction ends.
 * @throws Problem 404 `meeting_not_found`.
 */
export async function getMeeting(tx: Tx, agreementId: string, id: string, lock?: 'update' | 'share'): Promise<Meeting> {
  const meeting = await tables(tx)
    .selectFrom('governance.meeting')
    .select(columns)
    .where('agreement_id', '=', agreementId)
    .where('id', '=', id)
    .$if(lock === 'update', (query) => query.forUpdate())
    .$if(lock === 'share', (query) => query.forShare())
    .executeTakeFirst()
  if (!meeting) throw new Problem(404, 'meeting_not_found', 'There is no such meeting.')
  return meeting
}

/** The second convening of a meeting, unless it was cancelled. */
export async function findSecondConvening(tx: Tx, id: string): Promise<string | undefined> {
  const found = await tables(tx)
    .selectFrom('governance.meeting')
    .select('id')
    .where('second_of', '=', id)
    .where('state', '<>', 'cancelled')
    .executeTakeFirst()
  return found?.id
}

/** What may be set of a meeting. */
export interface MeetingFields {
  title: string
  startsAt: Date
  endsAt: Date
  place: string
  urgent: boolean
  chairId: string | null
  secretaryId: string | null
}

/** Adds a meeting as a draft. */
export async function insertMeeting(
  tx: Tx,
  input: MeetingFields & { id: string; agreementId: string; body: string; secondOf: string | null; createdBy: string },
  now: Date,
): Promise<void> {
  await tables(tx)
    .insertInto('governance.meeting')
    .values({
      id: input.id,
      agreement_id: input.agreementId,
      body: input.body,
      title: input.title,
      starts_at: input.startsAt,
      ends_at: input.endsAt,
      place: input.place,
      urgent: input.urgent,
      second_of: input.secondOf,
      chair_id: input.chairId,
      secretary_id: input.secretaryId,
      created_at: now,
      created_by: input.createdBy,
    })
    .execute()
}

/** Changes a meeting; `heard` when those invited must hear of it: its invitation has then a new SEQUENCE. */
export async function updateMeeting(tx: Tx, id: string, fields: Partial<MeetingFields>, heard: boolean): Promise<void> {
  const { title, startsAt, endsAt, place, urgent, chairId, secretaryId } = fields
  await tables(tx)
    .updateTable('governance.meeting')
    .set({
      ...(title !== undefined && { title }),
      ...(startsAt && { starts_at: startsAt }),
      ...(endsAt && { ends_at: endsAt }),
      ...(place !== undefined && { place }),
      ...(urgent !== undefined && { urgent }),
      ...(chairId !== undefined && { chair_id: chairId }),
      ...(secretaryId !== undefined && { secretary_id: secretaryId }),
      ...(heard ? { sequence: sql<number>`sequence + 1` } : { sequence: sql<number>`sequence` }),
    })
    .where('id', '=', id)
    .execute()
}

/** Says to those invited that something of the meeting has changed: its agenda, who sits for whom. */
export async function raiseSequence(tx: Tx, id: string): Promise<void> {
  await updateMeeting(tx, id, {}, true)
}
