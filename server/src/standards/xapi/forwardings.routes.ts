import { z } from 'zod'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { createForwarding, getForwarding, pauseForwarding, removeForwarding, replayForwarding } from './forwardings.ts'
import { type Forwarding, listForwardings, listRefusals } from './forwardings.queries.ts'

const iris = z.array(z.string().trim().min(1).max(2000)).max(100)

/** What is told of a new forwarding, by a page or by a command. */
export const newForwarding = z.object({
  name: z.string().trim().min(1).max(100),
  endpoint: z.url({ protocol: /^https?$/ }).max(500),
  key: z.string().regex(/^[^:]{1,200}$/, 'A key holds no colon.'),
  version: z.enum(['1.0.3', '2.0.0']).default('1.0.3'),
  verbs: iris.default([]),
  activities: iris.default([]),
  sourceIds: z.array(z.uuid()).max(100).default([]),
  fromStart: z.boolean().default(false).describe('whether what is in the store already is sent too'),
})

const forwardingSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  endpoint: z.string(),
  key: z.string(),
  version: z.enum(['1.0.3', '2.0.0']),
  verbs: z.array(z.string()),
  activities: z.array(z.string()),
  sourceIds: z.array(z.uuid()),
  upTo: z.iso.datetime().nullable().describe('what was stored until then was dealt with'),
  sent: z.number(),
  refused: z.number().describe('statements that the other store would not take'),
  paused: z.boolean(),
  failure: z
    .object({ code: z.string(), status: z.number().nullable() })
    .nullable()
    .describe('why the last try failed, with the HTTP status answered'),
  nextTryAt: z.iso.datetime(),
  sentAt: z.iso.datetime().nullable(),
})

const params = z.object({ id: z.uuid() })

/** Other stores that statements are sent on to, for those who administer records. */
export function registerForwardings(app: App, services: Services): void {
  const config = { access: { right: 'records.administer' } } as const
  const byOf = (request: Parameters<typeof actorOf>[0]) => {
    const { tenantId, personId } = actorOf(request)
    return { tenantId, actorPersonId: personId }
  }

  app.get(
    '/api/records/forwardings',
    {
      config,
      schema: {
        operationId: 'listForwardings',
        summary: 'Other stores that learning records are sent on to',
        response: { 200: z.object({ forwardings: z.array(forwardingSchema) }) },
      },
    },
    async (request) => ({
      forwardings: (await inTenant(services.db, byOf(request).tenantId, listForwardings)).map(describe),
    }),
  )

  app.post(
    '/api/records/forwardings',
    {
      config,
      schema: {
        operationId: 'createForwarding',
        summary: 'Send learning records on to another store; its secret is never told again',
        body: newForwarding.extend({ secret: z.string().min(1).max(500) }),
        response: { 201: forwardingSchema },
      },
    },
    async (request, reply) =>
      reply.status(201).send(describe(await createForwarding(services, byOf(request), request.body))),
  )

  app.get(
    '/api/records/forwardings/:id/refusals',
    {
      config,
      schema: {
        operationId: 'listForwardingRefusals',
        summary: 'The latest statements that the other store would not take',
        params,
        response: {
          200: z.object({
            refusals: z.array(z.object({ statementId: z.uuid(), status: z.number(), refusedAt: z.iso.datetime() })),
          }),
        },
      },
    },
    (request) =>
      inTenant(services.db, byOf(request).tenantId, async (tx) => {
        const { id } = await getForwarding(tx, request.params.id)
        const refusals = await listRefusals(tx, id)
        return { refusals: refusals.map((each) => ({ ...each, refusedAt: each.refusedAt.toISOString() })) }
      }),
  )

  app.put(
    '/api/records/forwardings/:id/paused',
    {
      config,
      schema: {
        operationId: 'pauseForwarding',
        summary: 'Stop sending, or go on where it stopped, at once',
        params,
        body: z.object({ paused: z.boolean() }),
        response: { 200: forwardingSchema },
      },
    },
    async (request) => describe(await pauseForwarding(services, byOf(request), request.params.id, request.body.paused)),
  )

  app.post(
    '/api/records/forwardings/:id/replay',
    {
      config,
      schema: {
        operationId: 'replayForwarding',
        summary: 'Send again what was stored after a moment; what the other store has stays as it is',
        params,
        body: z.object({ since: z.coerce.date().min(new Date(0)) }),
        response: { 200: forwardingSchema },
      },
    },
    async (request) => describe(await replayForwarding(services, byOf(request), request.params.id, request.body.since)),
  )

  app.delete(
    '/api/records/forwardings/:id',
    {
      config,
      schema: {
        operationId: 'removeForwarding',
        summary: 'Forget another store and its secret; what was sent stays there',
        params,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await removeForwarding(services, byOf(request), request.params.id)
      return reply.status(204).send(null)
    },
  )
}

function describe(forwarding: Forwarding): z.infer<typeof forwardingSchema> {
  const { cursor, attempts: _attempts, createdAt: _createdAt, nextTryAt, sentAt, ...told } = forwarding
  return {
    ...told,
    upTo: cursor === 0 ? null : new Date(cursor / 1000).toISOString(),
    nextTryAt: nextTryAt.toISOString(),
    sentAt: sentAt?.toISOString() ?? null,
  }
}
