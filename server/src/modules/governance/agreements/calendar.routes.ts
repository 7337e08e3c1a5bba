import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { recordAudit } from '#kernel/audit'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { addressOf, digest, listHolders } from '#modules/identity'
import { getStanding, inStanding } from '../standing.ts'
import { schoolYearOf } from './calendar.ts'
import { writeCalendarFeed } from './calendar-feed.ts'
import { findCalendarReach } from './calendar-reach.ts'
import {
  deleteFeed,
  findFeed,
  findFeedDate,
  findFirstDay,
  listCalendarMeetings,
  listNotices,
  markNoticeRead,
  replaceFeed,
} from './calendar.queries.ts'
import { readCalendar } from './compliance.ts'
import { recordReview } from './reviews.ts'

const bySlug = z.object({ slug: z.string().max(80) })
const day = z.iso.date()
const period = z.object({ from: day, until: day })

const entrySchema = z.object({
  key: z.string(),
  kind: z.enum(['frequency', 'notice', 'preparation', 'review', 'dossier', 'deliverable']),
  body: z.string().nullable(),
  party: z.string().optional().describe('of which it is awaited; given for a deliverable alone'),
  name: z.string(),
  article: z.string(),
  interpretation: z.string().nullable(),
  period,
  state: z.enum(['done', 'planned', 'due', 'late', 'missing', 'upcoming']),
  strict: z.boolean().describe('whether not doing it breaks the agreement, rather than what it wishes for'),
  count: z.object({ asked: z.int(), held: z.int(), set: z.int() }).nullable(),
  meeting: z.object({ id: z.uuid(), title: z.string(), day }).nullable(),
  preparedBy: z.string().nullable(),
  doneOn: day.nullable(),
  lastSafeDay: day.nullable().describe('last day on which the next step is in time'),
  steps: z.array(
    z.object({
      act: z.enum(['convene', 'meet', 'review', 'submit', 'deliver', 'record', 'transfer']),
      body: z.string().nullable(),
      by: day,
    }),
  ),
})

const noticeSchema = z.object({ id: z.uuid(), madeAt: z.date(), entry: entrySchema })

