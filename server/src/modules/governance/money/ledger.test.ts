import fc from 'fast-check'
import { Problem } from '#kernel/problem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { type Consortium, makeConsortium } from '../../../../test/make-governance.ts'
import { recordDecision } from '../bodies/decisions.ts'
import { listBalances, sumPostings } from './balances.queries.ts'
import { closeExercise } from './close-exercise.ts'
import { proposeRegularisation } from './regularisations.ts'
import { listEntries } from './ledger.queries.ts'
import { reverseEntry } from './ledger.ts'
import { payOrder } from './order-payments.ts'
import { createOrder } from './orders.ts'
import { proposePriceReduction, settlePriceReduction } from './price-reductions.ts'
import { issueBill, recordReceipt } from './bills.ts'

let server: TestApp
let consortium: Consortium
const now = new Date('2026-10-01T08:00:00Z')

beforeAll(async () => {
  server = await openTestApp({ now: () => now })
  consortium = await makeConsortium(server)
})
afterAll(() => server?.close())

const order = (amountCents: bigint, over: Partial<Parameters<typeof createOrder>[1]> = {}) => ({
  agreementId: consortium.agreementId,
  decisionId: null,
  changeId: null,
  sharingKey: 'tous-selon-les-voix',
  amountCents,
  label: 'Portfolio',
  effectiveOn: '2026-10-01',
  votersInFavour: null,
  party: null,
  ...over,
})
const make = (amountCents: bigint, over = {}) => server.inTenant((tx) => createOrder(tx, order(amountCents, over), now))
const pay = (orderId: string, amountCents: bigint, last = false, effectiveOn = '2026-10-01') =>
  server.inTenant((tx) =>
    payOrder(
      tx,
      { agreementId: consortium.agreementId, orderId, amountCents, effectiveOn, document: 'F', last, by: null },
      now,
    ),
  )
const entries = () =>
  server.inTenant((tx) => listEntries(tx, { agreementId: consortium.agreementId, seen: null, limit: 1000 }))

type Step = { kind: 'order' | 'pay' | 'last' | 'reduce' | 'reverse' | 'bill' | 'receive'; amount: bigint; at: number }
const steps = fc.array(
  fc.record<Step>({
    kind: fc.constantFrom('order', 'pay', 'last', 'reduce', 'reverse', 'bill', 'receive'),
    amount: fc.bigInt(1n, 10_000_000n),
    at: fc.nat(40),
  }),
  { minLength: 4, maxLength: 14 },
)

test('whatever is done, in whatever order, the ledger sums to zero and the totals kept are its sums', async () => {
  const parties = ['region', 'moselle', 'alsace']
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      const orders: string[] = []
      const bills: string[] = []
      const { agreementId } = consortium
      for (const { kind, amount, at } of sequence) {
        const orderId = orders[at % (orders.length || 1)]
        const billId = bills[at % (bills.length || 1)]
        // Refusals are part of it: they leave nothing behind.
        const attempt = async (work: () => Promise<unknown>) => {
          await work().catch((error: unknown) => {
            if (!(error instanceof Problem)) throw error
          })
        }
        if (kind === 'order') {
          const [sharingKey, party] = at % 2 ? ['un-seul-membre', parties[at % 3]!] : ['tous-selon-les-voix', null]
          orders.push((await make(amount, { sharingKey, party })).id)
        } else if (kind === 'bill') {
          const input = { agreementId, party: parties[at % 3]!, issuedOn: '2026-10-01', dueOn: '2026-11-01', by: null }
          await attempt(async () => bills.push(await server.inTenant((tx) => issueBill(tx, input, now))))
        } else if (kind === 'receive' && billId) {
          const input = { agreementId, billId, amountCents: amount, on: '2026-10-02', by: null }
          await attempt(() => server.inTenant((tx) => recordReceipt(tx, input, now)))
        } else if (kind === 'reverse') {
          const all = await entries()
          const entryId = all[at % (all.length || 1)]?.id
          const input = { agreementId, effectiveOn: '2026-10-02', reason: 'Erreur', by: null }
          if (entryId) await attempt(() => server.inTenant((tx) => reverseEntry(tx, { ...input, entryId }, now)))
        } else if (orderId && kind === 'reduce') {
          const input = { agreementId, orderId, label: 'R', amountCents: amount, effectiveOn: '2026-10-01' }
          await attempt(() =>
            server.inTenant(async (tx) => {
              const id = await proposePriceReduction(tx, { ...input, decisionId: null }, now)
              await settlePriceReduction(tx, { agreementId, id, post: true, by: null }, now)
            }),
          )
        } else if (orderId) await attempt(() => pay(orderId, amount, kind === 'last'))
      }
      await server.inTenant(async (tx) => {
        const sums = await sumPostings(tx, agreementId)
        expect(await listBalances(tx, agreementId)).toEqual(sums)
        expect(sums.reduce((so, { cents }) => so + cents, 0n)).toBe(0n)
      })
      for (const { postings } of await entries()) {
        expect(postings.reduce((so, { cents }) => so + cents, 0n)).toBe(0n)
      }
    }),
    { numRuns: 12 },
  )
}, 120_000)

