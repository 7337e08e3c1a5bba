import { z } from 'zod'
import { listOrganisationNamesOf } from '#modules/directory'
import { addressOf } from '#modules/identity'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { createClient, listClientsAs, withdrawClientAs } from './clients.ts'
import type { OneRosterClient } from './clients.queries.ts'
import { servicePath } from './discovery.ts'
import { rosterScopeNames, rosterScopes } from './scopes.ts'
import { tokenPath } from './token.routes.ts'

const clientSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  organisation: z
    .object({ id: z.uuid(), name: z.string() })
    .nullable()
    .describe('perimeter; null for the whole workspace'),
  scopes: z.array(z.enum(rosterScopeNames)),
  contactDetails: z.boolean().describe('whether it is told e-mail addresses and telephone numbers'),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().nullable(),
})

/** Systems that may read a part of the directory, for those who administer that part. */
export function registerClients(app: App, services: Services): void {
  const config = { access: { right: 'directory.administer', somewhere: true } } as const

  app.get(
    '/api/oneroster/clients',
    {
      config,
      schema: {
        operationId: 'listOneRosterClients',
        summary: 'Systems that may read rosters within one’s own perimeter',
        response: {
          200: z.object({ serviceUrl: z.string(), tokenUrl: z.string(), clients: z.array(clientSchema) }),
        },
      },
    },
    (request) => {
      const actor = actorOf(request)
      return inTenant(services.db, actor.tenantId, async (tx) => {
        const clients = await listClientsAs(tx, actor)
        const address = addressOf(services, request.tenant)
        return {
          serviceUrl: new URL(servicePath, address).href,
          tokenUrl: new URL(tokenPath, address).href,
          clients: await Promise.all(clients.map((client) => describe(tx, client))),
        }
      })
    },
  )

  app.post(
    '/api/oneroster/clients',
    {
      config,
      schema: {
        operationId: 'createOneRosterClient',
        summary: 'Lets a system read rosters; its secret is answered once',
        body: z.object({
          name: z.string().trim().min(1).max(100),
          organisationId: z.uuid().nullable(),
          scopes: z.array(z.enum(rosterScopeNames)).min(1),
          contactDetails: z.boolean().default(false),
        }),
        response: { 201: z.object({ client: clientSchema, secret: z.string() }) },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      const created = await inTenant(services.db, actor.tenantId, async (tx) => {
        const { client, secret } = await createClient(tx, actor, request.body, services.now())
        return { client: await describe(tx, client), secret }
      })
      return reply.status(201).send(created)
    },
  )

  app.delete(
    '/api/oneroster/clients/:id',
    {
      config,
      schema: {
        operationId: 'withdrawOneRosterClient',
        summary: 'Ends a system’s access, at once',
        params: z.object({ id: z.uuid() }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      await inTenant(services.db, actor.tenantId, (tx) =>
        withdrawClientAs(tx, actor, request.params.id, services.now()),
      )
      return reply.status(204).send(null)
    },
  )
}

async function describe(tx: Tx, client: OneRosterClient): Promise<z.infer<typeof clientSchema>> {
  const { id, name, organisationId, scopes, contactDetails, createdAt, lastUsedAt } = client
  const [organisation] = organisationId === null ? [] : await listOrganisationNamesOf(tx, [organisationId])
  return {
    id,
    name,
    organisation: organisation ?? null,
    scopes: rosterScopeNames.filter((each) => scopes.includes(rosterScopes[each])),
    contactDetails,
    createdAt: createdAt.toISOString(),
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  }
}
