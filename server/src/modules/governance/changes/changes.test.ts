import { randomUUID, randomUUIDv7 } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { makePerson } from '../../../../test/make.ts'
import { type Consortium, makeConsortium, type Seat } from '../../../../test/make-governance.ts'
import { findAgreementInForce } from '../agreements/agreements.queries.ts'
import { recordDecision } from '../bodies/decisions.ts'
import { tables as governance } from '../tables.ts'
import { findChangeReadiness, onDecision } from './change-decisions.ts'
import type { Sheet } from './change-schema.ts'

const now = new Date('2026-11-02T09:00:00Z')
let test: TestApp
let consortium: Consortium
let marne: Seat
let contractor: Seat
let academies: Seat[]
const authorities = ['academie-reims', 'academie-nancy-metz', 'academie-strasbourg']
beforeAll(async () => {
  test = await openTestApp({ now: () => now })
  consortium = await makeConsortium(test)
  marne = await consortium.seatOf('marne', 'cogouv')
  contractor = await consortium.seatOf('titulaire', 'cst')
  academies = await Promise.all(authorities.map((party) => consortium.seatOf(party, 'cst')))
})
afterAll(() => test.close())

const base = () => `/api/governance/agreements/${consortium.slug}/changes`
type Method = 'GET' | 'POST' | 'PUT'
const call = (who: { headers: { cookie: string } }, method: Method, path: string, payload?: object) =>
  test.app.inject({ method, url: `${base()}${path}`, headers: who.headers, ...(payload && { payload }) })
const get = async (id: string, who: { headers: { cookie: string } } = consortium.manager) =>
  (await call(who, 'GET', `/${id}`)).json<Record<string, unknown> & { state: string }>()

const sheet: Sheet = {
  consequences: {
    functional: 'Une page de plus.',
    technical: 'Aucune.',
    legal: 'Registre complété.',
    organisational: 'Aucune.',
    financial: 'Coût fixe.',
    training: 'Une heure.',
  },
  documentation: 'Guide.',
  validation: 'Recette en établissement pilote.',
  regressions: 'Aucune connue.',
  rollBack: 'Désactivation.',
  amountCents: '1200000',
  results: [
    { what: 'Disponibilité', unit: '%', target: '99.5', comparator: '>=', by: '2027-03-31' },
    { what: 'Temps de réponse', unit: 's', target: '1,2', comparator: '<', by: '2027-03-31' },
  ],
}
const paid = { paid: true, wholeEstablishment: false, technicalFrame: false, separableTo: null }

const ask = (more: object, who: { headers: { cookie: string } } = marne) =>
  call(who, 'POST', '', { requestKey: randomUUID(), title: 'Autre', need: 'Autre', party: 'marne', ...more })

