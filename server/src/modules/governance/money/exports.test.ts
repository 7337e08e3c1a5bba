import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { type Consortium, makeConsortium, type Seat } from '../../../../test/make-governance.ts'

// 25,000 entries of two postings, 5,000 orders of ten parts, 5 advances of 10,000 expenses: 50,000 lines in each table.
const entries = 25_000
const orders = 5_000
const advances = 5
const expenses = 10_000
let server: TestApp
let consortium: Consortium
let moselle: Seat
beforeAll(async () => {
  server = await openTestApp({ now: () => new Date('2026-10-31T08:00:00Z') })
  consortium = await makeConsortium(server)
  moselle = await consortium.seatOf('moselle', 'cogouv')
  const { owner } = server.services
  const ids = [server.tenant.id, consortium.agreementId, consortium.versionId]
  await owner.query(
    `insert into governance.account (tenant_id, id, agreement_id, party, nature)
     select $1, gen_random_uuid(), $2, party, nature
     from unnest(array['moselle', 'vosges']) party, unnest(array['individualCost', 'commitmentOffset']) nature`,
    ids.slice(0, 2),
  )
  await owner.query('begin')
  await owner.query(
    `insert into governance.ledger_entry (tenant_id, id, agreement_id, number, kind, label, effective_on, recorded_at,
       exercise, version_id)
     select $1, gen_random_uuid(), $2, n, 'payment', 'Paiement ' || n, '2026-10-01', now(), '2026-09-01', $3
     from generate_series(1, ${entries}) n`,
    ids,
  )
  // Odd entries are those of one member, even ones those of the other.
  await owner.query(
    `insert into governance.posting (tenant_id, agreement_id, entry_id, position, account_id, amount_cents)
     select $1, $2, entry.id, at, account.id, case when at = 0 then 100 + entry.number else -100 - entry.number end
     from governance.ledger_entry entry, generate_series(0, 1) at, governance.account
     where party = case when entry.number % 2 = 1 then 'moselle' else 'vosges' end
       and nature = case when at = 0 then 'individualCost' else 'commitmentOffset' end`,
    ids.slice(0, 2),
  )
  await owner.query('commit')
  await owner.query(
    `insert into governance.service_order (tenant_id, id, agreement_id, number, label, scope, state, party, version_id,
       sharing_key, amount_cents, effective_on, created_at)
     select $1, gen_random_uuid(), $2, 'C-' || n, 'Commande ' || n, 'shared', 'committed', null, $3,
       'tous-selon-les-voix', 1000, '2026-10-01', now()
     from generate_series(1, ${orders}) n`,
    ids,
  )
  await owner.query(
    `insert into governance.order_part (tenant_id, order_id, party, weight, cents)
     select $1, id, 'membre-' || at, 1, 100 from governance.service_order, generate_series(0, 9) at
     where number like 'C-%' and tenant_id = $1`,
    ids.slice(0, 1),
  )
  await owner.query(
    `insert into governance.advance (tenant_id, id, agreement_id, party, label, amount_cents, created_at)
     select $1, gen_random_uuid(), $2, 'moselle', 'Avance ' || n, 100000000, now() from generate_series(1, ${advances}) n`,
    ids.slice(0, 2),
  )
  await owner.query(
    `insert into governance.expense (tenant_id, id, advance_id, post, days_hundredths, daily_rate_cents,
       mark_up_basis_points, amount_cents, effective_on, document, created_at)
     select $1, gen_random_uuid(), id, 'poste', 100, 10000, 0, 10000, '2026-10-01', 'FAC-' || n, now()
     from governance.advance, generate_series(1, ${expenses}) n where tenant_id = $1`,
    ids.slice(0, 1),
  )
}, 120_000)
afterAll(() => server?.close())

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** The lines of a table after its columns, its longest piece in bytes, and by how many the heap grew while it was read. */
async function read(name: string, headers = consortium.manager.headers) {
  const answer = await server.app.inject({
    url: `/api/governance/agreements/${consortium.slug}/money/${name}`,
    headers,
    payloadAsStream: true,
  })
  expect(answer.statusCode).toBe(200)
  let [pieces, longest, bytes, grown] = [0, 0, 0, 0]
  let rest = ''
  const numbers: string[] = []
  collect()
  const before = process.memoryUsage().heapUsed
  for await (const piece of answer.stream()) {
    const text = String(piece)
    pieces += 1
    bytes += text.length
    longest = Math.max(longest, text.length)
    const lines = (rest + text).split('\r\n')
    rest = lines.pop() ?? ''
    numbers.push(...lines.map((line) => line.slice(0, line.indexOf(';'))))
    if (pieces % 10 === 0) {
      collect()
      grown = Math.max(grown, process.memoryUsage().heapUsed - before)
    }
  }
  expect(rest).toBe('')
  return { numbers: numbers.slice(1), pieces, longest, bytes, grown }
}

it('writes the entries page by page: all of them, once, the oldest first', async () => {
  const { numbers, pieces, longest, bytes, grown } = await read('entries.csv')
  expect(numbers).toEqual(Array.from({ length: entries * 2 }, (_, at) => String(Math.floor(at / 2) + 1)))
  expect(pieces).toBeGreaterThanOrEqual(entries / 500)
  expect(longest).toBeLessThan(bytes / 20)
  // The text alone would be as much, and the rows it is made of several times that.
  expect(grown).toBeLessThan(bytes)
}, 60_000)

it('writes the orders page by page: all of them, once', async () => {
  const { numbers, pieces, longest, bytes, grown } = await read('orders.csv')
  expect(numbers).toHaveLength(orders * 10)
  expect(new Set(numbers).size).toBe(orders)
  expect(pieces).toBeGreaterThanOrEqual(orders / 200)
  expect(longest).toBeLessThan(bytes / 20)
  expect(grown).toBeLessThan(bytes)
}, 60_000)

it('writes the expenses of advances page by page: all of them, once, each under its advance', async () => {
  const { numbers, pieces, longest, bytes, grown } = await read('advances.csv')
  expect(numbers).toHaveLength(advances * expenses)
  const changes = numbers.filter((advance, at) => advance !== numbers[at - 1])
  expect(changes).toHaveLength(advances)
  expect(pieces).toBeGreaterThanOrEqual((advances * expenses) / 500)
  expect(longest).toBeLessThan(bytes / 20)
  expect(grown).toBeLessThan(bytes)
}, 60_000)

it('keeps to what its reader sees, on every page', async () => {
  const { numbers } = await read('entries.csv', moselle.headers)
  expect(numbers).toHaveLength(entries)
  expect(numbers.every((number) => Number(number) % 2 === 1)).toBe(true)
  const stranger = await consortium.seatOf('titulaire', 'cotec')
  const refused = await server.app.inject({
    url: `/api/governance/agreements/${consortium.slug}/money/orders.csv`,
    headers: stranger.headers,
  })
  expect(refused.json()).toMatchObject({ status: 403, code: 'not_allowed' })
})
