import { z } from 'zod'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { createStayAs, listStaysAs, updateStayAs } from './temporary-stays.ts'

const byId = z.object({ id: z.uuid() })
const stay = z.object({
  id: z.uuid(),
  personId: z.uuid(),
  establishmentId: z.uuid(),
  profile: z.enum(['teacher', 'schoolLife', 'documentation', 'staff']),
  reason: z.enum(['replacement', 'trainee', 'intervention']),
  startsOn: z.iso.date(),
  endsOn: z.iso.date().describe('last day, included'),
  endedAt: z.date().nullable(),
})
const nameOf = z.string().trim().min(1).max(100)

/** What is said of whoever comes for a time. */
export const newStaySchema = stay.pick({ profile: true, reason: true, startsOn: true, endsOn: true }).extend({
  givenName: nameOf,
  familyName: nameOf,
  email: z.string().max(254).nullable(),
})

/** Accounts for a time: trainees, replacements. */
export function registerStays(app: App, services: Services): void {
  app.get(
    '/api/identity/establishments/:id/stays',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'listStays',
        summary: 'Temporary accounts of an establishment one manages; those that end first come first',
        params: byId,
        response: {
          200: z.object({
            stays: z.array(
              stay.extend({
                person: z.object({ id: z.uuid(), givenName: z.string(), familyName: z.string() }).nullable(),
                state: z.enum(['coming', 'current', 'ended']),
              }),
            ),
          }),
        },
      },
    },
    (request) => {
      const actor = actorOf(request)
      return inTenant(services.db, actor.tenantId, async (tx) => ({
        stays: await listStaysAs(tx, actor, request.params.id, services.now()),
      }))
    },
  )

  app.post(
    '/api/identity/establishments/:id/stays',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'createStay',
        summary: 'Makes someone known for a time; a code then opens their account',
        params: byId,
        body: newStaySchema,
        response: { 201: stay },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      const email = readEmail(request.body.email)
      const created = await inTenant(services.db, actor.tenantId, (tx) =>
        createStayAs(tx, actor, { ...request.body, email, establishmentId: request.params.id }, services.now()),
      )
      return reply.status(201).send(created)
    },
  )

  app.patch(
    '/api/identity/stays/:id',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'updateStay',
        summary: 'Gives a stay another last day: extends it, opens it again, or ends it',
        params: byId,
        body: stay.pick({ endsOn: true }),
        response: { 200: stay },
      },
    },
    (request) => {
      const actor = actorOf(request)
      return inTenant(services.db, actor.tenantId, (tx) =>
        updateStayAs(tx, actor, request.params.id, request.body.endsOn, services.now()),
      )
    },
  )
}

/** @throws Problem 422 `email_unusable`. */
export function readEmail(given: string | null | undefined): string | null {
  const email = given?.trim() || null
  if (email !== null && !z.email().safeParse(email).success) {
    throw new Problem(422, 'email_unusable', 'This is no e-mail address.')
  }
  return email
}
