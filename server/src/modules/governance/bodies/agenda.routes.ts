import { z } from 'zod'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { Problem } from '#kernel/problem'
import { requestKey } from '../request-once.ts'
import { inStanding } from '../standing.ts'
import { addAgendaItem, changeAgendaItem, orderAgenda, removeAgendaItem, writeGist } from './agenda.ts'
import { itemKinds } from './agenda.queries.ts'
import { listAwaitingSubjects } from './agenda-subjects.ts'
import { getReadableMeeting } from './meetings.ts'
import { addPaper, openPaper, paperLimit, removePaper, requirePaperPlace } from './papers.ts'

const base = '/api/governance/agreements/:slug'
const slug = z.string().max(80)
const byId = z.object({ slug, id: z.uuid() })
const fields = {
  title: z.string().trim().min(1).max(300),
  text: z.string().trim().max(20_000),
  kind: z.enum(itemKinds),
  ballotRule: z.string().max(60).nullable().describe('key of the rule by which it is put to the vote'),
  subjectKind: z
    .string()
    .regex(/^[a-z][A-Za-z]*$/)
    .max(40)
    .nullable()
    .describe('what it is about: change, joining, regularisation, amendment, minutes'),
  subjectId: z.uuid().nullable(),
}

/** The agenda of a meeting and its papers. */
export function registerAgenda(app: App, services: Services): void {
  const config = { access: 'signed-in' } as const

  app.post(
    `${base}/meetings/:id/agenda`,
    {
      config,
      schema: {
        operationId: 'addAgendaItem',
        summary: 'Add an item at the end of an agenda, once for each request key',
        params: byId,
        body: z.strictObject({
          requestKey,
          ...fields,
          text: fields.text.default(''),
          ballotRule: fields.ballotRule.default(null),
          subjectKind: fields.subjectKind.default(null),
          subjectId: fields.subjectId.default(null),
        }),
        response: { 201: z.object({ id: z.uuid() }) },
      },
    },
    async (request, reply) =>
      reply.status(201).send(
        await inStanding(services, request, async (tx, standing, now) => ({
          id: await addAgendaItem(tx, standing, request.params.id, request.body, now),
        })),
      ),
  )

  app.get(
    `${base}/meetings/:id/subjects`,
    {
      config,
      schema: {
        operationId: 'listAwaitingSubjects',
        summary: 'For who leads a meeting: the matters it may be asked to decide on, and that are on no agenda',
        params: byId,
        response: {
          200: z.object({
            subjects: z.array(
              z.object({
                kind: z.enum(['amendment', 'joining', 'regularisation']),
                id: z.uuid(),
                title: z.string(),
                ballotRule: z.string().describe('key of the rule by which it is decided'),
              }),
            ),
          }),
        },
      },
    },
    (request) =>
      inStanding(services, request, async (tx, standing) => {
        const { body, leads } = await getReadableMeeting(tx, standing, request.params.id)
        return { subjects: leads ? await listAwaitingSubjects(tx, standing.agreement, body.key) : [] }
      }),
  )

  app.put(
    `${base}/meetings/:id/agenda/order`,
    {
      config,
      schema: {
        operationId: 'orderAgenda',
        summary: 'Put the items of an agenda in an order',
        params: byId,
        body: z.strictObject({ ids: z.array(z.uuid()).max(200).describe('all of its items') }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await inStanding(services, request, (tx, standing) =>
        orderAgenda(tx, standing, request.params.id, request.body.ids),
      )
      return reply.status(204).send(null)
    },
  )

  app.put(
    `${base}/agenda-items/:id`,
    {
      config,
      schema: {
        operationId: 'updateAgendaItem',
        summary: 'Change an item of an agenda',
        params: byId,
        body: z.strictObject(fields),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await inStanding(services, request, (tx, standing) =>
        changeAgendaItem(tx, standing, request.params.id, request.body),
      )
      return reply.status(204).send(null)
    },
  )

  app.delete(
    `${base}/agenda-items/:id`,
    {
      config,
      schema: {
        operationId: 'removeAgendaItem',
        summary: 'Remove an item from an agenda',
        params: byId,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await inStanding(services, request, (tx, standing) => removeAgendaItem(tx, standing, request.params.id))
      return reply.status(204).send(null)
    },
  )

  app.put(
    `${base}/agenda-items/:id/gist`,
    {
      config,
      schema: {
        operationId: 'writeGist',
        summary: 'Write what was said about an item, for the minutes',
        params: byId,
        body: z.strictObject({ gist: z.string().trim().max(20_000) }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await inStanding(services, request, (tx, standing) =>
        writeGist(tx, standing, request.params.id, request.body.gist),
      )
      return reply.status(204).send(null)
    },
  )

  app.post(
    `${base}/agenda-items/:id/papers`,
    {
      config,
      bodyLimit: paperLimit + 65_536,
      schema: {
        operationId: 'addPaper',
        summary: 'Attach a file of at most 20 MiB to an item, until the meeting is closed',
        consumes: ['multipart/form-data'],
        params: byId,
        response: { 201: z.object({ id: z.uuid(), name: z.string(), sha256: z.string() }) },
      },
    },
    async (request, reply) => {
      // Before the file is read, which holds it in memory.
      await inStanding(services, request, (tx, standing) => requirePaperPlace(tx, standing, request.params.id))
      const file = await request.file({ limits: { fileSize: paperLimit, files: 1 } })
      if (!file) throw new Problem(400, 'file_missing', 'The form holds no file.')
      const content = await file.toBuffer()
      if (file.file.truncated) throw new Problem(413, 'paper_too_large', `A paper has at most ${paperLimit} bytes.`)
      const { id, name, sha256 } = await inStanding(services, request, (tx, standing, now) =>
        addPaper(tx, standing, request.params.id, { name: file.filename, content }, now),
      )
      return reply.status(201).send({ id, name, sha256 })
    },
  )

  app.get(
    `${base}/papers/:id`,
    {
      config,
      schema: { operationId: 'downloadPaper', summary: 'A paper of a meeting', params: byId },
    },
    async (request, reply) => {
      const paper = await inStanding(services, request, (tx, standing) => openPaper(tx, standing, request.params.id))
      return reply
        .header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(paper.name)}`)
        .type(paper.mediaType)
        .send(paper.content)
    },
  )

  app.delete(
    `${base}/papers/:id`,
    {
      config,
      schema: {
        operationId: 'removePaper',
        summary: 'Remove a paper, until the meeting is closed',
        params: byId,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await inStanding(services, request, (tx, standing) => removePaper(tx, standing, request.params.id))
      return reply.status(204).send(null)
    },
  )
}
