import { z } from 'zod'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { coverageSchema, verbCoverageSchema } from './coverage.queries.ts'
import { readCoverage } from './coverage.ts'

/** What share of statements is understood, for those who administer records. */
export function registerCoverage(app: App, services: Services): void {
  app.get(
    '/api/insight/coverage',
    {
      config: { access: { right: 'records.administer' } },
      schema: {
        operationId: 'getCoverage',
        summary: 'How many statements were understood, by source, dialect and verb',
        querystring: z.object({
          days: z.coerce.number().int().min(1).max(4000).default(30).describe('of arrival, today included'),
          source: z.uuid().optional(),
        }),
        response: {
          200: z.object({
            rules: z.int().nullable().describe('version by which they were understood; null before any was'),
            sources: z.array(z.object({ id: z.uuid(), name: z.string() })),
            parts: z.array(coverageSchema),
            verbs: z.array(verbCoverageSchema).describe('at most 500, the least understood first'),
          }),
        },
      },
    },
    async (request) => readCoverage(services, { tenantId: actorOf(request).tenantId, ...request.query }),
  )
}
