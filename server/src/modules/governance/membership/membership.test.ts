import { randomUUIDv7 } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { type Consortium, makeConsortium, type Seat } from '../../../../test/make-governance.ts'
import { findAgreementInForce } from '../agreements/agreements.queries.ts'
import { recordDecision } from '../bodies/decisions.ts'
import { createOrder } from '../money/orders.ts'
import { listMembers } from '../money/weights.ts'
import { onDecision } from './joining.ts'

const now = new Date('2026-06-02T09:00:00Z')
let test: TestApp
let consortium: Consortium
let meuse: Seat
beforeAll(async () => {
  test = await openTestApp({ now: () => now })
  consortium = await makeConsortium(test, { pupils: { region: 90_000 } })
  meuse = await consortium.seatOf('meuse', 'cogouv')
  await test.inTenant((tx) =>
    createOrder(
      tx,
      {
        agreementId: consortium.agreementId,
        decisionId: null,
        changeId: null,
        sharingKey: 'tous-selon-les-voix',
        amountCents: 1_500_000n,
        label: 'Hébergement',
        effectiveOn: '2026-06-01',
        votersInFavour: null,
        party: null,
      },
      now,
    ),
  )
})
afterAll(() => test.close())

const base = () => `/api/governance/agreements/${consortium.slug}/membership`
const call = (who: { headers: { cookie: string } }, method: 'GET' | 'POST', path = '', payload?: object) =>
  test.app.inject({ method, url: `${base()}${path}`, headers: who.headers, ...(payload && { payload }) })
const simulate = (party: string, notifiedOn: string, kind = 'leaving') =>
  call(consortium.manager, 'GET', `/simulation?party=${party}&notifiedOn=${notifiedOn}&kind=${kind}`)

async function countRows(): Promise<Record<string, number>> {
  const { rows } = await test.services.owner.query<{ name: string; n: number }>(`
    select table_name as name, (xpath('/row/c/text()', query_to_xml(
      format('select count(*) as c from %I.%I', table_schema, table_name), false, true, '')))[1]::text::int as n
    from information_schema.tables where table_schema in ('governance', 'kernel') and table_type = 'BASE TABLE'`)
  return Object.fromEntries(rows.map(({ name, n }) => [name, n]))
}

interface Simulation {
  calendar: { effectiveOn: string; lastDay: string }
  owed: { nature: string; cents: string }[]
  keys: Record<'before' | 'after', { key: string; parts: { party: string; weight: string; cents: string }[] }[]>
  power: Record<
    'before' | 'after',
    {
      body: string
      totalVoices: string
      quorum: { of: string; whole: string; needed: string }[]
      ballots: { key: string; whole: string; needed: string; smallest: number; blockers: string[] }[]
    }[]
  >
  roles: { role: string; body: string | null }[]
}

describe('the simulation of a departure', () => {
  it.each([
    ['meuse', '2026-05-31', 'leaving', '2026-09-01'],
    ['meuse', '2026-06-02', 'leaving', '2027-09-01'],
    ['meuse', '2026-02-15', 'termination', '2026-08-31'],
    ['meuse', '2026-03-15', 'termination', '2027-08-31'],
  ])('%s, notified on %s (%s), takes effect on %s', async (party, notifiedOn, kind, effectiveOn) => {
    expect((await simulate(party, notifiedOn, kind)).json()).toMatchObject({ calendar: { effectiveOn } })
  })

  it('tells what is owed, the new parts, the new thresholds and who blocks; and writes nothing', async () => {
    const before = await countRows()
    const answer = await simulate('alsace', '2026-05-31')
    expect(answer.statusCode).toBe(200)
    const { owed, keys, power, roles } = answer.json<Simulation>()
    // 2 of 15 voices of 15,000 €.
    expect(owed).toEqual([{ nature: 'sharedCommitment', cents: '200000' }])
    const [voicesBefore, voicesAfter] = [keys.before, keys.after].map(
      (each) => each.find(({ key }) => key === 'tous-selon-les-voix')!.parts,
    )
    expect(voicesBefore).toContainEqual({ party: 'region', weight: '4.5', cents: '3000000' })
    // 4.5 of 13 voices, to the cent.
    expect(voicesAfter).toContainEqual({ party: 'region', weight: '4.5', cents: '3461538' })
    expect(voicesAfter!.map(({ party }) => party)).not.toContain('alsace')
    for (const each of [...keys.before, ...keys.after]) {
      expect(each.parts.reduce((sum, { cents }) => sum + BigInt(cents), 0n)).toBe(10_000_000n)
    }
    const find = (when: 'before' | 'after', body: string) => power[when].find((each) => each.body === body)!
    expect(find('before', 'cogouv').totalVoices).toBe('15')
    expect(find('after', 'cogouv').totalVoices).toBe('13')
    const structuring = (when: 'before' | 'after') =>
      find(when, 'cogouv').ballots.find(({ key }) => key === 'cogouv-structurante')!
    expect(structuring('before')).toMatchObject({ whole: '15', needed: '12', blockers: ['region'] })
    // 80 % of 13 is 10.4: 10.5 in half-voices.
    expect(structuring('after')).toMatchObject({ whole: '13', needed: '10.5', blockers: ['region'] })
    expect(find('before', 'ag').quorum.map(({ of, whole, needed }) => [of, whole, needed])).toEqual([
      ['members', '10', '5'],
      ['pupils', '99000', '49501'],
    ])
    expect(find('after', 'ag').quorum.map(({ of, whole, needed }) => [of, whole, needed])).toEqual([
      ['members', '9', '5'],
      ['pupils', '98000', '49001'],
    ])
    expect(roles).toEqual([])
    expect((await simulate('region', '2026-05-31')).json<Simulation>().roles).toContainEqual({
      role: 'pilot',
      body: null,
    })
    expect(await countRows()).toEqual(before)
  })

  it('is of a member, and of a notice that was given', async () => {
    expect((await simulate('academie-reims', '2026-05-31')).json()).toMatchObject({ status: 422, code: 'not_a_member' })
    expect((await simulate('meuse', '2026-06-03')).json()).toMatchObject({ status: 422, code: 'notified_later' })
    expect((await simulate('meuse', '2026-02-30')).statusCode).toBe(400)
  })
})