test('the database itself refuses an entry that does not sum to zero, and any change to what was written', async () => {
  await make(1_000n)
  const { owner } = server.services
  const [entry] = (await owner.query<{ id: string }>('select id from governance.ledger_entry order by number desc'))
    .rows
  await expect(owner.query('update governance.posting set amount_cents = 1')).rejects.toThrow('append-only')
  await expect(owner.query('delete from governance.ledger_entry')).rejects.toThrow('append-only')
  await expect(owner.query('truncate governance.posting')).rejects.toThrow('append-only')
  await expect(
    owner.query(
      `insert into governance.posting (tenant_id, agreement_id, entry_id, position, account_id, amount_cents)
       select tenant_id, agreement_id, $1, 99, account_id, 5 from governance.posting where entry_id = $1 limit 1`,
      [entry!.id],
    ),
  ).rejects.toThrow('comes with its entry')
  const insert = (amounts: number[], reverses: string | null = null) =>
    owner.query(
      `with entry as (
         insert into governance.ledger_entry (tenant_id, id, agreement_id, number, kind, label, effective_on, recorded_at,
           exercise, version_id, reverses_id)
         select tenant_id, gen_random_uuid(), agreement_id, 1000000, 'payment', 'x', '2026-10-01', now(), '2026-09-01',
           version_id, $2 from governance.ledger_entry where id = $1 returning *
       )
       insert into governance.posting (tenant_id, agreement_id, entry_id, position, account_id, amount_cents)
       select entry.tenant_id, entry.agreement_id, entry.id, amount.at, account.id, amount.cents
       from entry, unnest($3::bigint[]) with ordinality as amount (cents, at)
       join lateral (select id from governance.account order by id offset amount.at limit 1) account on true`,
      [entry!.id, reverses, amounts],
    )
  await expect(insert([5, -4])).rejects.toThrow('does not sum to zero')
  await expect(insert([5])).rejects.toThrow('does not sum to zero')
  await expect(insert([0, 0])).rejects.toThrow('posting_amount_cents_check')
  await expect(insert([5, -5], entry!.id)).rejects.toThrow('does not undo')
  await server.inTenant(async (tx) => {
    expect(await listBalances(tx, consortium.agreementId)).toEqual(await sumPostings(tx, consortium.agreementId))
  })
})

test('an entry is reversed once, by its exact opposite, even by two people at once', async () => {
  const { id } = await make(1_000n)
  await pay(id, 400n)
  const payment = (await entries())[0]!
  const input = {
    agreementId: consortium.agreementId,
    entryId: payment.id,
    effectiveOn: '2026-10-02',
    reason: 'Facture en double',
    by: null,
  }
  const undo = () => server.inTenant((tx) => reverseEntry(tx, input, now))
  const outcomes = await Promise.allSettled([undo(), undo()])
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  await expect(undo()).rejects.toMatchObject({ code: 'entry_already_reversed' })
  const reversal = (await entries())[0]!
  expect(reversal.reversesNumber).toBe(payment.number)
  const again = { ...input, entryId: reversal.id }
  await expect(server.inTenant((tx) => reverseEntry(tx, again, now))).rejects.toMatchObject({
    code: 'entry_is_reversal',
  })
  // All of it is committed again.
  await expect(pay(id, 1_001n)).rejects.toMatchObject({ code: 'payment_beyond_commitment' })
  await pay(id, 1_000n)
})

test('once its balance is approved, an exercise takes no entry any more', async () => {
  const effectiveOn = '2026-08-31'
  const { id } = await make(1_000n, { effectiveOn })
  const later = new Date('2026-12-01T08:00:00Z')
  const close = (decisionId: string, startsOn: string, today = '2026-12-01') =>
    server.inTenant((tx) =>
      closeExercise(tx, { agreementId: consortium.agreementId, startsOn, decisionId, today, by: null }, later),
    )
  const decide = (outcome: 'adopted' | 'rejected') =>
    server.inTenant((tx) =>
      recordDecision(
        tx,
        {
          agreementId: consortium.agreementId,
          versionId: consortium.versionId,
          kind: 'decision',
          body: 'ag',
          meetingId: null,
          agendaItemId: null,
          title: 'Bilan',
          text: '',
          outcome,
          verdict: null,
          dueOn: null,
          actorPersonId: null,
          subjectKind: null,
          subjectId: null,
        },
        now,
      ),
    )
  const rejected = await decide('rejected')
  await expect(close(rejected.id, '2025-09-01')).rejects.toMatchObject({ code: 'decision_not_adopted' })
  const adopted = await decide('adopted')
  await expect(close(adopted.id, '2026-09-01')).rejects.toMatchObject({ code: 'exercise_running' })
  await expect(close(adopted.id, '2025-10-01')).rejects.toMatchObject({ code: 'exercise_unknown' })
  await close(adopted.id, '2025-09-01')
  await expect(close(adopted.id, '2025-09-01')).rejects.toMatchObject({ code: 'exercise_closed' })
  await expect(make(1n, { effectiveOn })).rejects.toMatchObject({ code: 'exercise_closed' })
  await expect(pay(id, 1n, false, effectiveOn)).rejects.toMatchObject({ code: 'exercise_closed' })
  await expect(
    server.services.owner.query(
      `insert into governance.ledger_entry (tenant_id, id, agreement_id, number, kind, label, effective_on, recorded_at,
         exercise, version_id)
       select tenant_id, gen_random_uuid(), agreement_id, 2000000, 'payment', 'x', $1, now(), '2025-09-01', version_id
       from governance.ledger_entry limit 1`,
      [effectiveOn],
    ),
  ).rejects.toThrow('is closed')
  // What comes late counts for the exercise in course.
  await pay(id, 1n)
  await pay(id, 999n, true)
  const regularise = (on: string) =>
    server.inTenant((tx) =>
      proposeRegularisation(
        tx,
        {
          agreementId: consortium.agreementId,
          orderId: id,
          label: 'Après coup',
          sharingKey: 'tous-selon-les-voix',
          amountCents: null,
          effectiveOn: on,
          votersInFavour: null,
          headCountId: null,
          by: null,
        },
        now,
      ),
    )
  await expect(regularise(effectiveOn)).rejects.toMatchObject({ code: 'exercise_closed' })
  await regularise('2026-11-01')
})
