import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { listPersonSummaries, listProfiles } from '#modules/directory'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { listOtherLogins } from '../accounts/accounts.queries.ts'
import { findArrival, listLinks, listProviders } from './federation.queries.ts'
import { arrivalMinutes, choosePerson, confirmLink, removeLink } from './federation.ts'
import { cookieOptions, digest, readBrowser, setSessionCookie } from '../sign-in/sessions.ts'

const cookieName = 'preau_arrival'
const path = '/api/identity/arrival'

/** Gives a browser the ticket of somebody vouched for who has something to answer first. */
export function setArrivalCookie(reply: FastifyReply, services: Services, ticket: string): void {
  reply.setCookie(cookieName, ticket, { ...cookieOptions(services), path, maxAge: arrivalMinutes * 60 })
}

/** What a page asks of somebody back from a provider, and the ways in that an account has. */
export function registerFederation(app: App, services: Services): void {
  app.get(
    path,
    {
      config: { access: 'public' },
      schema: {
        operationId: 'getArrival',
        summary: 'What this browser, back from an identity provider, has to answer',
        response: {
          200: z.object({
            kind: z.enum(['choice', 'link']),
            provider: z.object({ slug: z.string(), name: z.string() }),
            displayName: z.string().nullable().describe('as the provider calls them'),
            people: z
              .array(
                z.object({
                  id: z.uuid(),
                  givenName: z.string(),
                  familyName: z.string(),
                  profiles: z.array(z.string()),
                }),
              )
              .describe('whom they may sign in as, for a choice'),
            former: z
              .object({ linkedAt: z.date() })
              .nullable()
              .describe('the identity of the same provider that the new one would replace, for a link'),
          }),
        },
      },
    },
    ({ tenant, cookies, actor }) =>
      inTenant(services.db, tenant.id, async (tx) => {
        const arrival = await findArrival(tx, digest(cookies[cookieName] ?? ''), services.now())
        const provider = (await listProviders(tx)).find(({ slug }) => slug === arrival?.provider)
        if (!arrival || !provider || (arrival.kind !== 'choice' && arrival.kind !== 'link')) throw over()
        const names = await listPersonSummaries(tx, arrival.personIds)
        const people = []
        for (const { id, givenName, familyName } of names) {
          people.push({ id, givenName, familyName, profiles: await listProfiles(tx, id) })
        }
        const links = actor && arrival.kind === 'link' ? await listLinks(tx, actor.accountId) : []
        const lifelong = provider.profile === 'franceConnect' || provider.profile === 'proConnect'
        const former = lifelong ? links.find(({ issuer }) => issuer === arrival.issuer) : undefined
        return {
          kind: arrival.kind,
          provider: { slug: provider.slug, name: provider.name },
          displayName: arrival.vouched.displayName,
          people,
          former: former ? { linkedAt: former.linkedAt } : null,
        }
      }),
  )

  app.post(
    `${path}/choose`,
    {
      config: { access: 'public' },
      schema: {
        operationId: 'choosePerson',
        summary: 'Opens a session as one of the people somebody was vouched for',
        body: z.object({ personId: z.uuid() }),
        response: { 200: z.object({ returnTo: z.string() }) },
      },
    },
    async (request, reply) => {
      const { tenant } = request
      const { token, returnTo } = await inTenant(services.db, tenant.id, (tx) =>
        choosePerson(services, tx, tenant, {
          ticket: ticketOf(request),
          personId: request.body.personId,
          browser: readBrowser(request),
        }),
      )
      reply.clearCookie(cookieName, { ...cookieOptions(services), path })
      setSessionCookie(reply, services, token)
      return { returnTo }
    },
  )

  app.post(
    `${path}/link`,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'confirmLink',
        summary: 'Links the identity one was vouched for to one’s account',
        response: { 200: z.object({ returnTo: z.string() }) },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      const linked = await inTenant(services.db, actor.tenantId, (tx) =>
        confirmLink(tx, actor, ticketOf(request), services.now()),
      )
      reply.clearCookie(cookieName, { ...cookieOptions(services), path })
      return linked
    },
  )

  app.get(
    '/api/identity/links',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'listLinks',
        summary: 'The outside identities and other logins that open one’s account',
        response: {
          200: z.object({
            links: z.array(
              z.object({ id: z.uuid(), name: z.string(), linkedAt: z.date(), lastUsedAt: z.date().nullable() }),
            ),
            logins: z.array(z.string()).describe('of the accounts of people found to be the same person'),
          }),
        },
      },
    },
    (request) => {
      const actor = actorOf(request)
      return inTenant(services.db, actor.tenantId, async (tx) => {
        const providers = await listProviders(tx)
        const links = await listLinks(tx, actor.accountId)
        return {
          logins: await listOtherLogins(tx, actor.accountId),
          links: links.map(({ id, provider, issuer, linkedAt, lastUsedAt }) => {
            const known = providers.find((each) => each.slug === provider || each.issuer === issuer)
            return { id, name: known?.name ?? issuer, linkedAt, lastUsedAt }
          }),
        }
      })
    },
  )

  app.delete(
    '/api/identity/links/:id',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'removeLink',
        summary: 'Takes an outside identity away from one’s account',
        params: z.object({ id: z.uuid() }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      await inTenant(services.db, actor.tenantId, (tx) => removeLink(tx, actor, request.params.id))
      return reply.status(204).send(null)
    },
  )
}

const over = () => new Problem(404, 'federation_expired', 'Nothing waits for an answer in this browser.')

function ticketOf(request: FastifyRequest): string {
  const ticket = request.cookies[cookieName]
  if (ticket === undefined) throw over()
  return ticket
}
