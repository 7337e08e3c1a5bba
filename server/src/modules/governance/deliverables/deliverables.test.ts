import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { type Consortium, makeConsortium, type Seat } from '../../../../test/make-governance.ts'
import { callGovernance } from '../../../../test/make-meeting.ts'
import { tellOfCalendar } from '../agreements/compliance.ts'
import type { ListContent } from './list-schema.ts'

let now = new Date('2026-11-02T09:00:00Z')
let server: TestApp
let consortium: Consortium
let one: Seat
let two: Seat
let three: Seat
let ministry: Seat
let contractor: Seat
beforeAll(async () => {
  server = await openTestApp({ now: () => now })
  consortium = await makeConsortium(server, { agreement: 'service-numerique' })
  one = await consortium.seatOf('universite-1', 'copil')
  two = await consortium.seatOf('universite-2', 'copil')
  three = await consortium.seatOf('universite-3', 'copil')
  ministry = await consortium.seatOf('ministere', 'copil')
  contractor = await consortium.seatOf('titulaire', 'strategique')
})
afterAll(() => server?.close())

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH'
const call = (
  method: Method,
  path: string,
  payload?: object,
  who: { headers: { cookie: string } } = consortium.manager,
) => callGovernance(server, consortium, method, path, payload, who.headers)
const read = async (who?: Seat) => (await call('GET', '/deliverables', undefined, who)).json as never as View
const course = async (key: string, who?: Seat) =>
  (await call('GET', `/deliverables/of/${key}`, undefined, who)).json as Record<string, unknown>
const act = (key: string, who: { headers: { cookie: string } }, payload: object) =>
  call('POST', `/deliverables/of/${key}/acts`, payload, who)
const on = () => now.toISOString().slice(0, 10)
/** Lets days go by; everybody signs in again. */
async function wait(days: number): Promise<void> {
  now = new Date(now.getTime() + days * 86_400_000)
  for (const seat of [one, two, three, ministry, contractor]) seat.headers = await server.signIn(seat.personId)
  const { manager } = consortium
  manager.headers = await server.signIn(manager.personId, [{ right: 'governance.administer' }])
}
interface View {
  list: { number: number } | null
  deliverables: { key: string; state: string; dropped: boolean; late: boolean }[]
  versions: { number: number; state: string }[]
  pending: { revision: number; state: string; gaps: object[] } | null
}

const portal = {
  key: 'portail',
  title: 'Portail',
  what: 'Le portail des étudiants.',
  kind: 'software',
  owner: 'titulaire',
  dueOn: '2026-12-15',
  criteria: [{ what: 'Temps de réponse', measure: 'moins de 2 s pour 95 % des pages' }],
  pilots: ['universite-1', 'universite-2', 'universite-3'],
  receivers: ['universite-1', 'ministere'],
} as const
const guide = { ...portal, key: 'guide', title: 'Guide', kind: 'documentation', owner: 'universite-1' } as const
const content = (...deliverables: object[]) =>
  ({ perimeter: { included: ['Inscription en ligne'], excluded: ['Paie'] }, deliverables }) as ListContent

const save = async (list: ListContent) =>
  call('PUT', '/deliverables/draft', { revision: (await read()).pending?.revision ?? 0, content: list })

async function makeMeeting(body = 'copil'): Promise<string> {
  const startsAt = now.toISOString()
  const endsAt = new Date(now.getTime() + 7_200_000).toISOString()
  const meeting = { requestKey: randomUUID(), title: 'Séance', startsAt, endsAt, place: 'Lyon' }
  const made = await call('POST', `/bodies/${body}/meetings`, meeting)
  await call('PATCH', `/meetings/${made.json.id}`, { chairId: one.representativeId })
  return made.json.id
}

/** Puts the pending list to the vote of a meeting of today. */
async function submit(): Promise<{ meetingId: string; ballotId: string }> {
  const meetingId = await makeMeeting()
  const { pending } = await read()
  const submitted = await call('POST', '/deliverables/agenda', { revision: pending!.revision, meetingId })
  expect(submitted).toMatchObject({ status: 200 })
  expect((await call('POST', `/meetings/${meetingId}/convening`, { acknowledged: true })).status).toBe(200)
  await call('POST', `/meetings/${meetingId}/opening`)
  for (const { representativeId } of [two, three]) {
    await call('POST', `/meetings/${meetingId}/attendance`, { representativeId })
  }
  const item = String(submitted.json['agendaItemId'])
  const ballot = await call('POST', `/agenda-items/${item}/ballots`, {})
  expect(ballot).toMatchObject({ status: 201 })
  return { meetingId, ballotId: ballot.json.id }
}

