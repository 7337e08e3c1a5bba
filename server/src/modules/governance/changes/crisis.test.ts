import { randomUUIDv7 } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { type Consortium, makeConsortium, type Seat } from '../../../../test/make-governance.ts'

let test: TestApp
let consortium: Consortium
let cell: Seat
let marne: Seat
let deputy: Seat
beforeAll(async () => {
  test = await openTestApp({ now: () => new Date('2026-11-02T09:00:00Z') })
  consortium = await makeConsortium(test)
  cell = await consortium.seatOf('region', 'crise')
  marne = await consortium.seatOf('marne', 'cogouv')
  deputy = await consortium.seatOf('marne', 'cogouv', 'deputy')
})
afterAll(() => test.close())

interface Crisis {
  id: string
  unread: boolean
  parties: { party: string; told: number; read: number; ceilingCents: string | null }[]
  costs: { party: string; amountCents: string }[]
}
const call = (who: { headers: { cookie: string } }, method: 'GET' | 'POST' | 'PUT', path = '', payload?: object) =>
  test.app.inject({
    method,
    url: `/api/governance/agreements/${consortium.slug}/crises${path}`,
    headers: who.headers,
    ...(payload && { payload }),
  })
const decide = (
  who: { headers: { cookie: string } },
  requestKey = randomUUIDv7(),
  title = 'Coupure de la messagerie',
) => call(who, 'POST', '', { requestKey, title, text: 'La messagerie est fermée jusqu’à nouvel ordre.' })
const find = async (id: string, who: Seat = cell) =>
  (await call(who, 'GET')).json<{ decisions: Crisis[] }>().decisions.find((each) => each.id === id)!

it('decides at once, and tells everyone who sits for a party', async () => {
  expect((await decide(marne)).json()).toMatchObject({ status: 403, code: 'crisis_body_only', article: '8' })
  const answer = await decide(cell)
  expect(answer.statusCode).toBe(201)
  const { id, told, unreached } = answer.json<{ id: string; told: number; unreached: string[] }>()
  expect(told).toBe(3)
  expect(unreached).toHaveLength(12)
  expect(unreached).not.toContain('marne')
  const { rows } = await test.services.owner.query<{ kind: string; outcome: string }>(
    'select kind, outcome from governance.decision where id = $1',
    [id],
  )
  expect(rows).toEqual([{ kind: 'crisis', outcome: 'adopted' }])
  expect(await find(id, marne)).toMatchObject({ unread: true })
  expect((await call(marne, 'PUT', `/${id}/known`)).statusCode).toBe(204)
  const seen = await find(id, marne)
  expect(seen.unread).toBe(false)
  expect(seen.parties.find(({ party }) => party === 'marne')).toMatchObject({ told: 2, read: 1, ceilingCents: null })
})

it('decides once what is asked twice under one key', async () => {
  const key = randomUUIDv7()
  const [one, other] = await Promise.all([decide(cell, key), decide(cell, key)])
  const later = await decide(cell, key)
  expect([one, other, later].map(({ statusCode }) => statusCode)).toEqual([201, 201, 201])
  expect(other.json()).toEqual(one.json())
  expect(later.json()).toEqual(one.json())
  const { id, number } = one.json<{ id: string; number: string }>()
  expect(one.json()).toMatchObject({ told: 3 })
  expect((await decide(cell, key, 'Coupure du portail')).json()).toMatchObject({
    status: 409,
    code: 'request_key_reused',
  })
  const { rows } = await test.services.owner.query<{ decisions: number; notices: number }>(
    `select (select count(*)::int from governance.decision where number = $1) as decisions,
            (select count(*)::int from governance.crisis_notice where decision_id = $2) as notices`,
    [number, id],
  )
  expect(rows).toEqual([{ decisions: 1, notices: 3 }])
  const { decisions } = (await call(cell, 'GET')).json<{ decisions: { number: string }[] }>()
  expect(decisions.filter((each) => each.number === number)).toHaveLength(1)
})

