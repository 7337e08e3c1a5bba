import { z } from 'zod'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inSnapshot } from '#kernel/postgres'
import { actorOf } from '#kernel/http'
import { partyKinds } from '../agreements/agreement-schema.ts'
import { inStanding, getStanding } from '../standing.ts'
import { recordDeparture, simulateDeparture } from './departures.ts'
import { describeMembership } from './membership-view.ts'
import { simulation } from './simulation-schema.ts'

const bySlug = z.object({ slug: z.string().max(80) })
const base = '/api/governance/agreements/:slug/membership'
const steps = z.enum(['request', 'examination', 'approval', 'deliberationOfEveryMember', 'amendmentSigned'])
const notice = z.object({ article: z.string(), noticeMonths: z.int(), interpretation: z.string().nullable() })
const period = z.object({
  joinedOn: z.iso.date().nullable().describe('null: since the agreement began'),
  lastDay: z.iso.date().nullable().describe('last day as a member; null for who stays'),
})
const member = period.extend({
  party: z.string(),
  name: z.string(),
  earlier: z.array(period).describe('memberships that ended before it joined again'),
})
const departure = z.object({
  kind: z.enum(['leaving', 'termination']),
  party: z.string().max(80),
  notifiedOn: z.iso.date().describe('day on which the notice was given'),
})

/** The members of a consortium: who they are, who leaves, and what that brings about. */
export function registerMembership(app: App, services: Services): void {
  app.get(
    base,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'getMembership',
        summary: 'The members, who asks to join, who leaves, and by which rules',
        params: bySlug,
        response: {
          200: z.object({
            members: z.array(member),
            former: z
              .array(member.extend({ kind: z.enum(partyKinds) }))
              .describe('who left, and may ask to join again under its key'),
            weightedBodies: z.array(z.string()).describe('bodies in which a new member is given voices'),
            joining: z.object({
              article: z.string(),
              interpretation: z.string().nullable(),
              approvedBy: z.string(),
              steps: z.array(steps),
              meetings: z.array(z.object({ id: z.uuid(), title: z.string(), startsAt: z.iso.datetime() })),
            }),
            leaving: notice,
            termination: notice,
            leavesFor: z.array(z.string()).describe('members of which the reader is a holder'),
            acts: z.array(
              z.object({
                id: z.uuid(),
                kind: z.enum(['joining', 'leaving', 'termination']),
                party: z.string(),
                name: z.string(),
                reason: z.string(),
                state: z.enum([...steps.options, 'refused', 'recorded']),
                next: steps.nullable(),
                notifiedOn: z.iso.date(),
                noticeEndsOn: z.iso.date().nullable(),
                lastDay: z.iso.date().nullable(),
                joinsOn: z.iso.date().nullable().describe('first day as a member, while it is to come'),
                article: z.string(),
                decisionId: z.uuid().nullable(),
                steps: z.array(z.object({ step: z.string(), note: z.string(), at: z.iso.datetime() })),
                deliberations: z.array(
                  z.object({ party: z.string(), adopted: z.boolean(), on: z.iso.date(), reference: z.string() }),
                ),
              }),
            ),
          }),
        },
      },
    },
    (request) => inStanding(services, request, describeMembership),
  )

  app.get(
    `${base}/simulation`,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'simulateDeparture',
        summary: 'What a departure would bring about; nothing is written',
        params: bySlug,
        querystring: departure,
        response: { 200: simulation },
      },
    },
    (request) => {
      const actor = actorOf(request)
      const now = services.now()
      // Read only: the database itself refuses to write anything of it.
      return inSnapshot(services.db, actor.tenantId, async (tx) =>
        simulateDeparture(tx, await getStanding(tx, actor, request.params.slug, now), request.query),
      )
    },
  )

  app.post(
    `${base}/departures`,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'recordMemberDeparture',
        summary: 'Records that a member leaves or is made to; the agreement is amended',
        params: bySlug,
        body: departure.extend({ reason: z.string().trim().max(2_000) }),
        response: {
          201: z.object({
            id: z.uuid(),
            effectiveOn: z.iso.date(),
            version: z.int().describe('of the agreement, as amended'),
          }),
        },
      },
    },
    async (request, reply) =>
      reply
        .status(201)
        .send(
          await inStanding(services, request, (tx, standing, now) => recordDeparture(tx, standing, request.body, now)),
        ),
  )
}