async function request(title = 'Carnet de liaison'): Promise<string> {
  const answer = await ask({ title, need: 'Les familles le demandent.' })
  expect(answer.statusCode).toBe(201)
  return answer.json<{ id: string }>().id
}
async function submit(id: string, content: Sheet = sheet): Promise<void> {
  const saved = await call(contractor, 'POST', `/${id}/sheets`, content)
  const { number } = saved.json<{ number: number }>()
  expect((await call(contractor, 'POST', `/${id}/sheets/${number}/submission`)).json()).toEqual({ state: 'submitted' })
}
async function advise(id: string): Promise<void> {
  for (const [index, seat] of academies.entries()) {
    const answer = await call(seat, 'POST', `/${id}/opinions`, {
      party: authorities[index],
      opinion: 'favourable',
      text: '',
    })
    expect(answer.statusCode).toBe(200)
  }
}
async function makeMeeting(body: string, startsAt = new Date('2026-12-01T09:00:00Z')): Promise<string> {
  const id = randomUUIDv7()
  await test.inTenant((tx) =>
    governance(tx)
      .insertInto('governance.meeting')
      .values({
        id,
        agreement_id: consortium.agreementId,
        body,
        title: 'Séance',
        starts_at: startsAt,
        ends_at: new Date(startsAt.getTime() + 7_200_000),
        created_at: now,
      })
      .execute(),
  )
  return id
}
/** What closing the ballot of an agenda item does. */
async function vote(
  id: string,
  meetingId: string,
  item: string,
  inFavour: string[],
  outcome: 'adopted' | 'rejected' | 'none',
): Promise<string> {
  return test.inTenant(async (tx) => {
    const agreement = (await findAgreementInForce(tx, consortium.slug, '2026-11-02'))!
    const decision = await recordDecision(
      tx,
      {
        agreementId: consortium.agreementId,
        versionId: consortium.versionId,
        kind: 'decision',
        body: 'cogouv',
        meetingId,
        agendaItemId: item,
        title: 'Évolution',
        text: 'Décidé.',
        outcome,
        verdict: null,
        dueOn: null,
        subjectKind: 'change',
        subjectId: id,
        actorPersonId: null,
      },
      now,
    )
    const votes = inFavour.map((party) => ({ party, choice: 'for' }))
    await onDecision(tx, { subjectId: id, decisionId: decision.id, outcome, votes, agreement }, now)
    return decision.id
  })
}
async function adopt(
  id: string,
  inFavour: string[],
  outcome: 'adopted' | 'rejected' | 'none' = 'adopted',
): Promise<void> {
  const meetingId = await makeMeeting('cogouv')
  const item = (await call(consortium.manager, 'POST', `/${id}/agenda`, { meetingId })).json<{ agendaItemId: string }>()
  await vote(id, meetingId, item.agendaItemId, inFavour, outcome)
}
const members = [
  'alsace',
  'ardennes',
  'aube',
  'haute-marne',
  'marne',
  'meurthe-et-moselle',
  'meuse',
  'moselle',
  'region',
  'vosges',
]

