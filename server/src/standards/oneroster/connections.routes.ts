import { z } from 'zod'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { createConnection, fetchQueue, removeConnection } from './connections.ts'
import { type Connection, findConnection, listConnections } from './connections.queries.ts'

const connectionSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  serviceUrl: z.string(),
  clientId: z.string(),
  nightly: z.boolean(),
  fetchedAt: z.iso.datetime().nullable(),
  failure: z
    .object({ code: z.string(), status: z.number().nullable() })
    .nullable()
    .describe('why the last fetch failed, with the HTTP status answered'),
  importId: z.uuid().nullable().describe('the import of the last fetch that went well'),
})

const address = z.url({ protocol: /^https?$/ }).max(500)

/** Rostering services the directory is fed from, for those who import. */
export function registerConnections(app: App, services: Services): void {
  const config = { access: { right: 'directory.import' } } as const

  app.get(
    '/api/oneroster/connections',
    {
      config,
      schema: {
        operationId: 'listOneRosterConnections',
        summary: 'Rostering services the directory is fed from',
        response: { 200: z.object({ connections: z.array(connectionSchema) }) },
      },
    },
    (request) =>
      inTenant(services.db, actorOf(request).tenantId, async (tx) => ({
        connections: (await listConnections(tx)).map(describe),
      })),
  )

  app.post(
    '/api/oneroster/connections',
    {
      config,
      schema: {
        operationId: 'createOneRosterConnection',
        summary: 'Feed the directory from a rostering service; its secret is never told again',
        body: z.object({
          name: z.string().trim().min(1).max(60),
          serviceUrl: address,
          tokenUrl: address,
          clientId: z.string().min(1).max(200),
          secret: z.string().min(1).max(500),
          nightly: z.boolean().default(true),
        }),
        response: { 201: connectionSchema },
      },
    },
    async (request, reply) => {
      const { tenantId, personId: actorPersonId } = actorOf(request)
      const connection = await createConnection(services, { ...request.body, tenantId, actorPersonId })
      return reply.status(201).send(describe(connection))
    },
  )

  const params = z.object({ id: z.uuid() })

  app.post(
    '/api/oneroster/connections/:id/fetch',
    {
      config,
      schema: {
        operationId: 'fetchOneRosterConnection',
        summary: 'Ask for a service to be read now; its import then waits for a review',
        params,
        response: { 202: z.null() },
      },
    },
    async (request, reply) => {
      const { tenantId, personId: actorPersonId } = actorOf(request)
      await inTenant(services.db, tenantId, async (tx) => {
        const { id: connectionId } = request.params
        if (!(await findConnection(tx, connectionId))) {
          throw new Problem(404, 'connection_unknown', 'There is no such service.')
        }
        await services.jobs.enqueue(tx, fetchQueue, { tenantId, connectionId, actorPersonId })
      })
      return reply.status(202).send(null)
    },
  )

  app.delete(
    '/api/oneroster/connections/:id',
    {
      config,
      schema: {
        operationId: 'removeOneRosterConnection',
        summary: 'Forget a service and its secret',
        params,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const { tenantId, personId: actorPersonId } = actorOf(request)
      await removeConnection(services, { tenantId, id: request.params.id, actorPersonId })
      return reply.status(204).send(null)
    },
  )
}

function describe(connection: Connection): z.infer<typeof connectionSchema> {
  const { id, name, serviceUrl, clientId, nightly, fetchedAt, failure, importId } = connection
  return { id, name, serviceUrl, clientId, nightly, fetchedAt: fetchedAt?.toISOString() ?? null, failure, importId }
}
