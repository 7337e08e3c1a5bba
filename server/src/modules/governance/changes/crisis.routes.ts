import { z } from 'zod'
import { inStanding } from '../standing.ts'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { cents } from './change-schema.ts'
import { requestKey } from '../request-once.ts'
import { acknowledgeCrisis, addCrisisCost, consentToCost, decideInCrisis, describeCrises } from './crisis.ts'

const bySlug = z.object({ slug: z.string().max(80) })
const byId = bySlug.extend({ id: z.uuid() })
const base = '/api/governance/agreements/:slug/crises'

/** What the crisis body decides at once, who is told, and who consents to pay. */
export function registerCrises(app: App, services: Services): void {
  app.get(
    base,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'listCrises',
        summary: 'What the crisis body decided, who knows of it, who consented to pay, and what was spent',
        params: bySlug,
        response: {
          200: z.object({
            body: z.string(),
            article: z.string(),
            interpretation: z.string().nullable(),
            mayDecide: z.boolean(),
            consentFor: z.array(z.string()).describe('members of which the reader is a holder'),
            decisions: z.array(
              z.object({
                id: z.uuid(),
                number: z.string(),
                title: z.string(),
                text: z.string(),
                decidedAt: z.iso.datetime(),
                unread: z.boolean().describe('whether the reader was told and has not said to know'),
                parties: z.array(
                  z.object({
                    party: z.string(),
                    told: z.int().describe('people told'),
                    read: z.int().describe('of them, those who said to know'),
                    ceilingCents: cents
                      .nullable()
                      .describe('what the party agreed to pay at most; null for no consent'),
                    consentedAt: z.iso.datetime().nullable(),
                  }),
                ),
                costs: z.array(
                  z.object({
                    id: z.uuid(),
                    party: z.string(),
                    label: z.string(),
                    amountCents: cents,
                    at: z.iso.datetime(),
                  }),
                ),
              }),
            ),
          }),
        },
      },
    },
    (request) => inStanding(services, request, describeCrises),
  )

  app.post(
    base,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'decideInCrisis',
        summary: 'Decides at once for the crisis body, once for each request key; every party is told',
        params: bySlug,
        body: z.object({
          requestKey,
          title: z.string().trim().min(1).max(200),
          text: z.string().trim().min(1).max(20_000),
        }),
        response: {
          201: z.object({
            id: z.uuid(),
            number: z.string(),
            told: z.int().describe('people told'),
            unreached: z.array(z.string()).describe('parties for which nobody sits'),
          }),
        },
      },
    },
    async (request, reply) =>
      reply
        .status(201)
        .send(
          await inStanding(services, request, (tx, standing, now) => decideInCrisis(tx, standing, request.body, now)),
        ),
  )

  app.put(
    `${base}/:id/consent`,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'consentToCrisisCost',
        summary: 'Says up to how much in all a party agrees to pay for a decision of the crisis body',
        params: byId,
        body: z.object({ party: z.string(), ceilingCents: cents }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const { party, ceilingCents } = request.body
      await inStanding(services, request, (tx, standing, now) =>
        consentToCost(tx, standing, request.params.id, { party, ceilingCents: BigInt(ceilingCents) }, now),
      )
      return reply.status(204).send(null)
    },
  )

  app.post(
    `${base}/:id/costs`,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'addCrisisCost',
        summary: 'Adds a cost of a decision of the crisis body to a party that consented to it',
        params: byId,
        body: z.object({
          requestKey,
          party: z.string(),
          label: z.string().trim().min(1).max(200),
          amountCents: cents.refine((value) => BigInt(value) > 0n, 'more than nothing'),
        }),
        response: { 201: z.object({ id: z.uuid() }) },
      },
    },
    async (request, reply) => {
      const { amountCents, ...input } = request.body
      const cost = await inStanding(services, request, (tx, standing, now) =>
        addCrisisCost(tx, standing, request.params.id, { ...input, amountCents: BigInt(amountCents) }, now),
      )
      return reply.status(201).send(cost)
    },
  )

  app.put(
    `${base}/:id/known`,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'acknowledgeCrisis',
        summary: 'Says that one knows of a decision of the crisis body',
        params: byId,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await inStanding(services, request, (tx, standing, now) =>
        acknowledgeCrisis(tx, standing, request.params.id, now),
      )
      return reply.status(204).send(null)
    },
  )
}