it('puts no cost on a party without its consent, nor beyond it', async () => {
  const { id } = (await decide(consortium.manager)).json<{ id: string }>()
  const cost = (
    party: string,
    amountCents: string,
    who: Seat | Consortium['manager'] = cell,
    requestKey: string = randomUUIDv7(),
  ) => call(who, 'POST', `/${id}/costs`, { requestKey, party, label: 'Astreinte', amountCents })
  const consent = (who: Seat, party: string, ceilingCents: string) =>
    call(who, 'PUT', `/${id}/consent`, { party, ceilingCents })

  expect((await cost('marne', '1')).json()).toMatchObject({
    status: 422,
    code: 'consent_missing',
    article: '8',
    party: 'marne',
    leftCents: '0',
  })
  expect((await cost('marne', '1', marne)).json()).toMatchObject({ status: 403, code: 'crisis_body_only' })
  // Nobody consents for a party but one of its own holders.
  for (const who of [deputy, cell]) {
    expect((await consent(who, 'marne', '50000')).json()).toMatchObject({
      status: 403,
      code: 'holder_only',
      article: '8',
    })
  }
  const academy = await consortium.seatOf('academie-reims', 'crise')
  expect((await consent(academy, 'academie-reims', '1')).json()).toMatchObject({ status: 422, code: 'not_a_member' })
  expect((await consent(marne, 'marne', '50000')).statusCode).toBe(204)
  expect((await consent(marne, 'marne', '50000')).json()).toMatchObject({ status: 409, code: 'consent_unchanged' })
  // The consent of one party is not that of another.
  expect((await cost('aube', '1')).json()).toMatchObject({ status: 422, code: 'consent_missing', party: 'aube' })
  expect((await cost('marne', '50001')).json()).toMatchObject({ code: 'consent_missing', leftCents: '50000' })

  const together = await Promise.all([cost('marne', '30000'), cost('marne', '30000'), cost('marne', '30000')])
  expect(together.map(({ statusCode }) => statusCode).sort()).toEqual([201, 422, 422])
  expect((await consent(marne, 'marne', '29999')).json()).toMatchObject({ status: 422, code: 'consent_below_cost' })
  // The same request sent twice counts once; its key serves for nothing else.
  const key = randomUUIDv7()
  const twice = await Promise.all([cost('marne', '15000', cell, key), cost('marne', '15000', cell, key)])
  expect(twice.map(({ statusCode }) => statusCode)).toEqual([201, 201])
  expect(twice[0]?.json()).toEqual(twice[1]?.json())
  expect((await cost('marne', '4000', cell, key)).json()).toMatchObject({ status: 409, code: 'request_key_reused' })
  expect((await cost('marne', '5000')).statusCode).toBe(201)
  expect((await cost('marne', '1')).statusCode).toBe(422)
  expect((await cost('marne', '0')).statusCode).toBe(400)

  const { costs } = await find(id)
  expect(costs.map(({ amountCents }) => amountCents).sort()).toEqual(['15000', '30000', '5000'])
  const { rows } = await test.services.owner.query<{ party: string; cents: number; decision_id: string }>(
    `select p.party, p.cents, o.decision_id from governance.order_part p
     join governance.service_order o on o.id = p.order_id where o.decision_id = $1 order by p.cents`,
    [id],
  )
  expect(rows.map(({ party, cents }) => [party, Number(cents)])).toEqual([
    ['marne', 5000],
    ['marne', 15000],
    ['marne', 30000],
  ])
})

it('knows no decision of elsewhere', async () => {
  for (const [method, path, payload] of [
    ['PUT', 'consent', { party: 'marne', ceilingCents: '1' }],
    ['POST', 'costs', { requestKey: randomUUIDv7(), party: 'marne', label: 'x', amountCents: '1' }],
    ['PUT', 'known', undefined],
  ] as const) {
    const who = path === 'costs' ? cell : marne
    const answer = await call(who, method, `/${randomUUIDv7()}/${path}`, payload)
    expect(answer.json()).toMatchObject({ status: 404, code: 'crisis_not_found' })
  }
})
