import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import cookie from '@fastify/cookie'
import helmet from '@fastify/helmet'
import swagger from '@fastify/swagger'
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyRequest,
  LogController,
  type RawServerDefault,
} from 'fastify'
import {
  hasZodFastifySchemaValidationErrors,
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod'
import { type Access, type Actor, type Client, isAllowed, type Viewer } from './access.ts'
import { isDatabaseAway } from './postgres.ts'
import { describeError, Problem, toProblemBody } from './problem.ts'
import type { Tenant } from './tenancy.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call the route: `'public'`, `'signed-in'`, `'viewer'`, a right, or scopes of a token. Required. */
    access?: Access
    /** Takes forms that pages of other sites send, as identity providers do: it reads no cookie. */
    crossSite?: true
    /** Public, and of one tenant, though it is not under `/api/`: `request.tenant` is known. */
    ofTenant?: true
  }
  interface FastifyRequest {
    tenant: Tenant
    actor: Actor | undefined
    client: Client | undefined
    viewer: Viewer | undefined
  }
}

/** The HTTP server as modules see it: zod schemas give the types. */
export type App = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>

export interface HttpOptions {
  publicUrl: string
  logLevel: string
  findTenant: (host: string | undefined) => Promise<Tenant>
  /** Finds who makes a request; undefined when nobody is signed in. */
  authenticate: (request: FastifyRequest) => Promise<Actor | undefined>
  /** Finds which system holds the token of a request; undefined when it holds none that is good. */
  authenticateClient: (request: FastifyRequest) => Promise<Client | undefined>
  /** Finds who looks at learning dashboards, from the signed-in person or a launch's token; undefined for nobody. */
  findViewer: (request: FastifyRequest) => Promise<Viewer | undefined>
}

/**
 * Builds the HTTP server: validation and OpenAPI from zod schemas, access declared by every route, problem+json,
 * security headers, and logs that hold no personal data (route pattern, status, duration; never a URL or a body).
 */
export async function createHttp(options: HttpOptions): Promise<App> {
  const app: App = fastify({
    logger:
      options.logLevel === 'silent'
        ? false
        : { level: options.logLevel, serializers: { req: () => ({}), err: describeError } },
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    bodyLimit: 1_048_576,
    // Long-lived idle connections would keep a stopping server from ending.
    forceCloseConnections: 'idle',
  }).withTypeProvider<ZodTypeProvider>()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  const secure = options.publicUrl.startsWith('https:')

  await app.register(cookie)
  const securityHeaders = await listSecurityHeaders(secure)
  app.addHook('onRequest', (_request, reply, done) => {
    for (const [name, value] of securityHeaders) reply.raw.setHeader(name, value)
    done()
  })
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Préau',
        version: '0.1.0',
        description:
          'The public API of Préau; the web application uses nothing else. A refusal is problem+json (RFC 9457) with a ' +
          'stable `code`; `x-access` says who may call.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
    },
    transform(input) {
      const { schema, url } = jsonSchemaTransform(input)
      // Readers of the API see who may call each route.
      return { schema: { ...schema, 'x-access': describeAccess(input.route.config?.access) }, url }
    },
  })

  app.addHook('onRoute', (route) => {
    if (route.config?.access === undefined)
      throw new Error(`Route ${String(route.method)} ${route.url} states no access.`)
    if (route.config.access !== 'public' && !isForClients(route.config.access) && !route.url.startsWith('/api/'))
      throw new Error(`Route ${String(route.method)} ${route.url} is open to everyone: it is not under /api/.`)
  })
  app.addHook('onRequest', async (request) => {
    const access = request.routeOptions.config.access
    if (isForClients(access)) {
      request.tenant = await options.findTenant(request.headers.host)
      request.client = await options.authenticateClient(request)
      if (!request.client) throw new Problem(401, 'token_required', 'This is for systems that hold an access token.')
      if (request.client.scopes.some((scope) => access.scopes.includes(scope))) return
      throw new Problem(403, 'scope_insufficient', `The token needs one of: ${access.scopes.join(' ')}.`)
    }
    if (request.routeOptions.config.ofTenant) request.tenant = await options.findTenant(request.headers.host)
    // No route: the not-found handler answers and needs neither tenant nor actor.
    if (access === undefined || !request.routeOptions.url?.startsWith('/api/')) return
    if (!request.routeOptions.config.crossSite) refuseForeignOrigin(request)
    request.tenant = await options.findTenant(request.headers.host)
    request.actor = await options.authenticate(request)
    if (access === 'viewer') {
      request.viewer = await options.findViewer(request)
      if (request.viewer) return
    }
    if (isAllowed(access, request.actor)) return
    if (!request.actor) throw new Problem(401, 'sign_in_required', 'Sign in to use this.')
    throw new Problem(403, 'not_allowed', 'Your rights do not include this.')
  })
  app.addHook('onSend', async (request, reply) => {
    // Answers are one person's, or one system's: no cache between keeps them.
    const { url, config } = request.routeOptions
    if ((url?.startsWith('/api/') || isForClients(config.access)) && !reply.hasHeader('cache-control')) {
      reply.header('cache-control', 'no-store')
    }
  })
  app.addHook('onResponse', async (request, reply) => {
    request.log.info(
      {
        method: request.method,
        route: request.routeOptions.url ?? 'none',
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
      },
      'answered',
    )
  })

  app.setErrorHandler(async (error, request, reply) => {
    const problem = toProblem(error)
    if (problem.status >= 500) request.log.error({ err: error, route: request.routeOptions.url }, 'request failed')
    const { retryAfter } = problem.extra
    if (typeof retryAfter === 'number') reply.header('retry-after', retryAfter)
    return reply.status(problem.status).type('application/problem+json').send(toProblemBody(problem, request.id))
  })
  app.setNotFoundHandler(async (request, reply) => {
    const problem = new Problem(404, 'not_found', 'Nothing is served at this address.')
    return reply.status(404).type('application/problem+json').send(toProblemBody(problem, request.id))
  })
  return app
}

