import { z } from 'zod'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { findLastCode } from './access-codes.queries.ts'
import { accountActions, listAccountActions } from './account-actions.ts'
import { findAccount, updateAccount } from './accounts.queries.ts'
import { declareCompromised, declareCompromisedAs } from './compromised.ts'
import { getPolicy } from '../policy.queries.ts'
import { clearSessionCookie } from '../sign-in/sessions.ts'
import { listSignIns } from '../sign-in/sign-in-history.queries.ts'

const byId = z.object({ id: z.uuid() })
const done = { 204: z.null() }

/** Accounts as their holders and those who help them see them. */
export function registerAccounts(app: App, services: Services): void {
  app.get(
    '/api/identity/people/:id/account',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'getAccount',
        summary: 'The account of a person, and what the reader may do to it',
        params: byId,
        response: {
          200: z.object({
            actions: z.array(z.enum(accountActions)).describe('what the server would accept of the reader'),
            account: z
              .object({
                state: z.enum(['inactive', 'active', 'blocked']),
                activatedAt: z.date().nullable(),
                compromised: z.boolean().describe('closed until a new code is used'),
                lastCode: z.object({ issuedAt: z.date(), expiresAt: z.date(), usedAt: z.date().nullable() }).nullable(),
              })
              .nullable()
              .describe('null when there is none, or the reader may do nothing to it'),
          }),
        },
      },
    },
    (request) => {
      const actor = actorOf(request)
      return inTenant(services.db, actor.tenantId, async (tx) => {
        const actions = await listAccountActions(tx, actor, request.params.id, services.now())
        const account = actions.length === 0 ? undefined : await findAccount(tx, { personId: request.params.id })
        return {
          actions,
          account: account
            ? {
                state: account.state,
                activatedAt: account.activatedAt,
                compromised: account.compromisedAt !== null && account.passwordHash === null,
                lastCode: (await findLastCode(tx, account.id)) ?? null,
              }
            : null,
        }
      })
    },
  )

  app.post(
    '/api/identity/people/:id/compromised',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'declareCompromised',
        summary: 'Closes an account that a stranger may have used: sessions, password and codes are void',
        params: byId,
        response: done,
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      await inTenant(services.db, actor.tenantId, (tx) =>
        declareCompromisedAs(tx, actor, request.params.id, services.now()),
      )
      return reply.status(204).send(null)
    },
  )

  app.post(
    '/api/identity/accounts/compromised',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'declareOwnCompromised',
        summary: '“It was not me”: closes one’s own account until a new code is used; this session ends too',
        response: done,
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      await inTenant(services.db, actor.tenantId, async (tx) => {
        const account = await findAccount(tx, { id: actor.accountId })
        if (account) await declareCompromised(tx, account, actor.personId, services.now())
      })
      clearSessionCookie(reply, services)
      return reply.status(204).send(null)
    },
  )

  app.post(
    '/api/identity/accounts/compromised/told',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'acknowledgeCompromised',
        summary: 'The holder has read that the account had been closed',
        response: done,
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      await inTenant(services.db, actor.tenantId, (tx) =>
        updateAccount(tx, actor.accountId, { compromise_told_at: services.now() }),
      )
      return reply.status(204).send(null)
    },
  )

  app.get(
    '/api/identity/accounts/sign-ins',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'listOwnSignIns',
        summary: 'Attempts to sign in to one’s account, newest first; where they came from is not kept',
        querystring: z.object({
          before: z.uuid().optional(),
          limit: z.coerce.number().int().min(1).max(50).default(10),
        }),
        response: {
          200: z.object({
            signIns: z.array(
              z.object({
                id: z.uuid(),
                attemptedAt: z.date(),
                method: z.enum(['password', 'code', 'federation']),
                device: z.string().nullable(),
                outcome: z.enum(['opened', 'wrongPassword', 'blocked', 'left']),
              }),
            ),
            next: z.uuid().nullable().describe('to be given as `before`; null on the last page'),
            months: z.number().describe('for how long they are remembered'),
          }),
        },
      },
    },
    (request) => {
      const actor = actorOf(request)
      const { before, limit } = request.query
      return inTenant(services.db, actor.tenantId, async (tx) => {
        const found = await listSignIns(tx, actor.accountId, { before, limit: limit + 1 })
        const signIns = found.slice(0, limit)
        return {
          signIns,
          next: found.length > limit ? (signIns.at(-1)?.id ?? null) : null,
          months: (await getPolicy(tx)).signInMemoryMonths,
        }
      })
    },
  )

  app.put(
    '/api/identity/accounts/contact-email',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'updateContactEmail',
        summary: 'The address at which one wants to be reached; null takes it away',
        body: z.object({ email: z.string().max(254).nullable() }),
        response: done,
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      const email = request.body.email?.trim() || null
      if (email !== null && !z.email().safeParse(email).success) {
        throw new Problem(422, 'email_unusable', 'This is no e-mail address.')
      }
      await inTenant(services.db, actor.tenantId, (tx) => updateAccount(tx, actor.accountId, { contact_email: email }))
      return reply.status(204).send(null)
    },
  )
}
