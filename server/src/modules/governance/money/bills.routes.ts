import { z } from 'zod'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { Problem } from '#kernel/problem'
import { issueBill, listBills, recordReceipt } from './bills.ts'
import { writeInvoice } from './invoices.ts'
import {
  centsSchema,
  idParams,
  inAccounts,
  inManagedAccounts,
  positiveCents,
  requireParty,
  seenParties,
  slugParams,
} from './money-access.ts'
import { doOnce, requestKey } from '../request-once.ts'
import { natures } from './tables.ts'

const base = '/api/governance/agreements/:slug/money/bills'
const config = { access: 'signed-in' } as const

const billSchema = z.object({
  id: z.uuid(),
  number: z.string(),
  party: z.string(),
  cents: centsSchema,
  openCents: centsSchema,
  lines: z.array(
    z.object({ label: z.string(), nature: z.enum(natures), subjectId: z.uuid().nullable(), cents: centsSchema }),
  ),
  issuedOn: z.iso.date(),
  dueOn: z.iso.date(),
  daysLate: z.int(),
  age: z.enum(['paid', 'notDue', 'upTo30', 'upTo60', 'upTo90', 'over90']),
})

/** What members are asked to pay, what they paid, and how late they are. */
export function registerBills(app: App, services: Services): void {
  app.get(
    base,
    {
      config,
      schema: {
        operationId: 'listBills',
        summary: 'Bills of the reader’s parties, or all for who manages: open amounts and their age',
        params: slugParams,
        response: { 200: z.object({ bills: z.array(billSchema) }) },
      },
    },
    (request) =>
      inAccounts(services, actorOf(request), request.params.slug, async (tx, standing) => {
        const seen = seenParties(standing)
        const bills = (await listBills(tx, standing.agreement.id, null, standing.today)).filter(
          ({ party }) => seen === null || seen.includes(party),
        )
        return {
          bills: bills.map((bill) => ({ ...bill, cents: String(bill.cents), openCents: String(bill.openCents) })),
        }
      }),
  )

  app.post(
    base,
    {
      config,
      schema: {
        operationId: 'issueBill',
        summary: 'Ask a member to pay what it bears and was not asked for yet',
        params: slugParams,
        body: z.strictObject({
          requestKey,
          party: z.string().max(80),
          issuedOn: z.iso.date(),
          dueOn: z.iso.date(),
        }),
        response: { 200: z.object({ id: z.uuid() }) },
      },
    },
    (request) =>
      inManagedAccounts(services, actorOf(request), request.params.slug, async (tx, standing, now) => {
        const { requestKey: key, ...bill } = request.body
        const agreementId = standing.agreement.id
        const id = await doOnce(tx, { agreementId, key, request: bill }, () =>
          issueBill(tx, { ...bill, agreementId, by: standing.personId }, now),
        )
        return { id }
      }),
  )

  app.post(
    `${base}/:id/receipts`,
    {
      config,
      schema: {
        operationId: 'recordReceipt',
        summary: 'Record what a member paid for a bill',
        params: idParams,
        body: z.strictObject({ requestKey, cents: positiveCents, on: z.iso.date() }),
        response: { 200: z.object({ id: z.uuid() }) },
      },
    },
    (request) =>
      inManagedAccounts(services, actorOf(request), request.params.slug, async (tx, standing, now) => {
        const { requestKey: key, cents, on } = request.body
        const agreementId = standing.agreement.id
        const billId = request.params.id
        const id = await doOnce(tx, { agreementId, key, request: { billId, cents: String(cents), on } }, async () => {
          await recordReceipt(tx, { agreementId, billId, amountCents: cents, on, by: standing.personId }, now)
          return billId
        })
        return { id }
      }),
  )

  app.get(
    `${base}/:id/invoice.xml`,
    {
      config,
      schema: {
        operationId: 'exportBillInvoice',
        summary: 'A bill as an EN 16931 invoice in UBL or CII',
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
          const bills = await listBills(tx, standing.agreement.id, null, standing.today)
          const bill = bills.find(({ id }) => id === request.params.id)
          if (!bill) throw new Problem(404, 'bill_not_found', 'There is no such bill.')
          requireParty(standing, bill.party)
          const { rules } = standing.agreement
          const invoice = {
            ...bill,
            seller: rules.money.heldBy,
            buyer: bill.party,
            note: `${rules.title}, article ${rules.money.balance.article}`,
          }
          const xml = await writeInvoice(
            rules,
            { ...invoice, lines: bill.lines.map((line) => ({ label: line.label, cents: BigInt(line.cents) })) },
            request.query.syntax,
          )
          return { number: bill.number, xml }
        },
      )
      return reply
        .type('application/xml; charset=utf-8')
        .header('content-disposition', `attachment; filename="${number}.xml"`)
        .send(xml)
    },
  )
}
