import { z } from 'zod'
import { managesOrganisation } from '#modules/directory'
import { toCsv } from '#kernel/csv'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { audiences, getActivation, listWaiting } from '../accounts/activation.ts'
import { frameOf, writeLetterCsv, writeLetterPdf } from './letter-files.ts'
import { createLetters, getOwnBatch, openLetters } from './letters.ts'
import { endBatch, type LetterBatch, listBatches } from './letters.queries.ts'

const audience = z.enum(audiences)
const byId = z.object({ id: z.uuid() })
const funnel = z.object({
  people: z.number(),
  coded: z.number().describe('were handed a code'),
  activated: z.number(),
  recent: z.number().describe('signed in during the last thirty days'),
})
const batchSchema = z.object({
  id: z.uuid(),
  establishmentId: z.uuid(),
  scope: z.object({ classId: z.uuid().nullable(), profile: audience, everyone: z.boolean() }),
  createdAt: z.date(),
  total: z.number(),
  done: z.number(),
  skipped: z.record(z.string(), z.number()).describe('people left out, by the reason’s code'),
  state: z.enum(['running', 'ready', 'taken', 'expired', 'refused']),
  own: z.boolean().describe('whether the reader asked for it: nobody else can fetch it'),
})
const waitingQuery = z.object({ classId: z.uuid().optional(), profile: audience.optional() })
const perPage = 100

/** Codes for many: how far people came, letters for those who have not, in one file shown once. */
export function registerLetters(app: App, services: Services): void {
  app.get(
    '/api/identity/establishments/:id/activation',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'getActivation',
        summary: 'How far the people of an establishment one manages came with their accounts',
        params: byId,
        response: {
          200: z.object({
            profiles: z.array(funnel.extend({ profile: audience })),
            classes: z.array(z.object({ id: z.uuid(), name: z.string(), pupil: funnel, guardian: funnel })),
            batches: z.array(batchSchema).describe('the newest sets of letters'),
          }),
        },
      },
    },
    (request) => {
      const actor = actorOf(request)
      return inTenant(services.db, actor.tenantId, async (tx) => {
        const activation = await getActivation(tx, actor, request.params.id, services.now())
        const batches = await listBatches(tx, request.params.id)
        return { ...activation, batches: batches.map((batch) => toBatch(batch, actor.personId)) }
      })
    },
  )

  app.get(
    '/api/identity/establishments/:id/waiting',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'listWaiting',
        summary: 'Those whose account is not active yet, by class and name',
        params: byId,
        querystring: waitingQuery.extend({ page: z.coerce.number().int().min(1).max(1_000).default(1) }),
        response: {
          200: z.object({
            people: z.array(
              z.object({
                personId: z.uuid(),
                familyName: z.string(),
                givenName: z.string(),
                profile: audience,
                classes: z.array(z.object({ id: z.uuid(), name: z.string() })),
                children: z.array(z.string()),
                login: z.string().nullable(),
                codedAt: z.date().nullable().describe('when the last code was handed'),
                codeUntil: z.date().nullable().describe('until when that code can be used'),
              }),
            ),
            total: z.number(),
            pages: z.number(),
          }),
        },
      },
    },
    (request) => {
      const actor = actorOf(request)
      const { page, ...wanted } = request.query
      return inTenant(services.db, actor.tenantId, async (tx) => {
        const waiting = await listWaiting(tx, actor, { establishmentId: request.params.id, ...wanted }, services.now())
        return {
          people: waiting.slice((page - 1) * perPage, page * perPage),
          total: waiting.length,
          pages: Math.max(1, Math.ceil(waiting.length / perPage)),
        }
      })
    },
  )

  app.get(
    '/api/identity/establishments/:id/waiting.csv',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'exportWaiting',
        summary: 'The same as a CSV file, without any code',
        params: byId,
        querystring: waitingQuery,
        response: { 200: z.string() },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      const waiting = await inTenant(services.db, actor.tenantId, (tx) =>
        listWaiting(tx, actor, { establishmentId: request.params.id, ...request.query }, services.now()),
      )
      const rows = waiting.map((each) => [
        each.familyName,
        each.givenName,
        each.profile,
        each.classes.map(({ name }) => name).join(', '),
        each.children.join(', '),
        each.login ?? '',
        each.codedAt?.toISOString().slice(0, 10) ?? '',
      ])
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="preau-comptes-a-ouvrir.csv"')
        .send(toCsv([['Nom', 'Prénom', 'Profil', 'Classe', 'Enfants', 'Identifiant', 'Code remis le'], ...rows]))
    },
  )

  app.post(
    '/api/identity/letters',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'createLetters',
        summary: 'Asks for the letters of some people of an establishment one manages; each replaces their former code',
        body: z.object({
          establishmentId: z.uuid(),
          classId: z.uuid().nullable(),
          profile: audience,
          everyone: z.boolean().describe('those too whose account is active: their letter resets the password'),
        }),
        response: {
          201: batchSchema.extend({ key: z.string().describe('opens the letters; given this once and kept nowhere') }),
        },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      const { batch, key } = await inTenant(services.db, actor.tenantId, (tx) =>
        createLetters(services, tx, actor, request.body),
      )
      return reply.status(201).send({ ...toBatch(batch, actor.personId), key })
    },
  )

  app.get(
    '/api/identity/letters/:id',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'getLetters',
        summary: 'How far a set of letters is',
        params: byId,
        response: { 200: batchSchema },
      },
    },
    (request) => {
      const actor = actorOf(request)
      return inTenant(services.db, actor.tenantId, async (tx) =>
        toBatch(await getOwnBatch(tx, actor, request.params.id), actor.personId),
      )
    },
  )

  app.post(
    '/api/identity/letters/:id/file',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'takeLetters',
        summary: 'The letters as one file, once: they are erased when it was sent whole',
        params: byId,
        body: z.object({
          key: z.string().max(200),
          format: z.enum(['pdf', 'csv']),
          language: z.enum(['fr', 'en']).default('fr'),
        }),
        response: { 200: z.any().describe('application/pdf, a page a person; or text/csv') },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      const { id } = request.params
      const { key, format, language } = request.body
      const letters = await inTenant(services.db, actor.tenantId, async (tx) => {
        const batch = await getOwnBatch(tx, actor, id)
        // Rights may have gone between the asking and the fetching.
        if (!(await managesOrganisation(tx, actor, batch.establishmentId))) {
          throw new Problem(403, 'not_allowed', 'Your rights do not include this establishment.')
        }
        return openLetters(tx, actor, id, key)
      })
      const frame = frameOf(services, request.tenant, language)
      // A file that broke on its way can be asked for again; one that arrived cannot.
      reply.raw.once('finish', () => {
        inTenant(services.db, actor.tenantId, (tx) => endBatch(tx, id, 'taken', services.now())).catch(
          (error: unknown) => request.log.error({ err: error }, 'letters not erased'),
        )
      })
      reply.header('content-disposition', `attachment; filename="preau-lettres.${format}"`)
      return format === 'pdf'
        ? reply.type('application/pdf').send(writeLetterPdf(letters, frame))
        : reply.type('text/csv; charset=utf-8').send(writeLetterCsv(letters, frame))
    },
  )
}

function toBatch({ createdBy, ...batch }: LetterBatch, personId: string) {
  return { ...batch, own: createdBy === personId }
}
