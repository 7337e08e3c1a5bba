import { z } from 'zod'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { Problem } from '#kernel/problem'
import { departureMinutes, type Federation } from './federation.ts'
import { cookieOptions, readBrowser, setSessionCookie } from './sessions.ts'

const cookieName = 'preau_federation'
const path = '/api/identity/federation'
const slug = z.string().regex(/^[a-z0-9-]{1,40}$/)
const redirected = z.null().describe('to the provider, to the page asked for, or to `/sign-in?problem=<code>`')

/** Out to an identity provider and back. A browser comes here by itself: what fails is told on the sign-in page. */
export function registerFederation(app: App, services: Services, federation: Federation): void {
  app.get(
    `${path}/:slug/start`,
    {
      config: { access: 'public' },
      schema: {
        operationId: 'startFederation',
        summary: 'Leaves for an identity provider',
        params: z.object({ slug }),
        querystring: z.object({
          returnTo: z.string().max(2_000).optional().describe('path of a page of this site'),
        }),
        response: { 302: redirected },
      },
    },
    async (request, reply) => {
      const address = await orToSignIn(async () => {
        const departure = await federation.start(request.tenant, request.params.slug, request.query.returnTo)
        // The state comes back by the address and by this cookie: a link made by someone else brings only the first.
        reply.setCookie(cookieName, departure.state, {
          ...cookieOptions(services),
          path,
          maxAge: departureMinutes * 60,
        })
        return departure.url
      })
      return reply.redirect(address)
    },
  )

  app.get(
    `${path}/:slug/callback`,
    {
      config: { access: 'public' },
      schema: {
        operationId: 'finishFederation',
        summary: 'Comes back from an identity provider',
        params: z.object({ slug }),
        response: { 302: redirected },
      },
    },
    async (request, reply) => {
      const address = await orToSignIn(async () => {
        const boundState = request.cookies[cookieName]
        reply.clearCookie(cookieName, { ...cookieOptions(services), path })
        const { token, returnTo } = await federation.finish(request.tenant, request.params.slug, {
          search: new URL(request.url, services.publicUrl).search,
          boundState,
          browser: readBrowser(request),
        })
        setSessionCookie(reply, services, token)
        return returnTo
      })
      return reply.redirect(address)
    },
  )
}

async function orToSignIn(work: () => Promise<string>): Promise<string> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Problem) return `/sign-in?problem=${error.code}`
    throw error
  }
}