async function vote(choice: 'for' | 'against'): Promise<void> {
  const { ballotId, meetingId } = await submit()
  for (const party of ['universite-2', 'universite-3']) {
    await call('PUT', `/ballots/${ballotId}/votes/${party}`, { choice, aloud: true })
  }
  const closed = await call('POST', `/ballots/${ballotId}/closing`)
  expect(closed.json).toMatchObject({ outcome: choice === 'for' ? 'adopted' : 'rejected' })
  await call('POST', `/meetings/${meetingId}/closing`)
}

const record = (institution: string, more: object = {}) => ({
  act: 'endTrial',
  on: on(),
  institution,
  verdict: 'satisfactory',
  criteria: [{ ...portal.criteria[0], met: true, observation: '1,4 s mesurées.' }],
  reservations: [],
  note: '',
  ...more,
})
const deliver = (key: string, who: { headers: { cookie: string } } = contractor) =>
  act(key, who, { act: 'deliver', on: on(), version: '1.0', link: 'https://example.org/1.0', notes: '' })
const begin = (key: string, institution: string, who: { headers: { cookie: string } }) =>
  act(key, who, { act: 'beginTrial', on: on(), institution })

describe('the list', () => {
  it('is drafted by the manager, who is told when somebody saved meanwhile', async () => {
    expect(
      (await call('PUT', '/deliverables/draft', { revision: 0, content: content(portal) }, two)).json,
    ).toMatchObject({
      status: 403,
      code: 'not_allowed',
    })
    const draft = () => call('PUT', '/deliverables/draft', { revision: 0, content: content({ ...portal, what: '' }) })
    const answers = await Promise.all([draft(), draft(), draft()])
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409])
    expect(answers.find(({ status }) => status === 409)?.json).toMatchObject({ code: 'draft_moved', revision: 1 })
    const { pending, versions } = await read()
    expect(pending).toMatchObject({ revision: 1, gaps: [{ deliverable: 'portail', field: 'what' }] })
    expect(versions).toMatchObject([{ number: 1, state: 'draft' }])
    // A draft is nobody's business but of who prepares it.
    expect(await read(two)).toMatchObject({ pending: null, versions: [], list: null })
    expect((await call('GET', '/deliverables/lists/1', undefined, two)).status).toBe(404)
    const meetingId = await makeMeeting()
    const refused = await call('POST', '/deliverables/agenda', { revision: 1, meetingId })
    expect(refused).toMatchObject({ status: 422, json: { code: 'list_incomplete', fields: ['portail.what'] } })
    const other = await call('POST', '/deliverables/agenda', {
      revision: 1,
      meetingId: await makeMeeting('investissement'),
    })
    expect(other).toMatchObject({ status: 422, json: { code: 'meeting_of_other_body', article: '6' } })
  })

  it.each([
    [content(portal, portal), 'deliverable_twice'],
    [content({ ...portal, owner: 'inconnu' }), 'list_party_unknown'],
    [content({ ...portal, pilots: ['ministere'] }), 'not_pilot_institution'],
    [content({ ...portal, receivers: ['ministere', 'ministere'] }), 'list_party_twice'],
  ])('is refused where it says what cannot be', async (list, code) => {
    expect(await save(list)).toMatchObject({ status: 422, json: { code } })
  })

  it.each([
    [content({ ...portal, title: 'Nul\0' })],
    [content({ ...portal, what: 'seul \ud800' })],
    [content({ ...portal, key: '../portail' })],
    [content({ ...portal, dueOn: '2026-02-30' })],
    [content({ ...portal, title: 'x'.repeat(301) })],
    [{ ...content(portal), more: 1 } as ListContent],
  ])('is refused when it is no list', async (list) => {
    const before = await read()
    expect((await save(list)).status).toBe(400)
    expect((await read()).pending).toEqual(before.pending)
  })

  it('is voted, and keeps its words from its submission on', async () => {
    expect((await save(content(portal, guide))).status).toBe(200)
    const { meetingId, ballotId } = await submit()
    expect(await save(content(portal))).toMatchObject({ status: 409, json: { code: 'list_submitted' } })
    expect((await call('POST', '/deliverables/taking-back')).json).toMatchObject({ code: 'list_on_agenda' })
    expect(await read(two)).toMatchObject({ versions: [{ number: 1, state: 'submitted' }], list: null })
    await expect(
      server.services.owner.query(`update governance.deliverable_list set content = '{}' where number = 1`),
    ).rejects.toThrow('keeps its words')
    for (const party of ['universite-2', 'universite-3']) {
      await call('PUT', `/ballots/${ballotId}/votes/${party}`, { choice: 'for', aloud: true })
    }
    const closings = await Promise.all([1, 2].map(() => call('POST', `/ballots/${ballotId}/closing`)))
    expect(closings.map(({ status }) => status).toSorted()).toEqual([200, 409])
    await call('POST', `/meetings/${meetingId}/closing`)
    expect(await read()).toMatchObject({
      list: { number: 1 },
      pending: null,
      deliverables: [
        { key: 'portail', state: 'expected' },
        { key: 'guide', state: 'expected' },
      ],
    })
  })

  it('is compared with the one before, deliverable by deliverable; rejected, it is kept as such', async () => {
    const moved = {
      ...portal,
      dueOn: '2027-01-15',
      criteria: [...portal.criteria, { what: 'Accès', measure: 'sans écart' }],
    }
    await save(content(moved, { ...guide, key: 'formation', title: 'Formation' }))
    await vote('against')
    expect(await read()).toMatchObject({
      list: { number: 1 },
      versions: [
        { number: 2, state: 'rejected' },
        { number: 1, state: 'adopted' },
      ],
    })
    const { json } = await call('GET', '/deliverables/lists/2')
    expect(json).toMatchObject({
      against: { number: 1 },
      diff: {
        deliverables: [
          {
            key: 'portail',
            kind: 'changed',
            changes: [
              { field: 'dueOn', before: ['2026-12-15'], after: ['2027-01-15'] },
              { field: 'criteria', before: [], after: ['Accès : sans écart'] },
            ],
          },
          { key: 'formation', kind: 'added' },
          { key: 'guide', kind: 'removed' },
        ],
      },
    })
    expect((await call('GET', '/deliverables/lists/99')).status).toBe(404)
    await expect(
      server.services.owner.query(`update governance.deliverable_list set state = 'adopted' where number = 2`),
    ).rejects.toThrow('keeps its words')
  })
})

