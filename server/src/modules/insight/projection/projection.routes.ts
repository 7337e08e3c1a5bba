import { z } from 'zod'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { startRebuild } from './projection.ts'
import { readProjectionState } from './projection-state.ts'

const stateSchema = z.object({
  builds: z.array(
    z.object({
      build: z.int(),
      state: z.enum(['read', 'filling', 'left']).describe('what is answered; what will be; what goes'),
      until: z.iso.datetime().nullable().describe('all that was stored until then is in'),
      waiting: z.int().describe('statements stored that are not in, a million at most'),
      lag: z.number().describe('seconds since which the first of them has been waiting'),
      statements: z.int(),
      current: z.boolean().describe('understood by the rules of this version of the program'),
      startedAt: z.iso.datetime(),
      updatedAt: z.iso.datetime(),
      failure: z.string().nullable(),
    }),
  ),
})

/** How far the analytics are behind the store, for those who administer records. */
export function registerProjection(app: App, services: Services): void {
  const config = { access: { right: 'records.administer' } } as const
  app.get(
    '/api/insight/projection',
    {
      config,
      schema: {
        operationId: 'getProjection',
        summary: 'How far the analytics are behind the record store',
        response: { 200: stateSchema },
      },
    },
    async (request) => {
      const { tenantId } = actorOf(request)
      const { builds } = await inTenant(services.db, tenantId, (tx) => readProjectionState(tx, services.now()))
      return {
        builds: builds.map(({ until, startedAt, updatedAt, ...build }) => ({
          ...build,
          until: until?.toISOString() ?? null,
          startedAt: startedAt.toISOString(),
          updatedAt: updatedAt.toISOString(),
        })),
      }
    },
  )
  app.post(
    '/api/insight/projection/rebuild',
    {
      config,
      schema: {
        operationId: 'rebuildProjection',
        summary: 'Makes the analytics anew from the record store, beside those that are read meanwhile',
        response: { 200: z.object({ build: z.int() }) },
      },
    },
    async (request) => {
      const { tenantId, personId } = actorOf(request)
      return inTenant(services.db, tenantId, async (tx) => ({
        build: await startRebuild(tx, personId, services.now()),
      }))
    },
  )
}
