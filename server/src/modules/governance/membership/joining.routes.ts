import { z } from 'zod'
import { partyKinds } from '../agreements/agreement-schema.ts'
import { inStanding } from '../standing.ts'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { examineJoining, recordDeliberation, requestJoining, scheduleJoining, signAmendment } from './joining.ts'

const bySlug = z.object({ slug: z.string().max(80) })
const byId = bySlug.extend({ id: z.uuid() })
const base = '/api/governance/agreements/:slug/membership/joinings'
const text = z.string().trim().max(5_000)
const moved = z.object({
  state: z.enum([
    'request',
    'examination',
    'approval',
    'deliberationOfEveryMember',
    'amendmentSigned',
    'refused',
    'recorded',
  ]),
})

/** Joining a consortium, step by step as the agreement says; the approval comes from the vote of its body. */
export function registerJoining(app: App, services: Services): void {
  app.post(
    base,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'requestJoining',
        summary: 'Records that somebody asks to join, for the first time or again',
        params: bySlug,
        body: z.object({
          party: z
            .string()
            .max(80)
            .regex(/^[a-z][a-z0-9-]*$/, 'lower-case letters, digits and hyphens, beginning with a letter')
            .describe('key under which the agreement will know it, or knew it before it left'),
          name: z.string().trim().min(1).max(200),
          kind: z.enum(partyKinds),
          requestedOn: z.iso.date(),
          reason: text,
        }),
        response: { 201: z.object({ id: z.uuid() }) },
      },
    },
    async (request, reply) =>
      reply
        .status(201)
        .send(
          await inStanding(services, request, (tx, standing, now) => requestJoining(tx, standing, request.body, now)),
        ),
  )

  app.post(
    `${base}/:id/examination`,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'examineJoining',
        summary: 'Says that a request was examined, and what was found',
        params: byId,
        body: z.object({ note: text }),
        response: { 200: moved },
      },
    },
    (request) =>
      inStanding(services, request, (tx, standing, now) =>
        examineJoining(tx, standing, request.params.id, request.body.note, now),
      ),
  )

  app.post(
    `${base}/:id/agenda`,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'scheduleJoining',
        summary: 'Puts a request on the agenda of a meeting of the body that approves it',
        params: byId,
        body: z.object({ meetingId: z.uuid() }),
        response: { 200: z.object({ agendaItemId: z.uuid() }) },
      },
    },
    (request) =>
      inStanding(services, request, (tx, standing, now) =>
        scheduleJoining(tx, standing, request.params.id, request.body.meetingId, now),
      ),
  )

  app.post(
    `${base}/:id/deliberations`,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'recordDeliberation',
        summary: 'Records what the deliberative body of a member decided about a request',
        params: byId,
        body: z.object({ party: z.string(), adopted: z.boolean(), on: z.iso.date(), reference: text }),
        response: { 200: moved },
      },
    },
    (request) =>
      inStanding(services, request, (tx, standing, now) =>
        recordDeliberation(tx, standing, request.params.id, request.body, now),
      ),
  )

  app.post(
    `${base}/:id/amendment`,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'signAmendment',
        summary: 'Signs the amendment: a new version of the agreement, with the new member',
        params: byId,
        body: z.object({
          joinedOn: z.iso.date(),
          voices: z
            .record(
              z.string(),
              z
                .string()
                .regex(/^\d{1,6}([.,]\d{1,3})?$/, 'a number of voices, such as 1.5')
                // As rules write them, and open data tell them.
                .transform((text) => text.replace(',', '.')),
            )
            .describe('by body, where each voter has its own'),
        }),
        response: { 200: moved.extend({ version: z.int() }) },
      },
    },
    (request) =>
      inStanding(services, request, (tx, standing, now) =>
        signAmendment(tx, standing, request.params.id, request.body, now),
      ),
  )
}
