import { z } from 'zod'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { csvFields, csvKinds } from '../feeds/csv-mapping.ts'
import { getColumns, previewColumns, saveColumns } from './import-columns.ts'
import { importSchema } from './imports.routes.ts'

const allFields = [...new Set(csvKinds.flatMap((kind) => csvFields[kind]))] as const
const csvKind = z.enum(csvKinds)
const csvField = z.enum(allFields)
const uai = z.string().regex(/^\d{7}[A-Z]$/)

/** What the columns of one file hold. */
const csvMappingSchema = z.object({
  kind: csvKind,
  columns: z
    .record(z.string().max(500), csvField)
    .describe('header, as written → what the column holds; the second of the same name is `name (2)`'),
  profile: z.enum(['teacher', 'staff']).optional().describe('of staff whose function does not tell it'),
})

/** What is said of CSV files, in a request or in a file given to the command line. */
export const csvDescriptionSchema = z.object({
  source: z.string().trim().min(1).max(60).describe('where the files come from'),
  uai: uai.optional().describe('establishment of the rows that name none'),
  files: z.record(z.string().max(200), csvMappingSchema).describe('by name of file; `*` for any other'),
})

const columnsSchema = z.object({
  kind: z.enum(['csv', 'onde', 'supann']),
  source: z.string(),
  uai: z.string().nullable(),
  fields: z.partialRecord(csvKind, z.array(csvField)).describe('what columns can hold, for each kind of file'),
  files: z.array(
    z.object({
      name: z.string(),
      encoding: z.enum(['utf-8', 'iso-8859-15', 'windows-1252']),
      separator: z.enum([';', ',', '\t', '|']),
      columns: z.array(
        z.object({
          name: z.string().describe('the header, or `header (2)` for the second of that name'),
          samples: z.array(z.string()),
          proposals: z.partialRecord(csvKind, csvField).describe('what it likely holds, for each kind of file'),
        }),
      ),
      mapping: csvMappingSchema,
      origin: z.enum(['remembered', 'recognised', 'proposed']),
    }),
  ),
})

const previewSchema = z.object({
  files: z.array(
    z.object({
      name: z.string(),
      fields: z.array(csvField.nullable()),
      rows: z.array(
        z.object({
          line: z.number(),
          cells: z.array(z.object({ text: z.string(), problem: z.string().nullable() })),
          problem: z.string().nullable(),
        }),
      ),
      counts: z.object({ read: z.number(), accepted: z.number(), setAside: z.number() }),
      more: z.boolean().describe('whether there are more rows than those looked at'),
      reasons: z.array(z.object({ code: z.string(), detail: z.string(), count: z.number(), line: z.number() })),
    }),
  ),
})

/** What the columns of CSV files hold: proposed, tried, kept. */
export function registerImportColumns(app: App, services: Services): void {
  const config = { access: { right: 'directory.import' } } as const
  const params = z.object({ id: z.uuid() })
  const ask = (request: Parameters<typeof actorOf>[0] & { params: { id: string } }) => {
    const { tenantId, personId } = actorOf(request)
    return { tenantId, id: request.params.id, actorPersonId: personId }
  }

  app.get(
    '/api/directory/imports/:id/columns',
    {
      config,
      schema: {
        operationId: 'getImportColumns',
        summary: 'Columns of CSV files that nobody has described yet, and what they likely hold',
        params,
        response: { 200: columnsSchema },
      },
    },
    async (request) => {
      const { files, uai: place, ...columns } = await getColumns(services, ask(request))
      return {
        ...columns,
        uai: place ?? null,
        fields: Object.fromEntries(csvKinds.map((kind) => [kind, [...csvFields[kind]]])),
        files,
      }
    },
  )

  app.post(
    '/api/directory/imports/:id/columns/preview',
    {
      config,
      schema: {
        operationId: 'previewImportColumns',
        summary: 'What a description would make of the first rows, and which values would fail',
        params,
        body: csvDescriptionSchema,
        response: { 200: previewSchema },
      },
    },
    async (request) => ({ files: await previewColumns(services, ask(request), request.body) }),
  )

  app.put(
    '/api/directory/imports/:id/columns',
    {
      config,
      schema: {
        operationId: 'saveImportColumns',
        summary: 'Keep what the columns hold, for the next files too, and read the files',
        params,
        body: csvDescriptionSchema,
        response: { 202: importSchema },
      },
    },
    async (request, reply) => reply.status(202).send(await saveColumns(services, ask(request), request.body)),
  )
}
