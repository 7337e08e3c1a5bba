import { z } from 'zod'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { Problem } from '#kernel/problem'
import { paperLimit } from '../bodies/papers.ts'
import { requestKey } from '../request-once.ts'
import { inStanding } from '../standing.ts'
import {
  addDocument,
  answerRequest,
  getAnswerable,
  listAskingParties,
  openDocument,
  readDocuments,
  removeDocument,
  requestDocument,
  withdrawRequest,
} from './documents.ts'
import { documentKinds, requestOutcomes } from './tables.ts'

const base = '/api/governance/agreements/:slug'
const bySlug = z.object({ slug: z.string().max(80) })
const byId = bySlug.extend({ id: z.uuid() })
const config = { access: 'signed-in' } as const

const requestSchema = z.object({
  id: z.uuid(),
  number: z.int(),
  party: z.string(),
  kind: z.enum(documentKinds),
  title: z.string(),
  text: z.string(),
  requestedAt: z.date(),
  outcome: z.enum(requestOutcomes).nullable().describe('null: it waits'),
  answer: z.string().nullable(),
  answeredAt: z.date().nullable(),
  files: z.array(z.object({ id: z.uuid(), name: z.string(), size: z.int(), sha256: z.string() })),
})

/** What members ask the pilot for, and what it gives them. */
export function registerDocuments(app: App, services: Services): void {
  app.get(
    `${base}/document-requests`,
    {
      config,
      schema: {
        operationId: 'listDocumentRequests',
        summary: 'Documents that members asked the pilot for, and what every member was given',
        params: bySlug,
        querystring: z.object({ below: z.coerce.number().int().min(1).optional().describe('number to go on under') }),
        response: {
          200: z.object({
            manages: z.boolean(),
            asksFor: z.array(z.string()).describe('members for which the reader may ask'),
            requests: z.array(requestSchema),
            more: z.boolean(),
          }),
        },
      },
    },
    (request) =>
      inStanding(services, request, async (tx, standing) => {
        const requests = await readDocuments(tx, standing, request.query.below)
        return {
          manages: standing.manages,
          asksFor: listAskingParties(standing),
          requests,
          more: (requests.at(-1)?.number ?? 1) > 1,
        }
      }),
  )

  app.post(
    `${base}/document-requests`,
    {
      config,
      schema: {
        operationId: 'requestDocument',
        summary: 'Ask the pilot for a document, in the name of a member; once for each request key',
        params: bySlug,
        body: z.object({
          requestKey,
          party: z.string().max(60),
          kind: z.enum(documentKinds),
          title: z.string().trim().min(1).max(200),
          text: z.string().trim().max(4000).default(''),
        }),
        response: { 201: z.object({ id: z.uuid(), number: z.int() }) },
      },
    },
    async (request, reply) =>
      reply
        .status(201)
        .send(
          await inStanding(services, request, (tx, standing, now) => requestDocument(tx, standing, request.body, now)),
        ),
  )

  app.post(
    `${base}/document-requests/:id/files`,
    {
      config,
      bodyLimit: paperLimit + 65_536,
      schema: {
        operationId: 'addDocument',
        summary: 'Add a file of at most 20 MiB to the answer being prepared',
        consumes: ['multipart/form-data'],
        params: byId,
        response: { 201: z.object({ id: z.uuid(), name: z.string(), sha256: z.string() }) },
      },
    },
    async (request, reply) => {
      // Before the file is read, which holds it in memory.
      await inStanding(services, request, (tx, standing) => getAnswerable(tx, standing, request.params.id))
      const file = await request.file({ limits: { fileSize: paperLimit, files: 1 } })
      if (!file) throw new Problem(400, 'file_missing', 'The form holds no file.')
      const content = await file.toBuffer()
      if (file.file.truncated) throw new Problem(413, 'paper_too_large', `A file has at most ${paperLimit} bytes.`)
      const added = await inStanding(services, request, (tx, standing, now) =>
        addDocument(tx, standing, request.params.id, { name: file.filename, content }, now),
      )
      return reply.status(201).send(added)
    },
  )

  app.delete(
    `${base}/document-requests/:id/files/:file`,
    {
      config,
      schema: {
        operationId: 'removeDocument',
        summary: 'Take a file back before the answer is sent',
        params: byId.extend({ file: z.uuid() }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const { id, file } = request.params
      await inStanding(services, request, (tx, standing) => removeDocument(tx, standing, id, file))
      return reply.status(204).send(null)
    },
  )

  app.post(
    `${base}/document-requests/:id/answer`,
    {
      config,
      schema: {
        operationId: 'answerDocumentRequest',
        summary: 'Give what was asked, or say that the pilot does not hold it; once',
        params: byId,
        body: z.object({ outcome: z.enum(['given', 'notHeld']), text: z.string().trim().max(4000).default('') }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await inStanding(services, request, (tx, standing, now) =>
        answerRequest(tx, standing, request.params.id, request.body, now),
      )
      return reply.status(204).send(null)
    },
  )

  app.post(
    `${base}/document-requests/:id/withdrawal`,
    {
      config,
      schema: {
        operationId: 'withdrawDocumentRequest',
        summary: 'Take a request back before it is answered',
        params: byId,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await inStanding(services, request, (tx, standing, now) => withdrawRequest(tx, standing, request.params.id, now))
      return reply.status(204).send(null)
    },
  )

  app.get(
    `${base}/documents/:id`,
    { config, schema: { operationId: 'downloadDocument', summary: 'A document that was given', params: byId } },
    async (request, reply) => {
      const file = await inStanding(services, request, (tx, standing) => openDocument(tx, standing, request.params.id))
      return reply
        .header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(file.name)}`)
        .type(file.mediaType)
        .send(file.content)
    },
  )
}
