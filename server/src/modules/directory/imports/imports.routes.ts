import multipart from '@fastify/multipart'
import { randomUUIDv7 } from 'node:crypto'
import { z } from 'zod'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { discardUpload, receiveFile, uploadLimits } from './import-files.ts'
import { requestApply } from './import-applying.ts'
import { abandonImport } from './import-sweep.ts'
import { receiveImport, requestRollback, requestStage } from './imports.ts'
import {
  getImport,
  listChanges,
  listImportEstablishments,
  listImports,
  listQuarantinedRecords,
} from './imports.queries.ts'

const recordKind = z.enum(['establishment', 'class', 'group', 'subject', 'mef', 'pupil', 'guardian', 'staff'])
const changeKind = z.enum(['added', 'modified', 'removed'])
const limit = z.coerce.number().int().min(1).max(200).default(50)

const kindCounts = z
  .object({
    read: z.number(),
    derived: z.number().describe('changes that no record states: what a full export no longer holds, what follows'),
    added: z.number(),
    modified: z.number(),
    unchanged: z.number(),
    quarantined: z.number(),
    ignored: z.number(),
    removed: z.number(),
  })
  .describe('read + derived = added + modified + removed + unchanged + quarantined + ignored')

export const importSchema = z.object({
  id: z.uuid(),
  state: z.enum(['staging', 'ready', 'refused', 'applying', 'applied', 'abandoned', 'interrupted']),
  mode: z.enum(['full', 'delta', 'rollback']).describe('rollback: it undoes another import'),
  retry: z.boolean().describe('whether it reads again what its source had set aside'),
  undoes: z.uuid().nullable().describe('of a roll-back: the import that it undoes'),
  undoneBy: z.uuid().nullable().describe('the applied roll-back that undid it'),
  source: z.object({ id: z.uuid(), name: z.string(), academyCode: z.string().nullable() }).nullable(),
  createdAt: z.iso.datetime(),
  createdBy: z.object({ id: z.uuid(), name: z.string() }).nullable().describe('null: the command line, or nobody'),
  unattended: z.boolean().describe('whether it came by itself: put in a folder, or fetched'),
  exportedOn: z.iso.date().nullable(),
  files: z.array(
    z.object({
      name: z.string(),
      bytes: z.number(),
      rows: z
        .object({ rows: z.number(), kept: z.number(), leftOut: z.record(z.string(), z.number()) })
        .optional()
        .describe(
          'rows = kept in a record + left out, by reason; of formats whose records gather rows of several files',
        ),
    }),
  ),
  progress: z
    .object({
      phase: z.enum(['waiting', 'reading', 'comparing', 'applying']),
      done: z.number(),
      total: z.number(),
      unit: z.enum(['bytes', 'steps']),
      startedAt: z.iso.datetime(),
    })
    .nullable()
    .describe('null when nothing runs'),
  counts: z.partialRecord(recordKind, kindCounts),
  warnings: z.array(z.object({ code: z.string(), count: z.number() })),
  alerts: z.array(
    z.object({
      code: z.enum(['threshold_exceeded', 'older_export', 'future_export']),
      kind: recordKind.nullable(),
      removed: z.number(),
      total: z.number(),
      limit: z.number().describe('basis points of the total'),
    }),
  ),
  refusal: z
    .object({
      code: z.string(),
      detail: z.string(),
      file: z.string().nullable(),
      line: z.number().nullable(),
      column: z.number().nullable(),
    })
    .nullable()
    .describe('why it was refused or interrupted'),
  nothingToDo: z.boolean().describe('read in full and it changes nothing'),
  actions: z
    .array(z.enum(['apply', 'abandon', 'stage', 'describe', 'rollback']))
    .describe('what can be asked of it now'),
  stagedAt: z.iso.datetime().nullable(),
  appliedAt: z.iso.datetime().nullable(),
  keptUntil: z.iso.datetime().nullable().describe('until when its received files are kept once it has ended'),
  appliedBy: z.object({ id: z.uuid(), name: z.string() }).nullable(),
})

