import { z } from 'zod'
import { listPersonSummaries } from '#modules/directory'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { checkCode, issueAccessCodeAs, redeemCode } from '../accounts/access-codes.ts'
import { listDemonstrationAccounts } from '../accounts/demonstration-accounts.ts'
import type { PasswordHasher } from './password-hasher.ts'
import { longestPassword } from './password-rules.ts'
import { readBrowser, setSessionCookie } from './sessions.ts'
import { changePassword, signIn } from './sign-in.ts'

const codePurpose = z.enum(['activation', 'reset'])
const code = z.string().min(1).max(40).describe('as printed; case, blanks and hyphens do not matter')
/** Whatever was typed goes to the rules, which say what is wrong; the limit only bounds the work. */
const typedPassword = z.string().max(longestPassword * 4)

/** Sign-in by password, access codes, passwords. Each opens a new session: none is ever continued from before. */
export function registerSignIn(app: App, services: Services, hasher: PasswordHasher): void {
  app.post(
    '/api/identity/sign-in',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'signIn',
        summary: 'Opens a session by login and password',
        body: z.object({ login: z.string().min(1).max(100), password: typedPassword.min(1) }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const token = await signIn(services, hasher, request.tenant.id, {
        ...request.body,
        browser: readBrowser(request),
      })
      setSessionCookie(reply, services, token)
      return reply.status(204).send(null)
    },
  )

  app.post(
    '/api/identity/codes/check',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'checkCode',
        summary: 'What an access code opens; changes nothing',
        body: z.object({ code }),
        response: {
          200: z.object({
            purpose: codePurpose,
            givenName: z.string(),
            login: z.string(),
            expiresAt: z.date(),
          }),
        },
      },
    },
    (request) => checkCode(services, request.tenant.id, request.body.code),
  )

  app.post(
    '/api/identity/codes/redeem',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'redeemCode',
        summary: 'Chooses the password by an access code, once, and opens a session',
        body: z.object({ code, password: typedPassword }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const token = await redeemCode(services, hasher, request.tenant.id, {
        ...request.body,
        browser: readBrowser(request),
      })
      setSessionCookie(reply, services, token)
      return reply.status(204).send(null)
    },
  )

  app.post(
    '/api/identity/accounts/password',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'changePassword',
        summary: 'Changes one’s password and ends one’s other sessions',
        body: z.object({ current: typedPassword, password: typedPassword }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await changePassword(services, hasher, actorOf(request), request.body)
      return reply.status(204).send(null)
    },
  )

  app.post(
    '/api/identity/people/:id/access-code',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'issueAccessCode',
        summary: 'Issues an access code for someone; it is shown this once and replaces the former',
        params: z.object({ id: z.uuid() }),
        response: {
          201: z.object({
            login: z.string(),
            code: z.string(),
            purpose: codePurpose,
            expiresAt: z.date(),
            replaces: z.boolean().describe('whether a former code, not used yet, is void from now on'),
          }),
        },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      const issued = await inTenant(services.db, actor.tenantId, (tx) =>
        issueAccessCodeAs(tx, actor, request.params.id, services.now()),
      )
      return reply.status(201).send(issued)
    },
  )

  app.get(
    '/api/identity/demonstration-accounts',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'listDemonstrationAccounts',
        summary: 'The invented people of a demonstration and how to sign in as them; 404 anywhere else',
        response: {
          200: z.object({
            accounts: z.array(
              z.object({
                profile: z.string(),
                givenName: z.string(),
                familyName: z.string(),
                login: z.string(),
                password: z.string(),
              }),
            ),
          }),
        },
      },
    },
    async ({ tenant }) => {
      if (!tenant.demonstration) throw new Problem(404, 'not_found', 'This workspace is no demonstration.')
      return inTenant(services.db, tenant.id, async (tx) => {
        const accounts = await listDemonstrationAccounts(tx)
        const names = await listPersonSummaries(
          tx,
          accounts.map(({ personId }) => personId),
        )
        return {
          accounts: accounts.flatMap(({ personId, ...account }) => {
            const name = names.find(({ id }) => id === personId)
            return name ? [{ ...account, givenName: name.givenName, familyName: name.familyName }] : []
          }),
        }
      })
    },
  )
}