describe('a structuring change', () => {
  it('goes from its request to its acceptance, each step dated, audited and in the journal', async () => {
    const id = await request()
    const qualified = await call(consortium.manager, 'PUT', `/${id}/qualification`, paid)
    expect(qualified.json()).toEqual({ structuring: true, because: ['paid'], article: '9' })
    await submit(id)
    await advise(id)
    expect(await get(id)).toMatchObject({ state: 'advised', ballot: { key: 'cogouv-structurante', article: '5' } })

    const parts = (await call(consortium.manager, 'GET', `/${id}/parts`)).json<{
      amountCents: string
      sharing: { article: string; parts: { party: string; cents: string }[] }
    }>()
    expect(parts).toMatchObject({ amountCents: '1200000', sharing: { article: '11', among: 'everyMember' } })
    // 12,000.00 € over 15 voices: 800 € a voice.
    expect(Object.fromEntries(parts.sharing.parts.map(({ party, cents }) => [party, cents]))).toMatchObject({
      region: '360000',
      moselle: '120000',
      alsace: '160000',
      marne: '80000',
    })
    expect(parts.sharing.parts.map(({ party }) => party)).toEqual(members)

    await adopt(id, ['region', 'alsace', 'moselle', 'marne', 'aube', 'meuse', 'vosges'])
    expect(await get(id)).toMatchObject({ state: 'adopted', agenda: [{ outcome: 'adopted' }] })
    const ordered = await call(consortium.manager, 'POST', `/${id}/order`, { effectiveOn: '2026-11-02' })
    expect(ordered.json()).toMatchObject({ state: 'ordered', number: 'C-2026-001' })
    const { rows } = await test.services.owner.query<{ party: string; cents: string }>(
      `select p.party, p.cents::text from governance.order_part p join governance.service_order o on o.id = p.order_id
       where o.change_id = $1 order by p.party`,
      [id],
    )
    expect(rows).toEqual(parts.sharing.parts.map(({ party, cents }) => ({ party, cents })))

    expect((await call(contractor, 'POST', `/${id}/delivery`, {})).json()).toEqual({ state: 'delivered' })
    const accepted = await call(consortium.manager, 'POST', `/${id}/acceptance`, {
      measures: [
        { value: '99.5', measuredOn: '2026-11-02' },
        { value: '1.199999', measuredOn: '2026-11-02' },
      ],
      reductionCents: null,
    })
    expect(accepted.json()).toMatchObject({ state: 'accepted', results: [{ met: true }, { met: true }] })

    const whole = await get(id)
    expect((whole['steps'] as { step: string }[]).map(({ step }) => step)).toEqual([
      'request',
      'qualify',
      'submitSheet',
      'giveOpinion',
      'giveOpinion',
      'giveOpinion',
      'schedule',
      'vote',
      'order',
      'deliver',
      'accept',
    ])
    const journal = await test.services.owner.query<{ content: string }>(
      `select content from governance.journal_entry where subject_id = $1 order by seq`,
      [id],
    )
    expect(journal.rows.map(({ content }) => (JSON.parse(content) as { step: string }).step)).toEqual(
      (whole['steps'] as { step: string }[]).map(({ step }) => step),
    )
    const audit = await test.services.owner.query<{ count: string }>(
      `select count(*) from kernel.audit_entry where subject_id = $1 and action = 'governance.change_step_taken'`,
      [id],
    )
    expect(audit.rows).toEqual([{ count: 11 }])
  })

  it('whose results are missed has its price reduced, and is taken back', async () => {
    const id = await request()
    await call(consortium.manager, 'PUT', `/${id}/qualification`, paid)
    await submit(id)
    await advise(id)
    await adopt(id, members)
    await call(consortium.manager, 'POST', `/${id}/order`, { effectiveOn: '2026-11-02' })
    await call(contractor, 'POST', `/${id}/delivery`, { note: 'En production.' })
    const measures = [
      { value: '99.499999', measuredOn: '2026-11-02' },
      { value: '1', measuredOn: '2026-11-02' },
    ]
    const accept = (payload: object) => call(consortium.manager, 'POST', `/${id}/acceptance`, payload)
    const refusals = [
      [{ measures: measures.slice(1), reductionCents: null }, 'measures_incomplete'],
      [{ measures, reductionCents: null }, 'reduction_missing'],
      [{ measures, reductionCents: '1200001' }, 'reduction_too_high'],
      [
        { measures: measures.map((each) => ({ ...each, measuredOn: '2026-11-03' })), reductionCents: '1' },
        'measured_later',
      ],
      [
        {
          measures: measures.map((each) => ({ ...each, value: '99.5' })).toSpliced(1, 1, measures[1]!),
          reductionCents: '1',
        },
        'nothing_missed',
      ],
    ] as const
    for (const [payload, code] of refusals) {
      const answer = await accept(payload)
      expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([422, code])
    }
    expect((await accept({ measures, reductionCents: '300000' })).json()).toMatchObject({
      state: 'reduced',
      results: [{ met: false }, { met: true }],
    })
    const proposed = await test.services.owner.query<{ state: string; cents: number }>(
      `select r.state, r.amount_cents as cents from governance.price_reduction r
       join governance.service_order o on o.id = r.order_id where o.change_id = $1`,
      [id],
    )
    expect(proposed.rows.map(({ state, cents }) => [state, Number(cents)])).toEqual([['proposed', 300_000]])
    expect((await call(consortium.manager, 'POST', `/${id}/roll-back`, { note: 'Retirée.' })).json()).toEqual({
      state: 'rolledBack',
    })
    expect(await get(id)).toMatchObject({ acceptance: { met: false, reductionCents: '300000' }, next: [] })
  })

  it('is put on another agenda when its vote gave nothing, and ends when it is rejected', async () => {
    const id = await request()
    await call(consortium.manager, 'PUT', `/${id}/qualification`, paid)
    await submit(id)
    await advise(id)
    await adopt(id, [], 'none')
    expect(await get(id)).toMatchObject({ state: 'advised', inFavour: null })
    await adopt(id, ['marne'], 'rejected')
    expect(await get(id)).toMatchObject({ state: 'rejected', next: [] })
  })
})

