import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Tx } from '#kernel/postgres'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { type Consortium, makeConsortium, type Seat } from '../../../../test/make-governance.ts'
import { recordDecision } from '../bodies/decisions.ts'
import { priceDays } from './advances.ts'
import { listBalances, sumPostings } from './balances.queries.ts'
import { closeExercise } from './close-exercise.ts'
import { exerciseOf, getTerms } from './exercises.ts'
import { listOwed } from './owed.ts'
import { onDecision } from './regularisations.ts'
import { tables as voteTables } from '../votes/tables.ts'
import { priceStaff } from './staff.ts'

let server: TestApp
let consortium: Consortium
let moselle: Seat
let vosges: Seat
let contractor: Seat
let base: string
const now = new Date('2026-10-31T08:00:00Z')

beforeAll(async () => {
  server = await openTestApp({ now: () => now })
  consortium = await makeConsortium(server, { pupils: { moselle: 40_000, alsace: 70_001, vosges: 13_000 } })
  moselle = await consortium.seatOf('moselle', 'cogouv')
  vosges = await consortium.seatOf('vosges', 'cogouv')
  contractor = await consortium.seatOf('titulaire', 'cotec')
  base = `/api/governance/agreements/${consortium.slug}`
})
afterAll(() => server?.close())

type Body = Record<string, unknown>
async function call(headers: { cookie: string }, method: 'GET' | 'POST' | 'DELETE', path: string, payload?: Body) {
  const answer = await server.app.inject({
    method,
    url: `${base}${path}`,
    headers,
    ...(payload && { payload }),
  })
  const isJson = answer.headers['content-type']?.toString().includes('json')
  return { status: answer.statusCode, body: isJson ? answer.json() : answer.body }
}
const manage = (method: 'GET' | 'POST' | 'DELETE', path: string, payload?: Body) =>
  call(consortium.manager.headers, method, path, payload)
const order = (over: Body = {}): Body => ({
  requestKey: randomUUID(),
  label: 'Portfolio',
  sharingKey: 'tous-selon-les-voix',
  cents: '1500001',
  effectiveOn: '2026-10-01',
  ...over,
})
const findOrder = async (id: string) => {
  const { body } = await manage('GET', '/money/orders')
  return body.orders.find((each: { id: string }) => each.id === id)
}
/** The totals that the database keeps are the sums of the postings, and the whole is zero. */
async function expectTrue() {
  await server.inTenant(async (tx) => {
    const sums = await sumPostings(tx, consortium.agreementId)
    expect(await listBalances(tx, consortium.agreementId)).toEqual(sums)
    expect(sums.reduce((so, { cents }) => so + cents, 0n)).toBe(0n)
  })
}

/** What the assembly decides on a regularisation. */
const decideOn = (tx: Tx, subjectId: string, outcome: 'adopted' | 'none') =>
  recordDecision(
    tx,
    {
      agreementId: consortium.agreementId,
      versionId: consortium.versionId,
      kind: 'decision',
      body: 'ag',
      meetingId: null,
      agendaItemId: null,
      title: 'Régularisation',
      text: '',
      outcome,
      verdict: null,
      dueOn: null,
      actorPersonId: null,
      subjectKind: 'regularisation',
      subjectId,
    },
    now,
  )

/** Opens a vote on a regularisation. */
async function putToVote(subjectId: string) {
  const [meetingId, itemId] = [randomUUID(), randomUUID()]
  await server.inTenant(async (tx) => {
    await voteTables(tx)
      .insertInto('governance.meeting')
      .values({
        id: meetingId,
        agreement_id: consortium.agreementId,
        body: 'ag',
        title: 'Assemblée',
        starts_at: now,
        ends_at: new Date(now.getTime() + 3_600_000),
        state: 'open',
        created_at: now,
      })
      .execute()
    await voteTables(tx)
      .insertInto('governance.agenda_item')
      .values({
        id: itemId,
        meeting_id: meetingId,
        position: 1,
        title: 'Régularisation',
        kind: 'decision',
        ballot_rule: 'ag-ordinaire',
        subject_kind: 'regularisation',
        subject_id: subjectId,
        created_at: now,
      })
      .execute()
    await voteTables(tx)
      .insertInto('governance.ballot')
      .values({
        id: randomUUID(),
        agreement_id: consortium.agreementId,
        version_id: consortium.versionId,
        meeting_id: meetingId,
        agenda_item_id: itemId,
        rule: 'ag-ordinaire',
        round: 1,
        options: '[]',
        opening: '[]',
        roll_digest: '',
        opened_at: now,
        opened_by: consortium.manager.personId,
      })
      .execute()
  })
}

