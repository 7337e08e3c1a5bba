import { z } from 'zod'
import { toCsv } from '#kernel/csv'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { Problem } from '#kernel/problem'
import { writeInvoice } from './invoices.ts'
import {
  centsSchema,
  formatCents,
  idParams,
  inAccounts,
  inManagedAccounts,
  positiveCents,
  requireParty,
  seenParties,
  slugParams,
} from './money-access.ts'
import { doOnce, requestKey } from '../request-once.ts'
import { listClaims, listExceptionalCosts } from './staff.queries.ts'
import { askExceptionalCost, decideExceptionalCost, getStaffRule, settleClaim, submitClaim } from './staff.ts'

const base = '/api/governance/agreements/:slug/money/claims'
const exceptional = '/api/governance/agreements/:slug/money/exceptional-costs'
const config = { access: 'signed-in' } as const

const claimSchema = z.object({
  id: z.uuid(),
  number: z.string(),
  party: z.string(),
  startsOn: z.iso.date(),
  endsOn: z.iso.date(),
  state: z.enum(['submitted', 'approved', 'refused', 'paid']),
  sharingKey: z.string().nullable(),
  environmentBasisPoints: z.int(),
  staffCents: centsSchema,
  environmentCents: centsSchema,
  exceptionalCents: centsSchema,
  totalCents: centsSchema,
  reason: z.string().nullable(),
  lines: z.array(
    z.object({
      post: z.string(),
      shareBasisPoints: z.int(),
      annualCents: centsSchema,
      months: z.int(),
      cents: centsSchema,
    }),
  ),
})

