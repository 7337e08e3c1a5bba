import { z } from 'zod'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { signCheckpoint } from '../journal/checkpoints.ts'
import { inStanding } from '../standing.ts'
import { describeMeeting, meetingSchema } from './meeting-view.ts'
import { cancelMeeting, changeMeeting, conveneMeeting, openMeeting } from './meetings.ts'
import { closeMeeting } from './minutes-life.ts'
import { conveneAgain } from './second-convening.ts'

const base = '/api/governance/agreements/:slug/meetings/:id'
const params = z.object({ slug: z.string().max(80), id: z.uuid() })
const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text))

/** A meeting, from draft to closed. */
export function registerMeetings(app: App, services: Services): void {
  const config = { access: 'signed-in' } as const

  app.get(
    base,
    {
      config,
      schema: {
        operationId: 'getMeeting',
        summary: 'A meeting: its agenda, who is invited, who is there, whether there is a quorum',
        params,
        response: { 200: meetingSchema },
      },
    },
    (request) =>
      inStanding(services, request, (tx, standing, now) => describeMeeting(tx, standing, request.params.id, now)),
  )

  app.patch(
    base,
    {
      config,
      schema: {
        operationId: 'updateMeeting',
        summary: 'Change a meeting; those invited hear of it once it is convened',
        params,
        body: z.strictObject({
          title: z.string().trim().min(1).max(200).optional(),
          startsAt: instant.optional(),
          endsAt: instant.optional(),
          place: z.string().trim().max(300).optional(),
          urgent: z.boolean().optional(),
          chairId: z.uuid().nullable().optional().describe('representative'),
          secretaryId: z.uuid().nullable().optional().describe('person'),
          acknowledged: z.boolean().default(false).describe('whether unmet checks were seen'),
        }),
        response: { 200: meetingSchema },
      },
    },
    (request) =>
      inStanding(services, request, async (tx, standing, now) => {
        await changeMeeting(tx, standing, request.params.id, withoutUndefined(request.body))
        return describeMeeting(tx, standing, request.params.id, now)
      }),
  )

  app.post(
    `${base}/convening`,
    {
      config,
      schema: {
        operationId: 'conveneMeeting',
        summary: 'Convene a meeting: check what the agreement asks, and invite',
        params,
        body: z.strictObject({
          acknowledged: z.boolean().default(false).describe('whether unmet checks were seen'),
        }),
        response: { 200: meetingSchema },
      },
    },
    (request) =>
      inStanding(services, request, async (tx, standing, now) => {
        await conveneMeeting(tx, standing, request.params.id, request.body.acknowledged, now)
        return describeMeeting(tx, standing, request.params.id, now)
      }),
  )

  app.post(
    `${base}/opening`,
    {
      config,
      schema: {
        operationId: 'openMeeting',
        summary: 'Open a convened meeting',
        params,
        response: { 200: meetingSchema },
      },
    },
    (request) =>
      inStanding(services, request, async (tx, standing, now) => {
        await openMeeting(tx, standing, request.params.id, now)
        return describeMeeting(tx, standing, request.params.id, now)
      }),
  )

  app.post(
    `${base}/closing`,
    {
      config,
      schema: {
        operationId: 'closeMeeting',
        summary: 'Close a meeting: its minutes are written, and the journal is signed',
        params,
        body: z.strictObject({ withoutQuorum: z.boolean().default(false).describe('closed for want of a quorum') }),
        response: { 200: meetingSchema },
      },
    },
    (request) =>
      inStanding(services, request, async (tx, standing, now) => {
        const { timeZone } = request.tenant
        await closeMeeting(tx, standing, request.params.id, { ...request.body, timeZone }, now)
        await signCheckpoint(tx, services, standing.agreement, now)
        return describeMeeting(tx, standing, request.params.id, now)
      }),
  )

  app.post(
    `${base}/cancellation`,
    {
      config,
      schema: {
        operationId: 'cancelMeeting',
        summary: 'Cancel a meeting that has not begun',
        params,
        body: z.strictObject({ reason: z.string().trim().min(1).max(1000) }),
        response: { 200: meetingSchema },
      },
    },
    (request) =>
      inStanding(services, request, async (tx, standing, now) => {
        await cancelMeeting(tx, standing, request.params.id, request.body.reason, now)
        return describeMeeting(tx, standing, request.params.id, now)
      }),
  )

  app.post(
    `${base}/second-convening`,
    {
      config,
      schema: {
        operationId: 'conveneAgain',
        summary: 'Prepare the second convening of a meeting closed for want of a quorum, with the same agenda',
        params,
        body: z.strictObject({ startsAt: instant, endsAt: instant, place: z.string().trim().max(300).default('') }),
        response: { 201: z.object({ id: z.uuid() }) },
      },
    },
    async (request, reply) =>
      reply.status(201).send(
        await inStanding(services, request, async (tx, standing, now) => ({
          id: await conveneAgain(tx, standing, request.params.id, request.body, now),
        })),
      ),
  )
}

type Given<T> = { [K in keyof T]: Exclude<T[K], undefined> }

/** What a request gives, without what it leaves out. */
function withoutUndefined<T extends object>(body: T): Given<T> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as Given<T>
}
