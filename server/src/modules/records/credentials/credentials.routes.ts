import { z } from 'zod'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { registerTokenEndpoint } from '#kernel/token-endpoint'
import { issueToken } from './authentication.ts'
import { createCredential, withdrawCredentialAs } from './credentials.ts'
import { type Credential, listCredentials } from './credentials.queries.ts'
import { recordScopes } from './scopes.ts'

const tokenPath = '/api/records/token'

const credentialSchema = z.object({
  id: z.uuid(),
  sourceId: z.uuid(),
  name: z.string().describe('of its source'),
  key: z.string(),
  scopes: z.array(z.enum(recordScopes)).describe('xAPI 1.0.3 part 3 §4.2'),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().nullable().describe('to the hour'),
})

/** What may send and read records, for those who administer them; and where it is given tokens. */
export async function registerCredentials(app: App, services: Services): Promise<void> {
  const config = { access: { right: 'records.administer' } } as const

  await registerTokenEndpoint(app, {
    path: tokenPath,
    operationId: 'issueRecordsToken',
    summary: 'An access token for a key of the record store and its secret (RFC 6749 §4.4)',
    realm: 'Préau xAPI',
    issue: (tenant, request) => inTenant(services.db, tenant.id, (tx) => issueToken(tx, request, services.now())),
  })

  app.get(
    '/api/records/credentials',
    {
      config,
      schema: {
        operationId: 'listRecordCredentials',
        summary: 'What may send and read learning records',
        response: {
          200: z.object({ endpoint: z.string(), tokenUrl: z.string(), credentials: z.array(credentialSchema) }),
        },
      },
    },
    async (request) => {
      const { tenantId } = actorOf(request)
      const credentials = await inTenant(services.db, tenantId, listCredentials)
      return {
        endpoint: `${services.publicUrl}/xapi`,
        tokenUrl: `${services.publicUrl}${tokenPath}`,
        credentials: credentials.map(describe),
      }
    },
  )

  app.post(
    '/api/records/credentials',
    {
      config,
      schema: {
        operationId: 'createRecordCredential',
        summary: 'Lets a source send and read learning records; its secret is answered once',
        body: z.object({
          name: z.string().trim().min(1).max(200),
          scopes: z.array(z.enum(recordScopes)).min(1),
        }),
        response: { 201: z.object({ credential: credentialSchema, secret: z.string() }) },
      },
    },
    async (request, reply) => {
      const { tenantId, personId } = actorOf(request)
      const { credential, secret } = await inTenant(services.db, tenantId, (tx) =>
        createCredential(tx, personId, request.body, services.now()),
      )
      return reply.status(201).send({ credential: describe(credential), secret })
    },
  )

  app.delete(
    '/api/records/credentials/:id',
    {
      config,
      schema: {
        operationId: 'withdrawRecordCredential',
        summary: 'Ends the access of a key, within seconds; what it sent stays',
        params: z.object({ id: z.uuid() }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const { tenantId, personId } = actorOf(request)
      const { id } = request.params
      await inTenant(services.db, tenantId, (tx) => withdrawCredentialAs(tx, personId, { id }, services.now()))
      return reply.status(204).send(null)
    },
  )
}

function describe({
  id,
  sourceId,
  name,
  key,
  scopes,
  createdAt,
  lastUsedAt,
}: Credential): z.infer<typeof credentialSchema> {
  return {
    id,
    sourceId,
    name,
    key,
    scopes,
    createdAt: createdAt.toISOString(),
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  }
}
