import { z } from 'zod'
import { inStanding } from '../standing.ts'
import type { App } from '#kernel/http'
import type { Services } from '#kernel/module'
import { acceptChange, commitPayer, decideChange, deliverChange, orderChange, rollBackChange } from './carrying-out.ts'
import { cents, measure, measuredResult, qualificationSchema, sheetSchema } from './change-schema.ts'
import { changeStates } from './change-steps.ts'
import { qualify, reviseSheet, submitSheet, withdrawChange, writeSheet } from './changes.ts'
import { giveOpinion, noteSilence } from './opinions.ts'
import { scheduleChange } from './scheduling.ts'

const byId = z.object({ slug: z.string().max(80), id: z.uuid() })
const text = z.string().trim().max(20_000)
const note = z.object({ note: text.default('') })
const moved = z.object({ state: z.enum(changeStates) })
const base = '/api/governance/agreements/:slug/changes'

/** The steps of a change, one route each: who may take which, and when, is said in `change-steps.ts`. */
export function registerChangeSteps(app: App, services: Services): void {
  app.put(
    `${base}/:id/qualification`,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'qualifyChange',
        summary: 'Answers the questions from which the agreement says whether a change is structuring',
        params: byId,
        body: qualificationSchema,
        response: {
          200: z.object({ structuring: z.boolean(), because: z.array(z.string()), article: z.string() }),
        },
      },
    },
    (request) =>
      inStanding(services, request, (tx, standing, now) => qualify(tx, standing, request.params.id, request.body, now)),
  )

  app.post(
    `${base}/:id/sheets`,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'saveChangeSheet',
        summary: 'Saves a version of the configuration sheet',
        params: byId,
        body: sheetSchema,
        response: { 201: z.object({ number: z.int() }) },
      },
    },
    async (request, reply) =>
      reply
        .status(201)
        .send(
          await inStanding(services, request, (tx, standing, now) =>
            writeSheet(tx, standing, request.params.id, request.body, now),
          ),
        ),
  )

  app.post(
    `${base}/:id/sheets/:number/submission`,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'submitChangeSheet',
        summary: 'Submits the last version of the configuration sheet, frozen from then on',
        params: byId.extend({ number: z.coerce.number().int().min(1) }),
        response: { 200: moved },
      },
    },
    (request) =>
      inStanding(services, request, async (tx, standing, now) => ({
        state: await submitSheet(tx, standing, request.params.id, request.params.number, now),
      })),
  )

  app.post(
    `${base}/:id/revision`,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'reviseChangeSheet',
        summary: 'Takes a submitted sheet back to write another version; opinions are asked anew',
        params: byId,
        body: note,
        response: { 200: moved },
      },
    },
    (request) =>
      inStanding(services, request, async (tx, standing, now) => ({
        state: await reviseSheet(tx, standing, request.params.id, request.body.note, now),
      })),
  )

  app.post(
    `${base}/:id/opinions`,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'giveChangeOpinion',
        summary: 'Gives the opinion of a party on the submitted sheet',
        params: byId,
        body: z.object({
          party: z.string(),
          opinion: z.enum(['favourable', 'reservations', 'unfavourable']),
          text,
        }),
        response: { 200: moved },
      },
    },
    (request) =>
      inStanding(services, request, async (tx, standing, now) => ({
        state: await giveOpinion(tx, standing, request.params.id, request.body, now),
      })),
  )

  app.post(
    `${base}/:id/silences`,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'noteChangeSilence',
        summary: 'Notes that a party gave no opinion within the term of the agreement',
        params: byId,
        body: z.object({ party: z.string() }),
        response: { 200: moved },
      },
    },
    (request) =>
      inStanding(services, request, async (tx, standing, now) => ({
        state: await noteSilence(tx, standing, request.params.id, request.body.party, now),
      })),
  )

  app.post(
    `${base}/:id/commitment`,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'commitChangePayer',
        summary: 'Commits the one member that pays, by a holder of it',
        params: byId,
        response: { 200: moved },
      },
    },
    (request) =>
      inStanding(services, request, async (tx, standing, now) => ({
        state: await commitPayer(tx, standing, request.params.id, now),
      })),
  )

  app.post(
    `${base}/:id/agenda`,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'scheduleChange',
        summary: 'Puts a change on the agenda of a meeting, to be voted by the ballot the agreement names',
        params: byId,
        body: z.object({ meetingId: z.uuid() }),
        response: { 200: moved.extend({ agendaItemId: z.uuid() }) },
      },
    },
    (request) =>
      inStanding(services, request, (tx, standing, now) =>
        scheduleChange(tx, standing, request.params.id, request.body.meetingId, now),
      ),
  )

  app.post(
    `${base}/:id/decision`,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'decideChange',
        summary: 'Decides a change that the agreement leaves to the pilot alone',
        params: byId,
        body: z.object({ adopted: z.boolean(), note: text }),
        response: { 200: moved },
      },
    },
    (request) =>
      inStanding(services, request, async (tx, standing, now) => ({
        state: await decideChange(tx, standing, request.params.id, request.body, now),
      })),
  )

  app.post(
    `${base}/:id/order`,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'orderChange',
        summary: 'Orders an adopted change: its cost is shared as the agreement says',
        params: byId,
        body: z.object({ effectiveOn: z.iso.date() }),
        response: {
          200: moved.extend({ number: z.string().nullable().describe('of the order; null for one that is free') }),
        },
      },
    },
    (request) =>
      inStanding(services, request, (tx, standing, now) =>
        orderChange(tx, standing, request.params.id, request.body.effectiveOn, now),
      ),
  )

  app.post(
    `${base}/:id/delivery`,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'deliverChange',
        summary: 'Says that an ordered change is delivered',
        params: byId,
        body: note,
        response: { 200: moved },
      },
    },
    (request) =>
      inStanding(services, request, async (tx, standing, now) => ({
        state: await deliverChange(tx, standing, request.params.id, request.body.note, now),
      })),
  )

  app.post(
    `${base}/:id/acceptance`,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'acceptChange',
        summary: 'Measures a delivered change against each expected result; the verdict follows',
        params: byId,
        body: z.object({
          measures: z.array(measure).max(50).describe('in the order of the sheet'),
          reductionCents: cents.nullable().describe('of the price; null when every result is reached'),
        }),
        response: { 200: moved.extend({ results: z.array(measuredResult) }) },
      },
    },
    (request) =>
      inStanding(services, request, (tx, standing, now) => {
        const { measures, reductionCents } = request.body
        const reduction = reductionCents === null ? null : BigInt(reductionCents)
        return acceptChange(tx, standing, request.params.id, { measures, reductionCents: reduction }, now)
      }),
  )

  app.post(
    `${base}/:id/roll-back`,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'rollBackChange',
        summary: 'Says that a change whose results were missed was taken back, at no cost',
        params: byId,
        body: note,
        response: { 200: moved },
      },
    },
    (request) =>
      inStanding(services, request, async (tx, standing, now) => ({
        state: await rollBackChange(tx, standing, request.params.id, request.body.note, now),
      })),
  )

  app.post(
    `${base}/:id/withdrawal`,
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'withdrawChange',
        summary: 'Withdraws a change that is not on an agenda',
        params: byId,
        body: note,
        response: { 200: moved },
      },
    },
    (request) =>
      inStanding(services, request, async (tx, standing, now) => ({
        state: await withdrawChange(tx, standing, request.params.id, request.body.note, now),
      })),
  )
}