/** Staff time that parties contribute, claimed person by person, and exceptional costs agreed to before. */
export function registerStaff(app: App, services: Services): void {
  app.get(
    base,
    {
      config,
      schema: {
        operationId: 'listStaffClaims',
        summary: 'Claims and exceptional costs of the reader’s parties, or all for who manages',
        params: slugParams,
        response: {
          200: z.object({
            rule: z
              .object({ per: z.enum(['halfYear', 'year']), environmentBasisPoints: z.int(), article: z.string() })
              .nullable(),
            claims: z.array(claimSchema),
            exceptionalCosts: z.array(
              z.object({
                id: z.uuid(),
                party: z.string(),
                kind: z.enum(['travel', 'exceptional']),
                label: z.string(),
                cents: centsSchema,
                state: z.enum(['asked', 'approved', 'refused']),
                claimId: z.uuid().nullable(),
              }),
            ),
          }),
        },
      },
    },
    (request) =>
      inAccounts(services, actorOf(request), request.params.slug, async (tx, standing) => {
        const seen = seenParties(standing)
        const rule = standing.agreement.rules.money.staff
        return {
          rule: rule && { per: rule.per, environmentBasisPoints: rule.environmentBasisPoints, article: rule.article },
          claims: await listClaims(tx, standing.agreement.id, seen),
          exceptionalCosts: await listExceptionalCosts(tx, standing.agreement.id, seen),
        }
      }),
  )

  app.get(
    '/api/governance/agreements/:slug/money/claims.csv',
    {
      config,
      schema: {
        operationId: 'exportStaffClaims',
        summary: 'Claims as a table, one line a person',
        params: slugParams,
        response: { 200: z.string().describe('text/csv') },
      },
    },
    async (request, reply) => {
      const text = await inAccounts(services, actorOf(request), request.params.slug, async (tx, standing) =>
        toCsv([
          [
            'numero',
            'partie',
            'du',
            'au',
            'etat',
            'poste',
            'quotite_pour_cent',
            'cout_annuel_charge',
            'mois',
            'montant',
          ],
          ...(await listClaims(tx, standing.agreement.id, seenParties(standing))).flatMap((claim) =>
            claim.lines.map((line) => [
              claim.number,
              claim.party,
              claim.startsOn,
              claim.endsOn,
              claim.state,
              line.post,
              formatCents(BigInt(line.shareBasisPoints)),
              formatCents(BigInt(line.annualCents)),
              String(line.months),
              formatCents(BigInt(line.cents)),
            ]),
          ),
        ]),
      )
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="contributions.csv"')
        .send(text)
    },
  )

  app.post(
    base,
    {
      config,
      schema: {
        operationId: 'submitStaffClaim',
        summary: 'Claim the staff time of a period, person by person',
        params: slugParams,
        body: z.strictObject({
          requestKey,
          party: z.string().max(80),
          startsOn: z.iso.date().refine((day) => day.endsWith('-01'), 'the first day of a month'),
          sharingKey: z.string().max(80).nullable().default(null),
          lines: z
            .array(
              z.strictObject({
                post: z.string().trim().min(1).max(100),
                shareBasisPoints: z.int().min(1).max(10_000),
                annualCents: positiveCents,
                months: z.int().min(1).max(12),
              }),
            )
            .min(1)
            .max(200),
          exceptionalIds: z.array(z.uuid()).max(100).default([]),
        }),
        response: { 200: z.object({ id: z.uuid() }) },
      },
    },
    (request) =>
      inAccounts(services, actorOf(request), request.params.slug, async (tx, standing, now) => {
        const { requestKey: key, ...claim } = request.body
        requireParty(standing, claim.party)
        const agreementId = standing.agreement.id
        const asked = {
          ...claim,
          lines: claim.lines.map((line) => ({ ...line, annualCents: String(line.annualCents) })),
        }
        const id = await doOnce(tx, { agreementId, key, request: asked }, () =>
          submitClaim(tx, { ...claim, agreementId, by: standing.personId }, now),
        )
        return { id }
      }),
  )

  app.post(
    `${base}/:id/settlement`,
    {
      config,
      schema: {
        operationId: 'settleStaffClaim',
        summary: 'Approve a claim, refuse it with a reason, or pay an approved one',
        params: idParams,
        body: z
          .strictObject({
            state: z.enum(['approved', 'refused', 'paid']),
            reason: z.string().trim().max(300).nullable().default(null),
            on: z.iso.date(),
          })
          .refine(({ state, reason }) => state !== 'refused' || reason, 'a refusal has a reason'),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await inManagedAccounts(services, actorOf(request), request.params.slug, (tx, standing, now) =>
        settleClaim(
          tx,
          { agreementId: standing.agreement.id, id: request.params.id, ...request.body, by: standing.personId },
          now,
        ),
      )
      return reply.code(204).send(null)
    },
  )

  app.get(
    `${base}/:id/invoice.xml`,
    {
      config,
      schema: {
        operationId: 'exportClaimInvoice',
        summary: 'A claim that was approved as an EN 16931 invoice in UBL or CII',
        params: idParams,
        querystring: z.object({ syntax: z.enum(['ubl', 'cii']).default('ubl') }),
        response: { 200: z.string().describe('application/xml') },
      },
    },
    async (request, reply) => {
      const { number, xml } = await inAccounts(
        services,
        actorOf(request),
        request.params.slug,
        async (tx, standing) => {
          const claims = await listClaims(tx, standing.agreement.id, seenParties(standing))
          const claim = claims.find(({ id }) => id === request.params.id)
          if (!claim) throw new Problem(404, 'claim_not_found', 'There is no such claim.')
          if (claim.state !== 'approved' && claim.state !== 'paid') {
            throw new Problem(409, 'claim_out_of_turn', 'A claim is invoiced once it was approved.')
          }
          const { rules } = standing.agreement
          const environment = { label: 'Environnement de travail', cents: BigInt(claim.environmentCents) }
          const extra = { label: 'Frais exceptionnels et déplacements', cents: BigInt(claim.exceptionalCents) }
          const xml = await writeInvoice(
            rules,
            {
              number: claim.number,
              issuedOn: standing.today,
              dueOn: null,
              seller: claim.party,
              buyer: rules.money.heldBy,
              note: `${rules.title}, article ${getStaffRule(rules).article}`,
              lines: [
                ...claim.lines.map(({ post, cents }) => ({ label: post, cents: BigInt(cents) })),
                ...[environment, extra].filter(({ cents }) => cents > 0n),
              ],
            },
            request.query.syntax,
          )
          return { number: claim.number, xml }
        },
      )
      return reply
        .type('application/xml; charset=utf-8')
        .header('content-disposition', `attachment; filename="${number}.xml"`)
        .send(xml)
    },
  )

  app.post(
    exceptional,
    {
      config,
      schema: {
        operationId: 'askExceptionalCost',
        summary: 'Ask to agree to an exceptional cost or travel before it is made',
        params: slugParams,
        body: z.strictObject({
          requestKey,
          party: z.string().max(80),
          kind: z.enum(['travel', 'exceptional']),
          label: z.string().trim().min(1).max(200),
          cents: positiveCents,
        }),
        response: { 200: z.object({ id: z.uuid() }) },
      },
    },
    (request) =>
      inAccounts(services, actorOf(request), request.params.slug, async (tx, standing, now) => {
        const { requestKey: key, cents, ...cost } = request.body
        requireParty(standing, cost.party)
        const agreementId = standing.agreement.id
        const id = await doOnce(tx, { agreementId, key, request: { ...cost, cents: String(cents) } }, () =>
          askExceptionalCost(tx, { ...cost, agreementId, amountCents: cents, by: standing.personId }, now),
        )
        return { id }
      }),
  )

  app.post(
    `${exceptional}/:id/decision`,
    {
      config,
      schema: {
        operationId: 'decideExceptionalCost',
        summary: 'Agree to an exceptional cost, or refuse it',
        params: idParams,
        body: z.strictObject({ state: z.enum(['approved', 'refused']) }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await inManagedAccounts(services, actorOf(request), request.params.slug, (tx, standing, now) =>
        decideExceptionalCost(
          tx,
          { agreementId: standing.agreement.id, id: request.params.id, ...request.body, by: standing.personId },
          now,
        ),
      )
      return reply.code(204).send(null)
    },
  )
}
