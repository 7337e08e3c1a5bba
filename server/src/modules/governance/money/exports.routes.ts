import { Readable } from 'node:stream'
import { z } from 'zod'
import { toCsv, toCsvRows } from '#kernel/csv'
import { type App, actorOf } from '#kernel/http'
import type { Services } from '#kernel/module'
import { writePages } from '../write-pages.ts'
import { type ListedExpense, listExpenses } from './advances.queries.ts'
import { type ListedEntry, listEntries } from './ledger.queries.ts'
import { formatCents, inAccounts, seenParties, slugParams } from './money-access.ts'
import { listOrders, type Order } from './orders.queries.ts'

const base = '/api/governance/agreements/:slug/money'
const config = { access: 'signed-in' } as const
const file = { 200: z.any().describe('text/csv') }

const entryColumns =
  'numero date_effet enregistre_le nature_ecriture libelle decision cle_de_repartition annule partie compte debit credit devise'
const orderColumns =
  'numero libelle portee etat date_effet decision cle_de_repartition montant membre poids part reste_engage cout'
const expenseColumns =
  'avance partie poste jours prix_jour marge_pour_cent total date_effet piece_justificative etat motif'

/** The accounts as tables for office programs, written as they are read: however long, a page is held at a time. */
export function registerExports(app: App, services: Services): void {
  app.get(
    `${base}/entries.csv`,
    {
      config,
      schema: {
        operationId: 'exportLedgerEntries',
        summary: 'The entries of the ledger as a table: one line a posting, the oldest first',
        params: slugParams,
        querystring: z.object({ exercise: z.iso.date().optional().describe('first day; all of them when absent') }),
        response: file,
      },
    },
    async (request, reply) => {
      const { agreementId, seen, nameOf } = await readReach(request)
      const { exercise } = request.query
      const pages = writePages<ListedEntry>(services.db, actorOf(request).tenantId, {
        pageSize: 500,
        read: (tx, last) => listEntries(tx, { agreementId, seen, exercise, after: last?.number ?? 0, limit: 500 }),
        write: (entries) => toCsvRows(entries.flatMap((entry) => toEntryRows(entry, nameOf))),
      })
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="ecritures.csv"')
        .send(Readable.from(withColumns(entryColumns, pages), { objectMode: false }))
    },
  )

  app.get(
    `${base}/orders.csv`,
    {
      config,
      schema: {
        operationId: 'exportOrders',
        summary: 'Orders as a table, one line a part, the newest first',
        params: slugParams,
        response: file,
      },
    },
    async (request, reply) => {
      const { agreementId, seen, nameOf } = await readReach(request)
      const pages = writePages<Order>(services.db, actorOf(request).tenantId, {
        pageSize: 200,
        read: (tx, last) => listOrders(tx, agreementId, seen, { before: last?.id, limit: 200 }),
        write: (orders) => toCsvRows(orders.flatMap((order) => toOrderRows(order, nameOf))),
      })
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="commandes.csv"')
        .send(Readable.from(withColumns(orderColumns, pages), { objectMode: false }))
    },
  )

  app.get(
    `${base}/advances.csv`,
    {
      config,
      schema: {
        operationId: 'exportAdvances',
        summary: 'Expenses of the advances as a table, those of the newest advance first',
        params: slugParams,
        response: file,
      },
    },
    async (request, reply) => {
      const { agreementId, nameOf } = await readReach(request)
      const pages = writePages<ListedExpense>(services.db, actorOf(request).tenantId, {
        pageSize: 500,
        read: (tx, last) => listExpenses(tx, agreementId, { after: last, limit: 500 }),
        write: (expenses) => toCsvRows(expenses.map((expense) => toExpenseRow(expense, nameOf))),
      })
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="avances.csv"')
        .send(Readable.from(withColumns(expenseColumns, pages), { objectMode: false }))
    },
  )

  /** What the reader sees, told once: before the first page, so that who may not read is refused. */
  const readReach = (request: Parameters<typeof actorOf>[0] & { params: { slug: string } }) =>
    inAccounts(services, actorOf(request), request.params.slug, async (_, standing) => {
      const names = new Map(standing.agreement.rules.parties.map(({ key, name }) => [key, name]))
      return {
        agreementId: standing.agreement.id,
        seen: seenParties(standing),
        nameOf: (party: string) => names.get(party) ?? party,
      }
    })
}

async function* withColumns(columns: string, pages: AsyncIterable<string>): AsyncGenerator<string> {
  yield toCsv([columns.split(' ')])
  yield* pages
}

const toEntryRows = (entry: ListedEntry, nameOf: (party: string) => string): string[][] =>
  entry.postings.map(({ party, nature, cents }) => [
    String(entry.number),
    entry.effectiveOn,
    entry.recordedAt.toISOString(),
    entry.kind,
    entry.label,
    entry.decisionNumber ?? '',
    entry.sharingKey ?? '',
    entry.reversesNumber === null ? '' : String(entry.reversesNumber),
    nameOf(party),
    nature,
    cents > 0n ? formatCents(cents) : '',
    cents < 0n ? formatCents(-cents) : '',
    'EUR',
  ])

const toOrderRows = (order: Order, nameOf: (party: string) => string): string[][] =>
  order.parts.map((part) => [
    order.number,
    order.label,
    order.scope === 'shared' ? 'mutualisee' : 'individuelle',
    order.state,
    order.effectiveOn,
    order.decisionNumber ?? '',
    order.sharingKey,
    formatCents(order.cents),
    nameOf(part.party),
    String(part.weight),
    formatCents(part.cents),
    formatCents(part.committedCents),
    formatCents(part.costCents),
  ])

const toExpenseRow = (expense: ListedExpense, nameOf: (party: string) => string): string[] => [
  expense.advance,
  nameOf(expense.party),
  expense.post,
  formatCents(BigInt(expense.days_hundredths)),
  formatCents(BigInt(expense.daily_rate_cents)),
  formatCents(BigInt(expense.mark_up_basis_points)),
  formatCents(BigInt(expense.amount_cents)),
  expense.effective_on,
  expense.document,
  expense.state,
  expense.reason ?? '',
]