it('takes a list back that is on no agenda any more', async () => {
  await save(content(portal, { ...guide, title: 'Guide revu' }))
  const takeBack = () => call('POST', '/deliverables/taking-back')
  expect((await takeBack()).json).toMatchObject({ status: 409, code: 'list_not_submitted' })
  const meetings = [await makeMeeting(), await makeMeeting()]
  const { pending } = await read()
  const submit = (meetingId: string) => call('POST', '/deliverables/agenda', { revision: pending!.revision, meetingId })
  // In one meeting or the other, not in both.
  const submitted = await Promise.all(meetings.map(submit))
  expect(submitted.map(({ status }) => status).toSorted()).toEqual([200, 409])
  expect((await takeBack()).json).toMatchObject({ status: 409, code: 'list_on_agenda' })
  for (const id of meetings) await call('POST', `/meetings/${id}/cancellation`, { reason: 'Reportée.' })
  expect((await call('POST', '/deliverables/taking-back', undefined, two)).status).toBe(403)
  expect(await takeBack()).toMatchObject({ status: 200 })
  expect((await save(content(portal, guide))).status).toBe(200)
})

describe('a deliverable', () => {
  it('is delivered, tried, accepted by two institutions and handed over, each said by who may say it', async () => {
    expect((await deliver('portail', two)).json).toMatchObject({ status: 403, code: 'act_not_yours' })
    expect((await begin('portail', 'universite-2', two)).json).toMatchObject({ status: 409, code: 'not_delivered' })
    expect((await deliver('portail')).json).toEqual({ state: 'delivered' })
    expect((await begin('portail', 'universite-1', contractor)).json).toMatchObject({ code: 'act_not_yours' })
    expect((await begin('portail', 'ministere', consortium.manager)).json).toMatchObject({ code: 'not_pilot_of' })
    expect((await begin('portail', 'universite-1', one)).json).toEqual({ state: 'onTrial' })
    const begun = await Promise.all([1, 2].map(() => begin('portail', 'universite-2', consortium.manager)))
    expect(begun.map(({ status }) => status).toSorted()).toEqual([200, 409])

    await wait(29)
    const early = await act('portail', one, record('universite-1'))
    expect(early.json).toMatchObject({
      status: 422,
      code: 'trial_too_short',
      article: '7',
      days: 30,
      from: '2026-12-02',
    })
    const reserved = { verdict: 'reservations', reservations: [{ text: 'Lent le lundi.', criterion: null }] }
    expect((await act('portail', one, record('universite-1', reserved))).json).toMatchObject({
      code: 'trial_too_short',
    })
    await wait(1)
    // Not even who manages speaks for an institution, nor does another institution.
    for (const who of [consortium.manager, two, contractor, ministry]) {
      expect((await act('portail', who, record('universite-1'))).json).toMatchObject({
        status: 403,
        code: 'act_not_yours',
      })
    }
    const unmet = { criteria: [{ ...portal.criteria[0], met: false, observation: '3 s.' }] }
    for (const [more, code] of [
      [unmet, 'criterion_unmet'],
      [{ reservations: reserved.reservations }, 'reservation_unexpected'],
      [{ verdict: 'reservations' }, 'reservation_missing'],
      [{ ...unmet, ...reserved }, 'criterion_without_reservation'],
      [{ verdict: 'unsatisfactory' }, 'reason_missing'],
      [{ criteria: [] }, 'list_moved'],
      [{ on: '2026-12-03' }, 'act_to_come'],
      [{ on: '2026-10-01' }, 'day_out_of_order'],
    ] as const) {
      expect((await act('portail', one, record('universite-1', more))).json, code).toMatchObject({ code })
    }
    const both = await Promise.all([1, 2].map(() => act('portail', one, record('universite-1'))))
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 409])
    const withReservation = record('universite-2', {
      ...unmet,
      verdict: 'reservations',
      reservations: [{ text: 'Lent le lundi.', criterion: 0 }],
    })
    // One is satisfied, the other reserves something still: it is not accepted.
    expect((await act('portail', two, withReservation)).json).toEqual({ state: 'onTrial' })
    const lift = (who: Seat) =>
      act('portail', who, {
        act: 'liftReservation',
        on: on(),
        institution: 'universite-2',
        reservation: 0,
        note: 'Corrigé.',
      })
    expect((await lift(one)).json).toMatchObject({ code: 'act_not_yours' })
    const hand = (to: string, who: { headers: { cookie: string } } = contractor) =>
      act('portail', who, {
        act: 'handOver',
        on: on(),
        what: 'training',
        title: 'Séance',
        to,
        materials: '',
        link: null,
      })
    expect((await hand('ministere')).json).toMatchObject({ status: 409, code: 'not_accepted' })
    const lifted = await Promise.all([1, 2].map(() => lift(two)))
    expect(lifted.map(({ status }) => status).toSorted()).toEqual([200, 409])
    expect(await course('portail')).toMatchObject({
      state: 'accepted',
      acceptedOn: '2026-12-02',
      acceptedBy: ['universite-1', 'universite-2'],
      deadlines: [{ kind: 'transfer', by: '2027-01-31', article: '8', late: false }],
    })
    expect((await deliver('portail')).json).toMatchObject({ status: 409, code: 'deliverable_accepted' })

    expect((await hand('universite-2')).json).toMatchObject({ status: 422, code: 'not_receiver' })
    for (const to of ['universite-1', 'ministere']) expect((await hand(to)).json).toEqual({ state: 'accepted' })
    const confirm = (handOver: number, who: { headers: { cookie: string } }) =>
      act('portail', who, { act: 'confirmHandOver', on: on(), handOver, note: '' })
    expect((await confirm(0, consortium.manager)).json).toMatchObject({ status: 403, code: 'act_not_yours' })
    expect((await confirm(0, one)).json).toEqual({ state: 'accepted' })
    await wait(61)
    expect(await course('portail')).toMatchObject({ late: true, received: ['universite-1'] })
    const last = await Promise.all([1, 2].map(() => confirm(1, ministry)))
    expect(last.map(({ status }) => status).toSorted()).toEqual([200, 409])
    expect(await course('portail')).toMatchObject({ state: 'transferred', transferredOn: '2027-02-01', late: false })
    expect((await hand('ministere')).json).toMatchObject({ code: 'deliverable_transferred' })
  })

  it('is in the journal and the audit with figures alone, persons as digests', async () => {
    const { rows } = await server.services.owner.query<{ content: string }>(
      `select content from governance.journal_entry where kind like 'deliverable%' order by seq`,
    )
    const entries = rows.map(({ content: text }) => JSON.parse(text) as Record<string, unknown>)
    const acts = entries.filter(({ deliverable }) => deliverable === 'portail').map((each) => each['act'])
    expect(acts).toEqual(
      ['deliver', 'beginTrial', 'beginTrial', 'endTrial', 'endTrial', 'liftReservation', 'accept'].concat([
        'handOver',
        'handOver',
        'confirmHandOver',
        'confirmHandOver',
        'transfer',
      ]),
    )
    const whole = JSON.stringify(entries)
    for (const word of ['Lent', 'Corrigé', one.personId, two.personId, 'example.org', 'Portail'])
      expect(whole).not.toContain(word)
    const audited = await server.services.owner.query<{ detail: object }>(
      `select detail from kernel.audit_entry where action like 'governance.deliver%'`,
    )
    expect(audited.rows.length).toBeGreaterThan(12)
    expect(JSON.stringify(audited.rows)).not.toMatch(/Lent|Corrigé|example\.org/)
  })

  it('is tried anew when it is delivered again', async () => {
    await deliver('guide', one)
    for (const [institution, seat] of [
      ['universite-1', one],
      ['universite-2', two],
      ['universite-3', three],
    ] as const) {
      await begin('guide', institution, seat)
    }
    const failed = { verdict: 'unsatisfactory', note: 'Ne s’ouvre pas.' }
    expect((await act('guide', two, record('universite-2', failed))).json).toEqual({ state: 'onTrial' })
    expect((await act('guide', three, record('universite-3', failed))).json).toEqual({ state: 'refused' })
    expect((await begin('guide', 'universite-2', two)).json).toMatchObject({ status: 409, code: 'trial_ended' })
    expect(await course('guide')).toMatchObject({ late: true, deadlines: [{ kind: 'deliver', by: '2026-12-15' }] })
    // It is late in the calendar too, and told to its owner at night; a contractor hears of what is awaited of it alone.
    await server.inTenant((tx) => tellOfCalendar(tx, consortium.slug, now))
    const calendarOf = async (who: Seat) =>
      (await call('GET', '/calendar', undefined, who)).json as never as Record<
        'entries' | 'notices',
        { kind: string; entry?: { kind: string } }[]
      >
    const late = { kind: 'deliverable', name: 'Guide', party: 'universite-1', state: 'late', article: '6' }
    const owner = await calendarOf(one)
    expect(owner.entries).toContainEqual(expect.objectContaining(late))
    expect(owner.notices.map(({ entry }) => entry)).toContainEqual(expect.objectContaining(late))
    expect((await calendarOf(three)).notices.filter(({ entry }) => entry?.kind === 'deliverable')).toEqual([])
    const contracts = await calendarOf(contractor)
    expect(contracts.entries.filter(({ kind }) => kind === 'deliverable')).toEqual([])
    expect((await deliver('guide', one)).json).toEqual({ state: 'delivered' })
    expect(await course('guide')).toMatchObject({ deliveries: [{ trials: [{}, {}, {}] }, { trials: [] }] })
  })

  it('carries files until it was tried', async () => {
    const upload = (who: { headers: { cookie: string } }, name = 'guide.pdf') => {
      const boundary = 'limite'
      const payload = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\n\r\nTexte\r\n--${boundary}--\r\n`
      return server.app.inject({
        method: 'POST',
        url: `/api/governance/agreements/${consortium.slug}/deliverables/of/guide/papers`,
        headers: { ...who.headers, 'content-type': `multipart/form-data; boundary=${boundary}` },
        payload,
      })
    }
    expect((await upload(two)).json()).toMatchObject({ code: 'act_not_yours' })
    expect((await upload(one, 'page.html')).json()).toMatchObject({ code: 'paper_kind' })
    const added = await Promise.all([upload(one), upload(one)])
    expect(added.map(({ statusCode }) => statusCode).toSorted()).toEqual([201, 409])
    const { id } = added.find(({ statusCode }) => statusCode === 201)!.json<{ id: string }>()
    const download = (who: Seat) =>
      server.app.inject({
        url: `/api/governance/agreements/${consortium.slug}/deliverables/of/guide/papers/${id}`,
        headers: who.headers,
      })
    expect((await download(ministry)).body).toBe('Texte')
    expect((await download(contractor)).statusCode).toBe(404)
    await begin('guide', 'universite-2', two)
    await act('guide', two, record('universite-2', { verdict: 'unsatisfactory', note: 'Non.' }))
    expect((await upload(one, 'autre.pdf')).json()).toMatchObject({ status: 409, code: 'delivery_tried' })
  })

  it('is seen by a contractor that owns it alone', async () => {
    expect(await read(contractor)).toMatchObject({
      everything: false,
      deliverables: [{ key: 'portail' }],
      versions: [],
      pending: null,
    })
    expect((await call('GET', '/deliverables/of/guide', undefined, contractor)).status).toBe(404)
    expect((await call('GET', '/deliverables/lists/1', undefined, contractor)).status).toBe(404)
    expect((await deliver('guide')).json).toMatchObject({ status: 404, code: 'deliverable_not_found' })
    const csv = (who: Seat) =>
      server.app.inject({ url: `/api/governance/agreements/${consortium.slug}/deliverables.csv`, headers: who.headers })
    expect((await csv(contractor)).body).not.toContain('guide')
    expect((await csv(ministry)).body).toContain('guide;Guide;documentation;')
  })

  it('keeps its history when a later list drops it, and a record on other criteria counts no more', async () => {
    const tool = {
      ...portal,
      key: 'outil',
      title: 'Outil',
      pilots: ['universite-1', 'universite-2'],
      dueOn: '2027-06-01',
    }
    await save(content(portal, guide, tool))
    await vote('for')
    await deliver('outil')
    await begin('outil', 'universite-1', one)
    await wait(30)
    await act('outil', one, record('universite-1'))
    const stricter = { ...tool, criteria: [{ what: 'Temps de réponse', measure: 'moins de 1 s' }] }
    await save(content(portal, stricter))
    await vote('for')
    expect(await course('outil')).toMatchObject({
      satisfied: [],
      deliveries: [{ trials: [{ institution: 'universite-1', counts: false }] }],
      wording: [{ kind: 'changed', changes: [{ field: 'criteria' }] }, { kind: 'added' }],
    })
    // It may be tried on the new ones.
    expect((await begin('outil', 'universite-1', one)).status).toBe(200)
    const dropped = (await read()).deliverables.find(({ key }) => key === 'guide')
    expect(dropped).toMatchObject({ dropped: true, late: false, state: 'onTrial' })
    expect(await course('guide')).toMatchObject({
      dropped: true,
      wording: [{ kind: 'removed' }, { kind: 'added' }],
      deliveries: [{}, {}],
    })
    expect((await deliver('guide', one)).json).toMatchObject({ status: 409, code: 'deliverable_dropped' })
  })
})

describe('hostile input', () => {
  it.each([
    [{ act: 'accept', on: '2026-11-02', institutions: ['universite-1', 'universite-2'] }],
    [{ act: 'deliver', on: '2026-11-02', version: '1', link: 'javascript:alert(1)', notes: '' }],
    [{ act: 'deliver', on: '2026-11-02', version: '\0', link: null, notes: '' }],
    [{ act: 'deliver', on: 'hier', version: '1', link: null, notes: '' }],
    [{ act: 'beginTrial', on: '2026-11-02', institution: 'universite-1', party: 'universite-1' }],
    [{ act: 'confirmHandOver', on: '2026-11-02', handOver: -1, note: '' }],
  ])('is refused: %o', async (payload) => {
    expect((await act('portail', one, payload)).status).toBe(400)
  })

  it('finds nothing where there is nothing, and nobody outside', async () => {
    expect((await deliver('inconnu')).json).toMatchObject({ status: 404, code: 'deliverable_not_found' })
    expect((await call('GET', '/deliverables/of/%00')).status).toBeGreaterThanOrEqual(400)
    const slug = 'grand-est'
    await makeConsortium(server, { agreement: slug })
    const silent = await server.app.inject({
      url: `/api/governance/agreements/${slug}/deliverables`,
      headers: consortium.manager.headers,
    })
    expect(silent.json()).toMatchObject({ status: 409, code: 'deliverables_not_agreed' })
    const outside = await server.app.inject({
      url: `/api/governance/agreements/${slug}/deliverables`,
      headers: two.headers,
    })
    expect(outside.statusCode).toBe(404)
  })
})
