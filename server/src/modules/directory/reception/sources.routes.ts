import { z } from 'zod'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { requestRetry } from '../imports/imports.ts'
import { importSchema } from '../imports/imports.routes.ts'
import { recordKinds, sourceKinds } from '../tables.ts'
import { acknowledgeAlert } from './alerts.ts'
import { feedAlertSchema, listFeedAlerts } from './alerts.queries.ts'
import { rereadImport } from './reread.ts'
import { listHeldRecords } from './source-quarantine.queries.ts'
import { getSource, listSourceHistory, listSources } from './sources.queries.ts'
import { updateSourceSettings } from './sources.ts'

const recordKind = z.enum(recordKinds)
const basisPoints = z.number().int().min(0).max(10_000)

const sourceSchema = z.object({
  id: z.uuid(),
  kind: z.enum(sourceKinds),
  name: z.string(),
  academyCode: z.string().nullable(),
  lastImport: z
    .object({
      id: z.uuid(),
      state: z.enum(['staging', 'ready', 'refused', 'applying', 'applied', 'abandoned', 'interrupted']),
      mode: z.enum(['full', 'delta', 'rollback']),
      createdAt: z.iso.datetime(),
      exportedOn: z.iso.date().nullable(),
    })
    .nullable(),
  nextExpectedAt: z.iso.datetime().nullable().describe('null: it comes whenever it comes'),
  alerts: z.number().describe('those that wait for somebody'),
})

/** A source as the API shows it. */
export type SourceView = z.infer<typeof sourceSchema>

export const settingsSchema = z.object({
  thresholds: z
    .partialRecord(recordKind, basisPoints)
    .describe('share of vanishing records of a kind, in basis points, above which an import stops and asks'),
  folder: z.string().max(4096).nullable().describe('where its files come, under the folder of the workspace'),
  unattended: z.boolean().describe('whether what comes to a folder is applied by itself when nothing is alarming'),
  quarantineLimit: basisPoints.describe('share of records set aside above which a person must look'),
  smallLimit: basisPoints.describe('how much smaller than the median of the last ones an export may be'),
  expectedAt: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/)
    .nullable()
    .describe('HH:MM in the time zone of the workspace; null: it comes whenever it comes'),
  expectedDays: z.array(z.number().int().min(1).max(7)).min(1).max(7).describe('1 for Monday to 7 for Sunday'),
  graceMinutes: z.number().int().min(0).max(720).describe('how late it may be'),
  retentionDays: z.number().int().min(0).max(366).describe('how long received files are kept; 0: removed at once'),
})

/** How a source is received. */
export type SourceSettings = z.infer<typeof settingsSchema>

const detailSchema = sourceSchema.extend({
  settings: settingsSchema,
  commonFolder: z
    .string()
    .describe('under the data folder of the server: what is put there, or in a folder of it, is taken too'),
})

/** A source and how it is received. */
export type SourceDetail = z.infer<typeof detailSchema>

const historySchema = z.object({
  id: z.uuid(),
  mode: z.enum(['full', 'delta', 'rollback']),
  exportedOn: z.iso.date().nullable(),
  appliedAt: z.iso.datetime(),
  added: z.number(),
  modified: z.number(),
  removed: z.number(),
  quarantined: z.number(),
  present: z.partialRecord(recordKind, z.number()).describe('records of its source once it was applied'),
})

/** One applied import in the history of its source. */
export type SourceHistoryView = z.infer<typeof historySchema>

const sourceId = z.object({ id: z.uuid() })

