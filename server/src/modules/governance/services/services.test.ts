import { randomUUID, randomUUIDv7 } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { type Consortium, makeConsortium, type Seat } from '../../../../test/make-governance.ts'
import { readCalendar } from '../agreements/compliance.ts'
import { findAgreementInForce } from '../agreements/agreements.queries.ts'
import { listFollowUps } from '../bodies/follow-up.queries.ts'
import { tables } from '../tables.ts'
import type { Dossier } from './dossier-schema.ts'

type Who = { headers: { cookie: string } }
type Row = Record<string, unknown>

const clock = new Date('2026-11-02T09:00:00Z')
let server: TestApp
let consortium: Consortium
let owner: Seat
let other: Seat
let contractor: Seat
let voters: Map<string, Seat>
const members = ['universite-1', 'universite-2', 'universite-3', 'ministere']

beforeAll(async () => {
  server = await openTestApp({ now: () => clock })
  consortium = await makeConsortium(server, { agreement: 'service-numerique' })
  owner = await consortium.seatOf('universite-2', 'strategique')
  other = await consortium.seatOf('ministere', 'strategique')
  contractor = await consortium.seatOf('titulaire', 'strategique')
  voters = new Map()
  for (const party of members) voters.set(party, await consortium.seatOf(party, 'investissement'))
})
afterAll(() => server?.close())

async function call(who: Who, method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, payload?: object) {
  const url = `/api/governance/agreements/${consortium.slug}${path}`
  const answer = await server.app.inject({ method, url, headers: who.headers, ...(payload && { payload }) })
  return { status: answer.statusCode, body: answer.body === '' ? {} : answer.json<Row & { code?: string }>() }
}
const refused = async (answer: ReturnType<typeof call>) => {
  const { status, body } = await answer
  return `${status} ${body.code}`
}

const dossier: Dossier = {
  problem: 'Les familles ne savent pas à quelles aides elles ont droit.',
  audience: 'Familles d’élèves boursiers.',
  measures: [
    {
      name: 'Demandes abouties',
      unit: '%',
      startingPoint: '41,5',
      target: '60',
      value: '52.25',
      measuredOn: '2026-10-31',
      source: 'Tableau de bord',
    },
    { name: 'Temps passé', unit: 'min', startingPoint: null, target: '10', value: null, measuredOn: null, source: '' },
  ],
  users: { value: '1200', measuredOn: '2026-10-31', source: 'Comptes ouverts' },
  orders: [],
  learned: 'Les familles appellent quand même.',
  notReached: 'Les familles sans ordinateur.',
  budgetCents: '4000000',
  proposal: { kind: 'continue', phase: 'construction', why: '' },
}

async function register(over: object = {}): Promise<number> {
  const { status, body } = await call(consortium.manager, 'POST', '/services', {
    name: 'Mes aides',
    purpose: 'Trouver les aides auxquelles on a droit.',
    audience: 'Familles',
    owner: 'universite-2',
    beganOn: '2026-03-02',
    phase: 'investigation',
    ...over,
  })
  expect(status, JSON.stringify(body)).toBe(201)
  return Number(body['number'])
}
async function begin(service: number, over: Partial<Dossier> = {}, who: Who = owner): Promise<number> {
  const { status, body } = await call(who, 'POST', `/services/${service}/dossiers`, { ...dossier, ...over })
  expect(status, JSON.stringify(body)).toBe(201)
  return Number(body['number'])
}
const getService = async (service: number, who: Who = consortium.manager) =>
  (await call(who, 'GET', `/services/${service}`)).body
const getDossier = async (service: number, number: number, who: Who = consortium.manager) =>
  (await call(who, 'GET', `/services/${service}/dossiers/${number}`)).body

