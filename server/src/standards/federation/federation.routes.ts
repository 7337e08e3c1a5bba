import type { FastifyReply, FastifyRequest } from 'fastify'
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import {
  closeDeparture,
  cookieOptions,
  departureMinutes,
  findProvider,
  getProvider,
  type Proven,
  type Provider,
  readBrowser,
  setArrivalCookie,
  setSessionCookie,
  takeAnswer,
  takeSignOut,
  welcome,
} from '#modules/identity'
import { registerSaml } from '../saml/saml.routes.ts'
import { countOutcome } from './availability.ts'
import type { Go } from './protocol.ts'
import type { Protocols } from './protocols.ts'

const cookieName = 'preau_federation'
const path = '/api/federation'
const slug = z.string().regex(/^[a-z0-9-]{1,40}$/)
const redirected = z.null().describe('to the provider, to the page asked for, or to `/sign-in?problem=<code>`')

/** Out to an identity provider and back. A browser comes here by itself: what fails is told on the sign-in page. */
export async function registerFederation(app: App, services: Services, protocols: Protocols): Promise<void> {
  app.get(
    `${path}/providers/:slug/start`,
    {
      config: { access: 'public' },
      schema: {
        operationId: 'startFederation',
        summary: 'Leaves for an identity provider',
        params: z.object({ slug }),
        querystring: z.object({
          returnTo: z.string().max(2_000).optional().describe('path of a page of this site'),
          entity: z.string().max(1_024).optional().describe('identity provider chosen among those of a federation'),
          link: z.enum(['1']).optional().describe('to link it to the account one is signed in to'),
        }),
        response: { 200: z.string().describe('a form that sends itself'), 302: redirected },
      },
    },
    async (request, reply) => {
      const { tenant, params, query, actor } = request
      let go: Go | undefined
      const failed = await orToSignIn(async () => {
        const provider = await inTenant(services.db, tenant.id, (tx) => getProvider(tx, params.slug))
        const departure = await counted(services, request, params.slug, () =>
          protocols[provider.protocol].start(tenant, provider, {
            returnTo: query.returnTo,
            accountId: query.link === undefined ? null : (actor?.accountId ?? null),
            entityId: query.entity ?? null,
          }),
        )
        // The state comes back by the address and by this cookie: a link made by someone else brings only the first.
        reply.setCookie(cookieName, departure.state, {
          ...cookieOptions(services),
          path,
          maxAge: departureMinutes * 60,
        })
        go = departure.go
        return ''
      })
      return go ? send(reply, go) : reply.redirect(failed)
    },
  )

  /** Somebody vouched for: their session, or the page that asks them something first. */
  async function arrive(
    request: FastifyRequest,
    reply: FastifyReply,
    input: { provider: Provider; proven: Proven; returnTo: string; accountId: string | null },
  ): Promise<string> {
    const browser = readBrowser(request)
    const { tenant } = request
    // A session opened since by somebody else must not link what another left for.
    const accountId = input.accountId !== null && input.accountId === request.actor?.accountId ? input.accountId : null
    if (input.accountId !== accountId) throw expired()
    const met = await inTenant(services.db, tenant.id, (tx) =>
      welcome(services, tx, tenant, { ...input, accountId, browser }),
    )
    if (met.kind === 'session') setSessionCookie(reply, services, met.token)
    else setArrivalCookie(reply, services, met.ticket)
    // Whoever only links enters by other means.
    if (met.kind === 'session' || met.asks === 'choice') await countOutcome(services, tenant.id, input.provider.slug)
    return met.returnTo
  }

  const takeCookie = (request: FastifyRequest, reply: FastifyReply): string | undefined => {
    reply.clearCookie(cookieName, { ...cookieOptions(services), path })
    return request.cookies[cookieName]
  }

  for (const protocol of ['oidc', 'cas'] as const) {
    app.get(
      `${path}/${protocol}/:slug/callback`,
      {
        config: { access: 'public' },
        schema: {
          operationId: protocol === 'oidc' ? 'finishOidcSignIn' : 'finishCasSignIn',
          summary: `Comes back from an identity provider (${protocol === 'oidc' ? 'OpenID Connect' : 'CAS'})`,
          params: z.object({ slug }),
          response: { 302: redirected },
        },
      },
      async (request, reply) => {
        const { tenant, params } = request
        const boundState = takeCookie(request, reply)
        const address = await orToSignIn(async () => {
          const { search } = new URL(request.url, services.publicUrl)
          const state = new URLSearchParams(search).get('state')
          const { departure, provider } = await inTenant(services.db, tenant.id, async (tx) => ({
            departure: await closeDeparture(tx, { state, boundState, provider: params.slug }, services.now()),
            provider: await getProvider(tx, params.slug),
          }))
          if (provider.protocol !== protocol || state === null) throw expired()
          return counted(services, request, params.slug, async () => {
            const proven =
              protocol === 'oidc'
                ? await protocols.oidc.finish(tenant, provider, search, { ...departure, state })
                : await protocols.cas.finish(tenant, provider, search, state)
            const { returnTo, accountId } = departure
            return arrive(request, reply, { provider, proven, returnTo, accountId })
          })
        })
        return reply.redirect(address)
      },
    )
  }

  app.get(
    `${path}/answer`,
    {
      config: { access: 'public' },
      schema: {
        operationId: 'finishSamlSignIn',
        summary: 'Where a browser goes on after the form of an identity provider',
        querystring: z.object({ ticket: z.string().max(100) }),
        response: { 302: redirected },
      },
    },
    async (request, reply) => {
      const { tenant } = request
      const boundState = takeCookie(request, reply)
      const address = await orToSignIn(async () => {
        const answer = await inTenant(services.db, tenant.id, (tx) =>
          takeAnswer(tx, request.query.ticket, boundState, services.now()),
        )
        return counted(services, request, answer.provider.slug, () => arrive(request, reply, answer))
      })
      return reply.redirect(address)
    },
  )

  app.get(
    `${path}/sign-out`,
    {
      config: { access: 'public' },
      schema: {
        operationId: 'goSignOut',
        summary: 'Goes and ends, at the identity provider, the session that has just ended here',
        querystring: z.object({ ticket: z.string().max(100) }),
        response: { 200: z.string().describe('a form that sends itself'), 302: redirected },
      },
    },
    async ({ tenant, query }, reply) => {
      const { session, provider } = await inTenant(services.db, tenant.id, async (tx) => {
        const taken = await takeSignOut(tx, query.ticket, services.now())
        return { session: taken, provider: taken && (await findProvider(tx, taken.slug)) }
      })
      // The session has ended here: nothing of the provider must make it look otherwise.
      const leave = session && provider && protocols[provider.protocol].findSignOut(tenant, provider, session)
      const go = await leave?.catch(() => null)
      return send(reply, go ?? { url: '/sign-in' })
    },
  )

  // Forms as browsers send them, and what CAS servers post.
  await app.register(async (scope: App) => {
    scope.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_, body, done) => {
      done(null, Object.fromEntries(new URLSearchParams(String(body))))
    })
    registerSaml(scope, services, protocols.saml, { send, orToSignIn })
    scope.post(
      `${path}/cas/:slug/callback`,
      {
        config: { access: 'public', crossSite: true },
        schema: {
          operationId: 'endCasSession',
          summary: 'A CAS server ends the session of a ticket',
          params: z.object({ slug }),
          body: z.object({ logoutRequest: z.string().max(20_000) }),
          response: { 204: z.null() },
        },
      },
      async ({ tenant, params, body }, reply) => {
        const provider = await inTenant(services.db, tenant.id, (tx) => getProvider(tx, params.slug))
        if (provider.protocol !== 'cas') throw expired()
        try {
          await protocols.cas.endSessions(tenant, provider, body.logoutRequest)
        } catch {
          throw new Problem(400, 'invalid_request', 'This is no logout request.')
        }
        return reply.status(204).send(null)
      },
    )
  })
}

