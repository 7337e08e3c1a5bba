import { z } from 'zod'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { getStanding } from '../standing.ts'
import { getPlaceOf, publishDecision, updatePublisher } from './publications.ts'
import { findPublisher, listDecisions } from './publications.queries.ts'
import { decisionSchema, toDecision, withPlaces } from './decision-schema.ts'

const bySlug = z.object({ slug: z.string().max(80) })
const publisher = z.object({ name: z.string().trim().min(1).max(200), siret: z.string().regex(/^\d{14}$/) })
const pageSize = 50

/** Decisions as their consortium sees them, and making them public. */
export function registerPublications(app: App, services: Services): void {
  const config = { access: 'signed-in' } as const

  app.get(
    '/api/governance/agreements/:slug/decisions',
    {
      config,
      schema: {
        operationId: 'listDecisions',
        summary: 'Decisions and opinions of an agreement, newest first',
        params: bySlug,
        querystring: z.object({ before: z.uuid().optional().describe('last one read') }),
        response: {
          200: z.object({
            decisions: z.array(
              decisionSchema.extend({
                id: z.uuid(),
                seq: z.int().describe('place of its event in the journal'),
                matterCode: z.string().nullable(),
                matterName: z.string().nullable(),
                publishedAt: z.date().nullable(),
              }),
            ),
            more: z.boolean(),
            publisher: publisher.nullable(),
            manages: z.boolean(),
          }),
        },
      },
    },
    (request) => {
      const actor = actorOf(request)
      return inTenant(services.db, actor.tenantId, async (tx) => {
        const standing = await getStanding(tx, actor, request.params.slug, services.now())
        const { id, rules } = standing.agreement
        const found = await listDecisions(tx, id, { before: request.query.before, limit: pageSize + 1 })
        const shown = await withPlaces(tx, id, found.slice(0, pageSize))
        return {
          decisions: shown.map((each) => ({ ...toDecision(each, rules), ...each })),
          more: found.length > pageSize,
          publisher: (await findPublisher(tx, id)) ?? null,
          manages: standing.manages,
        }
      })
    },
  )

  app.put(
    '/api/governance/agreements/:slug/publisher',
    {
      config,
      schema: {
        operationId: 'updatePublisher',
        summary: 'Says under which name and SIRET the consortium publishes',
        params: bySlug,
        body: publisher,
        response: { 200: publisher },
      },
    },
    async (request) => {
      const actor = actorOf(request)
      await inTenant(services.db, actor.tenantId, async (tx) => {
        const standing = await getStanding(tx, actor, request.params.slug, services.now())
        await updatePublisher(tx, standing, request.body)
      })
      return request.body
    },
  )

  app.post(
    '/api/governance/agreements/:slug/decisions/:number/publication',
    {
      config,
      schema: {
        operationId: 'publishDecision',
        summary: 'Makes a decision public, for good, and signs the journal',
        params: bySlug.extend({ number: z.string().max(20) }),
        body: z.object({
          matterCode: z
            .string()
            .regex(/^\d\.\d{1,2}$/)
            .describe('of the nomenclature of acts, such as 8.1'),
          matterName: z.string().trim().min(1).max(200),
        }),
        response: { 200: z.object({ seq: z.int() }) },
      },
    },
    (request) => {
      const actor = actorOf(request)
      const { slug, number } = request.params
      const now = services.now()
      return inTenant(services.db, actor.tenantId, async (tx) => {
        const standing = await getStanding(tx, actor, slug, now)
        const { id } = await publishDecision(tx, services, standing, { number, ...request.body }, now)
        return { seq: await getPlaceOf(tx, standing.agreement.id, id) }
      })
    },
  )
}
