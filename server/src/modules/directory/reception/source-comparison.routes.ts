import { z } from 'zod'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { recordKinds, tables } from '../tables.ts'
import { askComparison, listCompared } from './source-comparison.ts'

const comparison = z.object({
  left: z.uuid().describe('a source'),
  right: z.uuid().describe('another source'),
  kind: z.enum(recordKinds),
  establishment: z.uuid().optional().describe('of the workspace'),
})

const record = z.object({ externalId: z.string(), label: z.string() }).nullable()

/** What two sources say of the same people and places. */
export function registerSourceComparison(app: App, services: Services): void {
  const config = { access: { right: 'directory.import' } } as const

  app.get(
    '/api/directory/source-comparison',
    {
      config,
      schema: {
        operationId: 'compareSources',
        summary: 'How much two sources differ on one kind of records, by establishment, where they differ most first',
        querystring: comparison.extend({
          again: z.stringbool().default(false).describe('whether a comparison that failed is to be tried again'),
        }),
        response: {
          200: z.object({
            state: z
              .enum(['ready', 'computing', 'failed'])
              .describe('of large sources: computed in the background, then kept; ask again to see how far it is'),
            done: z.number().describe('records looked at'),
            total: z.number().describe('records of both sources; zero when they were compared at once'),
            establishments: z.array(
              z.object({
                id: z.uuid().nullable().describe('null: filed under no establishment of the workspace'),
                name: z.string(),
                onlyLeft: z.number(),
                onlyRight: z.number(),
                both: z.number(),
                different: z.number().describe('among those of both'),
              }),
            ),
          }),
        },
      },
    },
    (request) => {
      const { tenantId } = actorOf(request)
      return inTenant(services.db, tenantId, async (tx) => {
        await checkSources(tx, request.query)
        return askComparison(services, tx, { ...request.query, tenantId })
      })
    },
  )

  app.get(
    '/api/directory/source-comparison/records',
    {
      config,
      schema: {
        operationId: 'listComparedRecords',
        summary: 'The records that only one of two sources holds, or that they hold otherwise',
        querystring: comparison.extend({
          view: z
            .enum(['left', 'right', 'different'])
            .describe('only in left, only in right, or in both and different'),
          after: z.string().max(300).optional(),
          limit: z.coerce.number().int().min(1).max(1000).default(50),
        }),
        response: {
          200: z.object({
            records: z.array(
              z.object({
                left: record,
                right: record,
                establishment: z.object({ id: z.uuid(), name: z.string() }).nullable(),
                fields: z
                  .array(z.object({ field: z.string(), left: z.string(), right: z.string() }))
                  .describe('what differs; capitals, and what refers to other records, are left aside'),
              }),
            ),
            next: z.string().nullable(),
          }),
        },
      },
    },
    (request) =>
      inTenant(services.db, actorOf(request).tenantId, async (tx) => {
        await checkSources(tx, request.query)
        return listCompared(tx, request.query)
      }),
  )
}

async function checkSources(tx: Tx, { left, right }: { left: string; right: string }): Promise<void> {
  if (left === right) throw new Problem(400, 'sources_same', 'Choose two different sources.')
  const found = await tables(tx).selectFrom('directory.source').select('id').where('id', 'in', [left, right]).execute()
  if (found.length < 2) throw new Problem(404, 'source_unknown', 'There is no such source.')
}