describe('the rule', () => {
  it.each([
    [{ ...paid }, true, ['paid']],
    [{ ...paid, paid: false, technicalFrame: true }, true, ['technicalFrame']],
    [
      { ...paid, wholeEstablishment: true, technicalFrame: true },
      true,
      ['paid', 'wholeEstablishment', 'technicalFrame'],
    ],
    [{ ...paid, paid: false }, false, []],
  ])('says whether a change is structuring: %o', async (answers, structuring, because) => {
    const id = await request()
    const answer = await call(consortium.manager, 'PUT', `/${id}/qualification`, answers)
    expect(answer.json()).toEqual({ structuring, because, article: '9' })
  })

  it('leaves no way to say it: a choice in the request is refused', async () => {
    const id = await request()
    const answer = await call(consortium.manager, 'PUT', `/${id}/qualification`, { ...paid, structuring: false })
    expect(answer.statusCode).toBe(400)
    expect(await get(id)).toMatchObject({ state: 'requested', structuring: null })
  })
})

describe('a change that is separable', () => {
  it('is paid by one member, once a holder of it has committed it', async () => {
    const id = await request()
    const separable = { ...paid, separableTo: 'marne' }
    expect(
      (
        await call(consortium.manager, 'PUT', `/${id}/qualification`, { ...paid, separableTo: 'academie-reims' })
      ).json(),
    ).toMatchObject({ status: 422, code: 'separable_to_stranger' })
    await call(consortium.manager, 'PUT', `/${id}/qualification`, separable)
    await submit(id)
    await advise(id)
    await adopt(id, members)
    const order = () => call(consortium.manager, 'POST', `/${id}/order`, { effectiveOn: '2026-11-02' })
    expect((await order()).json()).toMatchObject({ status: 409, code: 'commitment_missing', article: '11' })
    const deputy = await consortium.seatOf('marne', 'cogouv', 'deputy')
    expect((await call(deputy, 'POST', `/${id}/commitment`)).json()).toMatchObject({ code: 'step_not_yours' })
    expect((await call(marne, 'POST', `/${id}/commitment`)).statusCode).toBe(200)
    expect((await call(marne, 'POST', `/${id}/commitment`)).json()).toMatchObject({
      status: 409,
      code: 'step_out_of_turn',
    })
    expect((await order()).json()).toMatchObject({ state: 'ordered' })
    const parts = (await call(consortium.manager, 'GET', `/${id}/parts`)).json<{ sharing: { parts: object[] } }>()
    expect(parts.sharing.parts).toEqual([{ party: 'marne', weight: '1', cents: '1200000' }])
  })
})

describe('a commitment to pay', () => {
  it('is of one member and of one sheet: neither another member nor another price inherits it', async () => {
    const id = await request()
    const qualify = (separableTo: string) =>
      call(consortium.manager, 'PUT', `/${id}/qualification`, { ...paid, separableTo })
    const commit = () => call(marne, 'POST', `/${id}/commitment`)
    await qualify('marne')
    expect((await commit()).statusCode).toBe(200)
    expect((await qualify('vosges')).statusCode).toBe(200)
    expect(await get(id)).toMatchObject({ committedAt: null })
    await qualify('marne')
    await submit(id)
    expect((await commit()).statusCode).toBe(200)
    expect((await call(contractor, 'POST', `/${id}/revision`, { note: 'Plus cher' })).statusCode).toBe(200)
    expect(await get(id)).toMatchObject({ committedAt: null })
  })
})

