import { z } from 'zod'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { listProviders } from '#modules/identity'
import { listMetadataStates } from '../saml/saml.queries.ts'
import { listStates, sumByDay } from './availability.queries.ts'

const count = z.number().int()

/** How well each identity provider worked, for operators. */
export function registerAvailability(app: App, services: Services): void {
  app.get(
    '/api/federation/availability',
    {
      config: { access: { right: 'instance.operate' } },
      schema: {
        operationId: 'getFederationAvailability',
        summary: 'State of each identity provider, and what was measured day by day',
        querystring: z.object({ days: z.coerce.number().int().min(1).max(90).default(14) }),
        response: {
          200: z.object({
            providers: z.array(
              z.object({
                slug: z.string(),
                name: z.string(),
                protocol: z.enum(['oidc', 'saml', 'cas']),
                state: z.enum(['up', 'degraded', 'down', 'unknown']),
                since: z.date().nullable(),
                checkedAt: z.date().nullable(),
                latencyMs: z.number().nullable(),
                reason: z.string().nullable().describe('code of what is wrong'),
                metadata: z
                  .object({
                    refreshedAt: z.date().nullable(),
                    validUntil: z.date().nullable(),
                    entities: count,
                    failure: z.string().nullable(),
                  })
                  .nullable(),
                days: z.array(
                  z.object({
                    day: z.iso.date(),
                    probes: count,
                    failedProbes: count,
                    slowProbes: count,
                    signedIn: count,
                    refused: count.describe('given up, or unknown to the directory'),
                    failed: count.describe('unreachable, or an answer that could not be trusted'),
                  }),
                ),
              }),
            ),
          }),
        },
      },
    },
    ({ tenant, query }) =>
      inTenant(services.db, tenant.id, async (tx) => {
        const since = new Date(services.now().getTime() - query.days * 86_400_000)
        const [states, days, metadata] = [
          await listStates(tx),
          await sumByDay(tx, since, tenant.timeZone),
          await listMetadataStates(tx),
        ]
        return {
          providers: (await listProviders(tx)).map(({ id, slug, name, protocol }) => {
            const state = states.find(({ providerId }) => providerId === id)
            return {
              slug,
              name,
              protocol,
              state: state?.state ?? ('unknown' as const),
              since: state?.since ?? null,
              checkedAt: state?.checkedAt ?? null,
              latencyMs: state?.latencyMs ?? null,
              reason: state?.reason ?? null,
              metadata: metadata.find(({ providerId }) => providerId === id) ?? null,
              days: days.filter(({ providerId }) => providerId === id),
            }
          }),
        }
      }),
  )
}