/** Helmet's headers. They are the same on every answer, and it would make them anew each time: 40 µs a request. */
async function listSecurityHeaders(secure: boolean): Promise<[string, string][]> {
  const probe = fastify()
  await probe.register(helmet, {
    contentSecurityPolicy: {
      directives: {
        defaultSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        objectSrc: ["'none'"],
        frameAncestors: ["'self'"],
        upgradeInsecureRequests: secure ? [] : null,
      },
    },
    strictTransportSecurity: secure ? { maxAge: 31_536_000 } : false,
    referrerPolicy: { policy: 'same-origin' },
    crossOriginOpenerPolicy: secure,
    originAgentCluster: secure,
  })
  probe.get('/', (_request, reply) => reply.send())
  const { headers } = await probe.inject('/')
  await probe.close()
  const ofEachAnswer = ['content-length', 'date', 'connection']
  return Object.entries(headers)
    .filter(([name]) => !ofEachAnswer.includes(name))
    .map(([name, value]) => [name, String(value)])
}

/** The signed-in person of a request whose route is not public. */
export function actorOf(request: FastifyRequest): Actor {
  if (!request.actor) throw new Problem(401, 'sign_in_required', 'Sign in to use this.')
  return request.actor
}

/** Who looks, in a request to a route of learning dashboards. */
export function viewerOf(request: FastifyRequest): Viewer {
  if (!request.viewer) throw new Problem(401, 'sign_in_required', 'Sign in, or come from your course.')
  return request.viewer
}

const isForClients = (access: Access | undefined): access is { scopes: string[] } =>
  typeof access === 'object' && 'scopes' in access

/** The system that makes a request to a route for systems. */
export function clientOf(request: FastifyRequest): Client {
  if (!request.client) throw new Problem(401, 'token_required', 'This is for systems that hold an access token.')
  return request.client
}

function describeAccess(access: Access | undefined): string {
  if (isForClients(access)) return `scope:${access.scopes.map((scope) => scope.split('/').at(-1)).join(',')}`
  return typeof access === 'object' ? `right:${access.right}` : (access ?? 'unstated')
}

// A page of another site can send a form with the visitor's cookie; browsers tell where a request comes from.
function refuseForeignOrigin(request: FastifyRequest): void {
  if (request.method === 'GET' || request.method === 'HEAD' || request.method === 'OPTIONS') return
  const origin = request.headers.origin
  const site = request.headers['sec-fetch-site']
  const foreign =
    (site !== undefined && site !== 'same-origin' && site !== 'none') ||
    (origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== request.headers.host))
  if (foreign) throw new Problem(403, 'foreign_origin', 'This request comes from another site.')
}

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (hasZodFastifySchemaValidationErrors(error)) {
    const errors = error.validation.map((each) => ({
      pointer: `/${error.validationContext ?? 'body'}${each.instancePath}`,
      detail: each.message ?? 'invalid',
    }))
    return new Problem(400, 'invalid_request', 'Some values cannot be used.', { errors })
  }
  const { statusCode, code, message } = error as { statusCode?: number; code?: string; message: string }
  // SQLSTATE: a character that PostgreSQL holds in no text (U+0000), in whatever field it came; half a character (a lone
  // surrogate), which no canonical JSON holds.
  if (code === '22021' || code === '22P05' || message === 'Lone surrogate is not allowed')
    return new Problem(400, 'invalid_text', 'A text holds a character that cannot be kept.')
  // A number or a day beyond those of PostgreSQL: the year 0, a count of twenty digits.
  if (code === '22003' || code === '22008')
    return new Problem(400, 'invalid_request', 'A number or a day is out of range.')
  if (code === '53100') return new Problem(503, 'storage_full', 'The disk of the database is full.', { retryAfter: 60 })
  if (isDatabaseAway(error))
    return new Problem(503, 'database_unavailable', 'The database does not answer now.', { retryAfter: 5 })
  // The statement timeout of requests.
  if (code === '57014')
    return new Problem(503, 'database_busy', 'The database took too long to answer.', { retryAfter: 30 })
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new Problem(statusCode, (code ?? 'invalid_request').replace(/^FST_(ERR_)?/, '').toLowerCase(), message)
  }
  return new Problem(500, 'internal_error', 'Something went wrong on our side; it was recorded.')
}
