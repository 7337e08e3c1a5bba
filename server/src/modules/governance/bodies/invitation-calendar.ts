import ical, {
  ICalAttendee,
  ICalAttendeeRole,
  ICalAttendeeStatus,
  ICalAttendeeType,
  ICalCalendarMethod,
  type ICalEvent,
  ICalEventStatus,
} from 'ical-generator'
import type { Invitation } from './invitations.queries.ts'
import type { Meeting } from './meetings.queries.ts'

const roles = {
  chair: ICalAttendeeRole.CHAIR,
  required: ICalAttendeeRole.REQ,
  informed: ICalAttendeeRole.NON,
} as const

const statuses = {
  awaited: ICalAttendeeStatus.NEEDSACTION,
  accepted: ICalAttendeeStatus.ACCEPTED,
  declined: ICalAttendeeStatus.DECLINED,
  delegated: ICalAttendeeStatus.DELEGATED,
} as const

/**
 * The invitation to a meeting as iCalendar (RFC 5545), to be opened in anyone's calendar: a REQUEST, or a CANCEL once it
 * is cancelled, under one UID and a SEQUENCE that grows with each change. A holder who asked a deputy to sit is
 * DELEGATED, and the deputy takes part in their stead.
 * @param frame.for representative whom the file invites: nobody else is asked to answer it.
 * @param frame.host name of the workspace's host, for the UID.
 */
export function writeInvitation(
  meeting: Meeting,
  invitations: Invitation[],
  frame: {
    for: string
    host: string
    url: string
    organizer: { name: string; email: string | null }
    agenda: string[]
    stamp: Date
  },
): string {
  const cancelled = meeting.state === 'cancelled'
  const calendar = ical({
    method: cancelled ? ICalCalendarMethod.CANCEL : ICalCalendarMethod.REQUEST,
    prodId: { company: 'Préau', product: 'Gouvernance', language: 'FR' },
  })
  const event = calendar.createEvent({
    id: `${meeting.id}@${frame.host}`,
    sequence: meeting.sequence,
    stamp: frame.stamp,
    start: meeting.startsAt,
    end: meeting.endsAt,
    summary: meeting.title,
    description: frame.agenda.join('\n'),
    status: cancelled ? ICalEventStatus.CANCELLED : ICalEventStatus.CONFIRMED,
    url: frame.url,
    organizer: { name: frame.organizer.name, email: frame.organizer.email ?? nobodyAt(meeting.id) },
    ...(meeting.place !== '' && { location: meeting.place }),
  })
  for (const invitation of invitations) addAttendee(event, invitation, invitations, frame.for)
  // The library leaves out the end of the last line, which the format asks for (§3.1).
  return `${calendar.toString()}\r\n`
}

function addAttendee(event: ICalEvent, invitation: Invitation, all: Invitation[], invited: string): void {
  const deputy = all.find(({ representativeId }) => representativeId === invitation.delegatedTo)
  const holder = all.find(({ delegatedTo }) => delegatedTo === invitation.representativeId)
  const attendee = event.createAttendee({
    email: addressOf(invitation),
    ...(invitation.name && { name: `${invitation.name.givenName} ${invitation.name.familyName}` }),
    type: ICalAttendeeType.INDIVIDUAL,
    role: holder ? ICalAttendeeRole.REQ : roles[invitation.role],
    status: statuses[invitation.answer],
    rsvp: invitation.representativeId === invited && invitation.answer === 'awaited',
  })
  // The library writes these addresses as it finds them; the format asks for a URI (§3.2.4, §3.2.5).
  if (deputy) attendee.delegatedTo(new ICalAttendee({ email: `mailto:${addressOf(deputy)}` }, event))
  if (holder) attendee.delegatedFrom(new ICalAttendee({ email: `mailto:${addressOf(holder)}` }, event))
}

const addressOf = ({ email, representativeId }: Invitation) => email ?? nobodyAt(representativeId)

/** An address that no mail reaches (RFC 2606), for those of whom none is known: the format wants one. */
const nobodyAt = (id: string) => `${id}@sans-adresse.invalid`
