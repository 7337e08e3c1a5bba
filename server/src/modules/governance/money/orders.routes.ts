import { z } from 'zod'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import {
  centsSchema,
  idParams,
  inAccounts,
  inManagedAccounts,
  positiveCents,
  requireHolder,
  seenParties,
  slugParams,
} from './money-access.ts'
import { closeOffer, createOffer, orderOffer } from './offers.ts'
import { payOrder } from './order-payments.ts'
import { type Order, listOrders } from './orders.queries.ts'
import { createOrder } from './orders.ts'
import { listOffers, listReductions, listRegularisations } from './proposals.queries.ts'
import { proposePriceReduction, settlePriceReduction } from './price-reductions.ts'
import { proposeRegularisation, withdrawRegularisation } from './regularisations.ts'
import { doOnce, requestKey } from '../request-once.ts'

const base = '/api/governance/agreements/:slug/money'
const config = { access: 'signed-in' } as const
const made = { 200: z.object({ id: z.uuid() }) }
const label = z.string().trim().min(1).max(200)

const orderSchema = z.object({
  id: z.uuid(),
  number: z.string(),
  label: z.string(),
  scope: z.enum(['shared', 'individual']),
  state: z.enum(['placed', 'committed', 'settled']),
  party: z.string().nullable(),
  offerId: z.uuid().nullable(),
  decisionNumber: z.string().nullable(),
  changeId: z.uuid().nullable(),
  sharingKey: z.string(),
  cents: centsSchema,
  effectiveOn: z.iso.date(),
  parts: z.array(
    z.object({
      party: z.string(),
      weight: z.string(),
      cents: centsSchema.describe('as committed'),
      committedCents: centsSchema.describe('still committed'),
      costCents: centsSchema.describe('borne'),
    }),
  ),
  lines: z.array(z.object({ uai: z.string(), name: z.string(), pupils: z.int() })),
})

