import { z } from 'zod'
import { findPersonSummary, listHeadedIds } from '#modules/directory'
import type { Actor } from '#kernel/access'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { findAccount } from '../accounts/accounts.queries.ts'
import { holdSignOut } from '../federations/federation.ts'
import { deleteSessions, findProviderSession, listSessions } from './sessions.queries.ts'
import { clearSessionCookie } from './sessions.ts'

export const rightSchema = z.enum([
  'directory.import',
  'directory.administer',
  'instance.operate',
  'resources.assign',
  'records.administer',
  'insight.view',
  'insight.administer',
  'governance.administer',
])

export const sessionSchema = z.discriminatedUnion('signedIn', [
  z.object({ signedIn: z.literal(false) }),
  z.object({
    signedIn: z.literal(true),
    person: z.object({ id: z.uuid(), givenName: z.string(), familyName: z.string() }),
    login: z.string(),
    hasPassword: z.boolean().describe('false for an account opened by a federation only'),
    rights: z.array(z.object({ right: rightSchema, organisationId: z.uuid().nullable() })),
    manages: z.boolean().describe('whether there are people whose accounts one administers'),
    welcomed: z.boolean().describe('false until the texts of the first sign-in are answered'),
    compromisedAt: z
      .date()
      .nullable()
      .describe('when the account was closed for having been used by another; null once told'),
    contactEmail: z.string().nullable(),
  }),
])

const signedOut = z.object({
  redirect: z
    .string()
    .nullable()
    .describe('path by which the browser goes to the identity provider, to sign out there too'),
})

/** The session of whoever asks, their other sessions, and ways out. */
export function registerSessions(app: App, services: Services): void {
  app.get(
    '/api/identity/session',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'getSession',
        summary: 'Who is signed in',
        response: { 200: sessionSchema },
      },
    },
    async ({ actor }) => {
      if (!actor) return { signedIn: false as const }
      return inTenant(services.db, actor.tenantId, async (tx) => {
        const person = await findPersonSummary(tx, actor.personId)
        const account = await findAccount(tx, { id: actor.accountId })
        if (!person || !account) return { signedIn: false as const }
        const { id, givenName, familyName } = person
        return {
          signedIn: true as const,
          person: { id, givenName, familyName },
          login: account.login,
          hasPassword: account.passwordHash !== null,
          rights: actor.rights,
          manages:
            actor.rights.some(({ right }) => right === 'directory.administer') ||
            (await listHeadedIds(tx, actor.personId)).length > 0,
          welcomed: account.welcomedAt !== null,
          compromisedAt: account.compromiseToldAt === null ? account.compromisedAt : null,
          contactEmail: account.contactEmail,
        }
      })
    },
  )

  app.post(
    '/api/identity/sign-out',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'signOut',
        summary: 'Ends this session, here and at the identity provider that opened it',
        response: { 200: signedOut },
      },
    },
    async ({ actor }, reply) => {
      clearSessionCookie(reply, services)
      return actor ? signOut(services, actor, { only: actor.sessionId }) : { redirect: null }
    },
  )

  app.post(
    '/api/identity/sign-out-everywhere',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'signOutEverywhere',
        summary: 'Ends all of one’s sessions, on every device, at once',
        response: { 200: signedOut },
      },
    },
    async (request, reply) => {
      clearSessionCookie(reply, services)
      return signOut(services, actorOf(request), {})
    },
  )

  app.get(
    '/api/identity/sessions',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'listSessions',
        summary: 'One’s open sessions',
        response: {
          200: z.object({
            sessions: z.array(
              z.object({
                id: z.uuid(),
                method: z.enum(['password', 'code', 'federation']),
                device: z.string().nullable().describe('browser and system, for example “Firefox, Windows”'),
                createdAt: z.date(),
                lastSeenAt: z.date().describe('to within five minutes'),
                expiresAt: z.date(),
                current: z.boolean(),
              }),
            ),
          }),
        },
      },
    },
    (request) => {
      const actor = actorOf(request)
      return inTenant(services.db, actor.tenantId, async (tx) => {
        const rows = await listSessions(tx, actor.accountId, services.now())
        return { sessions: rows.map((row) => ({ ...row, current: row.id === actor.sessionId })) }
      })
    },
  )

  app.delete(
    '/api/identity/sessions/:id',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'endSession',
        summary: 'Ends one of one’s sessions',
        params: z.object({ id: z.uuid() }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      const ended = await inTenant(services.db, actor.tenantId, (tx) =>
        deleteSessions(tx, actor.accountId, { only: request.params.id }),
      )
      if (ended === 0) throw new Problem(404, 'session_not_found', 'You have no such session.')
      if (request.params.id === actor.sessionId) clearSessionCookie(reply, services)
      return reply.status(204).send(null)
    },
  )
}

function signOut(services: Services, actor: Actor, which: { only?: string }): Promise<{ redirect: string | null }> {
  return inTenant(services.db, actor.tenantId, async (tx) => {
    const session = await findProviderSession(tx, actor.sessionId)
    await deleteSessions(tx, actor.accountId, which)
    if (!session) return { redirect: null }
    const ticket = await holdSignOut(tx, session, services.now())
    return { redirect: `/api/federation/sign-out?ticket=${ticket}` }
  })
}
