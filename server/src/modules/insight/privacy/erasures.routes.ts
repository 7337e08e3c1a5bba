import { z } from 'zod'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { describeHeld, erase } from './erasures.ts'
import { findErasure, listErasures } from './erasures.queries.ts'

const identifier = z.string().trim().min(3).max(2_500).describe('`account|home page|name`, `mbox|mailto:…`, `lti|…`')
const copies = z
  .array(z.object({ name: z.string(), address: z.string(), statements: z.number() }))
  .describe('stores that may have been sent so many of the statements: they are to be asked there')

const erasureSchema = z.object({
  id: z.uuid(),
  mode: z.enum(['erase', 'unlink']),
  askedAt: z.date(),
  finishedAt: z.date().nullable(),
  receipt: z
    .object({
      statements: z.number().describe('what the person did'),
      mentions: z.number().describe('what others did, that spoke of the person'),
      documents: z.number(),
      attachments: z.number(),
      quarantined: z.number(),
      events: z.number().describe('in the analytics'),
      identifiers: z.number(),
      enrolments: z.number(),
      looks: z.number(),
      followUps: z.number(),
      launches: z.number(),
      copies,
    })
    .nullable(),
})

/** Erasing the traces of a person, with a receipt. */
export function registerErasures(app: App, services: Services): void {
  const config = { access: { right: 'insight.administer' } } as const

  app.get(
    '/api/insight/erasures',
    {
      config,
      schema: {
        operationId: 'listErasures',
        summary: 'Receipts of erasures, the latest first; they do not say of whom',
        response: { 200: z.object({ erasures: z.array(erasureSchema) }) },
      },
    },
    async (request) => {
      const { tenantId } = actorOf(request)
      return { erasures: await inTenant(services.db, tenantId, (tx) => listErasures(tx, 200)) }
    },
  )

  app.get(
    '/api/insight/erasures/:id',
    {
      config,
      schema: {
        operationId: 'getErasure',
        summary: 'The receipt of one erasure',
        params: z.object({ id: z.uuid() }),
        response: { 200: erasureSchema },
      },
    },
    async (request) => {
      const { tenantId } = actorOf(request)
      const found = await inTenant(services.db, tenantId, (tx) => findErasure(tx, request.params.id))
      if (!found) throw new Problem(404, 'erasure_unknown', 'There is no such receipt.')
      return found
    },
  )

  app.post(
    '/api/insight/erasures/held',
    {
      config,
      schema: {
        operationId: 'describeHeld',
        summary: 'What is held of a person: what an erasure would take away',
        body: z.object({ identifier }),
        response: {
          200: z.object({
            identities: z.array(z.string()),
            statements: z.number(),
            mentions: z.number(),
            documents: z.number(),
            quarantined: z.number(),
            events: z.number(),
            recipients: copies,
          }),
        },
      },
    },
    (request) => describeHeld(services, actorOf(request).tenantId, request.body.identifier),
  )

  app.post(
    '/api/insight/erasures',
    {
      config,
      schema: {
        operationId: 'erasePerson',
        summary: 'Erases a person everywhere here, or keeps what they did and forgets who it was; answers the receipt',
        body: z.object({ identifier, mode: z.enum(['erase', 'unlink']) }),
        response: { 201: erasureSchema },
      },
    },
    async (request, reply) => {
      const { tenantId, personId: actorPersonId } = actorOf(request)
      const erasure = await erase(services, { tenantId, ...request.body, actorPersonId })
      return reply.status(201).send(erasure)
    },
  )
}