describe('every step', () => {
  it('is refused to who may not take it, whatever the state', async () => {
    const id = await request()
    const stranger = { headers: await test.signIn(await test.inTenant((tx) => makePerson(tx))) }
    const meetingId = await makeMeeting('cogouv')
    const steps: [Seat | { headers: { cookie: string } }, Method, string, object?][] = [
      [marne, 'PUT', 'qualification', paid],
      [consortium.manager, 'POST', 'sheets', sheet],
      [marne, 'POST', 'sheets/1/submission'],
      [consortium.manager, 'POST', 'revision', {}],
      [marne, 'POST', 'opinions', { party: 'academie-reims', opinion: 'favourable', text: '' }],
      [marne, 'POST', 'silences', { party: 'academie-reims' }],
      [consortium.manager, 'POST', 'commitment'],
      [contractor, 'POST', 'agenda', { meetingId }],
      [marne, 'POST', 'decision', { adopted: true, note: '' }],
      [marne, 'POST', 'order', { effectiveOn: '2026-11-02' }],
      [marne, 'POST', 'delivery', {}],
      [contractor, 'POST', 'acceptance', { measures: [], reductionCents: null }],
      [marne, 'POST', 'roll-back', {}],
      [contractor, 'POST', 'withdrawal', {}],
    ]
    for (const [who, method, step, payload] of steps) {
      const answer = await call(who, method, `/${id}/${step}`, payload)
      expect([step, answer.statusCode, answer.json<{ code: string }>().code]).toEqual([step, 403, 'step_not_yours'])
      const outside = await call(stranger, method, `/${id}/${step}`, payload)
      expect([step, outside.statusCode]).toEqual([step, 404])
    }
    expect((await get(id))['steps']).toHaveLength(1)
  })

  it('is refused out of its turn, and says where the change is', async () => {
    const id = await request()
    const meetingId = await makeMeeting('cogouv')
    const steps: [Seat | { headers: { cookie: string } }, string, object?][] = [
      [contractor, 'sheets', sheet],
      [contractor, 'sheets/1/submission'],
      [contractor, 'revision', {}],
      [academies[0]!, 'opinions', { party: 'academie-reims', opinion: 'favourable', text: '' }],
      [consortium.manager, 'silences', { party: 'academie-reims' }],
      [consortium.manager, 'agenda', { meetingId }],
      [consortium.manager, 'decision', { adopted: true, note: '' }],
      [consortium.manager, 'order', { effectiveOn: '2026-11-02' }],
      [contractor, 'delivery', {}],
      [consortium.manager, 'acceptance', { measures: [], reductionCents: null }],
      [contractor, 'roll-back', {}],
    ]
    for (const [who, step, payload] of steps) {
      const answer = await call(who, 'POST', `/${id}/${step}`, payload)
      expect([step, answer.statusCode]).toEqual([step, 409])
      expect(answer.json()).toMatchObject({ code: 'step_out_of_turn', state: 'requested' })
    }
    expect((await call(marne, 'POST', `/${id}/withdrawal`, { note: 'Plus utile.' })).json()).toEqual({
      state: 'withdrawn',
    })
    expect((await call(consortium.manager, 'PUT', `/${id}/qualification`, paid)).json()).toMatchObject({ status: 409 })
    expect((await call(marne, 'GET', `/${randomUUIDv7()}`)).json()).toMatchObject({
      status: 404,
      code: 'change_not_found',
    })
  })

  it('is asked for a party one sits for', async () => {
    expect((await ask({ party: 'aube' })).json()).toMatchObject({ status: 403, code: 'party_not_yours' })
    expect((await ask({ party: 'region' }, consortium.manager)).statusCode).toBe(201)
  })

  it('taken twice at once is taken once', async () => {
    const id = await request()
    await call(consortium.manager, 'PUT', `/${id}/qualification`, paid)
    await call(contractor, 'POST', `/${id}/sheets`, sheet)
    const other = await consortium.seatOf('titulaire', 'cst')
    const submitted = await Promise.all(
      [contractor, other, contractor].map((who) => call(who, 'POST', `/${id}/sheets/1/submission`)),
    )
    expect(submitted.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409, 409])
    const twin = await consortium.seatOf('academie-reims', 'cst', 'deputy')
    const opinions = await Promise.all(
      [academies[0]!, twin].map((who) =>
        call(who, 'POST', `/${id}/opinions`, { party: 'academie-reims', opinion: 'favourable', text: '' }),
      ),
    )
    expect(opinions.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409])
    expect((await get(id))['opinions']).toHaveLength(1)
    const numbers = await Promise.all([1, 2, 3, 4].map(() => ask({})))
    expect(new Set(numbers.map((answer) => answer.json<{ number: number }>().number)).size).toBe(4)
    const requestKey = randomUUID()
    const repeated = await Promise.all([ask({ requestKey }), ask({ requestKey })])
    expect(repeated[1]!.json()).toEqual(repeated[0]!.json())
    expect((await ask({ requestKey, title: 'Encore autre' })).json()).toMatchObject({ code: 'request_key_reused' })
  })
})

