import { z } from 'zod'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inStanding } from '../standing.ts'
import { dossierSchema } from './dossier-schema.ts'
import { beginDossier, saveDossier, scheduleDossier, submitDossier, withdrawDossier } from './dossiers.ts'
import { dossierAnswer } from './service-answers.ts'
import { describeDossier } from './service-view.ts'

const number = z.coerce.number().int().min(1).max(1_000_000)
const byService = z.object({ slug: z.string().max(80), service: number })
const byDossier = byService.extend({ dossier: number })
const saved = z.object({ number: z.int(), version: z.int() })
const base = '/api/governance/agreements/:slug/services/:service/dossiers'

/** Impact dossiers: from their first version to the agenda of the body that decides. */
export function registerDossiers(app: App, services: Services): void {
  const config = { access: 'signed-in' } as const

  app.post(
    base,
    {
      config,
      schema: {
        operationId: 'beginImpactDossier',
        summary: 'Begins the next impact dossier of a service, with its first version',
        params: byService,
        body: dossierSchema,
        response: { 201: saved },
      },
    },
    async (request, reply) =>
      reply
        .status(201)
        .send(
          await inStanding(services, request, (tx, standing, now) =>
            beginDossier(tx, standing, request.params.service, request.body, now),
          ),
        ),
  )

  app.get(
    `${base}/:dossier`,
    {
      config,
      schema: {
        operationId: 'getImpactDossier',
        summary: 'An impact dossier, with the one before it; amounts for who may see the accounts',
        params: byDossier,
        response: { 200: dossierAnswer },
      },
    },
    (request) => inStanding(services, request, (tx, standing) => describeDossier(tx, standing, request.params)),
  )

  app.post(
    `${base}/:dossier/versions`,
    {
      config,
      schema: {
        operationId: 'saveImpactDossier',
        summary: 'Saves a version of an impact dossier that is not submitted yet',
        params: byDossier,
        body: z.strictObject({
          basedOn: z.int().min(1).describe('version it was written from'),
          content: dossierSchema,
        }),
        response: { 201: saved },
      },
    },
    async (request, reply) =>
      reply
        .status(201)
        .send(
          await inStanding(services, request, (tx, standing, now) =>
            saveDossier(tx, standing, request.params, request.body, now),
          ),
        ),
  )

  app.post(
    `${base}/:dossier/submission`,
    {
      config,
      schema: {
        operationId: 'submitImpactDossier',
        summary: 'Submits the last version, frozen from then on, and puts it on an agenda where one is given',
        params: byDossier,
        body: z.strictObject({
          version: z.int().min(1).describe('the one the reader has before them'),
          meetingId: z.uuid().nullable().describe('of the body that decides; null: to be put on an agenda later'),
        }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await inStanding(services, request, (tx, standing, now) =>
        submitDossier(tx, standing, request.params, request.body, now),
      )
      return reply.status(204).send(null)
    },
  )

  app.post(
    `${base}/:dossier/agenda`,
    {
      config,
      schema: {
        operationId: 'scheduleImpactDossier',
        summary: 'Puts a submitted dossier on the agenda of a meeting of the body that decides',
        params: byDossier,
        body: z.strictObject({ meetingId: z.uuid() }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await inStanding(services, request, (tx, standing, now) =>
        scheduleDossier(tx, standing, request.params, request.body.meetingId, now),
      )
      return reply.status(204).send(null)
    },
  )

  app.post(
    `${base}/:dossier/withdrawal`,
    {
      config,
      schema: {
        operationId: 'withdrawImpactDossier',
        summary: 'Withdraws a dossier that is not on an agenda; another may then be begun',
        params: byDossier,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await inStanding(services, request, (tx, standing, now) => withdrawDossier(tx, standing, request.params, now))
      return reply.status(204).send(null)
    },
  )
}
