import { z } from 'zod'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { readCursor, writeCursor } from '../cursors.ts'
import { changeLeaverPolicy, holdPerson, liftHold, previewLeavers, runLeavers } from './people-lifecycle.ts'
import { countDepartures, countLifeStates, getLeaverPolicy, listLeavers, listRuns } from './people-lifecycle.queries.ts'
import { findToday } from './years.queries.ts'

const policySchema = z.object({
  archiveAfterDays: z.number().int().min(1).max(3650).describe('days after leaving'),
  deleteAfterDays: z.number().int().min(1).max(3650).describe('days after leaving'),
})

const counts = z.object({ archived: z.number().int(), deleted: z.number().int(), held: z.number().int() })

const runSchema = z.object({
  id: z.uuid(),
  ranAt: z.date(),
  state: z.enum(['done', 'stopped']).describe('stopped: it would have deleted more people than a night should'),
  counts,
  runBy: z.uuid().nullable().describe('null: by itself, at night'),
})

const place = z.tuple([z.iso.date(), z.uuid()]).transform(([goneOn, id]) => ({ goneOn, id }))
const byPerson = z.object({ personId: z.uuid() })

/** Months of departures shown: two school years. */
const shownMonths = 24

/** People who left: how many, who, until when they are kept, and the policy that says so. */
export function registerPeopleLifecycle(app: App, services: Services): void {
  const config = { access: { right: 'directory.administer' } } as const

  app.get(
    '/api/directory/leavers/summary',
    {
      config,
      schema: {
        operationId: 'getLeaversSummary',
        summary: 'How many people are present, gone, archived and held; the policy; what the next night does',
        response: {
          200: z.object({
            states: z.object({
              present: z.number().int(),
              gone: z.number().int(),
              archived: z.number().int(),
              held: z.number().int(),
            }),
            departures: z
              .array(z.object({ month: z.string(), gone: z.number().int(), archived: z.number().int() }))
              .describe('by month of leaving, among those still kept'),
            policy: policySchema,
            due: counts.describe('what a run would do today'),
            runs: z.array(runSchema).describe('newest first'),
          }),
        },
      },
    },
    (request) =>
      inTenant(services.db, actorOf(request).tenantId, async (tx) => ({
        states: await countLifeStates(tx),
        departures: await countDepartures(tx, shownMonths, await findToday(tx, services.now())),
        policy: await getLeaverPolicy(tx),
        due: await previewLeavers(tx, services.now()),
        runs: await listRuns(tx, 10),
      })),
  )

  app.get(
    '/api/directory/leavers',
    {
      config,
      schema: {
        operationId: 'listLeavers',
        summary: 'People who left, the earliest first',
        querystring: z.object({
          state: z.enum(['gone', 'archived', 'held']).optional(),
          after: z.string().max(200).optional(),
          limit: z.coerce.number().int().min(1).max(200).default(50),
        }),
        response: {
          200: z.object({
            leavers: z.array(
              z.object({
                id: z.uuid(),
                familyName: z.string(),
                givenName: z.string(),
                state: z.enum(['present', 'gone', 'archived']),
                goneOn: z.iso.date(),
                archivedOn: z.iso.date().nullable(),
                deletedOn: z.iso
                  .date()
                  .nullable()
                  .describe('day of deletion under the present policy; null while held'),
                hold: z.object({ reason: z.string(), placedAt: z.string() }).nullable(),
              }),
            ),
            next: z.string().nullable(),
          }),
        },
      },
    },
    (request) => {
      const { state, after, limit } = request.query
      return inTenant(services.db, actorOf(request).tenantId, async (tx) => {
        const found = await listLeavers(tx, await getLeaverPolicy(tx), {
          state,
          limit: limit + 1,
          after: after === undefined ? undefined : readCursor(place, after),
        })
        const leavers = found.slice(0, limit)
        const last = found.length > limit ? leavers.at(-1) : undefined
        return { leavers, next: last ? writeCursor([last.goneOn, last.id]) : null }
      })
    },
  )

  app.put(
    '/api/directory/leavers/policy',
    {
      config,
      schema: {
        operationId: 'changeLeaverPolicy',
        summary: 'Choose how long people are kept after they left',
        body: policySchema,
        response: { 200: policySchema },
      },
    },
    (request) => {
      const { tenantId, personId } = actorOf(request)
      const by = { personId, now: services.now() }
      return inTenant(services.db, tenantId, (tx) => changeLeaverPolicy(tx, request.body, by))
    },
  )

  app.post(
    '/api/directory/leavers/run',
    {
      config,
      schema: {
        operationId: 'runLeavers',
        summary: 'Archive and delete now whoever is due, however many they are',
        response: { 200: runSchema },
      },
    },
    (request) => {
      const { tenantId, personId } = actorOf(request)
      return runLeavers(services, { tenantId, actorPersonId: personId, insist: true })
    },
  )

  app.put(
    '/api/directory/leavers/:personId/hold',
    {
      config,
      schema: {
        operationId: 'holdPerson',
        summary: 'Keep someone’s data as long as a procedure needs, whatever the policy says',
        params: byPerson,
        body: z.object({ reason: z.string().trim().min(1).max(200) }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const { tenantId, personId: actorPersonId } = actorOf(request)
      const { personId } = request.params
      const { reason } = request.body
      await inTenant(services.db, tenantId, (tx) =>
        holdPerson(tx, { personId, reason, actorPersonId, now: services.now() }),
      )
      return reply.status(204).send(null)
    },
  )

  app.delete(
    '/api/directory/leavers/:personId/hold',
    {
      config,
      schema: {
        operationId: 'liftHold',
        summary: 'Let the policy apply to someone again',
        params: byPerson,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const { tenantId, personId: actorPersonId } = actorOf(request)
      const { personId } = request.params
      await inTenant(services.db, tenantId, (tx) => liftHold(tx, { personId, actorPersonId }))
      return reply.status(204).send(null)
    },
  )
}
