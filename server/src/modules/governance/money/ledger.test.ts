import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { type Consortium, makeConsortium } from '../../../../test/make-governance.ts'
import { createOrder } from './orders.ts'

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

test('an order commits each member to its part, by voices, to the cent', async () => {
  const made = await server.inTenant((tx) => createOrder(tx, order(1_500_001n), now))
  const parts = [...made.parts.values()]
  expect(parts.reduce((a, b) => a + b, 0n)).toBe(1_500_001n)
  expect(made.parts.get('region')).toBe(450_000n)
})