/** Sources of feeds: how each is received, its history, and what somebody should know about it. */
export function registerSources(app: App, services: Services): void {
  const config = { access: { right: 'directory.import' } } as const

  app.get(
    '/api/directory/sources',
    {
      config,
      schema: {
        operationId: 'listSources',
        summary: 'Where feeds come from, the last import of each, and when the next is expected',
        response: { 200: z.object({ sources: z.array(sourceSchema) }) },
      },
    },
    (request) =>
      inTenant(services.db, actorOf(request).tenantId, async (tx) => ({
        sources: await listSources(tx, request.tenant, services.now()),
      })),
  )

  app.get(
    '/api/directory/sources/:id',
    {
      config,
      schema: {
        operationId: 'getSource',
        summary: 'One source and how it is received',
        params: sourceId,
        response: { 200: detailSchema },
      },
    },
    (request) =>
      inTenant(services.db, actorOf(request).tenantId, (tx) =>
        getSource(tx, request.params.id, request.tenant, services.now()),
      ),
  )

  app.put(
    '/api/directory/sources/:id/settings',
    {
      config,
      schema: {
        operationId: 'updateSourceSettings',
        summary: 'Change how a source is received',
        params: sourceId,
        body: settingsSchema,
        response: { 200: detailSchema },
      },
    },
    (request) => {
      const { personId } = actorOf(request)
      const input = { id: request.params.id, actorPersonId: personId, settings: request.body }
      return updateSourceSettings(services, request.tenant, input)
    },
  )

  app.get(
    '/api/directory/sources/:id/history',
    {
      config,
      schema: {
        operationId: 'listSourceHistory',
        summary: 'The last imports applied, the oldest first: what each changed, what was present then',
        params: sourceId,
        querystring: z.object({ limit: z.coerce.number().int().min(1).max(400).default(30) }),
        response: { 200: z.object({ history: z.array(historySchema) }) },
      },
    },
    (request) =>
      inTenant(services.db, actorOf(request).tenantId, async (tx) => {
        await getSource(tx, request.params.id, request.tenant, services.now())
        return { history: await listSourceHistory(tx, request.params.id, request.query.limit) }
      }),
  )

  app.get(
    '/api/directory/sources/:id/quarantine',
    {
      config,
      schema: {
        operationId: 'listHeldRecords',
        summary: 'Records of a source still set aside, over all its imports, each with its reason and since when',
        params: sourceId,
        querystring: z.object({
          kind: recordKind.optional(),
          code: z.string().max(100).optional(),
          after: z.string().max(300).optional(),
          limit: z.coerce.number().int().min(1).max(1000).default(50),
        }),
        response: {
          200: z.object({
            reasons: z.array(z.object({ code: z.string(), count: z.number() })),
            retryable: z.number().describe('of all of them, those kept as they came, that can be read again'),
            records: z.array(
              z.object({
                kind: recordKind,
                externalId: z.string().nullable(),
                code: z.string(),
                detail: z.string(),
                file: z.string(),
                line: z.number(),
                importId: z.uuid().describe('the import that last set it aside'),
                since: z.iso.datetime(),
              }),
            ),
            next: z.string().nullable(),
          }),
        },
      },
    },
    (request) =>
      inTenant(services.db, actorOf(request).tenantId, async (tx) => {
        await getSource(tx, request.params.id, request.tenant, services.now())
        return listHeldRecords(tx, request.params.id, request.query)
      }),
  )

  app.post(
    '/api/directory/sources/:id/retry',
    {
      config,
      schema: {
        operationId: 'retryHeldRecords',
        summary: 'Read again what a source has set aside and was kept of it; a new import, reviewed like any other',
        params: sourceId,
        response: { 202: importSchema },
      },
    },
    async (request, reply) => {
      const { tenantId, personId } = actorOf(request)
      const asked = { tenantId, id: request.params.id, actorPersonId: personId }
      return reply.status(202).send(await requestRetry(services, asked))
    },
  )

  app.post(
    '/api/directory/imports/:id/reread',
    {
      config,
      schema: {
        operationId: 'rereadImport',
        summary: 'Try again what was set aside: a new import of the files that were kept',
        params: sourceId,
        response: { 202: importSchema },
      },
    },
    async (request, reply) => {
      const { tenantId, personId } = actorOf(request)
      const asked = { tenantId, id: request.params.id, actorPersonId: personId }
      return reply.status(202).send(await rereadImport(services, asked))
    },
  )

  app.get(
    '/api/directory/feed-alerts',
    {
      config,
      schema: {
        operationId: 'listFeedAlerts',
        summary: 'Feeds late, missing, small, refused or waiting for a person, newest first; at most a hundred',
        querystring: z.object({
          open: z.stringbool().default(true).describe('only those that wait for somebody'),
          source: z.uuid().optional(),
        }),
        response: { 200: z.object({ alerts: z.array(feedAlertSchema) }) },
      },
    },
    (request) =>
      inTenant(services.db, actorOf(request).tenantId, async (tx) => ({
        alerts: await listFeedAlerts(tx, { open: request.query.open, sourceId: request.query.source }),
      })),
  )

  app.post(
    '/api/directory/feed-alerts/:id/acknowledge',
    {
      config,
      schema: {
        operationId: 'acknowledgeFeedAlert',
        summary: 'Note that somebody has seen an alert; the audit trail tells who',
        params: sourceId,
        response: { 200: feedAlertSchema },
      },
    },
    (request) => {
      const { tenantId, personId } = actorOf(request)
      return acknowledgeAlert(services, { tenantId, id: request.params.id, actorPersonId: personId })
    },
  )
}
