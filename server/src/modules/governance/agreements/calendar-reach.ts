import type { Tx } from '#kernel/postgres'
import { listMeetings } from '../bodies/meetings.queries.ts'
import { readsMeeting } from '../bodies/meetings.ts'
import { seesDeliverable } from '../deliverables/acts.ts'
import { readsBody, type Standing } from '../standing.ts'
import type { CalendarEntry } from './calendar.ts'

/** What a reader may see of a calendar: neither a meeting that they could not open, nor what is said of one. */
export interface CalendarReach {
  meeting: (meeting: { id: string }) => boolean
  entry: (entry: Pick<CalendarEntry, 'body' | 'meeting' | 'party'>) => boolean
}

/**
 * The reach of a reader, by the rule of meetings: drafts for who leads them, a contractor's own bodies, and what is awaited
 * of it.
 */
export async function findCalendarReach(tx: Tx, standing: Standing): Promise<CalendarReach> {
  const meetings = await listMeetings(tx, standing.agreement.id)
  const readable = new Set(meetings.filter((each) => readsMeeting(standing, each)).map(({ id }) => id))
  const meeting = ({ id }: { id: string }) => readable.has(id)
  return {
    meeting,
    entry: (entry) =>
      (entry.party === undefined || seesDeliverable(standing, { owner: entry.party })) &&
      (entry.body === null || readsBody(standing, entry.body)) &&
      (entry.meeting === null || meeting(entry.meeting)),
  }
}