describe('orders', () => {
  test('an order commits all members by their voices; payments in parts end at the exact parts', async () => {
    const { body } = await manage('POST', '/money/orders', order())
    const made = await findOrder(body.id)
    expect(made.parts).toHaveLength(10)
    expect(made.parts.find((part: { party: string }) => part.party === 'region').cents).toBe('450001')
    for (const [cents, last] of [
      ['500000', false],
      ['333333', false],
      ['100000', true],
    ] as const) {
      const paid = { requestKey: randomUUID(), cents, effectiveOn: '2026-10-02', document: 'FAC-1', last }
      expect((await manage('POST', `/money/orders/${body.id}/payments`, paid)).status).toBe(200)
    }
    const settled = await findOrder(body.id)
    expect(settled.state).toBe('settled')
    const sum = (field: string) =>
      settled.parts.reduce((so: bigint, part: Record<string, string>) => so + BigInt(part[field]!), 0n)
    expect(sum('costCents')).toBe(933_333n)
    expect(settled.parts.every((part: { committedCents: string }) => part.committedCents === '0')).toBe(true)
    // 4.5 of 15 voices of 9,333.33 €: 2,799.999.
    expect(settled.parts.find((part: { party: string }) => part.party === 'region').costCents).toBe('280000')
    await expectTrue()
  })

  test('an order or a payment sent twice, or ten times at once, is done once', async () => {
    const asked = order({ label: 'Une seule fois' })
    const answers = await Promise.all(Array.from({ length: 10 }, () => manage('POST', '/money/orders', asked)))
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1)
    const { id } = answers[0]!.body
    const payment = { requestKey: randomUUID(), cents: '1000', effectiveOn: '2026-10-02', document: 'F', last: false }
    await Promise.all(Array.from({ length: 5 }, () => manage('POST', `/money/orders/${id}/payments`, payment)))
    const parts = (await findOrder(id)).parts
    expect(parts.reduce((so: bigint, part: { costCents: string }) => so + BigInt(part.costCents), 0n)).toBe(1000n)
    const other = await manage('POST', '/money/orders', { ...asked, cents: '2' })
    expect([other.status, other.body.code]).toEqual([409, 'request_key_reused'])
  })

  test('payments at once never exceed what is committed', async () => {
    const { body } = await manage('POST', '/money/orders', order({ cents: '1000' }))
    const answers = await Promise.all(
      Array.from({ length: 4 }, () =>
        manage('POST', `/money/orders/${body.id}/payments`, {
          requestKey: randomUUID(),
          cents: '600',
          effectiveOn: '2026-10-02',
          document: 'F',
          last: false,
        }),
      ),
    )
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 422, 422, 422])
    expect(answers.find(({ status }) => status === 422)!.body.code).toBe('payment_beyond_commitment')
  })

  test('what the agreement does not allow is refused, and changes nothing', async () => {
    const refused = async (over: Body) => (await manage('POST', '/money/orders', order(over))).body.code
    expect(await refused({ sharingKey: 'aucune' })).toBe('sharing_key_unknown')
    expect(await refused({ sharingKey: 'favorables-selon-les-voix' })).toBe('voters_in_favour_missing')
    expect(await refused({ sharingKey: 'un-seul-membre' })).toBe('paying_member_missing')
    expect(await refused({ sharingKey: 'un-seul-membre', party: 'titulaire' })).toBe('not_a_member')
    expect(await refused({ effectiveOn: '1999-01-01' })).toBe('no_agreement_then')
    expect((await manage('POST', '/money/orders', order({ cents: '0' }))).status).toBe(400)
    expect((await manage('POST', '/money/orders', order({ cents: '12.5' }))).status).toBe(400)
    expect((await call(moselle.headers, 'POST', '/money/orders', order())).status).toBe(403)
  })

  test('those in favour pay; the others join by a regularisation that is voted and posts the difference only', async () => {
    const inFavour = ['region', 'moselle', 'alsace', 'aube']
    const { body } = await manage(
      'POST',
      '/money/orders',
      order({ sharingKey: 'favorables-selon-les-voix', cents: '900000', votersInFavour: inFavour }),
    )
    await manage('POST', `/money/orders/${body.id}/payments`, {
      requestKey: randomUUID(),
      cents: '900000',
      effectiveOn: '2026-10-02',
      document: 'F',
      last: true,
    })
    const proposal = { label: 'Les autres rejoignent', sharingKey: 'tous-selon-les-voix', effectiveOn: '2026-10-05' }
    const { body: proposed } = await manage('POST', `/money/orders/${body.id}/regularisations`, proposal)
    const twice = await manage('POST', `/money/orders/${body.id}/regularisations`, proposal)
    expect(twice.body.code).toBe('regularisation_pending')
    // What the shares were proposed from stays until the vote: else it could not be closed.
    const { body: reduction } = await manage('POST', `/money/orders/${body.id}/reductions`, {
      requestKey: randomUUID(),
      label: 'Résultats non atteints',
      cents: '100',
      effectiveOn: '2026-10-03',
    })
    const posted = await manage('POST', `/money/reductions/${reduction.id}/settlement`, { post: true })
    expect(posted.body.code).toBe('regularisation_pending')
    const { body: written } = await manage('GET', '/money/entries')
    const payment = written.entries.find(({ kind }: { kind: string }) => kind === 'payment')
    const reversal = { effectiveOn: '2026-10-03', reason: 'Erreur de saisie' }
    const reversed = await manage('POST', `/money/entries/${payment.id}/reversal`, reversal)
    expect(reversed.body.code).toBe('regularisation_pending')
    await server.inTenant(async (tx) => {
      const { agreementId } = consortium
      const { startsOn } = exerciseOf((await getTerms(tx, agreementId, '2026-10-05')).rules, '2026-10-05')
      const closing = { agreementId, startsOn, decisionId: randomUUID(), today: '2028-01-01', by: null }
      await expect(closeExercise(tx, closing, now)).rejects.toMatchObject({ code: 'regularisation_pending' })
    })
    expect((await manage('POST', `/money/reductions/${reduction.id}/settlement`, { post: false })).status).toBe(204)
    await server.inTenant(async (tx) => {
      const decision = await decideOn(tx, proposed.id, 'adopted')
      await onDecision(tx, { subjectId: proposed.id, decisionId: decision.id, outcome: 'adopted' }, now)
      // A second telling changes nothing.
      await onDecision(tx, { subjectId: proposed.id, decisionId: decision.id, outcome: 'adopted' }, now)
    })
    const parts = Object.fromEntries(
      (await findOrder(body.id)).parts.map((part: { party: string; costCents: string }) => [
        part.party,
        part.costCents,
      ]),
    )
    expect(parts).toMatchObject({
      region: '270000',
      moselle: '90000',
      alsace: '120000',
      aube: '60000',
      vosges: '60000',
    })
    const { body: ledger } = await manage('GET', '/money/entries')
    const entry = ledger.entries.find((each: { kind: string }) => each.kind === 'regularisation')
    // 4.5 of 9 voices before, of 15 after.
    expect(entry.postings.find((posting: { party: string }) => posting.party === 'region').cents).toBe('-180000')
    expect(entry.postings.some((posting: { nature: string }) => posting.nature === 'bank')).toBe(false)
    await expectTrue()
  })

  test('money moves today at the latest, and no date is beyond reckoning', async () => {
    const alone = { sharingKey: 'un-seul-membre', party: 'region', effectiveOn: '2026-12-01' }
    const { body } = await manage('POST', '/money/orders', order(alone))
    const pay = (effectiveOn: string) =>
      manage('POST', `/money/orders/${body.id}/payments`, {
        requestKey: randomUUID(),
        cents: '100',
        effectiveOn,
        document: 'F',
        last: false,
      })
    expect((await pay('2026-11-01')).body.code).toBe('entry_in_future')
    expect((await pay('2026-10-31')).status).toBe(200)
    expect((await manage('POST', '/money/orders', order({ effectiveOn: '9999-12-31' }))).status).toBe(422)
    expect((await manage('GET', '/money?exercise=9999-12-31')).status).toBe(422)
    expect((await manage('GET', '/calendar?on=9999-12-31')).status).toBe(400)
  })

  test('those who pay because they voted for are those of the decision', async () => {
    const roll = [
      { party: 'region', choice: 'for' },
      { party: 'aube', choice: 'for' },
      { party: 'marne', choice: 'against' },
    ]
    const { id: decisionId } = await server.inTenant((tx) =>
      recordDecision(
        tx,
        {
          agreementId: consortium.agreementId,
          versionId: consortium.versionId,
          kind: 'decision',
          body: 'cogouv',
          meetingId: null,
          agendaItemId: null,
          title: 'Service voté',
          text: '',
          outcome: 'adopted',
          verdict: { roll },
          dueOn: null,
          actorPersonId: null,
          subjectKind: null,
          subjectId: null,
        },
        now,
      ),
    )
    const pay = (votersInFavour: string[]) =>
      manage('POST', '/money/orders', order({ sharingKey: 'favorables-selon-les-voix', decisionId, votersInFavour }))
    expect((await pay(['region', 'aube', 'marne'])).body.code).toBe('voters_in_favour_differ')
    expect((await pay(['region'])).body.code).toBe('voters_in_favour_differ')
    expect((await pay(['aube', 'region'])).status).toBe(200)
  })

  test('a regularisation is withdrawn, once, by who manages, until it is put to the vote', async () => {
    const { body } = await manage('POST', '/money/orders', order({ cents: '90000' }))
    const paid = { requestKey: randomUUID(), cents: '90000', effectiveOn: '2026-10-02', document: 'F', last: true }
    await manage('POST', `/money/orders/${body.id}/payments`, paid)
    const propose = async () =>
      (
        await manage('POST', `/money/orders/${body.id}/regularisations`, {
          label: 'À revoir',
          cents: '80000',
          effectiveOn: '2026-10-05',
          sharingKey: 'tous-selon-les-voix',
        })
      ).body.id as string
    const withdraw = (id: string, headers = consortium.manager.headers) =>
      call(headers, 'POST', `/money/regularisations/${id}/withdrawal`)
    const first = await propose()
    expect((await withdraw(first, moselle.headers)).status).toBe(403)
    expect((await withdraw(randomUUID())).status).toBe(404)
    const twice = await Promise.all([withdraw(first), withdraw(first)])
    expect(twice.map(({ status }) => status).toSorted()).toEqual([204, 409])
    const states = async () =>
      (await manage('GET', '/money/orders')).body.regularisations
        .filter(({ orderId }: { orderId: string }) => orderId === body.id)
        .map(({ state }: { state: string }) => state)
    expect(await states()).toEqual(['withdrawn'])
    const { body: journal } = await manage('GET', '/journal')
    expect(JSON.parse(journal.entries[0].content)).toMatchObject({ kind: 'regularisation.withdrawn', subject: first })

    // Another may follow; once a vote on it was opened, the vote decides.
    const second = await propose()
    await putToVote(second)
    expect((await withdraw(second)).body.code).toBe('regularisation_put_to_vote')
    expect(await states()).toEqual(['proposed', 'withdrawn'])

    // A vote without a decision leaves it as it is: for another agenda, or to be withdrawn.
    await server.inTenant(async (tx) => {
      const { id } = await decideOn(tx, second, 'none')
      await voteTables(tx)
        .updateTable('governance.ballot')
        .set({ closed_at: now, verdict: '{}', decision_id: id })
        .where('closed_at', 'is', null)
        .execute()
      await onDecision(tx, { subjectId: second, decisionId: id, outcome: 'none' }, now)
    })
    expect(await states()).toEqual(['proposed', 'withdrawn'])
    expect((await withdraw(second)).status).toBe(204)
  })

  test('a price reduction is proposed, posted once, and shared as the cost was', async () => {
    const { body } = await manage('POST', '/money/orders', order({ cents: '150000' }))
    await manage('POST', `/money/orders/${body.id}/payments`, {
      requestKey: randomUUID(),
      cents: '100000',
      effectiveOn: '2026-10-02',
      document: 'F',
      last: false,
    })
    const beyond = { requestKey: randomUUID(), label: 'Trop', cents: '150001', effectiveOn: '2026-10-03' }
    expect((await manage('POST', `/money/orders/${body.id}/reductions`, beyond)).body.code).toBe(
      'reduction_beyond_order',
    )
    const asked = {
      requestKey: randomUUID(),
      label: 'Résultats non atteints',
      cents: '80000',
      effectiveOn: '2026-10-03',
    }
    const propose = () => manage('POST', `/money/orders/${body.id}/reductions`, asked)
    const [{ body: reduction }, { body: again }] = await Promise.all([propose(), propose()])
    expect(again).toEqual(reduction)
    const settle = () => manage('POST', `/money/reductions/${reduction.id}/settlement`, { post: true })
    const answers = await Promise.all([settle(), settle()])
    expect(answers.map(({ status }) => status).toSorted()).toEqual([204, 409])
    const reduced = await findOrder(body.id)
    expect(reduced.state).toBe('settled')
    expect(reduced.parts.find((part: { party: string }) => part.party === 'region').costCents).toBe('21000')
    // What will be billed is told by the order, whatever changed its cost last.
    const { body: part } = await manage('GET', '/money/parts/region')
    const line = part.unbilled.find((each: { subjectId: string }) => each.subjectId === body.id)
    expect(line).toMatchObject({ cents: '21000', label: `${reduced.number} ${reduced.label}` })
    await expectTrue()
  })

  test('what is cited as the decision is one of this agreement, and was adopted', async () => {
    const cite = async (decisionId: string) => {
      const ordered = await manage('POST', '/money/orders', order({ decisionId }))
      const advanced = await manage('POST', '/money/advances', {
        requestKey: randomUUID(),
        party: 'region',
        label: 'Avance',
        cents: '100',
        decisionId,
        instalments: [{ dueOn: '2026-12-01', cents: '100' }],
      })
      return [ordered, advanced].map(({ status, body: { code } }) => [status, code])
    }
    expect(await cite(randomUUID())).toEqual([
      [404, 'decision_not_found'],
      [404, 'decision_not_found'],
    ])
    const other = await makeConsortium(server, { agreement: 'hauts-de-france' })
    const record = (of: Consortium, body: string, outcome: 'adopted' | 'rejected') =>
      server.inTenant((tx) =>
        recordDecision(
          tx,
          {
            agreementId: of.agreementId,
            versionId: of.versionId,
            kind: 'decision',
            body,
            meetingId: null,
            agendaItemId: null,
            title: 'Décision',
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
    const deciding = await server.inTenant((tx) => getTerms(tx, other.agreementId, '2026-10-31'))
    const body = deciding.rules.bodies.find(({ kind }) => kind === 'deciding')!
    const foreign = await record(other, body.key, 'adopted')
    expect(await cite(foreign.id)).toEqual([
      [404, 'decision_not_found'],
      [404, 'decision_not_found'],
    ])
    const rejected = await record(consortium, 'ag', 'rejected')
    expect(await cite(rejected.id)).toEqual([
      [422, 'decision_not_adopted'],
      [422, 'decision_not_adopted'],
    ])
  })

  test('members order a service for their establishments; the cost of a shared one is divided', async () => {
    const offer = {
      requestKey: randomUUID(),
      label: 'Messagerie',
      sharingKey: 'individuel-selon-la-commande',
      pricing: 'perPupil',
      priceCents: '125',
      effectiveOn: '2026-10-01',
    }
    const open = () => manage('POST', '/money/offers', offer)
    const [{ body: individual }, { body: again }] = await Promise.all([open(), open()])
    expect(again).toEqual(individual)
    const { body: counts } = await manage('GET', `/head-counts/${consortium.headCountId}?party=moselle`)
    const { uai } = counts.establishments[0]
    const ask = { requestKey: randomUUID(), party: 'moselle', uais: [uai] }
    expect((await call(vosges.headers, 'POST', `/money/offers/${individual.id}/orders`, ask)).status).toBe(403)
    // Only a holder commits a party.
    const deputy = await consortium.seatOf('moselle', 'cogouv', 'deputy')
    const byDeputy = await call(deputy.headers, 'POST', `/money/offers/${individual.id}/orders`, ask)
    expect(byDeputy).toMatchObject({ status: 403, body: { code: 'holder_only' } })
    const placed = await call(moselle.headers, 'POST', `/money/offers/${individual.id}/orders`, ask)
    expect(placed.status).toBe(200)
    // 40,000 pupils at 1.25 €.
    expect(await findOrder(placed.body.id)).toMatchObject({ scope: 'individual', cents: '5000000', party: 'moselle' })
    const anew = { ...ask, requestKey: randomUUID() }
    const twice = await call(moselle.headers, 'POST', `/money/offers/${individual.id}/orders`, anew)
    expect(twice.body.code).toBe('already_ordered')
    const foreign = { requestKey: randomUUID(), party: 'vosges', uais: [uai] }
    const refused = await call(vosges.headers, 'POST', `/money/offers/${individual.id}/orders`, foreign)
    expect(refused.body.code).toBe('establishment_unknown')

    const { body: shared } = await manage('POST', '/money/offers', {
      ...offer,
      requestKey: randomUUID(),
      label: 'Hébergement',
      sharingKey: 'mutualise-selon-les-effectifs',
      pricing: 'fixed',
      priceCents: '10000000',
    })
    const own = { requestKey: randomUUID(), party: 'moselle', uais: [uai] }
    await call(moselle.headers, 'POST', `/money/offers/${shared.id}/orders`, own)
    const { body: closed } = await manage('POST', `/money/offers/${shared.id}/closing`, {})
    const gathered = await findOrder(closed.orderId)
    expect(gathered.parts.reduce((so: bigint, part: { cents: string }) => so + BigInt(part.cents), 0n)).toBe(
      10_000_000n,
    )
    // 40,000 of 130,001 pupils: 30,769 € and 99.4 cents, rounded by largest remainder.
    expect(gathered.parts.find((part: { party: string }) => part.party === 'moselle').cents).toBe('3076899')
    await expectTrue()
  })
})

describe('reading', () => {
  test('a member sees what is shared and its own; the contractor and strangers see nothing', async () => {
    await manage('POST', '/money/orders', order({ sharingKey: 'un-seul-membre', party: 'moselle', label: 'Pour un' }))
    const orders = async (seat: Seat) =>
      (await call(seat.headers, 'GET', '/money/orders')).body.orders.map((each: { label: string }) => each.label)
    expect(await orders(moselle)).toContain('Pour un')
    expect(await orders(vosges)).not.toContain('Pour un')
    expect(await orders(vosges)).toContain('Portfolio')
    const { body } = await call(vosges.headers, 'GET', '/money')
    const row = (party: string) => body.members.find((each: { party: string }) => each.party === party)
    expect(row('moselle').individualCommittedCents).toBeNull()
    expect(row('vosges').individualCommittedCents).toBe('0')
    expect((await call(vosges.headers, 'GET', '/money/parts/moselle')).status).toBe(403)
    const { body: entries } = await call(vosges.headers, 'GET', '/money/entries?limit=200')
    expect(JSON.stringify(entries)).not.toContain('Pour un')
    const csv = await call(vosges.headers, 'GET', '/money/entries.csv')
    expect(csv.body).not.toContain('Pour un')
    // Nor by the journal, which holds the same amounts.
    type Event = { seq: number; kind: string; content: string | null }
    const read = async (who: Seat | Consortium['manager']): Promise<Event[]> =>
      (await call(who.headers, 'GET', '/journal')).body.entries
    const kept = (await read(vosges)).filter(({ content }) => content === null)
    expect(new Set(kept.map(({ kind }) => kind))).toEqual(new Set(['ledgerEntry', 'order']))
    const whole = await read(consortium.manager)
    for (const { seq } of kept) {
      expect(whole.find((each) => each.seq === seq)?.content).toMatch(/individual/)
      expect((await call(vosges.headers, 'GET', `/journal/${seq}/proof`)).status).toBe(403)
    }
    expect((await call(contractor.headers, 'GET', '/money')).body.code).toBe('not_allowed')
    expect((await server.app.inject({ url: `${base}/money` })).statusCode).toBe(401)
  })

  test('a part is explained with its article, its key and its weight', async () => {
    const { body } = await call(moselle.headers, 'GET', '/money/parts/moselle')
    const step = body.steps.findLast((each: { label: string }) => each.label === 'Portfolio')
    expect(step).toMatchObject({ article: '11', by: 'voices', weight: '1500', totalWeight: '15000', cents: '150000' })
  })
})

describe('bills', () => {
  test('a bill asks for what is borne and was not asked for; it is paid in parts and never beyond', async () => {
    const ask = { requestKey: randomUUID(), party: 'vosges', issuedOn: '2026-10-10', dueOn: '2026-11-10' }
    const { body: owed } = await call(vosges.headers, 'GET', '/money/parts/vosges')
    const expected = owed.unbilled.reduce((so: bigint, line: { cents: string }) => so + BigInt(line.cents), 0n)
    const { body: made } = await manage('POST', '/money/bills', ask)
    const find = async () =>
      (await call(vosges.headers, 'GET', '/money/bills')).body.bills.find((each: { id: string }) => each.id === made.id)
    expect(await find()).toMatchObject({ cents: String(expected), openCents: String(expected), age: 'notDue' })
    const nothing = await manage('POST', '/money/bills', { ...ask, requestKey: randomUUID() })
    expect(nothing.body.code).toBe('nothing_to_bill')
    const receipt = { requestKey: randomUUID(), cents: String(expected - 1n), on: '2026-10-20' }
    await manage('POST', `/money/bills/${made.id}/receipts`, receipt)
    expect((await find()).openCents).toBe('1')
    const more = await manage('POST', `/money/bills/${made.id}/receipts`, { ...receipt, requestKey: randomUUID() })
    expect(more.body.code).toBe('receipt_beyond_bill')
    expect((await call(moselle.headers, 'GET', '/money/bills')).body.bills).toEqual([])
    const missing = await call(vosges.headers, 'GET', `/money/bills/${made.id}/invoice.xml`)
    expect([missing.status, missing.body.code]).toEqual([422, 'invoice_party_incomplete'])
    expect(missing.body.missing).toHaveLength(2)
    await server.inTenant(async (tx) => {
      const lines = await listOwed(tx, consortium.agreementId, 'vosges', '2026-12-31')
      const settled = lines.filter(({ nature }) => !nature.endsWith('Commitment'))
      expect(settled.reduce((so, { cents }) => so + cents, 0n)).toBe(1n)
    })
    await expectTrue()
  })
})

describe('golden figures', () => {
  test('supplier days with mark-up: 281,160 €, advanced as 140,580 € twice; the unspent goes back', async () => {
    const days = [
      ['développeur 1', 12_000, 75_000, 1_500, '10350000'],
      ['développeur 2', 7_200, 75_000, 1_500, '6210000'],
      ['UX designer', 7_200, 70_000, 1_500, '5796000'],
      ['coach agile', 6_000, 80_000, 2_000, '5760000'],
    ] as const
    for (const [, count, rate, markUp, cents] of days) {
      expect(String(priceDays(BigInt(count), BigInt(rate), BigInt(markUp)))).toBe(cents)
    }
    const instalments = [
      { dueOn: '2026-09-15', cents: '14058000' },
      { dueOn: '2027-02-01', cents: '14058000' },
    ]
    const asked = { requestKey: randomUUID(), party: 'alsace', label: 'Phase de construction', cents: '28116000' }
    const off = await manage('POST', '/money/advances', { ...asked, instalments: instalments.slice(1) })
    expect(off.body.code).toBe('instalments_off')
    const { body } = await manage('POST', '/money/advances', { ...asked, instalments })
    const find = async () => (await manage('GET', '/money/advances')).body.advances[0]
    const made: string[] = []
    for (const [post, count, rate, markUp] of days) {
      const expense = await manage('POST', `/money/advances/${body.id}/expenses`, {
        requestKey: randomUUID(),
        post,
        daysHundredths: String(count),
        dailyRateCents: String(rate),
        markUpBasisPoints: markUp,
        document: `FAC-${post}`,
        on: '2026-10-01',
      })
      expect(expense.status).toBe(200)
      made.push(expense.body.id)
    }
    expect((await find()).statement).toMatchObject({ agreedCents: '28116000', committedCents: '28116000' })
    const settle = (id: string, state: string, reason: string | null = null) =>
      manage('POST', `/money/advances/${body.id}/expenses/${id}/settlement`, { state, reason, on: '2026-10-03' })
    expect((await settle(made[0]!, 'paid')).body.code).toBe('advance_not_received')
    const [first] = (await find()).instalments
    const receive = () =>
      manage('POST', `/money/advances/${body.id}/instalments/${first.id}/receipt`, { on: '2026-10-02' })
    expect((await Promise.all([receive(), receive()])).map(({ status }) => status).toSorted()).toEqual([204, 409])
    expect((await settle(made[0]!, 'paid')).status).toBe(204)
    expect((await settle(made[1]!, 'refused', 'Hors sujet')).status).toBe(204)
    expect((await settle(made[2]!, 'refused', 'Hors sujet')).status).toBe(204)
    const pending = await manage('POST', `/money/advances/${body.id}/refund`, { on: '2026-10-04' })
    expect(pending.body.code).toBe('expenses_pending')
    await settle(made[3]!, 'refused', 'Abandonné')
    const refund = await manage('POST', `/money/advances/${body.id}/refund`, { on: '2026-10-04' })
    expect(refund.body.cents).toBe(String(14_058_000 - 10_350_000))
    expect((await find()).statement).toMatchObject({
      committedCents: '0',
      receivedCents: '14058000',
      spentCents: '10350000',
      refundedCents: '3708000',
      leftCents: '0',
    })
    await expectTrue()
  })

  test('staff contribution: 105,306.65 € a year, 157,959.98 € over 18 months, 12,636.80 € of environment', async () => {
    const post = (shareBasisPoints: number, annualCents: bigint, months: number) => ({
      post: 'agent',
      shareBasisPoints,
      annualCents,
      months,
    })
    const staff = (months: number) => [
      post(4_000, 13_500_000n, months),
      post(5_000, 7_380_000n, months),
      post(2_000, 4_040_000n, months),
      post(500, 12_653_300n, months),
    ]
    expect(priceStaff(staff(12), 800)).toMatchObject({
      amounts: [5_400_000n, 3_690_000n, 808_000n, 632_665n],
      staffCents: 10_530_665n,
    })
    expect(priceStaff(staff(18), 800)).toMatchObject({ staffCents: 15_795_998n, environmentCents: 1_263_680n })
  })

  test('a half-year is claimed once, approved, then paid; exceptional costs are agreed to before', async () => {
    const cost = { requestKey: randomUUID(), party: 'moselle', kind: 'travel', label: 'Paris', cents: '12000' }
    const { body: travel } = await call(moselle.headers, 'POST', '/money/exceptional-costs', cost)
    const claim = {
      requestKey: randomUUID(),
      party: 'moselle',
      startsOn: '2026-07-01',
      sharingKey: 'tous-selon-les-voix',
      lines: [{ post: 'Chef de projet', shareBasisPoints: 4_000, annualCents: '13500000', months: 6 }],
      exceptionalIds: [travel.id],
    }
    const early = await call(moselle.headers, 'POST', '/money/claims', { ...claim, startsOn: '2026-09-01' })
    expect(early.body.code).toBe('exceptional_cost_not_approved')
    const decide = { state: 'approved' }
    const own = await call(moselle.headers, 'POST', `/money/exceptional-costs/${travel.id}/decision`, decide)
    expect(own.status).toBe(403)
    await manage('POST', `/money/exceptional-costs/${travel.id}/decision`, decide)
    expect((await call(vosges.headers, 'POST', '/money/claims', claim)).status).toBe(403)
    const from = { ...claim, startsOn: '2026-09-01' }
    const { body } = await call(moselle.headers, 'POST', '/money/claims', from)
    const twice = await call(moselle.headers, 'POST', '/money/claims', { ...from, requestKey: randomUUID() })
    expect(twice.body.code).toBe('claim_exists')
    const find = async () => (await call(moselle.headers, 'GET', '/money/claims')).body.claims[0]
    expect(await find()).toMatchObject({
      staffCents: '2700000',
      environmentCents: '216000',
      exceptionalCents: '12000',
      totalCents: '2928000',
    })
    const settle = (state: string) => manage('POST', `/money/claims/${body.id}/settlement`, { state, on: '2026-10-15' })
    expect((await settle('paid')).body.code).toBe('claim_out_of_turn')
    expect((await settle('approved')).status).toBe(204)
    expect((await settle('approved')).status).toBe(409)
    expect((await settle('paid')).status).toBe(204)
    expect((await call(vosges.headers, 'GET', '/money/claims')).body.claims).toEqual([])
    await expectTrue()
  })
})

describe('head-counts', () => {
  const csv = 'UAI;nom;collectivité;effectif\r\n0570001A;Collège A;Département de la Moselle;412\r\n'
  test('a head-count is imported whole or not at all, and stays once something rests on it', async () => {
    const broken = { countedOn: '2026-09-15', source: 'Essai', csv: `${csv}0570001A;Encore;moselle;x\r\n;;;\r\n` }
    const refused = await manage('POST', '/head-counts', broken)
    expect([refused.status, refused.body.code]).toEqual([422, 'head_count_unreadable'])
    expect(refused.body.faults).toEqual([
      { line: 3, reason: 'twice' },
      { line: 4, reason: 'uai' },
    ])
    const { body } = await manage('POST', '/head-counts', { ...broken, csv })
    expect(body.establishments).toBe(1)
    expect((await manage('POST', '/head-counts', { ...broken, csv })).body.code).toBe('head_count_exists')
    expect((await manage('DELETE', `/head-counts/${body.id}`)).status).toBe(204)
    expect((await manage('DELETE', `/head-counts/${consortium.headCountId}`)).body.code).toBe('head_count_used')
    expect((await call(moselle.headers, 'POST', '/head-counts', { ...broken, csv })).status).toBe(403)
  })
})