const expired = () => new Problem(400, 'federation_expired', 'This sign-in is over, or was begun in another browser.')

/** Sends the browser on; a form sends itself, or by its button where scripts are off. */
function send(reply: FastifyReply, go: Go): FastifyReply {
  if ('url' in go) return reply.redirect(go.url)
  const fields = Object.entries(go.fields).map(
    ([name, value]) => `<input type="hidden" name="${escape(name)}" value="${escape(value)}">`,
  )
  const hash = createHash('sha256').update(script).digest('base64')
  const { origin } = new URL(go.post)
  return reply
    .header('content-security-policy', `default-src 'none'; script-src 'sha256-${hash}'; form-action ${origin}`)
    .type('text/html; charset=utf-8')
    .send(
      `<!doctype html><html lang="fr"><meta charset="utf-8"><title>Connexion</title><form method="post" action="${escape(go.post)}">` +
        `${fields.join('')}<noscript><button>Continuer · Continue</button></noscript></form><script>${script}</script></html>`,
    )
}

const script = 'document.forms[0].submit()'
const escape = (text: string) => text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)

async function orToSignIn(work: () => Promise<string>): Promise<string> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Problem) return `/sign-in?problem=${error.code}`
    throw error
  }
}

/** Counts a failure. */
async function counted<T>(
  services: Services,
  request: FastifyRequest,
  name: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Problem) await countOutcome(services, request.tenant.id, name, error)
    throw error
  }
}
