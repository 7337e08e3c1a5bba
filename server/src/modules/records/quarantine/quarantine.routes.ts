import { z } from 'zod'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant } from '#kernel/postgres'
import { dropQuarantined, getQuarantined, retryQuarantined, setLeniency, storeQuarantined } from './quarantine.ts'
import {
  findQuarantined,
  listQuarantined,
  listSources,
  type QuarantinedStatement,
  quarantineStates,
} from './quarantine.queries.ts'
import { repairNames } from './statement-repairs.ts'
import { createStatementWriter } from '../store/statement-writer.ts'
import { treatments } from '../treatment/treatments.ts'

const pageSize = 50

const faultySchema = z.object({
  id: z.uuid().describe('of the statement: it is stored under it'),
  source: z.string(),
  version: z.enum(['1.0.3', '2.0.0']),
  receivedAt: z.iso.datetime(),
  receivedTimes: z.int(),
  pointer: z.string().describe('RFC 6901, to the first fault'),
  reason: z.string(),
  repairs: z.array(z.enum(repairNames)),
  state: z.enum(quarantineStates),
  decidedAt: z.iso.datetime().nullable(),
  automatic: z.boolean().describe('repaired as it arrived'),
  corrected: z.boolean().describe('by hand before it was stored'),
  note: z.string().nullable(),
})
const params = z.object({ id: z.uuid() })

/** Statements that broke a rule, of sources that are let do so, for those who administer records. */
export function registerQuarantine(app: App, services: Services): void {
  const config = { access: { right: 'records.administer' } } as const
  const writer = createStatementWriter(services)
  app.addHook('onClose', () => writer.close())
  const quarantine = { ...services, writer }

  app.get(
    '/api/records/sources',
    {
      config,
      schema: {
        operationId: 'listRecordSources',
        summary:
          'Sources of learning records, what is kept of their statements, whether faulty ones are taken, and how many came',
        response: {
          200: z.object({
            sources: z.array(
              z.object({
                id: z.uuid(),
                name: z.string(),
                lenient: z.boolean(),
                treatment: z.enum(treatments).describe('what is kept of its statements'),
                waiting: z.int(),
                stored: z.int(),
                dropped: z.int(),
              }),
            ),
          }),
        },
      },
    },
    async (request) => {
      const { tenantId } = actorOf(request)
      return { sources: await inTenant(services.db, tenantId, listSources) }
    },
  )

  app.put(
    '/api/records/sources/:id/leniency',
    {
      config,
      schema: {
        operationId: 'setRecordLeniency',
        summary: 'Whether statements of a source that break a rule are repaired or set aside, rather than refused',
        params,
        body: z.object({ lenient: z.boolean() }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const { tenantId, personId } = actorOf(request)
      const { id } = request.params
      const { lenient } = request.body
      await inTenant(services.db, tenantId, (tx) => setLeniency(tx, personId, id, lenient))
      return reply.status(204).send(null)
    },
  )

  app.get(
    '/api/records/quarantine',
    {
      config,
      schema: {
        operationId: 'listQuarantinedStatements',
        summary: 'Statements that broke a rule, the oldest first',
        querystring: z.object({
          state: z.enum(quarantineStates).default('waiting'),
          source: z.uuid().optional(),
          after: z.uuid().optional().describe('the last of the page before'),
        }),
        response: { 200: z.object({ statements: z.array(faultySchema), next: z.uuid().nullable() }) },
      },
    },
    async (request) => {
      const { tenantId } = actorOf(request)
      const { state, source, after } = request.query
      const found = await inTenant(services.db, tenantId, async (tx) => {
        const last = after === undefined ? undefined : await findQuarantined(tx, after)
        return listQuarantined(tx, { state, sourceId: source, after: last, limit: pageSize + 1 })
      })
      const statements = found.slice(0, pageSize)
      return {
        statements: statements.map(describe),
        next: found.length > pageSize ? (statements.at(-1)?.id ?? null) : null,
      }
    },
  )

  app.get(
    '/api/records/quarantine/:id',
    {
      config,
      schema: {
        operationId: 'getQuarantinedStatement',
        summary: 'A statement that broke a rule, as it was sent',
        params,
        response: { 200: faultySchema.extend({ body: z.string().nullable().describe('JSON; null once dropped') }) },
      },
    },
    async (request) => {
      const { tenantId } = actorOf(request)
      const found = await inTenant(services.db, tenantId, (tx) => getQuarantined(tx, request.params.id))
      return { ...describe(found), body: found.body }
    },
  )

  app.post(
    '/api/records/quarantine/:id/store',
    {
      config,
      schema: {
        operationId: 'storeQuarantinedStatement',
        summary: 'Stores a statement that waits: as sent once repaired, or as corrected',
        params,
        body: z.object({
          corrected: z.string().max(1_000_000).optional().describe('its JSON, in place of the one sent'),
        }),
        response: { 200: z.object({ repairs: z.array(z.enum(repairNames)) }) },
      },
    },
    async (request) => {
      const { tenantId, personId } = actorOf(request)
      const { corrected } = request.body
      return { repairs: await storeQuarantined(quarantine, tenantId, personId, request.params.id, corrected) }
    },
  )

  app.post(
    '/api/records/quarantine/:id/drop',
    {
      config,
      schema: {
        operationId: 'dropQuarantinedStatement',
        summary: 'Deletes what a statement that waits says; that it came, and why it was dropped, stay',
        params,
        body: z.object({ note: z.string().trim().min(1).max(500) }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const { tenantId, personId } = actorOf(request)
      await dropQuarantined(services, tenantId, personId, request.params.id, request.body.note)
      return reply.status(204).send(null)
    },
  )

  app.post(
    '/api/records/quarantine/retry',
    {
      config,
      schema: {
        operationId: 'retryQuarantinedStatements',
        summary: 'Tries to store what waits again, the oldest first',
        body: z.object({
          source: z.uuid().optional(),
          after: z.uuid().optional().describe('the `next` of the attempt before'),
        }),
        response: { 200: z.object({ stored: z.int(), waiting: z.int(), next: z.uuid().nullable() }) },
      },
    },
    (request) => {
      const { tenantId, personId } = actorOf(request)
      const { source: sourceId, after } = request.body
      return retryQuarantined(quarantine, tenantId, personId, { sourceId, after })
    },
  )
}

function describe(found: QuarantinedStatement): z.infer<typeof faultySchema> {
  const { id, source, version, receivedAt, receivedTimes, pointer, reason, repairs, state, corrected, note } = found
  return {
    id,
    source,
    version,
    receivedAt: receivedAt.toISOString(),
    receivedTimes,
    pointer,
    reason,
    repairs,
    state,
    decidedAt: found.decidedAt?.toISOString() ?? null,
    automatic: state === 'stored' && found.decidedBy === null,
    corrected,
    note,
  }
}