/** A meeting in preparation, in a month: its agenda may still be changed. */
async function makeMeeting(
  body = 'investissement',
  state: 'draft' | 'closed' = 'draft',
  startsAt = '2026-12-15T09:00:00Z',
) {
  const id = randomUUIDv7()
  await server.inTenant((tx) =>
    tables(tx)
      .insertInto('governance.meeting')
      .values({
        id,
        agreement_id: consortium.agreementId,
        body,
        title: 'Comité',
        starts_at: new Date(startsAt),
        ends_at: new Date(Date.parse(startsAt) + 3_600_000),
        state,
        created_at: clock,
      })
      .execute(),
  )
  return id
}
/** Opens a meeting, everybody being there. */
async function openMeeting(id: string) {
  await server.inTenant(async (tx) => {
    await tables(tx).updateTable('governance.meeting').set({ state: 'open' }).where('id', '=', id).execute()
    for (const [party, { representativeId }] of voters) {
      await tables(tx)
        .insertInto('governance.attendance')
        .values({
          id: randomUUIDv7(),
          meeting_id: id,
          party,
          representative_id: representativeId,
          arrived_at: new Date(clock.getTime() - 60_000),
          recorded_at: clock,
        })
        .execute()
    }
  })
}
const submit = (
  service: number,
  number: number,
  meetingId: string | null,
  version = 1,
  who: Who = consortium.manager,
) => call(who, 'POST', `/services/${service}/dossiers/${number}/submission`, { version, meetingId })

async function findItem(service: number, number: number): Promise<string> {
  const { agenda } = (await getDossier(service, number)) as { agenda: { id: string }[] }
  return agenda.at(-1)!.id
}
/** Opens the vote on a dossier; everybody then votes alike. */
async function openVote(service: number, number: number, meetingId: string, choice: string): Promise<string> {
  await openMeeting(meetingId)
  const opened = await call(consortium.manager, 'POST', `/agenda-items/${await findItem(service, number)}/ballots`, {
    candidates: [],
  })
  expect(opened.status, JSON.stringify(opened.body)).toBe(201)
  const ballotId = String(opened.body['id'])
  for (const party of members) {
    const answer = await call(voters.get(party)!, 'PUT', `/ballots/${ballotId}/votes/${party}`, {
      choice,
      aloud: false,
    })
    expect(answer.status, JSON.stringify(answer.body)).toBe(200)
  }
  return ballotId
}
const close = (ballotId: string) => call(consortium.manager, 'POST', `/ballots/${ballotId}/closing`)
/** From a dossier to the decision on it. */
async function decide(service: number, over: Partial<Dossier>, choice: 'for' | 'against' | 'abstain'): Promise<number> {
  const number = await begin(service, over)
  const meetingId = await makeMeeting()
  expect((await submit(service, number, meetingId)).status).toBe(204)
  expect((await close(await openVote(service, number, meetingId, choice))).status).toBe(200)
  return number
}

describe('A service', () => {
  it('is registered by who manages, in a phase and for a party of the agreement', async () => {
    const number = await register()
    expect(await getService(number)).toMatchObject({
      phase: 'investigation',
      stopped: false,
      dueOn: '2026-09-02',
      late: true,
      course: [{ kind: 'begun', phase: 'investigation', version: 1 }],
      rules: { review: { article: '4', everyMonths: 6, body: 'investissement' } },
    })
    const input = {
      name: 'x',
      purpose: 'x',
      audience: 'x',
      owner: 'ministere',
      beganOn: '2026-03-02',
      phase: 'transfer',
    }
    const tries: [Who, object, string][] = [
      [owner, {}, '403 not_allowed'],
      [consortium.manager, { owner: 'personne' }, '422 party_unknown'],
      [consortium.manager, { phase: 'nulle-part' }, '422 phase_unknown'],
      [consortium.manager, { beganOn: '2026-11-03' }, '422 service_not_begun'],
      [consortium.manager, { name: '   ' }, '400 invalid_request'],
    ]
    for (const [who, over, code] of tries)
      expect(await refused(call(who, 'POST', '/services', { ...input, ...over }))).toBe(code)
  })

  it('is numbered once each when two are registered at once', async () => {
    const numbers = await Promise.all([register({ name: 'Un' }), register({ name: 'Deux' })])
    expect(new Set(numbers).size).toBe(2)
  })

  it('is not known in an agreement that says nothing of services', async () => {
    const grandEst = await makeConsortium(server)
    const url = `/api/governance/agreements/${grandEst.slug}/services`
    const listed = await server.app.inject({ method: 'GET', url, headers: grandEst.manager.headers })
    expect(listed.json()).toEqual({ rules: null, services: [] })
    const payload = { name: 'x', purpose: 'x', audience: 'x', owner: 'region', beganOn: '2026-03-02', phase: 'x' }
    const made = await server.app.inject({ method: 'POST', url, headers: grandEst.manager.headers, payload })
    expect([made.statusCode, made.json<Row>()['code']]).toEqual([409, 'services_not_agreed'])
    // Nor is one of another agreement found under this one.
    const number = await register()
    const strange = await server.app.inject({
      method: 'GET',
      url: `${url}/${number}`,
      headers: grandEst.manager.headers,
    })
    expect(strange.statusCode).toBe(404)
  })

  it('of a contractor is the only one that the contractor reads, without the accounts', async () => {
    const mine = await register({ name: 'Du titulaire', owner: 'titulaire' })
    const notMine = await register()
    const { services } = (await call(contractor, 'GET', '/services')).body as { services: { number: number }[] }
    expect(services.map(({ number }) => number)).toEqual([mine])
    expect(await refused(call(contractor, 'GET', `/services/${notMine}`))).toBe('404 service_not_found')
    expect(await refused(call(contractor, 'POST', `/services/${notMine}/dossiers`, dossier))).toBe(
      '404 service_not_found',
    )
    const number = await begin(mine, {}, contractor)
    expect(await getDossier(mine, number, contractor)).toMatchObject({ costs: null, orders: [], may: { write: true } })
  })

  it('shows who heard of it since the last dossier, month by month', async () => {
    const number = await register({ beganOn: '2026-08-20' })
    await makeMeeting('strategique', 'closed', '2026-10-05T09:00:00Z')
    const { follow } = await getService(number, owner)
    expect(follow).toMatchObject({
      body: 'strategique',
      months: [
        { month: '2026-08', state: 'open' },
        { month: '2026-09', state: 'missed' },
        { month: '2026-10', state: 'held' },
        { month: '2026-11', state: 'open' },
      ],
    })
  })
})

