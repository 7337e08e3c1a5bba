import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { type Consortium, makeConsortium, type Seat } from '../../../../test/make-governance.ts'
import { makePerson } from '../../../../test/make.ts'
import { checkAgreement } from '../agreements/agreement-checks.ts'
import { type AgreementInForce, findAgreementInForce } from '../agreements/agreements.queries.ts'
import { listSeatedParties, listVoters } from '../bodies/presence.ts'
import { recordDecision } from '../bodies/decisions.ts'
import { createOrder } from '../money/orders.ts'
import { listMembers } from '../money/weights.ts'
import { onDecision } from './joining.ts'
import { describePower } from './power.ts'

// One member over two years: in until August 2026, out until the end of the year, in again from January 2027.
let now = new Date('2026-01-12T09:00:00Z')
let test: TestApp
let consortium: Consortium
let meuse: Seat
let manager: { cookie: string }
beforeAll(async () => {
  test = await openTestApp({ now: () => now })
  consortium = await makeConsortium(test)
  meuse = await consortium.seatOf('meuse', 'cogouv')
  manager = consortium.manager.headers
})
afterAll(() => test.close())

const call = async (method: 'GET' | 'POST', path: string, payload?: object, headers = manager) => {
  const url = `/api/governance/agreements/${consortium.slug}${path}`
  const answer = await test.app.inject({ method, url, headers, ...(payload && { payload }) })
  return { status: answer.statusCode, body: answer.json<Record<string, unknown> & { id: string; code: string }>() }
}

/** Sessions do not last for months: another person manages from then on. */
async function goTo(day: string): Promise<void> {
  now = new Date(`${day}T09:00:00Z`)
  manager = await test.signIn(await test.inTenant((tx) => makePerson(tx)), [{ right: 'governance.administer' }])
}

const inForce = (day: string): Promise<AgreementInForce> =>
  test.inTenant(async (tx) => (await findAgreementInForce(tx, consortium.slug, day))!)

const meet = async (day: string) =>
  (
    await call('POST', '/bodies/cogouv/meetings', {
      requestKey: randomUUID(),
      title: 'COGOUV',
      startsAt: `${day}T09:00:00Z`,
      endsAt: `${day}T11:00:00Z`,
    })
  ).body.id

const seatedAt = async (meetingId: string) =>
  (await call('GET', `/meetings/${meetingId}`)).body['parties'] as { party: string; votes: boolean }[]

const order = (effectiveOn: string) =>
  test.inTenant((tx) =>
    createOrder(
      tx,
      {
        agreementId: consortium.agreementId,
        decisionId: null,
        changeId: null,
        sharingKey: 'tous-selon-les-voix',
        amountCents: 1_500_000n,
        label: `Hébergement ${effectiveOn}`,
        effectiveOn,
        votersInFavour: null,
        party: null,
      },
      now,
    ),
  )

const leave = (notifiedOn: string) =>
  call('POST', '/membership/departures', { kind: 'leaving', party: 'meuse', notifiedOn, reason: '' })

const ask = (requestedOn: string) =>
  call('POST', '/membership/joinings', {
    party: 'meuse',
    name: 'Département de la Meuse',
    kind: 'department',
    requestedOn,
    reason: 'Délibération du conseil départemental.',
  })

async function approve(id: string): Promise<void> {
  await test.inTenant(async (tx) => {
    const agreement = (await findAgreementInForce(tx, consortium.slug, now.toISOString().slice(0, 10)))!
    const { id: decisionId } = await recordDecision(
      tx,
      {
        agreementId: agreement.id,
        versionId: agreement.versionId,
        kind: 'decision',
        body: 'costrat',
        meetingId: null,
        agendaItemId: null,
        title: 'Retour',
        text: '',
        outcome: 'adopted',
        verdict: null,
        dueOn: null,
        subjectKind: 'joining',
        subjectId: id,
        actorPersonId: null,
      },
      now,
    )
    await onDecision(tx, { subjectId: id, decisionId, outcome: 'adopted', agreement }, now)
  })
}

