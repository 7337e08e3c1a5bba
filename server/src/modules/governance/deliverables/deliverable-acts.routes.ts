import { z } from 'zod'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { Problem } from '#kernel/problem'
import { paperLimit } from '../bodies/papers.ts'
import { inStanding } from '../standing.ts'
import { takenActSchema } from './act-schema.ts'
import { takeAct } from './acts.ts'
import { deliverableStates } from './course.ts'
import { addDeliveryPaper, openDeliveryPaper, requireDelivery } from './delivery-papers.ts'

const byKey = z.object({ slug: z.string().max(80), key: z.string().max(60) })
const base = '/api/governance/agreements/:slug/deliverables/of/:key'
const config = { access: 'signed-in' } as const

/** What is done about a deliverable: who may, and when, is said in `acts.ts` and `check-act.ts`. */
export function registerDeliverableActs(app: App, services: Services): void {
  app.post(
    `${base}/acts`,
    {
      config,
      schema: {
        operationId: 'recordDeliverableAct',
        summary:
          'Records a delivery, a trial, its outcome, a hand-over or its confirmation; what follows is recorded with it',
        params: byKey,
        body: takenActSchema,
        response: { 200: z.object({ state: z.enum(deliverableStates) }) },
      },
    },
    (request) =>
      inStanding(services, request, (tx, standing, now) =>
        takeAct(tx, standing, request.params.key, request.body, now),
      ),
  )

  app.post(
    `${base}/papers`,
    {
      config,
      bodyLimit: paperLimit + 65_536,
      schema: {
        operationId: 'addDeliveryPaper',
        summary: 'Hands a file of at most 20 MiB over with the last delivery, until it was tried',
        consumes: ['multipart/form-data'],
        params: byKey,
        response: { 201: z.object({ id: z.uuid(), name: z.string(), sha256: z.string() }) },
      },
    },
    async (request, reply) => {
      // Before the file is read, which holds it in memory.
      await inStanding(services, request, (tx, standing) => requireDelivery(tx, standing, request.params.key))
      const file = await request.file({ limits: { fileSize: paperLimit, files: 1 } })
      if (!file) throw new Problem(400, 'file_missing', 'The form holds no file.')
      const content = await file.toBuffer()
      if (file.file.truncated) throw new Problem(413, 'paper_too_large', `A paper has at most ${paperLimit} bytes.`)
      const { id, name, sha256 } = await inStanding(services, request, (tx, standing, now) =>
        addDeliveryPaper(tx, standing, request.params.key, { name: file.filename, content }, now),
      )
      return reply.status(201).send({ id, name, sha256 })
    },
  )

  app.get(
    `${base}/papers/:id`,
    {
      config,
      schema: {
        operationId: 'downloadDeliveryPaper',
        summary: 'A file of a delivery',
        params: byKey.extend({ id: z.uuid() }),
      },
    },
    async (request, reply) => {
      const { key, id } = request.params
      const paper = await inStanding(services, request, (tx, standing) => openDeliveryPaper(tx, standing, key, id))
      return reply
        .header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(paper.name)}`)
        .type(paper.mediaType)
        .send(paper.content)
    },
  )
}
