import { z } from 'zod'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { describeLearners, tieIdentifiers, untieIdentifier } from './identity-map.ts'
import { searchIdentifiers } from './identity-map.queries.ts'

const mostFound = 30
const identifier = z.string().trim().min(1).max(2_500)

const learnerSchema = z.object({
  learner: z.string().describe('pseudonym in the analytics'),
  events: z.number().describe('how many the analytics hold'),
  identifiers: z.array(
    z.object({
      identifier: z.string().describe('as statements say it (`account|…`, `mbox|…`), or as a platform does (`lti|…`)'),
      name: z.string().nullable(),
      origin: z.enum(['own', 'launch', 'administrator']),
    }),
  ),
})

/** The identity map, for those who administer dashboards: which identifiers are one person. */
export function registerIdentities(app: App, services: Services): void {
  const config = { access: { right: 'insight.administer' } } as const

  app.get(
    '/api/insight/identities',
    {
      config,
      schema: {
        operationId: 'searchIdentities',
        summary: 'People of the learning records by a part of an identifier or a name, with all that leads to them',
        querystring: z.object({ q: z.string().trim().min(2).max(300) }),
        response: { 200: z.object({ learners: z.array(learnerSchema) }) },
      },
    },
    async (request) => {
      const { tenantId } = actorOf(request)
      const found = await inTenant(services.db, tenantId, (tx) => searchIdentifiers(tx, request.query.q, mostFound))
      const learners = await describeLearners(services, tenantId, found)
      return {
        learners: learners.map((each) => ({
          ...each,
          identifiers: each.identifiers.map(({ identifier: text, name, origin }) => ({
            identifier: text,
            name,
            origin,
          })),
        })),
      }
    },
  )

  app.post(
    '/api/insight/identities/ties',
    {
      config,
      schema: {
        operationId: 'tieIdentities',
        summary: 'Says that two identifiers are one person; dashboards follow within seconds',
        body: z.object({ identifier, to: identifier }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const { tenantId, personId: actorPersonId } = actorOf(request)
      await inTenant(services.db, tenantId, (tx) =>
        tieIdentifiers(tx, { ...request.body, actorPersonId }, services.now()),
      )
      return reply.status(204).send(null)
    },
  )

  app.post(
    '/api/insight/identities/unties',
    {
      config,
      schema: {
        operationId: 'untieIdentity',
        summary: 'Takes back that an identifier is somebody else’s',
        body: z.object({ identifier }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const { tenantId, personId: actorPersonId } = actorOf(request)
      await inTenant(services.db, tenantId, (tx) => untieIdentifier(tx, { ...request.body, actorPersonId }))
      return reply.status(204).send(null)
    },
  )
}