it('takes a former member back under its own key, from its new day on', async () => {
  const first = await meet('2026-02-10')
  expect((await order('2026-01-12')).parts.get('meuse')).toBe(100_000n)
  expect((await leave('2026-01-12')).body).toMatchObject({ effectiveOn: '2026-09-01' })
  // Still a member: it asks nothing.
  expect(await ask('2026-01-12')).toMatchObject({ status: 409, body: { code: 'party_known' } })

  await goTo('2026-10-05')
  const between = await meet('2026-10-20')
  expect((await call('GET', '/membership')).body['former']).toEqual([
    {
      party: 'meuse',
      name: 'Département de la Meuse',
      kind: 'department',
      joinedOn: null,
      lastDay: '2026-08-31',
      earlier: [],
    },
  ])
  expect((await order('2026-10-05')).parts.has('meuse')).toBe(false)
  const asked = await Promise.all([ask('2026-10-05'), ask('2026-10-05')])
  expect(asked.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409])
  const { id } = asked.find(({ status }) => status === 201)!.body
  await call('POST', `/membership/joinings/${id}/examination`, { note: 'Dettes réglées.' })
  await approve(id)
  const others = listMembers((await inForce('2026-10-05')).rules, '2026-10-05')
  expect(others).toHaveLength(9)
  const deliberation = { adopted: true, on: '2026-10-05', reference: 'D' }
  for (const party of others) await call('POST', `/membership/joinings/${id}/deliberations`, { party, ...deliberation })
  const signature = { joinedOn: '2027-01-01', voices: { cogouv: '2' } }
  expect(await call('POST', `/membership/joinings/${id}/amendment`, signature)).toMatchObject({
    status: 200,
    body: { state: 'amendmentSigned', version: 3 },
  })

  // One entry for one party, at its place, with both memberships; it sits and votes once wherever it does.
  const { rules } = await inForce('2027-01-01')
  expect(checkAgreement(rules)).toEqual([])
  const before = (await inForce('2026-01-12')).rules
  expect(rules.parties.map(({ key }) => key)).toEqual(before.parties.map(({ key }) => key))
  const party = rules.parties.find(({ key }) => key === 'meuse')
  expect(party).toMatchObject({ joinedOn: '2027-01-01', earlier: [{ leavesOn: '2026-09-01' }] })
  expect(party).not.toHaveProperty('leavesOn')
  for (const [index, { composition, voters }] of rules.bodies.entries()) {
    expect([composition.parties, voters]).toEqual([
      before.bodies[index]!.composition.parties,
      before.bodies[index]!.voters,
    ])
  }

  // Who is a member, sits, votes and weighs what, over the two memberships and between them, by the last version.
  const days = { first: '2026-08-31', between: '2026-10-20', eve: '2026-12-31', again: '2027-01-01' }
  const cogouv = rules.bodies.find(({ key }) => key === 'cogouv')!
  const isIn = (day: string) => [
    listMembers(rules, day).includes('meuse'),
    listSeatedParties(rules, cogouv, day).includes('meuse'),
    listVoters(rules, cogouv, day).includes('meuse'),
  ]
  expect(Object.values(days).map(isIn)).toEqual([
    [true, true, true],
    [false, false, false],
    [false, false, false],
    [true, true, true],
  ])
  const pupils = new Map(before.parties.map(({ key }) => [key, 1_000]))
  const powerOn = (day: string) => describePower(rules, day, pupils)
  const voicesOn = (day: string) => powerOn(day).find(({ body }) => body === 'cogouv')!.totalVoices
  expect([voicesOn(days.between), voicesOn(days.again)]).toEqual(['14', '16'])
  const pupilsOn = (day: string) =>
    powerOn(day)
      .find(({ body }) => body === 'ag')!
      .quorum.find(({ of }) => of === 'pupils')!.whole
  expect([pupilsOn(days.first), pupilsOn(days.between), pupilsOn(days.again)]).toEqual(['10000', '9000', '10000'])

  await goTo('2027-01-11')
  // Whoever sat for it before sits no more; someone is named for the new membership.
  const signedIn = await test.inTenant((tx) => makePerson(tx))
  const old = await test.services.owner.query<{ ends_on: string }>(
    'select ends_on::text from governance.representative where id = $1',
    [meuse.representativeId],
  )
  expect(old.rows).toEqual([{ ends_on: '2026-12-31' }])
  const named = { party: 'meuse', rank: 'holder', personId: signedIn, startsOn: '2027-01-11' }
  expect((await call('POST', '/bodies/cogouv/representatives', named)).status).toBe(201)
  expect((await call('GET', '/membership')).body).toMatchObject({
    former: [],
    members: expect.arrayContaining([
      {
        party: 'meuse',
        name: 'Département de la Meuse',
        joinedOn: '2027-01-01',
        lastDay: null,
        earlier: [{ joinedOn: null, lastDay: '2026-08-31' }],
      },
    ]),
  })

  // The registers of meetings held before are those of their day.
  expect(await seatedAt(first)).toContainEqual(expect.objectContaining({ party: 'meuse', votes: true }))
  expect((await seatedAt(between)).map((each) => each.party)).not.toContain('meuse')
  expect(await seatedAt(await meet('2027-02-10'))).toContainEqual(
    expect.objectContaining({ party: 'meuse', votes: true }),
  )

  // Its old debt stands, its new part follows its new voices, and what was shared without it stays so.
  expect((await order('2027-01-11')).parts.get('meuse')).toBe(187_500n)
  expect((await order('2026-10-20')).parts.has('meuse')).toBe(false)
  const { body } = await call('GET', '/membership/simulation?party=meuse&notifiedOn=2027-01-11&kind=leaving')
  expect(body['owed']).toEqual([{ nature: 'sharedCommitment', cents: '287500' }])
  expect(body['calendar']).toMatchObject({ effectiveOn: '2027-09-01' })

  // It leaves a second time, once.
  const again = await Promise.all([leave('2027-01-11'), leave('2027-01-11')])
  expect(again.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409])
  expect(again.find(({ status }) => status === 409)!.body.code).toBe('departure_recorded')
  const last = (await inForce('2027-09-01')).rules
  expect(
    ['2026-08-31', '2026-09-01', '2027-08-31', '2027-09-01'].map((day) => listMembers(last, day).includes('meuse')),
  ).toEqual([true, false, true, false])
})

it('is written without one membership in another', async () => {
  const { rules } = await inForce('2026-01-12')
  const faultsWith = (more: object) =>
    checkAgreement({
      ...rules,
      parties: rules.parties.map((each) => (each.key === 'vosges' ? { ...each, ...more } : each)),
    })
  const earlier = [{ leavesOn: '2026-09-01' }]
  expect(faultsWith({ joinedOn: '2026-09-01', earlier })).toEqual([])
  expect(faultsWith({ joinedOn: '2026-08-31', earlier })).toMatchObject([
    { code: 'joins_before_leaving', path: ['parties', 9, 'joinedOn'], values: { left: '2026-09-01' } },
  ])
  expect(faultsWith({ earlier })).toMatchObject([{ code: 'joins_before_leaving', path: ['parties', 9] }])
  expect(
    faultsWith({ joinedOn: '2028-01-01', earlier: [...earlier, { joinedOn: '2026-01-01', leavesOn: '2027-01-01' }] }),
  ).toMatchObject([{ code: 'joins_before_leaving', path: ['parties', 9, 'earlier', 1, 'joinedOn'] }])
})
