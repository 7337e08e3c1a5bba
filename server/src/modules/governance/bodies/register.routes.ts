import { z } from 'zod'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inStanding } from '../standing.ts'
import { giveProxy, recordArrival, recordDeparture, setRecusal, strikeEntry, withdrawProxy } from './attendance.ts'

const base = '/api/governance/agreements/:slug'
const slug = z.string().max(80)
const party = z.string().max(60)
const byId = z.object({ slug, id: z.uuid() })
const at = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .nullable()
  .default(null)
  .describe('null: now; only who leads the meeting gives another moment')

/** The attendance register of a meeting: who sits, who is represented, who recuses itself. */
export function registerRegister(app: App, services: Services): void {
  const config = { access: 'signed-in' } as const

  app.post(
    `${base}/meetings/:id/attendance`,
    {
      config,
      schema: {
        operationId: 'recordArrival',
        summary: 'Note that someone arrived: who leads the meeting for all, others for themselves',
        params: byId,
        body: z.strictObject({
          representativeId: z.uuid(),
          at,
          replaces: z.uuid().nullable().default(null).describe('entry of who leaves the place at that moment'),
        }),
        response: { 201: z.object({ id: z.uuid() }) },
      },
    },
    async (request, reply) =>
      reply.status(201).send(
        await inStanding(services, request, async (tx, standing, now) => ({
          id: await recordArrival(tx, standing, request.params.id, request.body, now),
        })),
      ),
  )

  app.post(
    `${base}/attendance/:id/departure`,
    {
      config,
      schema: {
        operationId: 'recordDeparture',
        summary: 'Note that someone left',
        params: byId,
        body: z.strictObject({ at }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await inStanding(services, request, (tx, standing, now) =>
        recordDeparture(tx, standing, request.params.id, request.body.at, now),
      )
      return reply.status(204).send(null)
    },
  )

  app.delete(
    `${base}/attendance/:id`,
    {
      config,
      schema: {
        operationId: 'strikeAttendance',
        summary: 'Strike an entry made by mistake',
        params: byId,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await inStanding(services, request, (tx, standing, now) => strikeEntry(tx, standing, request.params.id, now))
      return reply.status(204).send(null)
    },
  )

  app.post(
    `${base}/meetings/:id/proxies`,
    {
      config,
      schema: {
        operationId: 'giveProxy',
        summary: 'Let a party be represented by another, where the agreement allows it',
        params: byId,
        body: z.strictObject({ fromParty: party, toParty: party }),
        response: { 201: z.object({ id: z.uuid() }) },
      },
    },
    async (request, reply) =>
      reply.status(201).send(
        await inStanding(services, request, async (tx, standing, now) => ({
          id: await giveProxy(tx, standing, request.params.id, request.body, now),
        })),
      ),
  )

  app.delete(
    `${base}/meetings/:id/proxies/:party`,
    {
      config,
      schema: {
        operationId: 'withdrawProxy',
        summary: 'Take the proxy of a party back',
        params: byId.extend({ party }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const { id, party: from } = request.params
      await inStanding(services, request, (tx, standing, now) => withdrawProxy(tx, standing, id, from, now))
      return reply.status(204).send(null)
    },
  )

  for (const [method, operationId, summary] of [
    ['PUT', 'recordRecusal', 'Note that a party takes no part in an item'],
    ['DELETE', 'withdrawRecusal', 'Note that a party takes part in an item after all'],
  ] as const) {
    app.route({
      method,
      url: `${base}/agenda-items/:id/recusals/:party`,
      config,
      schema: { operationId, summary, params: byId.extend({ party }), response: { 204: z.null() } },
      async handler(request, reply) {
        const { id, party: recused } = request.params
        await inStanding(services, request, (tx, standing, now) =>
          setRecusal(tx, standing, id, recused, method === 'PUT', now),
        )
        return reply.status(204).send(null)
      },
    })
  }
}
