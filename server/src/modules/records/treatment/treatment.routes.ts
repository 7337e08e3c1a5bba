import { z } from 'zod'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { setTreatment, treatments } from './treatments.ts'

/** What is kept of what sources send, for those who administer records. */
export function registerTreatment(app: App, services: Services): void {
  app.put(
    '/api/records/sources/:id/treatment',
    {
      config: { access: { right: 'records.administer' } },
      schema: {
        operationId: 'setRecordTreatment',
        summary: 'Whether statements of a source are kept whole, or without who and without what people wrote',
        params: z.object({ id: z.uuid() }),
        body: z.object({ treatment: z.enum(treatments) }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const { tenantId, personId } = actorOf(request)
      const { id } = request.params
      await inTenant(services.db, tenantId, (tx) => setTreatment(tx, personId, id, request.body.treatment))
      return reply.status(204).send(null)
    },
  )
}
