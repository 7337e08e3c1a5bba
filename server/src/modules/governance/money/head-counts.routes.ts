import { z } from 'zod'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { createHeadCount, deleteHeadCount, readHeadCount } from './head-counts.ts'
import { idParams, inAccounts, inManagedAccounts, slugParams } from './money-access.ts'
import { listHeadCounts, listEstablishments } from './head-counts.queries.ts'

const base = '/api/governance/agreements/:slug/head-counts'
const config = { access: 'signed-in' } as const

/** Pupils each member answers for, by establishment, on a day: what quorums, orders and shares go by. */
export function registerHeadCounts(app: App, services: Services): void {
  app.get(
    base,
    {
      config,
      schema: {
        operationId: 'listHeadCounts',
        summary: 'Head-counts of pupils by member, the newest first',
        params: slugParams,
        response: {
          200: z.object({
            headCounts: z.array(
              z.object({
                id: z.uuid(),
                countedOn: z.iso.date(),
                source: z.string(),
                recordedAt: z.date(),
                establishments: z.int(),
                pupils: z.int(),
                members: z.array(z.object({ party: z.string(), establishments: z.int(), pupils: z.int() })),
              }),
            ),
          }),
        },
      },
    },
    (request) =>
      inAccounts(services, actorOf(request), request.params.slug, async (tx, standing) => ({
        headCounts: await listHeadCounts(tx, standing.agreement.id),
      })),
  )

  app.get(
    `${base}/:id`,
    {
      config,
      schema: {
        operationId: 'getHeadCount',
        summary: 'Establishments of a head-count',
        params: idParams,
        querystring: z.object({ party: z.string().max(80).optional() }),
        response: {
          200: z.object({
            establishments: z.array(
              z.object({ uai: z.string(), name: z.string(), party: z.string(), pupils: z.int() }),
            ),
          }),
        },
      },
    },
    (request) =>
      inAccounts(services, actorOf(request), request.params.slug, async (tx, standing) => ({
        establishments: await listEstablishments(tx, {
          agreementId: standing.agreement.id,
          id: request.params.id,
          party: request.query.party,
        }),
      })),
  )

  app.post(
    base,
    {
      config,
      schema: {
        operationId: 'importHeadCount',
        summary: 'Import a head-count from CSV: UAI;nom;collectivité;effectif',
        params: slugParams,
        body: z.strictObject({
          countedOn: z.iso.date(),
          source: z.string().trim().min(1).max(200),
          csv: z.string().min(1).max(900_000),
        }),
        response: { 200: z.object({ id: z.uuid(), establishments: z.int() }) },
      },
    },
    (request) =>
      inManagedAccounts(services, actorOf(request), request.params.slug, async (tx, standing, now) => {
        const { countedOn, source, csv } = request.body
        const lines = readHeadCount(standing.agreement.rules, csv)
        const input = { agreementId: standing.agreement.id, countedOn, source, lines, by: standing.personId }
        return { id: await createHeadCount(tx, input, now), establishments: lines.length }
      }),
  )

  app.delete(
    `${base}/:id`,
    {
      config,
      schema: {
        operationId: 'deleteHeadCount',
        summary: 'Take back a head-count that nothing rests on',
        params: idParams,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await inManagedAccounts(services, actorOf(request), request.params.slug, (tx, standing) =>
        deleteHeadCount(tx, { agreementId: standing.agreement.id, id: request.params.id, by: standing.personId }),
      )
      return reply.code(204).send(null)
    },
  )
}