describe('An impact dossier', () => {
  it('is prepared by the owner and who manages, in versions that do not undo one another', async () => {
    const service = await register()
    expect(await refused(call(other, 'POST', `/services/${service}/dossiers`, dossier))).toBe('403 dossier_not_yours')
    const number = await begin(service)
    expect(await refused(call(owner, 'POST', `/services/${service}/dossiers`, dossier))).toBe('409 dossier_pending')
    // A draft is nobody's business but of who prepares it.
    expect(await refused(call(other, 'GET', `/services/${service}/dossiers/${number}`))).toBe('404 dossier_not_found')
    const save = (basedOn: number, who: Who = owner) =>
      call(who, 'POST', `/services/${service}/dossiers/${number}/versions`, {
        basedOn,
        content: { ...dossier, learned: `Sur ${basedOn}` },
      })
    const both = await Promise.all([save(1), save(1, consortium.manager)])
    expect(both.map(({ status }) => status).toSorted()).toEqual([201, 409])
    expect(await refused(save(1))).toBe('409 dossier_outdated')
    expect(await getDossier(service, number)).toMatchObject({ version: 2, versions: [{ number: 2 }, { number: 1 }] })
  })

  it('is begun once by two who begin at once', async () => {
    const service = await register()
    const both = await Promise.all(
      [owner, consortium.manager].map((who) => call(who, 'POST', `/services/${service}/dossiers`, dossier)),
    )
    expect(both.map(({ status, body }) => `${status} ${body.code ?? ''}`).toSorted()).toEqual([
      '201 ',
      '409 dossier_pending',
    ])
  })

  it('is submitted whole, and never with a phase passed over', async () => {
    const service = await register()
    const number = await begin(service, { problem: '', budgetCents: null })
    const answer = await submit(service, number, null)
    expect([answer.status, answer.body.code, answer.body['fields']]).toEqual([
      422,
      'dossier_incomplete',
      ['problem', 'budgetCents'],
    ])
    const proposals: [Dossier['proposal'], string][] = [
      [{ kind: 'continue', phase: 'acceleration', why: 'Vite' }, '422 phase_skipped'],
      [{ kind: 'continue', phase: 'nulle-part', why: '' }, '422 phase_unknown'],
    ]
    for (const [index, [proposal, code]] of proposals.entries()) {
      const content = { ...dossier, proposal }
      await call(owner, 'POST', `/services/${service}/dossiers/${number}/versions`, { basedOn: index + 1, content })
      expect(await refused(submit(service, number, null, index + 2))).toBe(code)
    }
    const later = await register({ phase: 'construction' })
    const back = await begin(later, { proposal: { kind: 'continue', phase: 'investigation', why: '' } })
    expect(await refused(submit(later, back, null))).toBe('422 phase_back_unexplained')
  })

  it('is frozen once submitted, by one of two who submit at once', async () => {
    const service = await register()
    const number = await begin(service)
    const meetingId = await makeMeeting()
    const both = await Promise.all([submit(service, number, meetingId), submit(service, number, meetingId)])
    expect(both.map(({ status, body }) => `${status} ${body.code ?? ''}`).toSorted()).toEqual([
      '204 ',
      '409 dossier_frozen',
    ])
    const save = call(owner, 'POST', `/services/${service}/dossiers/${number}/versions`, {
      basedOn: 1,
      content: dossier,
    })
    expect(await refused(save)).toBe('409 dossier_frozen')
    // Nor does the database take another version.
    const late = server.services.owner.query(
      `insert into governance.impact_dossier_version (tenant_id, dossier_id, number, content, written_by, recorded_at)
       select tenant_id, id, 9, '{}', begun_by, now() from governance.impact_dossier where state = 'submitted'`,
    )
    await expect(late).rejects.toThrow('is not written any more')
    const items = await server.services.owner.query<{ count: number }>(
      `select count(*)::int as count from governance.agenda_item where meeting_id = $1`,
      [meetingId],
    )
    expect(items.rows).toEqual([{ count: 1 }])
    const again = call(consortium.manager, 'POST', `/services/${service}/dossiers/${number}/agenda`, { meetingId })
    expect(await refused(again)).toBe('409 already_on_agenda')
    const withdraw = call(owner, 'POST', `/services/${service}/dossiers/${number}/withdrawal`)
    expect(await refused(withdraw)).toBe('409 dossier_on_agenda')
  })

  it('goes to a meeting of the body that decides, by who leads it', async () => {
    const service = await register()
    const number = await begin(service)
    const meetingId = await makeMeeting()
    const agenda = (who: Who, id: string) =>
      refused(call(who, 'POST', `/services/${service}/dossiers/${number}/agenda`, { meetingId: id }))
    expect(await agenda(consortium.manager, meetingId)).toBe('409 dossier_not_submitted')
    expect(await refused(submit(service, number, meetingId, 1, owner))).toBe('403 not_allowed')
    expect(await refused(submit(service, number, await makeMeeting('copil')))).toBe('422 meeting_of_other_body')
    expect(await refused(submit(service, number, randomUUID()))).toBe('404 meeting_not_found')
    // What was refused changed nothing.
    expect(await getDossier(service, number)).toMatchObject({ state: 'draft', submittedAt: null })
    expect((await submit(service, number, null, 1, owner)).status).toBe(204)
    expect(await agenda(owner, meetingId)).toBe('403 not_allowed')
    const chair = voters.get('universite-1')!
    expect((await call(chair, 'POST', `/services/${service}/dossiers/${number}/agenda`, { meetingId })).status).toBe(
      204,
    )
  })

  it('is withdrawn and another begun, which is numbered after it', async () => {
    const service = await register()
    const number = await begin(service)
    const withdraw = () => call(owner, 'POST', `/services/${service}/dossiers/${number}/withdrawal`)
    expect((await withdraw()).status).toBe(204)
    expect(await refused(withdraw())).toBe('409 dossier_decided')
    expect(await begin(service)).toBe(number + 1)
  })

  it('freezes what its orders came to, shown to those who see the accounts of each', async () => {
    const service = await register()
    const made = async (over: object) => {
      const { status, body } = await call(consortium.manager, 'POST', '/money/orders', {
        requestKey: randomUUID(),
        label: 'Développement',
        sharingKey: 'tous-a-parts-egales',
        cents: '1000001',
        effectiveOn: '2026-10-01',
        ...over,
      })
      expect(status, JSON.stringify(body)).toBeLessThan(300)
      return String(body['id'])
    }
    const shared = await made({})
    expect(
      await refused(call(owner, 'POST', `/services/${service}/dossiers`, { ...dossier, orders: [randomUUID()] })),
    ).toBe('422 order_unknown')
    const number = await begin(service, { orders: [shared] })
    expect(await getDossier(service, number, owner)).toMatchObject({
      costs: { frozen: false, hidden: 0, orders: [{ id: shared, committedCents: '1000001', paidCents: '0' }] },
    })
    const pay = (cents: string) =>
      call(consortium.manager, 'POST', `/money/orders/${shared}/payments`, {
        requestKey: randomUUID(),
        cents,
        effectiveOn: '2026-11-02',
        document: 'Facture',
        last: false,
      })
    expect((await pay('400000')).status).toBeLessThan(300)
    expect((await submit(service, number, await makeMeeting())).status).toBe(204)
    expect((await pay('100000')).status).toBeLessThan(300)
    const frozen = { frozen: true, hidden: 0, orders: [{ id: shared, committedCents: '600001', paidCents: '400000' }] }
    expect(await getDossier(service, number, owner)).toMatchObject({ costs: frozen })
    expect(await getDossier(service, number, other)).toMatchObject({
      costs: frozen,
      content: { budgetCents: '4000000' },
    })
  })
})

