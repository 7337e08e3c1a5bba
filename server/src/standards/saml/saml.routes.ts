import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import type { SamlSignIn } from './saml-sign-in.ts'
import type { Go } from '../federation/protocol.ts'

const path = '/api/federation/saml'
const form = z.object({
  SAMLResponse: z.string().optional(),
  SAMLRequest: z.string().optional(),
  RelayState: z.string().max(2_000).optional(),
})

/** What pages of the federation's own routes do with an answer. */
interface Pages {
  send(reply: FastifyReply, go: Go): FastifyReply
  orToSignIn(work: () => Promise<string>, slug?: () => string | undefined): Promise<string>
}

/**
 * The addresses identity providers know: metadata, assertion consumer service, single logout. Their forms come from other
 * sites without our cookies; whoever posted one is asked for them by the address it leads to.
 */
export function registerSaml(app: App, services: Services, saml: SamlSignIn, pages: Pages): void {
  app.get(
    `${path}/metadata`,
    {
      config: { access: 'public' },
      schema: {
        operationId: 'getSamlMetadata',
        summary: 'Metadata of this service provider, for SAML identity providers',
        response: { 200: z.string() },
      },
    },
    async (request, reply) => reply.type('application/samlmetadata+xml').send(await saml.describe(request.tenant)),
  )

  app.post(
    `${path}/acs`,
    {
      config: { access: 'public', crossSite: true },
      schema: {
        operationId: 'receiveSamlResponse',
        summary: 'Assertion consumer service (HTTP-POST)',
        body: form,
        response: { 303: z.null() },
      },
    },
    async (request, reply) => {
      const address = await pages.orToSignIn(async () => {
        const { ticket } = await saml.receive(request.tenant, request.body)
        return `/api/federation/answer?ticket=${ticket}`
      })
      return reply.redirect(address, 303)
    },
  )

  const endSessions = async (
    request: FastifyRequest,
    reply: FastifyReply,
    message: Parameters<SamlSignIn['endSessions']>[1],
  ) => {
    let go: Go | undefined
    const address = await pages.orToSignIn(async () => {
      go = await saml.endSessions(request.tenant, message)
      return '/sign-in'
    })
    return go ? pages.send(reply, go) : reply.redirect(address, 303)
  }
  app.get(
    `${path}/slo`,
    {
      config: { access: 'public' },
      schema: {
        operationId: 'endSamlSession',
        summary: 'Single logout (HTTP-Redirect): a request of the provider, or its answer to ours',
        response: { 302: z.null() },
      },
    },
    async (request, reply) => {
      const { search } = new URL(request.url, services.publicUrl)
      // Its answer changes nothing: the session ended here before it was asked.
      if (new URLSearchParams(search).has('SAMLResponse')) return reply.redirect('/sign-in')
      return endSessions(request, reply, { search })
    },
  )
  app.post(
    `${path}/slo`,
    {
      config: { access: 'public', crossSite: true },
      schema: {
        operationId: 'endSamlSessionByForm',
        summary: 'Single logout (HTTP-POST)',
        body: form,
        response: { 303: z.null() },
      },
    },
    async (request, reply) => {
      if (request.body.SAMLResponse !== undefined) return reply.redirect('/sign-in', 303)
      return endSessions(request, reply, { form: request.body })
    },
  )
}