describe('a configuration sheet', () => {
  it('keeps its versions, is submitted whole, and is frozen then', async () => {
    const id = await request()
    await call(consortium.manager, 'PUT', `/${id}/qualification`, paid)
    const submission = (number: number) => call(contractor, 'POST', `/${id}/sheets/${number}/submission`)
    expect((await submission(1)).json()).toMatchObject({ status: 422, code: 'sheet_missing' })
    const draft = { ...sheet, rollBack: '', results: [], consequences: { ...sheet.consequences, legal: ' ' } }
    await call(contractor, 'POST', `/${id}/sheets`, draft)
    expect((await submission(1)).json()).toMatchObject({
      status: 422,
      code: 'sheet_incomplete',
      fields: ['consequences.legal', 'rollBack', 'results'],
    })
    await call(contractor, 'POST', `/${id}/sheets`, sheet)
    expect((await submission(1)).json()).toMatchObject({ status: 409, code: 'sheet_outdated', number: 2 })
    expect((await submission(2)).statusCode).toBe(200)
    expect((await call(contractor, 'POST', `/${id}/sheets`, sheet)).json()).toMatchObject({ code: 'step_out_of_turn' })
    await expect(
      test.services.owner.query(
        `update governance.change_sheet set content = '{}' where change_id = $1 and number = 2`,
        [id],
      ),
    ).rejects.toThrow('not changed')

    await call(academies[0]!, 'POST', `/${id}/opinions`, { party: 'academie-reims', opinion: 'favourable', text: '' })
    expect((await call(contractor, 'POST', `/${id}/revision`, { note: 'Coût revu.' })).json()).toEqual({
      state: 'qualified',
    })
    await call(contractor, 'POST', `/${id}/sheets`, { ...sheet, amountCents: '900000' })
    expect((await submission(3)).statusCode).toBe(200)
    // The opinion on the version before counts no more.
    const { agreement, readiness } = await test.inTenant(async (tx) => {
      const agreement = (await findAgreementInForce(tx, consortium.slug, '2026-11-02'))!
      return { agreement, readiness: await findChangeReadiness(tx, agreement, id) }
    })
    expect(agreement.version).toBe(1)
    expect(readiness).toEqual({ structuring: true, sheet: true, missingOpinions: authorities })
  })

  it('costs nothing when the change was qualified as free', async () => {
    const id = await request()
    await call(consortium.manager, 'PUT', `/${id}/qualification`, { ...paid, paid: false })
    await call(contractor, 'POST', `/${id}/sheets`, sheet)
    expect((await call(contractor, 'POST', `/${id}/sheets/1/submission`)).json()).toMatchObject({
      status: 422,
      code: 'sheet_cost_unforeseen',
    })
    expect((await call(consortium.manager, 'PUT', `/${id}/qualification`, paid)).json()).toMatchObject({
      structuring: true,
    })
    expect((await call(contractor, 'POST', `/${id}/sheets/1/submission`)).statusCode).toBe(200)
  })

  it.each([
    { ...sheet, amountCents: '12.5' },
    { ...sheet, amountCents: '-1' },
    { ...sheet, results: [{ ...sheet.results[0], target: 'beaucoup' }] },
    { ...sheet, results: [{ ...sheet.results[0], by: '2027-02-30' }] },
  ])('is refused with a figure that is none', async (content) => {
    const id = await request()
    await call(consortium.manager, 'PUT', `/${id}/qualification`, paid)
    expect((await call(contractor, 'POST', `/${id}/sheets`, content)).statusCode).toBe(400)
  })
})

