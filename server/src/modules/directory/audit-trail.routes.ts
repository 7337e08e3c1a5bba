import { z } from 'zod'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { listTrail } from './audit-trail.ts'
import { nameSchema } from './people.routes.ts'

const filter = z.object({
  person: z.uuid().optional().describe('who did it, or to whom it was done'),
  action: z.string().max(100).optional(),
  from: z.iso.date().optional(),
  until: z.iso.date().optional().describe('included'),
})

/** What administrators did, for administrators. */
export function registerAuditTrail(app: App, services: Services): void {
  app.get(
    '/api/directory/audit',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'listTrail',
        summary: 'Acts on the people and establishments one manages, newest first',
        querystring: filter.extend({
          before: z.uuid().optional().describe('`next` of the page before'),
          limit: z.coerce.number().int().min(1).max(1_000).default(30),
        }),
        response: {
          200: z.object({
            entries: z.array(
              z.object({
                id: z.uuid(),
                recordedAt: z.date(),
                action: z.string(),
                actor: nameSchema.nullable().describe('null for the system'),
                subject: nameSchema.nullable(),
                organisation: z.object({ id: z.uuid(), name: z.string() }).nullable(),
                detail: z.record(z.string(), z.unknown()),
              }),
            ),
            next: z.uuid().nullable(),
          }),
        },
      },
    },
    (request) => {
      const actor = actorOf(request)
      const { before, limit, ...wanted } = request.query
      return inTenant(services.db, actor.tenantId, async (tx) => {
        const found = await listTrail(tx, actor, wanted, { before, limit: limit + 1 })
        const entries = found.slice(0, limit)
        return { entries, next: found.length > limit ? (entries.at(-1)?.id ?? null) : null }
      })
    },
  )
}
