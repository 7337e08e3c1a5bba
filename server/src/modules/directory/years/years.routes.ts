import { z } from 'zod'
import type { Actor } from '#kernel/access'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { isHeadOfEstablishment } from '../administration.queries.ts'
import { readCursor, writeCursor } from '../cursors.ts'
import { findEstablishment } from '../organisations.queries.ts'
import { listSchoolYears } from '../school-years.ts'
import { findReach } from '../visibility.ts'
import { decideSuccessions, listSuccessions } from './years-successions.ts'
import { getYear, planSwitch, prepareYear, switchYear } from './years.ts'
import { countYearStates, listYearEstablishments } from './years.queries.ts'

const yearSchema = z.object({
  id: z.uuid(),
  startYear: z.number().int(),
  startsOn: z.iso.date(),
  endsOn: z.iso.date(),
  state: z.enum(['preparing', 'current', 'closed']),
  switchOn: z.iso.date().describe('day from which it becomes current by itself, as its classes come'),
})

const progressState = z.enum(['showing', 'ready', 'missing'])
const pair = z.object({ shown: z.number().int(), next: z.number().int() })

const establishmentProgress = z.object({
  id: z.uuid(),
  name: z.string(),
  uai: z.string().nullable(),
  town: z.string().nullable(),
  shownYear: z.number().int().nullable(),
  state: progressState.describe('showing: its people see the year; ready: its classes have come; missing: nothing has'),
  classes: pair,
  pupils: pair,
  undecided: z.number().int().describe('classes of the year before of whose successor nothing was decided'),
})

const groupOfYear = z.object({
  id: z.uuid(),
  kind: z.enum(['class', 'group']),
  code: z.string(),
  name: z.string(),
  pupils: z.number().int(),
})

const successionsSchema = z.object({
  establishment: z.object({ id: z.uuid(), name: z.string() }),
  startYear: z.number().int(),
  predecessors: z.array(
    groupOfYear.extend({
      successors: z.array(
        z.object({
          successorId: z.uuid(),
          reason: z.enum(['sameCode', 'pupils', 'manual']),
          share: z.number().int().describe('pupils of the former who are in it, in basis points'),
          state: z.enum(['proposed', 'confirmed', 'refused']),
          sure: z.boolean().describe('confirmed by itself at the switch unless refused'),
        }),
      ),
    }),
  ),
  groups: z.array(groupOfYear).describe('classes and groups of the year'),
  renamed: z
    .array(
      groupOfYear.extend({
        successors: z.array(
          z.object({
            successorId: z.uuid(),
            name: z.string(),
            share: z.number().int().describe('pupils of the former who are in it, in basis points'),
            state: z.enum(['proposed', 'confirmed', 'refused']),
          }),
        ),
      }),
    )
    .describe(
      'classes that vanished within the year or the year before, many of whose pupils are in one that came then',
    ),
})

const place = z.tuple([z.string(), z.uuid()]).transform(([name, id]) => ({ name, id }))
const byId = z.object({ id: z.uuid() })
const ofEstablishment = z.object({ id: z.uuid(), startYear: z.coerce.number().int() })