describe('an opinion', () => {
  it('is given once, by who sits for the party, with its reasons; without a term silence is not noted', async () => {
    const id = await request()
    await call(consortium.manager, 'PUT', `/${id}/qualification`, paid)
    await submit(id)
    const give = (who: Seat, party: string, opinion: string, text = '') =>
      call(who, 'POST', `/${id}/opinions`, { party, opinion, text })
    const [reims] = academies
    expect((await give(reims!, 'academie-strasbourg', 'favourable')).json()).toMatchObject({ code: 'party_not_yours' })
    expect((await give(reims!, 'academie-reims', 'unfavourable', ' ')).json()).toMatchObject({
      code: 'opinion_needs_text',
    })
    expect((await give(reims!, 'academie-reims', 'reservations', 'Trop tôt.')).json()).toEqual({ state: 'submitted' })
    expect((await give(reims!, 'academie-reims', 'favourable')).json()).toMatchObject({
      status: 409,
      code: 'opinion_given',
    })
    expect(JSON.stringify((await get(id))['next'])).not.toContain('noteSilence')
    const silence = await call(consortium.manager, 'POST', `/${id}/silences`, { party: 'academie-strasbourg' })
    expect(silence.json()).toMatchObject({ status: 422, code: 'opinion_without_term', article: '9' })
    const nobody = await call(consortium.manager, 'POST', `/${id}/silences`, { party: 'marne' })
    expect(nobody.json()).toMatchObject({ status: 422, code: 'opinion_not_asked' })
  })
})

describe('an agenda', () => {
  it('takes a change once, in a meeting of the body that votes it, and holds it as it is', async () => {
    const id = await request()
    await call(consortium.manager, 'PUT', `/${id}/qualification`, paid)
    await submit(id)
    await advise(id)
    const schedule = (meetingId: string) => call(consortium.manager, 'POST', `/${id}/agenda`, { meetingId })
    expect((await schedule(randomUUIDv7())).json()).toMatchObject({ status: 404, code: 'meeting_not_found' })
    expect((await schedule(await makeMeeting('ag'))).json()).toMatchObject({
      status: 422,
      code: 'meeting_of_other_body',
    })
    const meeting = await makeMeeting('cogouv')
    const answers = await Promise.all([schedule(meeting), schedule(meeting)])
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409])
    expect((await schedule(meeting)).json()).toMatchObject({ status: 409, code: 'already_on_agenda' })
    expect((await call(contractor, 'POST', `/${id}/revision`, {})).json()).toMatchObject({ status: 409 })
    // Nor is what is about to be voted changed when the item was put there by hand.
    const other = await request()
    await call(consortium.manager, 'PUT', `/${other}/qualification`, paid)
    await submit(other)
    await advise(other)
    await test.services.owner.query(
      `insert into governance.agenda_item (tenant_id, id, meeting_id, position, title, kind, subject_kind, subject_id, created_at)
       values ($1, gen_random_uuid(), $2, 99, 'x', 'decision', 'change', $3, now())`,
      [test.tenant.id, meeting, other],
    )
    expect((await call(contractor, 'POST', `/${other}/revision`, {})).json()).toMatchObject({
      code: 'change_on_agenda',
    })
  })
})

it('tells of a meeting that is but a draft only who manages', async () => {
  const id = await request('Ordre du jour réservé')
  await call(consortium.manager, 'PUT', `/${id}/qualification`, paid)
  await submit(id)
  await advise(id)
  const meetingId = await makeMeeting('cogouv')
  expect((await call(consortium.manager, 'POST', `/${id}/agenda`, { meetingId })).statusCode).toBe(200)
  const seenBy = async (who: { headers: { cookie: string } }) => {
    const { agenda, meetings } = (await call(who, 'GET', `/${id}`)).json<
      Record<'agenda' | 'meetings', { id: string }[]>
    >()
    const membership = await test.app.inject({
      url: base().replace('/changes', '/membership'),
      headers: who.headers,
    })
    return JSON.stringify([agenda, meetings, membership.json<{ joining: unknown }>().joining])
  }
  const strategic = await makeMeeting('costrat')
  const own = await seenBy(consortium.manager)
  for (const each of [meetingId, strategic]) expect(own).toContain(each)
  for (const who of [contractor, marne]) {
    const seen = await seenBy(who)
    for (const each of [meetingId, strategic]) expect(seen).not.toContain(each)
  }
})