describe('The vote on a dossier', () => {
  it('moves the service to the phase proposed, keeps the summary with the decision, and is told in the journal', async () => {
    const service = await register()
    const number = await decide(service, {}, 'for')
    const whole = await getService(service)
    expect(whole).toMatchObject({
      phase: 'construction',
      pending: null,
      dueOn: '2027-05-02',
      late: false,
      course: [{ kind: 'begun' }, { kind: 'continued', fromPhase: 'investigation', phase: 'construction', dossier: 1 }],
      dossiers: [{ number, state: 'adopted', decidedOn: '2026-11-02' }],
    })
    const { rows } = await server.services.owner.query<{ text: string; due_on: string | null }>(
      `select d.text, d.due_on from governance.decision d
       join governance.impact_dossier i on i.decision_id = d.id
       join governance.service s on s.id = i.service_id where s.number = $1`,
      [service],
    )
    expect(rows[0]?.text).toContain('Temps passé\u00a0: non mesuré')
    expect(rows[0]?.text).not.toContain('40')
    const journal = await server.services.owner.query<{ content: string }>(
      `select content from governance.journal_entry where kind in ('service', 'impactDossier') order by seq`,
    )
    const acts = journal.rows
      .map(({ content }) => JSON.parse(content) as { act: string; service: number })
      .filter((entry) => entry.service === service)
    expect(acts.map(({ act }) => act)).toEqual(['begun', 'begun', 'submitted', 'scheduled', 'voted', 'continued'])
    expect(journal.rows.some(({ content }) => content.includes('boursiers'))).toBe(false)
  })

  it('records what changes, which is followed up until its day', async () => {
    const service = await register()
    await decide(service, { proposal: { kind: 'change', what: 'Ouvrir aux lycées', dueOn: '2027-03-01' } }, 'for')
    expect(await getService(service)).toMatchObject({
      phase: 'investigation',
      stopped: false,
      course: [{}, { kind: 'changed', note: 'Ouvrir aux lycées', dueOn: '2027-03-01' }],
    })
    const followed = await server.inTenant((tx) =>
      listFollowUps(tx, consortium.agreementId, { body: 'investissement' }),
    )
    expect(followed).toMatchObject([{ dueOn: '2027-03-01', doneOn: null }])
  })

  it('stops the service, on which nothing is left to decide', async () => {
    const service = await register()
    await decide(service, { proposal: { kind: 'stop', users: 'Prévenus', data: 'Rendues', code: 'Remis' } }, 'for')
    expect(await getService(service)).toMatchObject({
      stopped: true,
      dueOn: null,
      late: false,
      follow: null,
      prepares: false,
    })
    expect(await refused(call(owner, 'POST', `/services/${service}/dossiers`, dossier))).toBe('409 service_stopped')
  })

  it('that rejects leaves the service as it is, keeps the dossier, and lets another be begun', async () => {
    const service = await register()
    const number = await decide(service, {}, 'against')
    expect(await getService(service)).toMatchObject({
      phase: 'investigation',
      course: [{ kind: 'begun' }],
      dossiers: [{ number, state: 'rejected' }],
      // The body heard a dossier: the next is due after it.
      dueOn: '2027-05-02',
    })
    expect(await begin(service)).toBe(number + 1)
    expect(await getDossier(service, number + 1)).toMatchObject({ previous: { number, state: 'rejected' } })
  })

  it('takes effect once when two close it at once, and its dossier is put to no other vote', async () => {
    const service = await register()
    const number = await begin(service)
    const meetingId = await makeMeeting()
    await submit(service, number, meetingId)
    const ballotId = await openVote(service, number, meetingId, 'for')
    const both = await Promise.all([close(ballotId), close(ballotId)])
    expect(both.map(({ status, body }) => `${status} ${body.code ?? ''}`).toSorted()).toEqual([
      '200 ',
      '409 ballot_closed',
    ])
    const { course } = (await getService(service)) as { course: unknown[] }
    expect(course).toHaveLength(2)
    const agenda = call(consortium.manager, 'POST', `/services/${service}/dossiers/${number}/agenda`, {
      meetingId: await makeMeeting(),
    })
    expect(await refused(agenda)).toBe('409 dossier_not_submitted')
  })

  it('is only by the rule of the agreement, on a dossier that awaits it', async () => {
    const service = await register()
    const number = await begin(service)
    const { rows } = await server.services.owner.query<{ id: string }>(
      `select i.id from governance.impact_dossier i join governance.service s on s.id = i.service_id
       where s.number = $1 and i.number = $2`,
      [service, number],
    )
    for (const [body, ballotRule, subjectId] of [
      ['copil', 'ordinaire', rows[0]!.id],
      ['investissement', 'investissement', rows[0]!.id],
      ['investissement', 'investissement', randomUUID()],
    ] as const) {
      const meetingId = await makeMeeting(body)
      const item = {
        requestKey: randomUUID(),
        title: 'x',
        kind: 'decision',
        ballotRule,
        subjectKind: 'impactDossier',
        subjectId,
      }
      const added = await call(consortium.manager, 'POST', `/meetings/${meetingId}/agenda`, item)
      expect(added.status, JSON.stringify(added.body)).toBe(201)
      await openMeeting(meetingId)
      const opening = call(consortium.manager, 'POST', `/agenda-items/${String(added.body['id'])}/ballots`, {
        candidates: [],
      })
      expect(await refused(opening)).toBe('409 requirement_missing')
    }
  })
})

