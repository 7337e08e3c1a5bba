import { z } from 'zod'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { rightSchema } from './sessions.routes.ts'
import { grantRightAs, listGrantsAs, withdrawRightAs } from './rights.ts'

const grantSchema = z.object({
  id: z.uuid(),
  personId: z.uuid(),
  right: rightSchema,
  organisationId: z.uuid().nullable().describe('perimeter; null for the whole workspace'),
  startsOn: z.iso.date(),
  endsOn: z.iso.date().nullable().describe('last day, included'),
  grantedBy: z.uuid().nullable().describe('person who gave it; null for an operator’s command'),
})

/** Delegated administration: who has which right, where and until when. */
export function registerRights(app: App, services: Services): void {
  app.get(
    '/api/identity/people/:id/rights',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'listRights',
        summary: 'Rights a person has or will have',
        params: z.object({ id: z.uuid() }),
        response: { 200: z.object({ rights: z.array(grantSchema) }) },
      },
    },
    (request) => {
      const actor = actorOf(request)
      return inTenant(services.db, actor.tenantId, async (tx) => ({
        rights: await listGrantsAs(tx, actor, request.params.id, services.now()),
      }))
    },
  )

  app.post(
    '/api/identity/rights',
    {
      config: { access: { right: 'directory.administer' } },
      schema: {
        operationId: 'grantRight',
        summary: 'Delegates administration, within one’s own perimeter',
        body: z.object({
          personId: z.uuid(),
          right: z.literal('directory.administer'),
          organisationId: z.uuid().nullable(),
          startsOn: z.iso.date().optional().describe('today when absent'),
          endsOn: z.iso.date().nullable().optional(),
        }),
        response: { 201: grantSchema },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      const grant = await inTenant(services.db, actor.tenantId, (tx) =>
        grantRightAs(tx, actor, request.body, services.now()),
      )
      return reply.status(201).send(grant)
    },
  )

  app.delete(
    '/api/identity/rights/:id',
    {
      config: { access: { right: 'directory.administer' } },
      schema: {
        operationId: 'withdrawRight',
        summary: 'Withdraws a delegated right, at once',
        params: z.object({ id: z.uuid() }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      await inTenant(services.db, actor.tenantId, (tx) => withdrawRightAs(tx, actor, request.params.id, services.now()))
      return reply.status(204).send(null)
    },
  )
}
