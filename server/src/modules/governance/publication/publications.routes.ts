import { z } from 'zod'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inStanding, takesPart } from '../standing.ts'
import { getPlaceOf, publishDecision, updatePublisher } from './publications.ts'
import { findPublisher, listDecisions } from './publications.queries.ts'
import { decisionSchema, toDecision, withPlaces } from './decision-schema.ts'

const bySlug = z.object({ slug: z.string().max(80) })
const publisher = z.object({ name: z.string().trim().min(1).max(200), siret: z.string().regex(/^\d{14}$/) })
/** What is told of a decision that is made public, by a page or by a command. */
export const newPublication = z.object({
  matterCode: z
    .string()
    .regex(/^\d\.\d{1,2}$/, 'a code of the nomenclature of acts, such as 8.1')
    .describe('of the nomenclature of acts, such as 8.1'),
  matterName: z.string().trim().min(1).max(200),
})
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
        querystring: z.object({
          before: z.uuid().optional().describe('last one read'),
          adopted: z
            .stringbool()
            .default(false)
            .describe('those alone that an act may rest on: adopted, and no opinion'),
        }),
        response: {
          200: z.object({
            decisions: z.array(
              decisionSchema.extend({
                id: z.uuid(),
                seq: z.int().describe('place of its event in the journal'),
                adoptedVersion: z.int().nullable().describe('of the agreement, that it made; null: it made none'),
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
    (request) =>
      inStanding(services, request, async (tx, standing) => {
        const { id, rules } = standing.agreement
        // A contractor alone reads those of the bodies in which it sits.
        const bodies = takesPart(standing) ? null : standing.seats.map(({ body }) => body)
        const found = await listDecisions(tx, id, { ...request.query, bodies, limit: pageSize + 1 })
        const shown = await withPlaces(tx, id, found.slice(0, pageSize))
        return {
          decisions: shown.map((each) => ({ ...toDecision(each, rules), ...each })),
          more: found.length > pageSize,
          publisher: (await findPublisher(tx, id)) ?? null,
          manages: standing.manages,
        }
      }),
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
    (request) =>
      inStanding(services, request, async (tx, standing) => {
        await updatePublisher(tx, standing, request.body)
        return request.body
      }),
  )

  app.post(
    '/api/governance/agreements/:slug/decisions/:number/publication',
    {
      config,
      schema: {
        operationId: 'publishDecision',
        summary: 'Makes a decision public, for good, and signs the journal',
        params: bySlug.extend({ number: z.string().max(20) }),
        body: newPublication,
        response: { 200: z.object({ seq: z.int() }) },
      },
    },
    (request) =>
      inStanding(services, request, async (tx, standing, now) => {
        const { number } = request.params
        const { id } = await publishDecision(tx, services, standing, { number, ...request.body }, now)
        return { seq: await getPlaceOf(tx, standing.agreement.id, id) }
      }),
  )
}