/** What an agreement asks for in a school year, who is told, and the addresses that calendars read. */
export function registerCalendar(app: App, services: Services): void {
  app.get(
    '/api/governance/agreements/:slug/calendar',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'getGovernanceCalendar',
        summary:
          'What the agreement asks for in a school year: done, due, late or missing, with article and last safe day',
        params: bySlug,
        querystring: z.object({
          on: day
            .refine((text) => text >= '1900' && text < '2200')
            .optional()
            .describe('a day of the school year; absent: today'),
        }),
        response: {
          200: z.object({
            today: day,
            schoolYear: period,
            schoolYears: z.array(period).describe('from the first version to the next year'),
            bodies: z.array(z.object({ key: z.string(), shortName: z.string(), name: z.string() })),
            entries: z.array(entrySchema),
            meetings: z.array(
              z.object({
                id: z.uuid(),
                body: z.string(),
                title: z.string(),
                day,
                urgent: z.boolean(),
                held: z.boolean(),
              }),
            ),
            notices: z.array(noticeSchema).describe('what the reader was told of, not settled and not put aside'),
            feedSince: z.date().nullable().describe('since when the reader has an address for their calendar'),
          }),
        },
      },
    },
    (request) =>
      inStanding(services, request, async (tx, standing) => {
        const { agreement, today, personId } = standing
        const { rules } = agreement
        const schoolYear = schoolYearOf(rules, request.query.on ?? today)
        const first = schoolYearOf(rules, await findFirstDay(tx, agreement.id))
        const meetings = await listCalendarMeetings(tx, agreement.id, schoolYear)
        const reach = await findCalendarReach(tx, standing)
        const notices = await listNotices(tx, agreement.id, personId)
        return {
          today,
          schoolYear,
          schoolYears: listSchoolYears(rules.schoolYear.beginsOn, first.from, today),
          bodies: rules.bodies.map(({ key, shortName, name }) => ({ key, shortName, name })),
          entries: (await readCalendar(tx, agreement, schoolYear, today)).filter(reach.entry),
          meetings: meetings.filter((each) => each.day >= schoolYear.from && reach.meeting(each)),
          notices: notices.filter(({ entry }) => reach.entry(entry)),
          feedSince: (await findFeedDate(tx, agreement.id, personId)) ?? null,
        }
      }),
  )

  app.post(
    '/api/governance/agreements/:slug/reviews',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'recordReview',
        summary: 'Records that a review of the agreement was done',
        params: bySlug,
        body: z.object({
          review: z.string().max(100),
          periodFrom: day.describe('first day of the period it is of'),
          doneOn: day,
          note: z.string().trim().max(1000).default(''),
        }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await inStanding(services, request, (tx, standing, now) => recordReview(tx, standing, request.body, now))
      return reply.status(204).send(null)
    },
  )

  app.post(
    '/api/governance/agreements/:slug/notices/:id/reading',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'putNoticeAside',
        summary: 'Puts a notice of the reader aside',
        params: bySlug.extend({ id: z.uuid() }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await inStanding(services, request, async (tx, { personId }, now) => {
        if (await markNoticeRead(tx, request.params.id, personId, now)) return
        throw new Problem(404, 'notice_not_found', 'The reader has no such notice.')
      })
      return reply.status(204).send(null)
    },
  )

  app.post(
    '/api/governance/agreements/:slug/calendar-feed',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'createCalendarFeed',
        summary: 'Makes an address that a calendar program reads without signing in; the former one answers no more',
        params: bySlug,
        response: { 201: z.object({ address: z.url().describe('shown once: only its digest is kept') }) },
      },
    },
    async (request, reply) => {
      const token = randomBytes(32).toString('base64url')
      await inStanding(services, request, async (tx, { agreement, personId }, now) => {
        await replaceFeed(tx, { agreementId: agreement.id, personId, tokenHash: digest(token) }, now)
        await recordAudit(tx, {
          action: 'governance.calendar_feed_created',
          actorPersonId: personId,
          subjectKind: 'agreement',
          subjectId: agreement.id,
        })
      })
      const path = `/api/governance/public/calendars/${token}.ics`
      return reply.status(201).send({ address: new URL(path, addressOf(services, request.tenant)).href })
    },
  )

  app.delete(
    '/api/governance/agreements/:slug/calendar-feed',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'deleteCalendarFeed',
        summary: 'Withdraws the address of the reader’s calendar',
        params: bySlug,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await inStanding(services, request, async (tx, { agreement, personId }) => {
        if (!(await deleteFeed(tx, agreement.id, personId))) return
        await recordAudit(tx, {
          action: 'governance.calendar_feed_withdrawn',
          actorPersonId: personId,
          subjectKind: 'agreement',
          subjectId: agreement.id,
        })
      })
      return reply.status(204).send(null)
    },
  )

  app.get(
    '/api/governance/public/calendars/:token.ics',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'readCalendarFeed',
        summary: 'The calendar behind a secret address: meetings and last safe days (RFC 5545)',
        params: z.object({ token: z.string().max(100) }),
        response: { 200: z.string().describe('text/calendar') },
      },
    },
    async (request, reply) => {
      const now = services.now()
      const text = await inTenant(services.db, request.tenant.id, async (tx) => {
        const feed = await findFeed(tx, digest(request.params.token))
        if (!feed) throw new Problem(404, 'calendar_feed_not_found', 'This address shows no calendar (any more).')
        // An address outlives neither a seat nor a right.
        const rights = (await listHolders(tx, 'governance.administer', now))
          .filter(({ personId }) => personId === feed.personId)
          .map(({ organisationId }) => ({ right: 'governance.administer' as const, organisationId }))
        const standing = await getStanding(tx, { personId: feed.personId, rights }, feed.slug, now)
        const { agreement, today } = standing
        const reach = await findCalendarReach(tx, standing)
        const schoolYear = schoolYearOf(agreement.rules, today)
        const meetings = await listCalendarMeetings(tx, agreement.id, {
          from: schoolYear.from,
          until: `${Number(schoolYear.until.slice(0, 4)) + 1}${schoolYear.until.slice(4)}`,
        })
        const entries = await readCalendar(tx, agreement, schoolYear, today)
        const address = new URL(`/governance/${feed.slug}`, addressOf(services, request.tenant)).href
        return writeCalendarFeed(agreement, meetings.filter(reach.meeting), entries.filter(reach.entry), {
          address,
          now,
        })
      })
      return reply.type('text/calendar; charset=utf-8').header('cache-control', 'private, max-age=900').send(text)
    },
  )
}

function listSchoolYears(beginsOn: string, first: string, today: string) {
  const years = []
  const last = Number(today.slice(0, 4)) + (today.slice(5) >= beginsOn ? 1 : 0)
  for (let year = Number(first.slice(0, 4)); year <= last; year += 1) {
    years.push(schoolYearOf({ schoolYear: { beginsOn } }, `${year}-${beginsOn}`))
  }
  return years
}
