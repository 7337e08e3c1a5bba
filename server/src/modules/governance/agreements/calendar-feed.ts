import { createHash } from 'node:crypto'
import { ICalCalendar, ICalCalendarMethod, type ICalEventData } from 'ical-generator'
import type { AgreementInForce } from './agreements.queries.ts'
import type { CalendarEntry } from './calendar.ts'
import type { TimedMeeting } from './calendar.queries.ts'

/**
 * A calendar (RFC 5545) of the meetings that are set and of the last days on which the rest is in time, as whole days, in
 * French as the agreement is. It tells of meetings and bodies, of no person.
 * @param address of the page of the calendar
 */
export function writeCalendarFeed(
  agreement: AgreementInForce,
  meetings: readonly TimedMeeting[],
  entries: readonly CalendarEntry[],
  options: { address: string; now: Date },
): string {
  const { rules, slug } = agreement
  const calendar = new ICalCalendar({
    name: rules.title,
    prodId: { company: 'Preau', product: 'governance', language: 'FR' },
    method: ICalCalendarMethod.PUBLISH,
    url: options.address,
    ttl: 60 * 60 * 6,
  })
  const shortNames = new Map(rules.bodies.map(({ key, shortName }) => [key, shortName]))
  const shortName = (body: string | null) => (body === null ? '' : (shortNames.get(body) ?? body))
  const add = (key: string, event: Omit<ICalEventData, 'id'>) =>
    calendar.createEvent({
      ...event,
      id: `${createHash('sha256').update(`${slug} ${key}`).digest('hex').slice(0, 32)}@preau`,
      stamp: options.now,
      url: options.address,
    })
  for (const { id, body, title, startsAt, endsAt, place } of meetings) {
    add(`meeting ${id}`, { start: startsAt, end: endsAt, location: place, summary: `${shortName(body)} : ${title}` })
  }
  for (const entry of entries) {
    for (const step of entry.steps) {
      if (entry.state === 'missing') continue
      const act =
        step.act === 'review' ? `présenter « ${entry.name} »` : acts[step.act](shortName(step.body), entry.name)
      const why = entry.meeting ? `Pour ${entry.meeting.title}, le ${entry.meeting.day}. ` : ''
      const article = `Article ${entry.article}.${entry.interpretation ? ` Interprétation : ${entry.interpretation}` : ''}`
      add(`${entry.key} ${step.act} ${step.body}`, {
        start: new Date(`${step.by}T00:00:00Z`),
        allDay: true,
        summary: `Dernier jour : ${act}`,
        description: `${why}${article}`,
      })
    }
  }
  // The library leaves out the end of the last line, which the format asks for (§3.1).
  return `${calendar.toString()}\r\n`
}

const acts = {
  convene: (body: string) => `convoquer ${body}`,
  meet: (body: string) => `réunir ${body}`,
  deliver: (_body: string, deliverable: string) => `livrer « ${deliverable} »`,
  record: (_body: string, deliverable: string) => `constater l’essai de « ${deliverable} »`,
  transfer: (_body: string, deliverable: string) => `transférer les compétences de « ${deliverable} »`,
  submit: (body: string, service: string) => `faire décider ${body} du dossier d’impact de « ${service} »`,
}
