import { z } from 'zod'
import type { Meeting } from './meetings.queries.ts'

export const meetingStateSchema = z.enum(['draft', 'convened', 'open', 'closed', 'cancelled'])

/** A meeting in a list. */
export const meetingLineSchema = z.object({
  id: z.uuid(),
  body: z.string(),
  title: z.string(),
  startsAt: z.iso.datetime(),
  endsAt: z.iso.datetime(),
  place: z.string(),
  urgent: z.boolean(),
  state: meetingStateSchema,
  withoutQuorum: z.boolean(),
})

/** A meeting as lists show it. */
export function toMeetingLine(meeting: Meeting): z.output<typeof meetingLineSchema> {
  const { id, body, title, place, urgent, state, withoutQuorum } = meeting
  return {
    id,
    body,
    title,
    startsAt: meeting.startsAt.toISOString(),
    endsAt: meeting.endsAt.toISOString(),
    place,
    urgent,
    state,
    withoutQuorum,
  }
}