/** School years beside one another: where each establishment is, the switch, and what becomes of classes. */
export function registerYears(app: App, services: Services): void {
  const config = { access: { right: 'directory.administer' } } as const

  app.get(
    '/api/directory/school-years',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'listSchoolYears',
        summary: 'The school years the directory knows, newest first',
        response: { 200: z.object({ years: z.array(yearSchema) }) },
      },
    },
    async (request) => ({
      years: await inTenant(services.db, actorOf(request).tenantId, listSchoolYears),
    }),
  )

  app.post(
    '/api/directory/school-years',
    {
      config,
      schema: {
        operationId: 'prepareSchoolYear',
        summary: 'Prepare the next school year beside the current one',
        body: z.object({ startYear: z.number().int().min(2000).max(2100), switchOn: z.iso.date().optional() }),
        response: { 201: yearSchema },
      },
    },
    async (request, reply) => {
      const { tenantId, personId } = actorOf(request)
      const year = await inTenant(services.db, tenantId, (tx) =>
        prepareYear(tx, { ...request.body, actorPersonId: personId }),
      )
      return reply.status(201).send(year)
    },
  )

  app.patch(
    '/api/directory/school-years/:id',
    {
      config,
      schema: {
        operationId: 'planSchoolYear',
        summary: 'Choose the day on which a prepared year becomes current by itself',
        params: byId,
        body: z.object({ switchOn: z.iso.date() }),
        response: { 200: yearSchema },
      },
    },
    (request) => {
      const { tenantId, personId } = actorOf(request)
      const asked = { id: request.params.id, switchOn: request.body.switchOn, actorPersonId: personId }
      return inTenant(services.db, tenantId, (tx) => planSwitch(tx, asked))
    },
  )

  app.post(
    '/api/directory/school-years/:id/switch',
    {
      config,
      schema: {
        operationId: 'switchSchoolYear',
        summary: 'Make a year current now, everywhere its classes have come, or in one establishment',
        params: byId,
        body: z.object({ establishmentId: z.uuid().optional() }),
        response: { 200: z.object({ switched: z.number().int().describe('establishments') }) },
      },
    },
    async (request) => {
      const { tenantId, personId } = actorOf(request)
      const { establishmentId } = request.body
      const asked = { tenantId, id: request.params.id, establishmentId, actorPersonId: personId }
      const switched = await inTenant(services.db, tenantId, (tx) => switchYear(services, tx, asked))
      return { switched: switched.length }
    },
  )

  app.get(
    '/api/directory/school-years/:id/establishments',
    {
      config,
      schema: {
        operationId: 'listSchoolYearEstablishments',
        summary: 'How far each establishment is with a year, by name',
        params: byId,
        querystring: z.object({
          state: progressState.optional(),
          after: z.string().max(600).optional(),
          limit: z.coerce.number().int().min(1).max(200).default(50),
        }),
        response: {
          200: z.object({
            counts: z.record(progressState, z.number().int()),
            establishments: z.array(establishmentProgress),
            next: z.string().nullable(),
          }),
        },
      },
    },
    (request) => {
      const { tenantId } = actorOf(request)
      const { state, limit, after } = request.query
      return inTenant(services.db, tenantId, async (tx) => {
        const year = await getYear(tx, request.params.id)
        const found = await listYearEstablishments(tx, year.id, {
          state,
          limit: limit + 1,
          after: after === undefined ? undefined : readCursor(place, after),
        })
        const establishments = found.slice(0, limit)
        const last = found.length > limit ? establishments.at(-1) : undefined
        return {
          counts: await countYearStates(tx, year.id),
          establishments,
          next: last ? writeCursor([last.name, last.id]) : null,
        }
      })
    },
  )

  app.get(
    '/api/directory/establishments/:id/successions/:startYear',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'listSuccessions',
        summary: 'Which class of a year takes up each class of the year before, for the head and administrators',
        params: ofEstablishment,
        response: { 200: successionsSchema },
      },
    },
    (request) => {
      const actor = actorOf(request)
      const { id, startYear } = request.params
      return inTenant(services.db, actor.tenantId, async (tx) => ({
        establishment: await getPreparedEstablishment(tx, actor, id),
        startYear,
        ...(await listSuccessions(tx, id, startYear)),
      }))
    },
  )

  app.post(
    '/api/directory/establishments/:id/successions/:startYear',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'decideSuccessions',
        summary: 'Confirm or refuse which class takes up another one',
        params: ofEstablishment,
        body: z.object({
          decisions: z
            .array(
              z.object({
                predecessorId: z.uuid(),
                successorId: z.uuid(),
                state: z.enum(['confirmed', 'refused']),
              }),
            )
            .min(1)
            .max(500),
        }),
        response: { 200: successionsSchema },
      },
    },
    (request) => {
      const actor = actorOf(request)
      const { id, startYear } = request.params
      return inTenant(services.db, actor.tenantId, async (tx) => {
        const establishment = await getPreparedEstablishment(tx, actor, id)
        await decideSuccessions(services, tx, {
          tenantId: actor.tenantId,
          establishmentId: id,
          startYear,
          decisions: request.body.decisions,
          actorPersonId: actor.personId,
        })
        return { establishment, startYear, ...(await listSuccessions(tx, id, startYear)) }
      })
    },
  )
}

/** @throws Problem 404 `establishment_not_found` for whoever is neither its head nor administers it. */
async function getPreparedEstablishment(tx: Tx, actor: Actor, id: string): Promise<{ id: string; name: string }> {
  const reach = await findReach(tx, actor)
  const allowed =
    reach.wholeTenant || reach.administered.includes(id) || (await isHeadOfEstablishment(tx, actor.personId, id))
  const establishment = allowed ? await findEstablishment(tx, { id }) : undefined
  if (!establishment)
    throw new Problem(404, 'establishment_not_found', 'No establishment you prepare has this identifier.')
  return { id: establishment.id, name: establishment.name }
}
