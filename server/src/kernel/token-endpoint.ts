import { z } from 'zod'
import type { App } from './http.ts'
import type { Tenant } from './tenancy.ts'

/** What a system shows to be given a token. */
export interface TokenRequest {
  id: string
  secret: string
  /** Scopes asked for, parted by spaces; undefined for all of its own. */
  scope: string | undefined
}

/** A token, or an error code of RFC 6749 §5.2. */
export type TokenAnswer = { token: string; scopes: string[]; seconds: number } | 'invalid_client' | 'invalid_scope'

export interface TokenEndpoint {
  path: string
  operationId: string
  summary: string
  /** What the credentials open, as a browser would name it. */
  realm: string
  issue(tenant: Tenant, request: TokenRequest): Promise<TokenAnswer>
}

const form = z.object({
  grant_type: z.string(),
  scope: z.string().max(1000).optional(),
  client_id: z.string().max(100).optional(),
  client_secret: z.string().max(200).optional(),
})

/** The token endpoint of systems: client credentials, by Basic or in the form (RFC 6749 §2.3.1, §4.4). */
export async function registerTokenEndpoint(app: App, endpoint: TokenEndpoint): Promise<void> {
  await app.register(async (scope: App) => {
    scope.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
      done(null, Object.fromEntries(new URLSearchParams(body.toString())))
    })
    // The errors of RFC 6749 §5.2; what was not foreseen tells nothing.
    scope.setErrorHandler((error, request, reply) => {
      const { statusCode = 500 } = error as { statusCode?: number }
      if (statusCode >= 500) request.log.error({ err: error, route: request.routeOptions.url }, 'request failed')
      return reply
        .status(statusCode >= 500 ? 500 : 400)
        .send({ error: statusCode >= 500 ? 'server_error' : 'invalid_request' })
    })
    scope.post(
      endpoint.path,
      {
        config: { access: 'public' },
        schema: {
          operationId: endpoint.operationId,
          summary: endpoint.summary,
          consumes: ['application/x-www-form-urlencoded'],
          body: form,
          response: {
            200: z.object({
              access_token: z.string(),
              token_type: z.literal('Bearer'),
              expires_in: z.number(),
              scope: z.string(),
            }),
            400: z.object({ error: z.string() }),
            401: z.object({ error: z.string() }),
          },
        },
      },
      async (request, reply) => {
        reply.header('cache-control', 'no-store')
        const { grant_type: grant, scope: asked } = request.body
        if (grant !== 'client_credentials') return reply.status(400).send({ error: 'unsupported_grant_type' })
        const { id, secret } = readBasic(request.headers.authorization) ?? {
          id: request.body.client_id ?? '',
          secret: request.body.client_secret ?? '',
        }
        const issued = await endpoint.issue(request.tenant, { id, secret, scope: asked })
        if (issued === 'invalid_client') {
          return reply.status(401).header('www-authenticate', `Basic realm="${endpoint.realm}"`).send({ error: issued })
        }
        if (issued === 'invalid_scope') return reply.status(400).send({ error: issued })
        const { token, seconds, scopes } = issued
        return reply.send({
          access_token: token,
          token_type: 'Bearer' as const,
          expires_in: seconds,
          scope: scopes.join(' '),
        })
      },
    )
  })
}

/** Both parts are form-encoded before they are joined (RFC 6749 §2.3.1). */
function readBasic(header: string | undefined): { id: string; secret: string } | undefined {
  const [, encoded] = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(header ?? '') ?? []
  if (encoded === undefined) return undefined
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString('utf8')) ?? []
  try {
    return { id: decodeURIComponent(id ?? ''), secret: decodeURIComponent(secret ?? '') }
  } catch {
    return { id: '', secret: '' }
  }
}
