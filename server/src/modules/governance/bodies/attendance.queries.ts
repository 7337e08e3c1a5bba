import type { Tx } from '#kernel/postgres'
import { tables } from '../tables.ts'

/** When someone sat. */
export interface Attendance {
  id: string
  party: string
  representativeId: string
  personId: string
  rank: 'holder' | 'deputy'
  arrivedAt: Date
  leftAt: Date | null
}

/** A party away represented by another. */
export interface Proxy {
  id: string
  fromParty: string
  toParty: string
  startsAt: Date
  endsAt: Date | null
}

/** Who sat when in a meeting, in the order they came; struck entries are left out. */
export function listAttendance(tx: Tx, meetingId: string): Promise<Attendance[]> {
  return tables(tx)
    .selectFrom('governance.attendance')
    .innerJoin('governance.representative', 'governance.representative.id', 'representative_id')
    .select([
      'governance.attendance.id',
      'governance.attendance.party',
      'representative_id as representativeId',
      'person_id as personId',
      'rank',
      'arrived_at as arrivedAt',
      'left_at as leftAt',
    ])
    .where('meeting_id', '=', meetingId)
    .where('struck_at', 'is', null)
    .orderBy('arrived_at')
    .orderBy('governance.attendance.id')
    .execute()
}

/** Adds an arrival. */
export async function insertAttendance(
  tx: Tx,
  entry: {
    id: string
    meetingId: string
    party: string
    representativeId: string
    arrivedAt: Date
    recordedBy: string
  },
  now: Date,
): Promise<void> {
  await tables(tx)
    .insertInto('governance.attendance')
    .values({
      id: entry.id,
      meeting_id: entry.meetingId,
      party: entry.party,
      representative_id: entry.representativeId,
      arrived_at: entry.arrivedAt,
      recorded_at: now,
      recorded_by: entry.recordedBy,
    })
    .execute()
}

/** Which meeting an entry belongs to; undefined when there is none. */
export async function findMeetingOfAttendance(tx: Tx, id: string): Promise<string | undefined> {
  const found = await tables(tx)
    .selectFrom('governance.attendance')
    .select('meeting_id')
    .where('id', '=', id)
    .executeTakeFirst()
  return found?.meeting_id
}

/** Sets a departure. */
export async function updateDeparture(tx: Tx, id: string, at: Date): Promise<void> {
  await tables(tx).updateTable('governance.attendance').set({ left_at: at }).where('id', '=', id).execute()
}

/** Strikes an entry made by mistake. */
export async function strikeAttendance(tx: Tx, id: string, now: Date): Promise<void> {
  await tables(tx).updateTable('governance.attendance').set({ struck_at: now }).where('id', '=', id).execute()
}

/** The meeting ends: those still there leave, and no proxy holds any more. */
export async function endAttendance(tx: Tx, meetingId: string, at: Date): Promise<void> {
  await tables(tx)
    .updateTable('governance.attendance')
    .set({ left_at: at })
    .where('meeting_id', '=', meetingId)
    .where('left_at', 'is', null)
    .where('struck_at', 'is', null)
    .execute()
  await tables(tx)
    .updateTable('governance.proxy')
    .set({ ends_at: at })
    .where('meeting_id', '=', meetingId)
    .where('ends_at', 'is', null)
    .execute()
}

/** Proxies given for a meeting, in the order they were. */
export function listProxies(tx: Tx, meetingId: string): Promise<Proxy[]> {
  return tables(tx)
    .selectFrom('governance.proxy')
    .select(['id', 'from_party as fromParty', 'to_party as toParty', 'starts_at as startsAt', 'ends_at as endsAt'])
    .where('meeting_id', '=', meetingId)
    .orderBy('starts_at')
    .orderBy('id')
    .execute()
}

/** Adds a proxy. */
export async function insertProxy(
  tx: Tx,
  proxy: { id: string; meetingId: string; fromParty: string; toParty: string; recordedBy: string },
  now: Date,
): Promise<void> {
  await tables(tx)
    .insertInto('governance.proxy')
    .values({
      id: proxy.id,
      meeting_id: proxy.meetingId,
      from_party: proxy.fromParty,
      to_party: proxy.toParty,
      starts_at: now,
      recorded_at: now,
      recorded_by: proxy.recordedBy,
    })
    .execute()
}

/** Ends the proxy that a party gave, if it gave one. */
export async function endProxyOf(tx: Tx, meetingId: string, fromParty: string, at: Date): Promise<void> {
  await tables(tx)
    .updateTable('governance.proxy')
    .set({ ends_at: at })
    .where('meeting_id', '=', meetingId)
    .where('from_party', '=', fromParty)
    .where('ends_at', 'is', null)
    .execute()
}

/** Parties that take no part in items of a meeting. */
export function listRecusals(tx: Tx, meetingId: string): Promise<{ agendaItemId: string; party: string }[]> {
  return tables(tx)
    .selectFrom('governance.recusal')
    .innerJoin('governance.agenda_item', 'governance.agenda_item.id', 'agenda_item_id')
    .select(['agenda_item_id as agendaItemId', 'party'])
    .where('meeting_id', '=', meetingId)
    .orderBy('party')
    .execute()
}

/** Notes that a party takes no part in an item. */
export async function insertRecusal(
  tx: Tx,
  agendaItemId: string,
  party: string,
  recordedBy: string,
  now: Date,
): Promise<void> {
  await tables(tx)
    .insertInto('governance.recusal')
    .values({ agenda_item_id: agendaItemId, party, recorded_at: now, recorded_by: recordedBy })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** Takes a recusal back. */
export async function deleteRecusal(tx: Tx, agendaItemId: string, party: string): Promise<void> {
  await tables(tx)
    .deleteFrom('governance.recusal')
    .where('agenda_item_id', '=', agendaItemId)
    .where('party', '=', party)
    .execute()
}