describe('a departure', () => {
  it('is recorded once, by a holder of who leaves, and amends the agreement', async () => {
    const leave = (who: { headers: { cookie: string } }, more: object = {}) =>
      call(who, 'POST', '/departures', {
        kind: 'leaving',
        party: 'meuse',
        notifiedOn: '2026-05-31',
        reason: '',
        ...more,
      })
    const deputy = await consortium.seatOf('meuse', 'cogouv', 'deputy')
    expect((await leave(deputy)).json()).toMatchObject({ status: 403, code: 'holder_only' })
    expect((await leave(meuse, { party: 'vosges' })).json()).toMatchObject({ status: 403, code: 'holder_only' })
    expect((await leave(meuse, { kind: 'termination' })).json()).toMatchObject({ status: 403, code: 'holder_only' })
    const backdated = await leave(meuse, { notifiedOn: '2024-01-15' })
    expect(backdated.json()).toMatchObject({ status: 422, code: 'departure_backdated' })
    const together = await Promise.all([leave(meuse), leave(meuse), leave(consortium.manager)])
    expect(together.map(({ statusCode }) => statusCode).sort()).toEqual([201, 409, 409])
    expect(together.find(({ statusCode }) => statusCode === 409)?.json()).toMatchObject({ code: 'departure_recorded' })
    expect(together.find(({ statusCode }) => statusCode === 201)?.json()).toMatchObject({
      effectiveOn: '2026-09-01',
      version: 2,
    })
    const members = async () =>
      (await call(meuse, 'GET')).json<{ members: { party: string; lastDay: string | null }[] }>().members
    expect((await members()).find(({ party }) => party === 'meuse')).toMatchObject({ lastDay: '2026-08-31' })
    const later = await test.inTenant((tx) => findAgreementInForce(tx, consortium.slug, '2026-09-01'))
    expect(listMembers(later!.rules, '2026-08-31')).toContain('meuse')
    expect(listMembers(later!.rules, '2026-09-01')).not.toContain('meuse')
    const { rows } = await test.services.owner.query<{ kind: string }>(
      `select kind from governance.journal_entry where kind in ('agreementVersion', 'membership') order by seq`,
    )
    expect(rows.map(({ kind }) => kind)).toEqual(['agreementVersion', 'agreementVersion', 'membership'])
  })
})

