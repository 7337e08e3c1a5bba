import { createReadStream } from 'node:fs'
import { z } from 'zod'
import { listPersonSummaries } from '#modules/directory'
import { type App, actorOf } from '#kernel/http'
import { recordAudit } from '#kernel/audit'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { archivePath, checksumName, exportQueue, getSetting } from './exports.ts'
import { findExport, findSetting, listExports } from './exports.queries.ts'

const degree = z.enum(['1D', '2D'])
const counts = z.record(z.string(), z.number())

const exportSchema = z.object({
  id: z.uuid(),
  degree,
  state: z.enum(['running', 'ready', 'failed', 'expired']),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  startedBy: z.object({ id: z.uuid(), name: z.string() }).nullable().describe('null: by night, or by a command'),
  archive: z.string().nullable().describe('name of the file'),
  bytes: z.number().nullable(),
  md5: z.string().nullable(),
  counts: counts.describe('files, then elements by name'),
  leftOut: counts.describe('what could not be exported, by reason'),
  failure: z.string().nullable(),
})

/** The history of exports for the GAR, for those who administer the whole workspace. */
export function registerExports(app: App, services: Services): void {
  const config = { access: { right: 'directory.administer' } } as const

  app.get(
    '/api/gar/exports',
    {
      config,
      schema: {
        operationId: 'listGarExports',
        summary: 'Exports of the directory for the GAR, newest first',
        querystring: z.object({
          after: z.uuid().optional(),
          limit: z.coerce.number().int().min(1).max(200).default(50),
        }),
        response: {
          200: z.object({
            setting: z
              .object({ idEnt: z.string(), nightly: z.boolean(), retentionDays: z.number() })
              .nullable()
              .describe('null while nothing was agreed with the GAR'),
            exports: z.array(exportSchema),
            next: z.uuid().nullable(),
          }),
        },
      },
    },
    (request) =>
      inTenant(services.db, actorOf(request).tenantId, async (tx) => {
        const { exports, next } = await listExports(tx, request.query)
        const starters = exports.flatMap(({ startedBy }) => startedBy ?? [])
        const people = new Map((await listPersonSummaries(tx, starters)).map((each) => [each.id, each]))
        return {
          setting: (await findSetting(tx)) ?? null,
          exports: exports.map((each) => {
            const person = each.startedBy === null ? undefined : people.get(each.startedBy)
            return {
              ...each,
              startedAt: each.startedAt.toISOString(),
              endedAt: each.endedAt?.toISOString() ?? null,
              startedBy: person ? { id: person.id, name: `${person.givenName} ${person.familyName}` } : null,
            }
          }),
          next,
        }
      }),
  )

  app.post(
    '/api/gar/exports',
    {
      config,
      schema: {
        operationId: 'requestGarExport',
        summary: 'Ask for an export of one degree; it is made in the background',
        body: z.object({ degree }),
        response: { 202: z.null() },
      },
    },
    async (request, reply) => {
      const { tenantId, personId } = actorOf(request)
      await inTenant(services.db, tenantId, async (tx) => {
        await getSetting(tx)
        await services.jobs.enqueue(tx, exportQueue, { tenantId, degree: request.body.degree, startedBy: personId })
      })
      return reply.status(202).send(null)
    },
  )

  app.get(
    '/api/gar/exports/:id/:file',
    {
      config,
      schema: {
        operationId: 'downloadGarExport',
        summary: 'The archive of an export, or its checksum',
        params: z.object({ id: z.uuid(), file: z.enum(['archive', 'checksum']) }),
      },
    },
    async (request, reply) => {
      const { tenantId, personId } = actorOf(request)
      const { id, file } = request.params
      const archive = await inTenant(services.db, tenantId, async (tx) => {
        const found = await findExport(tx, id)
        if (found?.state !== 'ready' || found.archive === null) {
          throw new Problem(404, 'gar_archive_gone', 'This export has no archive, or has it no more.')
        }
        if (file === 'archive') {
          await recordAudit(tx, {
            action: 'gar.export_downloaded',
            actorPersonId: personId,
            subjectKind: 'gar.export',
            subjectId: id,
          })
        }
        return found.archive
      })
      const name = file === 'archive' ? archive : checksumName(archive)
      return reply
        .type(file === 'archive' ? 'application/gzip' : 'text/plain')
        .header('content-disposition', `attachment; filename="${name}"`)
        .send(createReadStream(archivePath(services.dataDirectory, { id, archive: name })))
    },
  )
}
