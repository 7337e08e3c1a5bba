import { z } from 'zod'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { findToday } from '#modules/identity'
import { getStanding } from '../standing.ts'
import { partyRoles } from './agreement-schema.ts'
import { listAgreementsInForce } from './agreements.queries.ts'
import { countNotices } from './calendar.queries.ts'

const bySlug = z.object({ slug: z.string().max(80) })

/** The agreements someone takes part in, and who they are in each. */
export function registerAgreements(app: App, services: Services): void {
  app.get(
    '/api/governance/agreements',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'listAgreements',
        summary: 'The agreements in force that the reader manages or sits for',
        response: {
          200: z.object({
            agreements: z.array(
              z.object({
                slug: z.string(),
                title: z.string(),
                notices: z.int().describe('what its calendar told the reader of, and that they have not put aside'),
              }),
            ),
          }),
        },
      },
    },
    (request) => {
      const actor = actorOf(request)
      const manages = actor.rights.some(({ right }) => right === 'governance.administer')
      return inTenant(services.db, actor.tenantId, async (tx) => {
        const reader = { personId: actor.personId, manages }
        const agreements = await listAgreementsInForce(tx, reader, await findToday(tx, services.now()))
        // Most people take part in none: nothing more is asked for them.
        const counts = agreements.length > 0 ? await countNotices(tx, actor.personId) : new Map<string, number>()
        return { agreements: agreements.map((each) => ({ ...each, notices: counts.get(each.slug) ?? 0 })) }
      })
    },
  )

  app.get(
    '/api/governance/agreements/:slug',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'getAgreement',
        summary: 'An agreement as it holds today, and who the reader is in it',
        params: bySlug,
        response: {
          200: z.object({
            slug: z.string(),
            title: z.string(),
            version: z.int(),
            validFrom: z.iso.date(),
            today: z.iso.date().describe('in the zone of the workspace'),
            manages: z.boolean().describe('whether the reader prepares bodies, orders and changes'),
            seats: z.array(
              z.object({
                representativeId: z.uuid(),
                body: z.string(),
                party: z.string(),
                rank: z.enum(['holder', 'deputy']),
              }),
            ),
            parties: z.array(z.object({ key: z.string(), name: z.string(), roles: z.array(z.enum(partyRoles)) })),
            bodies: z.array(
              z.object({
                key: z.string(),
                shortName: z.string(),
                name: z.string(),
                kind: z.enum(['deciding', 'advisory', 'crisis']),
              }),
            ),
            deliverables: z.boolean().describe('whether the agreement has rules about deliverables'),
            services: z.boolean().describe('whether the agreement has rules about public digital services'),
          }),
        },
      },
    },
    (request) => {
      const actor = actorOf(request)
      return inTenant(services.db, actor.tenantId, async (tx) => {
        const standing = await getStanding(tx, actor, request.params.slug, services.now())
        const { slug, version, rules } = standing.agreement
        return {
          slug,
          title: rules.title,
          version,
          validFrom: rules.validFrom,
          today: standing.today,
          manages: standing.manages,
          seats: standing.seats,
          parties: rules.parties.map(({ key, name, roles }) => ({ key, name, roles })),
          bodies: rules.bodies.map(({ key, shortName, name, kind }) => ({ key, shortName, name, kind })),
          deliverables: rules.deliverables !== undefined,
          services: rules.services !== undefined,
        }
      })
    },
  )
}
