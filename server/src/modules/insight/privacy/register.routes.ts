import { z } from 'zod'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { listSources } from '#modules/records'
import { setRetention } from './retention.ts'
import { listRetentions, listRuns, mostMonths, purposes } from './retention.queries.ts'
import { smallestGroup } from './suppression.ts'

const months = z.number().int().min(1).max(mostMonths).nullable().describe('null: nobody has decided, and it is kept')

/** The register of processing, as things are; and how long they are kept. */
export function registerRegister(app: App, services: Services): void {
  const config = { access: { right: 'insight.administer' } } as const

  app.get(
    '/api/insight/register',
    {
      config,
      schema: {
        operationId: 'getRegister',
        summary: 'The register of processing of learning records, made of what is really set',
        response: {
          200: z.object({
            tenant: z.string(),
            purposes: z.array(z.object({ purpose: z.enum(purposes), months, legalBasis: z.string().nullable() })),
            sources: z.array(z.object({ name: z.string(), treatment: z.enum(['whole', 'pseudonymised']) })),
            recipients: z.array(
              z.object({
                name: z.string(),
                address: z.string(),
                verbs: z.array(z.string()),
                activities: z.array(z.string()),
                sources: z.array(z.string()).describe('names; empty for all'),
              }),
            ),
            smallestGroup: z.object({ page: z.number(), export: z.number() }),
            runs: z.array(
              z.object({
                purpose: z.enum(purposes),
                cutoff: z.string(),
                removed: z.number().nullable(),
                ranAt: z.date(),
              }),
            ),
          }),
        },
      },
    },
    async (request) => {
      const { tenantId } = actorOf(request)
      return inTenant(services.db, tenantId, async (tx) => {
        const sources = await listSources(tx)
        const names = new Map(sources.map(({ id, name }) => [id, name]))
        const recipients = await services.listRecipients(tx)
        return {
          tenant: request.tenant.name,
          purposes: await listRetentions(tx),
          sources: sources.map(({ name, treatment }) => ({ name, treatment })),
          recipients: recipients.map(({ name, address, verbs, activities, sourceIds }) => ({
            name,
            address,
            verbs,
            activities,
            sources: sourceIds.map((id) => names.get(id) ?? id),
          })),
          smallestGroup,
          runs: await listRuns(tx, 50),
        }
      })
    },
  )

  app.put(
    '/api/insight/retention/:purpose',
    {
      config,
      schema: {
        operationId: 'setRetention',
        summary: 'Says how long something is kept, and by what right; applied each night',
        params: z.object({ purpose: z.enum(purposes) }),
        body: z.object({ months, legalBasis: z.string().trim().max(2_000).nullable() }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const { tenantId, personId } = actorOf(request)
      const { purpose } = request.params
      const { months: kept, legalBasis } = request.body
      const retention = { purpose, months: kept, legalBasis: legalBasis === '' ? null : legalBasis }
      await inTenant(services.db, tenantId, (tx) => setRetention(tx, retention, personId, services.now()))
      return reply.status(204).send(null)
    },
  )
}
