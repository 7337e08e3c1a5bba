import { z } from 'zod'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { listAdvances } from './advances.queries.ts'
import { createAdvance, createExpense, receiveInstalment, refundAdvance, settleExpense } from './advances.ts'
import { centsSchema, idParams, inAccounts, inManagedAccounts, positiveCents, slugParams } from './money-access.ts'
import { doOnce, requestKey } from '../request-once.ts'

const base = '/api/governance/agreements/:slug/money/advances'
const config = { access: 'signed-in' } as const
const label = z.string().trim().min(1).max(200)

const advanceSchema = z.object({
  id: z.uuid(),
  party: z.string(),
  label: z.string(),
  decisionNumber: z.string().nullable(),
  closedAt: z.date().nullable(),
  statement: z.object({
    agreedCents: centsSchema,
    committedCents: centsSchema.describe('engaged and not paid'),
    receivedCents: centsSchema,
    spentCents: centsSchema,
    refundedCents: centsSchema,
    leftCents: centsSchema.describe('received, neither spent nor given back'),
  }),
  instalments: z.array(
    z.object({ id: z.uuid(), dueOn: z.iso.date(), cents: centsSchema, receivedOn: z.iso.date().nullable() }),
  ),
  expenses: z.array(
    z.object({
      id: z.uuid(),
      post: z.string(),
      daysHundredths: z.string(),
      dailyRateCents: centsSchema,
      markUpBasisPoints: z.int(),
      cents: centsSchema,
      effectiveOn: z.iso.date(),
      document: z.string(),
      state: z.enum(['committed', 'paid', 'refused']),
      reason: z.string().nullable(),
    }),
  ),
})

/** Money advanced in instalments, what is spent of it with supporting documents, and what goes back. */
export function registerAdvances(app: App, services: Services): void {
  app.get(
    base,
    {
      config,
      schema: {
        operationId: 'listAdvances',
        summary: 'Advances with their instalments, expenses and statement in commitments and payments',
        params: slugParams,
        response: { 200: z.object({ advances: z.array(advanceSchema) }) },
      },
    },
    (request) =>
      inAccounts(services, actorOf(request), request.params.slug, async (tx, standing) => ({
        advances: await listAdvances(tx, standing.agreement.id),
      })),
  )

  app.post(
    base,
    {
      config,
      schema: {
        operationId: 'createAdvance',
        summary: 'Record that a party advances money, in instalments',
        params: slugParams,
        body: z.strictObject({
          requestKey,
          party: z.string().max(80),
          label,
          cents: positiveCents,
          decisionId: z.uuid().nullable().default(null),
          instalments: z
            .array(z.strictObject({ dueOn: z.iso.date(), cents: positiveCents }))
            .min(1)
            .max(24),
        }),
        response: { 200: z.object({ id: z.uuid() }) },
      },
    },
    (request) =>
      inManagedAccounts(services, actorOf(request), request.params.slug, async (tx, standing, now) => {
        const { requestKey: key, cents, instalments, ...advance } = request.body
        const agreementId = standing.agreement.id
        const asked = {
          ...advance,
          cents: String(cents),
          instalments: instalments.map((each) => ({ dueOn: each.dueOn, cents: String(each.cents) })),
        }
        const id = await doOnce(tx, { agreementId, key, request: asked }, () =>
          createAdvance(
            tx,
            {
              ...advance,
              agreementId,
              amountCents: cents,
              instalments: instalments.map((each) => ({ dueOn: each.dueOn, amountCents: each.cents })),
              by: standing.personId,
            },
            now,
          ),
        )
        return { id }
      }),
  )

  app.post(
    `${base}/:id/instalments/:instalment/receipt`,
    {
      config,
      schema: {
        operationId: 'receiveInstalment',
        summary: 'An instalment came in',
        params: idParams.extend({ instalment: z.uuid() }),
        body: z.strictObject({ on: z.iso.date() }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await inManagedAccounts(services, actorOf(request), request.params.slug, (tx, standing, now) =>
        receiveInstalment(
          tx,
          {
            agreementId: standing.agreement.id,
            advanceId: request.params.id,
            instalmentId: request.params.instalment,
            on: request.body.on,
            by: standing.personId,
          },
          now,
        ),
      )
      return reply.code(204).send(null)
    },
  )

  app.post(
    `${base}/:id/expenses`,
    {
      config,
      schema: {
        operationId: 'createExpense',
        summary: 'Engage an expense on an advance: days at a daily rate with a mark-up, with its supporting document',
        params: idParams,
        body: z.strictObject({
          requestKey,
          post: label,
          daysHundredths: positiveCents.describe('hundredths of a day'),
          dailyRateCents: positiveCents,
          markUpBasisPoints: z.int().min(0).max(10_000),
          document: label,
          documentSha256: z
            .string()
            .regex(/^[0-9a-f]{64}$/)
            .nullable()
            .default(null),
          on: z.iso.date(),
        }),
        response: { 200: z.object({ id: z.uuid() }) },
      },
    },
    (request) =>
      inManagedAccounts(services, actorOf(request), request.params.slug, async (tx, standing, now) => {
        const { requestKey: key, ...expense } = request.body
        const agreementId = standing.agreement.id
        const advanceId = request.params.id
        const asked = {
          ...expense,
          advanceId,
          daysHundredths: String(expense.daysHundredths),
          dailyRateCents: String(expense.dailyRateCents),
        }
        const id = await doOnce(tx, { agreementId, key, request: asked }, () =>
          createExpense(tx, { ...expense, agreementId, advanceId, by: standing.personId }, now),
        )
        return { id }
      }),
  )

  app.post(
    `${base}/:id/expenses/:expense/settlement`,
    {
      config,
      schema: {
        operationId: 'settleExpense',
        summary: 'Pay an expense, or refuse it with a reason; one that was paid and misused goes back',
        params: idParams.extend({ expense: z.uuid() }),
        body: z
          .strictObject({
            state: z.enum(['paid', 'refused']),
            reason: z.string().trim().max(300).nullable().default(null),
            on: z.iso.date(),
          })
          .refine(({ state, reason }) => state === 'paid' || reason, 'a refusal has a reason'),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await inManagedAccounts(services, actorOf(request), request.params.slug, (tx, standing, now) =>
        settleExpense(
          tx,
          {
            agreementId: standing.agreement.id,
            advanceId: request.params.id,
            expenseId: request.params.expense,
            ...request.body,
            by: standing.personId,
          },
          now,
        ),
      )
      return reply.code(204).send(null)
    },
  )

  app.post(
    `${base}/:id/refund`,
    {
      config,
      schema: {
        operationId: 'refundAdvance',
        summary: 'Give back what was not spent, and close the advance',
        params: idParams,
        body: z.strictObject({ on: z.iso.date() }),
        response: { 200: z.object({ cents: centsSchema }) },
      },
    },
    (request) =>
      inManagedAccounts(services, actorOf(request), request.params.slug, async (tx, standing, now) => {
        const input = { agreementId: standing.agreement.id, advanceId: request.params.id, on: request.body.on }
        return { cents: String(await refundAdvance(tx, { ...input, by: standing.personId }, now)) }
      }),
  )
}