describe('What is hostile', () => {
  it.each([
    ['/services/0', '400'],
    ['/services/-1', '400'],
    ['/services/1e9', '400'],
    ['/services/un', '400'],
    ['/services/999999', '404'],
    ["/services/1'%20or%201=1", '400'],
    ['/services/1/dossiers/999999', '404'],
    ['/services/1/dossiers/NaN', '400'],
  ])('%s is answered %s', async (path, status) => {
    expect(String((await call(consortium.manager, 'GET', path)).status)).toBe(status)
  })

  it.each<[string, object]>([
    ['too long a text', { problem: 'x'.repeat(20_001) }],
    ['too many measures', { measures: Array.from({ length: 31 }, () => dossier.measures[0]) }],
    ['a number that is not one', { users: { value: '1e99', measuredOn: null, source: '' } }],
    ['a day that is not one', { users: { value: '1', measuredOn: '2026-02-30', source: 'x' } }],
    ['a zero in a text', { learned: 'x\u0000' }],
    ['more than was asked', { state: 'adopted' }],
  ])('%s is refused, and nothing is begun', async (_, over) => {
    const service = await register()
    const answer = await call(owner, 'POST', `/services/${service}/dossiers`, { ...dossier, ...over })
    expect([400, 422]).toContain(answer.status)
    expect(await getService(service)).toMatchObject({ pending: null, dossiers: [] })
  })
})

describe('Late dossiers', () => {
  it('stand in the calendar until they are decided', async () => {
    const service = await register({ name: 'Attendu', beganOn: '2026-03-02' })
    const list = async () =>
      server.inTenant(async (tx) => {
        const agreement = (await findAgreementInForce(tx, consortium.slug, '2026-11-02'))!
        const year = { from: '2026-09-01', until: '2027-08-31' }
        const entries = await readCalendar(tx, agreement, year, '2026-11-02')
        return entries.filter(({ kind, key }) => kind === 'dossier' && key.startsWith(`dossier ${service} `))
      })
    expect(await list()).toMatchObject([{ name: 'Attendu', state: 'late', lastSafeDay: '2026-09-02' }])
    await decide(service, {}, 'for')
    expect(await list()).toMatchObject([{ state: 'due', lastSafeDay: '2027-05-02' }])
  })
})