describe('joining', () => {
  const ask = (party = 'haute-saone') =>
    call(consortium.manager, 'POST', '/joinings', {
      party,
      name: 'Département de la Haute-Saône',
      kind: 'department',
      requestedOn: '2026-06-01',
      reason: 'Courrier du président.',
    })
  const step = (id: string, name: string, payload: object, who: { headers: { cookie: string } } = consortium.manager) =>
    call(who, 'POST', `/joinings/${id}/${name}`, payload)
  const decide = (id: string, outcome: 'adopted' | 'rejected') =>
    test.inTenant(async (tx) => {
      const agreement = (await findAgreementInForce(tx, consortium.slug, '2026-06-02'))!
      const decision = await recordDecision(
        tx,
        {
          agreementId: agreement.id,
          versionId: agreement.versionId,
          kind: 'decision',
          body: 'costrat',
          meetingId: null,
          agendaItemId: null,
          title: 'Adhésion',
          text: '',
          outcome,
          verdict: null,
          dueOn: null,
          subjectKind: 'joining',
          subjectId: id,
          actorPersonId: null,
        },
        now,
      )
      await onDecision(tx, { subjectId: id, decisionId: decision.id, outcome, agreement }, now)
    })
  const members = [
    'region',
    'ardennes',
    'aube',
    'marne',
    'haute-marne',
    'meurthe-et-moselle',
    'meuse',
    'moselle',
    'alsace',
    'vosges',
  ]
  const deliberation = { adopted: true, on: '2026-06-01', reference: 'D-2026-12' }
  const signature = { joinedOn: '2026-09-01', voices: { cogouv: '1,5' } }

  it('goes step by step as the agreement says, to an amendment that gives the member its voices', async () => {
    expect((await call(meuse, 'POST', '/joinings', {})).statusCode).toBe(400)
    const { id } = (await ask()).json<{ id: string }>()
    expect((await ask()).json()).toMatchObject({ status: 409, code: 'party_known' })
    expect((await ask('meuse')).json()).toMatchObject({ status: 409, code: 'party_known' })
    expect((await step(id, 'amendment', signature)).json()).toMatchObject({
      status: 409,
      code: 'joining_out_of_turn',
      next: 'examination',
    })
    expect((await step(id, 'examination', { note: '' }, meuse)).json()).toMatchObject({ status: 403 })
    expect((await step(id, 'examination', { note: 'Dossier complet.' })).json()).toEqual({ state: 'examination' })
    expect((await step(id, 'deliberations', { party: 'meuse', ...deliberation })).json()).toMatchObject({
      next: 'approval',
    })
    await decide(id, 'adopted')
    // A vote held again changes nothing.
    await decide(id, 'rejected')
    expect((await step(id, 'deliberations', { party: 'vosges', ...deliberation }, meuse)).json()).toMatchObject({
      status: 403,
      code: 'party_not_yours',
    })
    // One refusal ends the request: it is not for a deputy to write it down.
    const deputy = await consortium.seatOf('meuse', 'cogouv', 'deputy')
    const refusal = { party: 'meuse', ...deliberation, adopted: false }
    expect((await step(id, 'deliberations', refusal, deputy)).json()).toMatchObject({
      status: 403,
      code: 'holder_only',
    })
    const twice = await Promise.all(
      [meuse, consortium.manager].map((who) => step(id, 'deliberations', { party: 'meuse', ...deliberation }, who)),
    )
    expect(twice.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409])
    for (const party of members.filter((each) => each !== 'meuse')) {
      expect((await step(id, 'amendment', signature)).json()).toMatchObject({ code: 'joining_out_of_turn' })
      expect((await step(id, 'deliberations', { party, ...deliberation })).statusCode).toBe(200)
    }
    expect((await step(id, 'amendment', { ...signature, voices: {} })).json()).toMatchObject({
      status: 422,
      code: 'voices_missing',
      bodies: ['cogouv'],
    })
    const signed = await Promise.all([step(id, 'amendment', signature), step(id, 'amendment', signature)])
    expect(signed.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409])
    const later = await test.inTenant((tx) => findAgreementInForce(tx, consortium.slug, '2026-09-01'))
    const cogouv = later!.rules.bodies.find(({ key }) => key === 'cogouv')!
    expect(cogouv.voices).toMatchObject({ of: { 'haute-saone': '1.5', region: '4.5' } })
    expect(later!.rules.parties.at(-1)).toMatchObject({ key: 'haute-saone', roles: ['member'], joinedOn: '2026-09-01' })
    // The departure that was recorded before stands.
    expect(later!.rules.parties.find(({ key }) => key === 'meuse')).toMatchObject({ leavesOn: '2026-09-01' })
  })

  it('ends with a refusal of the body, or of one member', async () => {
    const refused = (await ask('jura')).json<{ id: string }>()
    await step(refused.id, 'examination', { note: '' })
    await decide(refused.id, 'rejected')
    expect((await step(refused.id, 'deliberations', { party: 'meuse', ...deliberation })).json()).toMatchObject({
      status: 409,
      code: 'joining_out_of_turn',
      next: null,
    })
    // It may ask again.
    const again = (await ask('jura')).json<{ id: string }>()
    await step(again.id, 'examination', { note: '' })
    await decide(again.id, 'adopted')
    const no = await step(again.id, 'deliberations', { party: 'vosges', ...deliberation, adopted: false })
    expect(no.json()).toEqual({ state: 'refused' })
    expect((await step(randomUUIDv7(), 'examination', { note: '' })).json()).toMatchObject({
      status: 404,
      code: 'membership_act_not_found',
    })
  })
})