/** Services, orders, what is paid for them, and what changes their cost afterwards. */
export function registerOrders(app: App, services: Services): void {
  app.get(
    `${base}/orders`,
    {
      config,
      schema: {
        operationId: 'listOrders',
        summary: 'Shared orders, individual ones of the reader’s parties, services open to orders, proposals',
        params: slugParams,
        response: {
          200: z.object({
            orders: z.array(orderSchema),
            offers: z.array(
              z.object({
                id: z.uuid(),
                label: z.string(),
                sharingKey: z.string(),
                pricing: z.enum(['perPupil', 'fixed']),
                priceCents: centsSchema,
                effectiveOn: z.iso.date(),
                closedAt: z.date().nullable(),
              }),
            ),
            reductions: z.array(
              z.object({
                id: z.uuid(),
                orderId: z.uuid(),
                label: z.string(),
                cents: centsSchema,
                state: z.enum(['proposed', 'posted', 'withdrawn']),
              }),
            ),
            regularisations: z.array(
              z.object({
                id: z.uuid(),
                orderId: z.uuid(),
                label: z.string(),
                state: z.enum(['proposed', 'adopted', 'rejected', 'withdrawn']),
                sharingKey: z.string(),
                cents: centsSchema,
                parts: z.array(z.object({ party: z.string(), beforeCents: centsSchema, afterCents: centsSchema })),
              }),
            ),
          }),
        },
      },
    },
    (request) =>
      inAccounts(services, actorOf(request), request.params.slug, async (tx, standing) => {
        const orders = await listOrders(tx, standing.agreement.id, seenParties(standing))
        const known = new Set(orders.map(({ id }) => id))
        const ofKnown = <T extends { orderId: string }>(rows: T[]) => rows.filter(({ orderId }) => known.has(orderId))
        return {
          orders: orders.map(toOrder),
          offers: await listOffers(tx, standing.agreement.id),
          reductions: ofKnown(await listReductions(tx, standing.agreement.id)),
          regularisations: ofKnown(await listRegularisations(tx, standing.agreement.id)),
        }
      }),
  )

  app.post(
    `${base}/orders`,
    {
      config,
      schema: {
        operationId: 'createOrder',
        summary: 'Order something that a decision allows, and commit each member to its part',
        params: slugParams,
        body: z.strictObject({
          requestKey,
          label,
          sharingKey: z.string().max(80),
          cents: positiveCents,
          effectiveOn: z.iso.date(),
          decisionId: z.uuid().nullable().default(null),
          votersInFavour: z.array(z.string().max(80)).max(100).nullable().default(null),
          party: z.string().max(80).nullable().default(null),
        }),
        response: made,
      },
    },
    (request) =>
      inManagedAccounts(services, actorOf(request), request.params.slug, async (tx, standing, now) => {
        const { requestKey: key, cents, ...order } = request.body
        const agreementId = standing.agreement.id
        const id = await doOnce(tx, { agreementId, key, request: { ...order, cents: String(cents) } }, async () => {
          const input = { ...order, agreementId, amountCents: cents, changeId: null, by: standing.personId }
          return (await createOrder(tx, input, now)).id
        })
        return { id }
      }),
  )

  app.post(
    `${base}/orders/:id/payments`,
    {
      config,
      schema: {
        operationId: 'payOrder',
        summary: 'Pay for an order, all or a part; the last payment releases what stays committed',
        params: idParams,
        body: z.strictObject({
          requestKey,
          cents: z
            .string()
            .regex(/^\d{1,13}$/)
            .transform((text) => BigInt(text)),
          effectiveOn: z.iso.date(),
          document: label.describe('invoice or other supporting document'),
          last: z.boolean(),
        }),
        response: made,
      },
    },
    (request) =>
      inManagedAccounts(services, actorOf(request), request.params.slug, async (tx, standing, now) => {
        const { requestKey: key, cents, ...payment } = request.body
        const agreementId = standing.agreement.id
        const orderId = request.params.id
        const asked = { orderId, cents: String(cents), ...payment }
        const id = await doOnce(tx, { agreementId, key, request: asked }, async () => {
          await payOrder(tx, { ...payment, agreementId, orderId, amountCents: cents, by: standing.personId }, now)
          return orderId
        })
        return { id }
      }),
  )

  app.post(
    `${base}/orders/:id/reductions`,
    {
      config,
      schema: {
        operationId: 'proposePriceReduction',
        summary: 'Propose to take something off an order',
        params: idParams,
        body: z.strictObject({ requestKey, label, cents: positiveCents, effectiveOn: z.iso.date() }),
        response: made,
      },
    },
    (request) =>
      inManagedAccounts(services, actorOf(request), request.params.slug, async (tx, standing, now) => {
        const { requestKey: key, cents, ...reduction } = request.body
        const agreementId = standing.agreement.id
        const orderId = request.params.id
        const asked = { reductionOf: orderId, cents: String(cents), ...reduction }
        const id = await doOnce(tx, { agreementId, key, request: asked }, () =>
          proposePriceReduction(tx, { ...reduction, agreementId, orderId, amountCents: cents, decisionId: null }, now),
        )
        return { id }
      }),
  )

  app.post(
    `${base}/reductions/:id/settlement`,
    {
      config,
      schema: {
        operationId: 'settlePriceReduction',
        summary: 'Post a proposed price reduction, or withdraw it',
        params: idParams,
        body: z.strictObject({ post: z.boolean() }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await inManagedAccounts(services, actorOf(request), request.params.slug, (tx, standing, now) =>
        settlePriceReduction(
          tx,
          {
            agreementId: standing.agreement.id,
            id: request.params.id,
            post: request.body.post,
            by: standing.personId,
          },
          now,
        ),
      )
      return reply.code(204).send(null)
    },
  )

  app.post(
    `${base}/orders/:id/regularisations`,
    {
      config,
      schema: {
        operationId: 'proposeRegularisation',
        summary: 'Propose new shares of what an order cost, to be voted',
        params: idParams,
        body: z.strictObject({
          label,
          sharingKey: z.string().max(80),
          cents: positiveCents.nullable().default(null).describe('final cost; what was paid when null'),
          effectiveOn: z.iso.date(),
          votersInFavour: z.array(z.string().max(80)).max(100).nullable().default(null),
          headCountId: z.uuid().nullable().default(null),
        }),
        response: made,
      },
    },
    (request) =>
      inManagedAccounts(services, actorOf(request), request.params.slug, async (tx, standing, now) => {
        const { cents, ...body } = request.body
        const input = { ...body, agreementId: standing.agreement.id, orderId: request.params.id, amountCents: cents }
        return { id: await proposeRegularisation(tx, { ...input, by: standing.personId }, now) }
      }),
  )

  app.post(
    `${base}/regularisations/:id/withdrawal`,
    {
      config,
      schema: {
        operationId: 'withdrawRegularisation',
        summary: 'Take a proposed regularisation back, before it is put to the vote',
        params: idParams,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await inManagedAccounts(services, actorOf(request), request.params.slug, (tx, standing, now) =>
        withdrawRegularisation(
          tx,
          { agreementId: standing.agreement.id, id: request.params.id, by: standing.personId },
          now,
        ),
      )
      return reply.code(204).send(null)
    },
  )

  app.post(
    `${base}/offers`,
    {
      config,
      schema: {
        operationId: 'createOffer',
        summary: 'Open a service to orders of the members',
        params: slugParams,
        body: z.strictObject({
          requestKey,
          label,
          sharingKey: z.string().max(80),
          pricing: z.enum(['perPupil', 'fixed']),
          priceCents: positiveCents,
          effectiveOn: z.iso.date(),
        }),
        response: made,
      },
    },
    (request) =>
      inManagedAccounts(services, actorOf(request), request.params.slug, async (tx, standing, now) => {
        const { requestKey: key, priceCents, ...offer } = request.body
        const agreementId = standing.agreement.id
        const id = await doOnce(tx, { agreementId, key, request: { ...offer, priceCents: String(priceCents) } }, () =>
          createOffer(tx, { ...offer, priceCents, agreementId, by: standing.personId }, now),
        )
        return { id }
      }),
  )

  app.post(
    `${base}/offers/:id/orders`,
    {
      config,
      schema: {
        operationId: 'orderOffer',
        summary: 'Order a service for establishments of a member; the pilot gets a copy',
        params: idParams,
        body: z.strictObject({
          requestKey,
          party: z.string().max(80),
          uais: z.array(z.string().max(8)).min(1).max(2_000),
        }),
        response: made,
      },
    },
    (request) =>
      inAccounts(services, actorOf(request), request.params.slug, async (tx, standing, now) => {
        const { requestKey: key, ...order } = request.body
        requireHolder(standing, order.party)
        const agreementId = standing.agreement.id
        const offerId = request.params.id
        const id = await doOnce(tx, { agreementId, key, request: { offerId, ...order } }, () =>
          orderOffer(tx, { ...order, agreementId, offerId, by: standing.personId }, now),
        )
        return { id }
      }),
  )

  app.post(
    `${base}/offers/:id/closing`,
    {
      config,
      schema: {
        operationId: 'closeOffer',
        summary: 'Gather the orders of a service; the cost of a shared one is divided',
        params: idParams,
        body: z.strictObject({ decisionId: z.uuid().nullable().default(null) }),
        response: { 200: z.object({ orderId: z.uuid().nullable().describe('null for an individual service') }) },
      },
    },
    (request) =>
      inManagedAccounts(services, actorOf(request), request.params.slug, async (tx, standing, now) => {
        const input = { agreementId: standing.agreement.id, offerId: request.params.id, ...request.body }
        return { orderId: await closeOffer(tx, { ...input, by: standing.personId }, now) }
      }),
  )
}

const toOrder = ({ decisionId: _decision, versionId: _version, headCountId: _headCount, ...order }: Order) => ({
  ...order,
  cents: String(order.cents),
  parts: order.parts.map((part) => ({
    party: part.party,
    weight: String(part.weight),
    cents: String(part.cents),
    committedCents: String(part.committedCents),
    costCents: String(part.costCents),
  })),
})