/** An import as the API shows it. */
export type ImportView = z.infer<typeof importSchema>

const fieldValue = z
  .union([z.string(), z.array(z.union([z.string(), z.record(z.string(), z.string())]))])
  .nullable()
  .describe('a text; of a list, texts or links: what they are by name, `true` for a flag that is set')

/** One side of a difference, as the API shows it. */
export type FieldValue = z.infer<typeof fieldValue>

const changeSchema = z.object({
  kind: recordKind,
  change: changeKind,
  externalId: z.string(),
  label: z.string(),
  establishment: z.object({ ref: z.string(), name: z.string() }).nullable(),
  fields: z
    .array(z.object({ field: z.string(), before: fieldValue, after: fieldValue }))
    .describe('every field of a record added or removed while under review; the different ones of a modified record'),
})

/** One changed record as the API shows it. */
export type ChangeView = z.infer<typeof changeSchema>

const establishmentSchema = z.object({
  ref: z.string(),
  name: z.string(),
  counts: z.partialRecord(recordKind, z.object({ added: z.number(), modified: z.number(), removed: z.number() })),
})

/** What an import changes in one establishment. */
export type ImportEstablishmentView = z.infer<typeof establishmentSchema>

const quarantinedSchema = z.object({
  id: z.uuid(),
  kind: recordKind,
  externalId: z.string().nullable(),
  file: z.string(),
  line: z.number(),
  code: z.string(),
  detail: z.string(),
})

const importId = z.object({ id: z.uuid() })

/** Imports of academic feeds: upload, review, apply. */
export async function registerImports(app: App, services: Services): Promise<void> {
  await app.register(multipart, { limits: uploadLimits, throwFileSizeLimit: false })
  const config = { access: { right: 'directory.import' } } as const

  app.post(
    '/api/directory/imports',
    {
      config,
      schema: {
        operationId: 'createImport',
        summary: 'Upload the files of one export; they are read in the background',
        consumes: ['multipart/form-data'],
        querystring: z.object({
          mode: z.enum(['full', 'delta']).optional().describe('of files that do not say it; default full'),
          schoolYear: z.coerce
            .number()
            .int()
            .min(2000)
            .max(2100)
            .optional()
            .describe('year in which the school year of files that do not say it starts; default that of their day'),
        }),
        response: { 202: importSchema },
      },
    },
    async (request, reply) => {
      const { tenantId, personId } = actorOf(request)
      const id = randomUUIDv7()
      try {
        for await (const part of request.files())
          await receiveFile(services.dataDirectory, id, part.filename, part.file)
        const received = await receiveImport(services, {
          tenantId,
          id,
          actorPersonId: personId,
          given: request.query,
        })
        return await reply.status(202).send(received)
      } catch (error) {
        await discardUpload(services.dataDirectory, id)
        throw error
      }
    },
  )

  app.get(
    '/api/directory/imports',
    {
      config,
      schema: {
        operationId: 'listImports',
        summary: 'Imports, newest first',
        querystring: z.object({ after: z.uuid().optional(), limit }),
        response: { 200: z.object({ imports: z.array(importSchema), next: z.string().nullable() }) },
      },
    },
    (request) => inTenant(services.db, actorOf(request).tenantId, (tx) => listImports(tx, request.query)),
  )

  app.get(
    '/api/directory/imports/:id',
    {
      config,
      schema: {
        operationId: 'getImport',
        summary: 'State, progress, counts and alerts of an import',
        params: importId,
        response: { 200: importSchema },
      },
    },
    (request) => inTenant(services.db, actorOf(request).tenantId, (tx) => getImport(tx, request.params.id)),
  )

  app.get(
    '/api/directory/imports/:id/changes',
    {
      config,
      schema: {
        operationId: 'listImportChanges',
        summary: 'What an import changes, record by record',
        params: importId,
        querystring: z.object({
          kind: recordKind.optional(),
          change: changeKind.optional(),
          establishment: z.string().max(100).optional().describe('identifier in the feed'),
          after: z.string().max(300).optional(),
          limit,
        }),
        response: { 200: z.object({ changes: z.array(changeSchema), next: z.string().nullable() }) },
      },
    },
    (request) =>
      inTenant(services.db, actorOf(request).tenantId, (tx) => listChanges(tx, request.params.id, request.query)),
  )

  app.get(
    '/api/directory/imports/:id/establishments',
    {
      config,
      schema: {
        operationId: 'listImportEstablishments',
        summary: 'How much an import changes in each establishment, the most changed first',
        params: importId,
        querystring: z.object({ after: z.string().max(300).optional(), limit }),
        response: { 200: z.object({ establishments: z.array(establishmentSchema), next: z.string().nullable() }) },
      },
    },
    (request) =>
      inTenant(services.db, actorOf(request).tenantId, (tx) =>
        listImportEstablishments(tx, request.params.id, request.query),
      ),
  )

  app.get(
    '/api/directory/imports/:id/quarantine',
    {
      config,
      schema: {
        operationId: 'listQuarantinedRecords',
        summary: 'Records set aside by an import, each with its reason',
        params: importId,
        querystring: z.object({
          kind: recordKind.optional(),
          code: z.string().max(100).optional(),
          after: z.uuid().optional(),
          limit,
        }),
        response: {
          200: z.object({
            reasons: z.array(z.object({ code: z.string(), count: z.number() })),
            records: z.array(quarantinedSchema),
            next: z.string().nullable(),
          }),
        },
      },
    },
    (request) =>
      inTenant(services.db, actorOf(request).tenantId, (tx) =>
        listQuarantinedRecords(tx, request.params.id, request.query),
      ),
  )

  app.post(
    '/api/directory/imports/:id/apply',
    {
      config,
      schema: {
        operationId: 'applyImport',
        summary: 'Apply a reviewed import, all or nothing, in the background',
        params: importId,
        body: z.object({ acceptAlerts: z.boolean().default(false) }),
        response: { 202: importSchema },
      },
    },
    async (request, reply) => {
      const { tenantId, personId } = actorOf(request)
      const { acceptAlerts } = request.body
      const asked = { tenantId, id: request.params.id, actorPersonId: personId, acceptAlerts }
      return reply.status(202).send(await requestApply(services, asked))
    },
  )

  app.post(
    '/api/directory/imports/:id/rollback',
    {
      config,
      schema: {
        operationId: 'rollBackImport',
        summary: 'Prepare what undoes the last import of a source, for review; in the background',
        params: importId,
        response: { 202: importSchema },
      },
    },
    async (request, reply) => {
      const { tenantId, personId } = actorOf(request)
      const asked = { tenantId, id: request.params.id, actorPersonId: personId }
      return reply.status(202).send(await requestRollback(services, asked))
    },
  )

  app.post(
    '/api/directory/imports/:id/stage',
    {
      config,
      schema: {
        operationId: 'stageImport',
        summary: 'Read the files of an interrupted import again',
        params: importId,
        response: { 202: importSchema },
      },
    },
    async (request, reply) => {
      const { tenantId, personId } = actorOf(request)
      const asked = { tenantId, id: request.params.id, actorPersonId: personId }
      return reply.status(202).send(await requestStage(services, asked))
    },
  )

  app.post(
    '/api/directory/imports/:id/abandon',
    {
      config,
      schema: {
        operationId: 'abandonImport',
        summary: 'Give up an import that is being read or reviewed',
        params: importId,
        response: { 200: importSchema },
      },
    },
    (request) => {
      const { tenantId, personId } = actorOf(request)
      return abandonImport(services, { tenantId, id: request.params.id, actorPersonId: personId })
    },
  )
}
