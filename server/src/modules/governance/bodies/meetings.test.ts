import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { type Consortium, makeConsortium, type Seat } from '../../../../test/make-governance.ts'
import { makePerson } from '../../../../test/make.ts'
import { tables } from '../tables.ts'

let server: TestApp
let consortium: Consortium
const clock = new Date('2026-05-04T09:00:00Z')
const base = '/api/governance/agreements/grand-est'
const nowhere = '01990000-0000-7000-8000-000000000000'

beforeAll(async () => {
  server = await openTestApp({ now: () => clock })
  consortium = await makeConsortium(server)
})
afterAll(() => server.close())

interface Answer {
  status: number
  json: Record<string, unknown> & { id: string; code: string; state: string }
}

async function call(
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  payload?: object,
  headers: { cookie: string } = consortium.manager.headers,
): Promise<Answer> {
  const response = await server.app.inject({ method, url: `${base}${path}`, headers, ...(payload && { payload }) })
  const text = response.body === '' ? '{}' : response.body
  return { status: response.statusCode, json: JSON.parse(text) as Answer['json'] }
}

/** A draft with one item for discussion. @param on day of the meeting, at nine in the morning. */
async function draft(body: string, on: string, more: object = {}): Promise<string> {
  const made = await call('POST', `/bodies/${body}/meetings`, {
    requestKey: randomUUID(),
    title: 'Réunion',
    startsAt: `${on}T09:00:00+02:00`,
    endsAt: `${on}T11:00:00+02:00`,
    ...more,
  })
  expect(made.status).toBe(201)
  await call('POST', `/meetings/${made.json.id}/agenda`, {
    requestKey: randomUUID(),
    title: 'Point',
    kind: 'discussion',
  })
  return made.json.id
}

async function open(body: string): Promise<{ id: string; chair: Seat }> {
  const chair = await consortium.seatOf('region', body)
  const id = await draft(body, '2026-05-04')
  expect((await call('PATCH', `/meetings/${id}`, { chairId: chair.representativeId })).status).toBe(200)
  expect((await call('POST', `/meetings/${id}/convening`, { acknowledged: true })).status).toBe(200)
  expect((await call('POST', `/meetings/${id}/opening`)).status).toBe(200)
  return { id, chair }
}

describe('convening', () => {
  it('keeps what the agreement asks for, with its article', async () => {
    const inTime = await draft('cogouv', '2026-05-19')
    const convened = await call('POST', `/meetings/${inTime}/convening`, {})
    expect(convened.json).toMatchObject({
      state: 'convened',
      checks: [{ kind: 'notice', article: '5', met: true, days: 15, limit: '2026-05-04', doneOn: '2026-05-04' }],
    })
    const late = await draft('cogouv', '2026-05-18')
    expect(await call('POST', `/meetings/${late}/convening`, {})).toMatchObject({
      status: 409,
      json: { code: 'convening_warned', checks: [{ kind: 'notice', met: false, limit: '2026-05-03' }] },
    })
    expect((await call('GET', `/meetings/${late}`)).json.state).toBe('draft')
    expect((await call('POST', `/meetings/${late}/convening`, { acknowledged: true })).json.state).toBe('convened')
  })

  it('has a shorter notice for urgent sessions, of those bodies that know them', async () => {
    const urgent = await draft('cogouv', '2026-05-06', { urgent: true })
    expect((await call('POST', `/meetings/${urgent}/convening`, {})).json).toMatchObject({
      checks: [{ kind: 'urgentNotice', met: true, days: 2 }],
    })
    const made = await call('POST', '/bodies/ag/meetings', {
      requestKey: randomUUID(),
      title: 'AG',
      startsAt: '2026-05-06T09:00:00Z',
      endsAt: '2026-05-06T10:00:00Z',
      urgent: true,
    })
    expect(made).toMatchObject({ status: 422, json: { code: 'urgent_unknown', article: '2' } })
  })

  it('asks for a strategic committee three weeks before an assembly: by 20 May for 10 June', async () => {
    const assembly = await draft('ag', '2026-06-10')
    const warned = await call('POST', `/meetings/${assembly}/convening`, {})
    expect(warned).toMatchObject({ status: 409, json: { code: 'convening_warned' } })
    expect(warned.json['checks']).toContainEqual(
      expect.objectContaining({
        kind: 'preparation',
        body: 'costrat',
        limit: '2026-05-20',
        met: false,
        blocking: false,
      }),
    )
    const late = await draft('costrat', '2026-05-21')
    await call('POST', `/meetings/${late}/convening`, { acknowledged: true })
    expect((await call('POST', `/meetings/${assembly}/convening`, {})).status).toBe(409)
    await call('POST', `/meetings/${late}/cancellation`, { reason: 'Trop tard' })
    const prepared = await draft('costrat', '2026-05-20')
    await call('POST', `/meetings/${prepared}/convening`, { acknowledged: true })
    expect((await call('POST', `/meetings/${assembly}/convening`, {})).status).toBe(200)

    // Once the last day for it is past, nothing helps.
    const tooSoon = await draft('ag', '2026-05-22')
    expect(await call('POST', `/meetings/${tooSoon}/convening`, { acknowledged: true })).toMatchObject({
      status: 422,
      json: { code: 'convening_blocked' },
    })
  })

  it('is refused without an agenda, in the past, twice at once, and to who does not lead', async () => {
    const id = await draft('cst', '2026-05-20')
    const member = await consortium.seatOf('marne', 'cst')
    expect((await call('POST', `/meetings/${id}/convening`, {}, member.headers)).status).toBe(403)
    expect((await call('GET', `/meetings/${id}`, undefined, member.headers)).status).toBe(404)
    const [first, second] = await Promise.all([
      call('POST', `/meetings/${id}/convening`, {}),
      call('POST', `/meetings/${id}/convening`, {}),
    ])
    expect([first.status, second.status].toSorted((a, b) => a - b)).toEqual([200, 409])
    const past = await draft('cst', '2026-05-03')
    expect((await call('POST', `/meetings/${past}/convening`, { acknowledged: true })).json.code).toBe(
      'meeting_in_past',
    )
    const empty = await call('POST', '/bodies/cst/meetings', {
      requestKey: randomUUID(),
      title: 'Vide',
      startsAt: '2026-05-20T09:00:00Z',
      endsAt: '2026-05-20T10:00:00Z',
    })
    expect((await call('POST', `/meetings/${empty.json.id}/convening`, {})).json.code).toBe('agenda_empty')
  })
})

describe('a request that is sent again', () => {
  const twice = (path: string, payload: object) =>
    Promise.all([call('POST', path, payload), call('POST', path, payload)])

  it('makes one meeting and one item', async () => {
    const times = { startsAt: '2026-05-21T09:00:00Z', endsAt: '2026-05-21T10:00:00Z' }
    const meeting = { requestKey: randomUUID(), title: 'Répétée', ...times }
    const made = await twice('/bodies/cst/meetings', meeting)
    expect(made.map(({ status }) => status)).toEqual([201, 201])
    expect(made[1]).toEqual(made[0])
    const { meetings } = (await call('GET', '/bodies/cst')).json as unknown as { meetings: { title: string }[] }
    expect(meetings.filter(({ title }) => title === 'Répétée')).toHaveLength(1)
    const agenda = `/meetings/${made[0].json.id}/agenda`
    const item = { requestKey: randomUUID(), title: 'Répété', kind: 'discussion' }
    const added = await twice(agenda, item)
    expect(added[1]).toEqual(added[0])
    expect((await call('GET', `/meetings/${made[0].json.id}`)).json['agenda']).toHaveLength(1)
    const other = await call('POST', agenda, { ...item, title: 'Autre' })
    expect([other.status, other.json.code]).toEqual([409, 'request_key_reused'])
    expect((await call('POST', agenda, { title: 'Sans clé', kind: 'discussion' })).status).toBe(400)
    const half = await call('POST', agenda, { requestKey: randomUUID(), title: '\ud800', kind: 'discussion' })
    expect([half.status, half.json.code]).toEqual([400, 'invalid_text'])
  })
})

describe('an agenda', () => {
  it('may be completed until its notice begins, and not after', async () => {
    const id = await draft('cst', '2026-05-20')
    await call('POST', `/meetings/${id}/convening`, {})
    const added = await call('POST', `/meetings/${id}/agenda`, {
      requestKey: randomUUID(),
      title: 'Ajout',
      kind: 'information',
    })
    expect(added.status).toBe(201)
    expect((await call('GET', `/meetings/${id}`)).json).toMatchObject({ sequence: 1, agendaTerm: '2026-05-12' })
    const soon = await draft('cst', '2026-05-10')
    await call('POST', `/meetings/${soon}/convening`, { acknowledged: true })
    expect(
      await call('POST', `/meetings/${soon}/agenda`, {
        requestKey: randomUUID(),
        title: 'Trop tard',
        kind: 'information',
      }),
    ).toMatchObject({
      status: 409,
      json: { code: 'agenda_closed', article: '6' },
    })
  })

  it('is put in an order, whole', async () => {
    const id = await draft('cst', '2026-05-20')
    const second = await call('POST', `/meetings/${id}/agenda`, {
      requestKey: randomUUID(),
      title: 'Second',
      kind: 'information',
    })
    const third = await call('POST', `/meetings/${id}/agenda`, {
      requestKey: randomUUID(),
      title: 'Troisième',
      kind: 'information',
    })
    const agenda = async () => (await call('GET', `/meetings/${id}`)).json['agenda'] as { id: string; title: string }[]
    const [first] = await agenda()
    const ids = [third.json.id, first?.id, second.json.id]
    expect((await call('PUT', `/meetings/${id}/agenda/order`, { ids })).status).toBe(204)
    expect((await agenda()).map(({ title }) => title)).toEqual(['Troisième', 'Point', 'Second'])
    expect((await call('PUT', `/meetings/${id}/agenda/order`, { ids: ids.slice(1) })).json.code).toBe('agenda_changed')
    expect((await call('DELETE', `/agenda-items/${second.json.id}`)).status).toBe(204)
    expect((await agenda()).map(({ title }) => title)).toEqual(['Troisième', 'Point'])
  })

  it('holds no decision of an advisory body, and only rules of the body', async () => {
    const item = (kind: string, ballotRule: string | null) => ({
      requestKey: randomUUID(),
      title: 'Point',
      kind,
      ballotRule,
    })
    const advisory = await draft('cotec', '2026-05-20')
    expect(await call('POST', `/meetings/${advisory}/agenda`, item('decision', 'ag-ordinaire'))).toMatchObject({
      status: 422,
      json: { code: 'opinion_only', article: '7' },
    })
    const id = await draft('costrat', '2026-05-20')
    const add = async (kind: string, rule: string | null) =>
      (await call('POST', `/meetings/${id}/agenda`, item(kind, rule))).json.code
    expect(await add('decision', null)).toBe('ballot_rule_missing')
    expect(await add('decision', 'ag-ordinaire')).toBe('ballot_rule_refused')
    expect(await add('information', 'costrat-ordinaire')).toBe('ballot_rule_refused')
    expect(await add('minutes', null)).toBe('minutes_missing')
    expect(await add('decision', 'costrat-ordinaire')).toBeUndefined()
  })
})

describe('papers', () => {
  const upload = (item: string, name: string, content: string, headers = consortium.manager.headers) =>
    server.app.inject({
      method: 'POST',
      url: `${base}/agenda-items/${item}/papers`,
      headers: { ...headers, 'content-type': 'multipart/form-data; boundary=limit' },
      payload: `--limit\r\ncontent-disposition: form-data; name="files"; filename="${name}"\r\n\r\n${content}\r\n--limit--\r\n`,
    })

  it('are read as they were sent, under a safe name, by those with a standing', async () => {
    const { id } = await open('cotec')
    const [item] = (await call('GET', `/meetings/${id}`)).json['agenda'] as { id: string }[]
    const made = await upload(item?.id ?? '', '..\\dossier/Étude «a».PDF', '%PDF-é')
    expect(made.statusCode).toBe(201)
    const { id: paper, name } = made.json<{ id: string; name: string }>()
    expect(name).toBe('Étude «a».pdf')
    const reader = await consortium.seatOf('vosges', 'ag')
    const read = await server.app.inject({ url: `${base}/papers/${paper}`, headers: reader.headers })
    expect([read.statusCode, read.headers['content-type'], read.body]).toEqual([200, 'application/pdf', '%PDF-é'])
    expect(read.headers['content-disposition']).toMatch(/^attachment; filename\*=UTF-8''%C3%89tude/)
    const stranger = await server.signIn(await server.inTenant((tx) => makePerson(tx)))
    expect((await server.app.inject({ url: `${base}/papers/${paper}`, headers: stranger })).statusCode).toBe(404)

    expect((await upload(item?.id ?? '', 'page.html', '<script>')).json<Answer['json']>().code).toBe('paper_kind')
    expect((await upload(item?.id ?? '', 'vide.pdf', '')).json<Answer['json']>().code).toBe('paper_empty')
    expect((await upload(item?.id ?? '', 'Étude «a».pdf', 'x')).json<Answer['json']>().code).toBe('paper_twice')
    expect((await upload(item?.id ?? '', 'a.pdf', 'x', reader.headers)).statusCode).toBe(403)
    // Who may add none is not read at length.
    const unasked = await upload(item?.id ?? '', 'gros.pdf', 'x'.repeat(20 * 1024 * 1024 + 1), reader.headers)
    expect(unasked.statusCode).toBe(403)
    const large = await upload(item?.id ?? '', 'gros.pdf', 'x'.repeat(20 * 1024 * 1024 + 1))
    expect([large.statusCode, large.json<Answer['json']>().code]).toEqual([413, 'paper_too_large'])

    expect((await call('POST', `/meetings/${id}/closing`, {})).json.state).toBe('closed')
    expect((await upload(item?.id ?? '', 'apres.pdf', 'x')).json<Answer['json']>().code).toBe('meeting_state')
    expect((await call('DELETE', `/papers/${paper}`)).json.code).toBe('meeting_state')
  })
})

describe('a meeting', () => {
  it('is opened and closed once, however many do it at the same time', async () => {
    const chair = await consortium.seatOf('region', 'cogouv')
    const id = await draft('cogouv', '2026-05-04')
    await call('PATCH', `/meetings/${id}`, { chairId: chair.representativeId })
    await call('POST', `/meetings/${id}/convening`, { acknowledged: true })
    const openings = await Promise.all([1, 2, 3].map(() => call('POST', `/meetings/${id}/opening`)))
    expect(openings.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409, 409])
    const closings = await Promise.all([1, 2, 3].map(() => call('POST', `/meetings/${id}/closing`, {})))
    expect(closings.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409, 409])
    expect(closings.find(({ status }) => status === 409)?.json).toMatchObject({
      code: 'meeting_state',
      state: 'closed',
    })
    const written = await server.inTenant((tx) =>
      tables(tx).selectFrom('governance.minutes').select('version').where('meeting_id', '=', id).execute(),
    )
    expect(written).toEqual([{ version: 1 }])
  })

  it('is not opened before its day nor without a chair, nor closed for want of a quorum that it has', async () => {
    const later = await draft('coter', '2026-05-30')
    await call('POST', `/meetings/${later}/convening`, { acknowledged: true })
    expect((await call('POST', `/meetings/${later}/opening`)).json.code).toBe('meeting_not_yet')
    const today = await draft('coter', '2026-05-04')
    await call('POST', `/meetings/${today}/convening`, { acknowledged: true })
    expect((await call('POST', `/meetings/${today}/opening`)).json.code).toBe('chair_missing')
    const { id } = await open('cotec')
    expect((await call('POST', `/meetings/${id}/closing`, { withoutQuorum: true })).json.code).toBe('quorum_reached')
  })

  it('is chaired by the party that the agreement says, and led by that party too', async () => {
    const id = await draft('cogouv', '2026-05-25')
    const other = await consortium.seatOf('moselle', 'cogouv')
    expect((await call('PATCH', `/meetings/${id}`, { chairId: other.representativeId })).json).toMatchObject({
      code: 'chair_refused',
      article: '5',
    })
    const pilot = await consortium.seatOf('region', 'cogouv')
    expect((await call('PATCH', `/meetings/${id}`, { title: 'Autre' }, pilot.headers)).status).toBe(200)
    expect((await call('GET', `/meetings/${nowhere}`)).json.code).toBe('meeting_not_found')
  })

  it('without quorum is convened again only where the agreement knows it', async () => {
    // Nobody is there: the assembly, alone, has a quorum to reach.
    const chair = await consortium.seatOf('region', 'ag')
    const id = await makeOpenAssembly(chair.representativeId)
    const closed = await call('POST', `/meetings/${id}/closing`, { withoutQuorum: true })
    expect(closed.json).toMatchObject({ state: 'closed', withoutQuorum: true })
    expect(
      await call('POST', `/meetings/${id}/second-convening`, {
        startsAt: '2026-05-20T09:00:00Z',
        endsAt: '2026-05-20T10:00:00Z',
      }),
    ).toMatchObject({ status: 422, json: { code: 'no_second_convening', article: '3' } })
  })
})

/** The notice and the preparation of an assembly take weeks: this one was convened before. */
async function makeOpenAssembly(chairId: string): Promise<string> {
  const id = await draft('ag', '2026-05-04')
  await server.inTenant((tx) =>
    tables(tx)
      .updateTable('governance.meeting')
      .set({ state: 'open', convened_at: clock, opened_at: clock, chair_id: chairId })
      .where('id', '=', id)
      .execute(),
  )
  return id
}

describe('reading', () => {
  it('leaves a contractor to the bodies in which it sits; members read those of the others', async () => {
    const contractor = await consortium.seatOf('titulaire', 'cst')
    const member = await consortium.seatOf('aube', 'cst')
    const readers = { contractor: contractor.headers, member: member.headers }
    const seen = async (body: string, on: string) => {
      const id = await draft(body, on)
      await call('POST', `/meetings/${id}/convening`, { acknowledged: true })
      const read = async (headers: { cookie: string }) =>
        (await call('GET', `/meetings/${id}`, undefined, headers)).status
      return { contractor: await read(readers.contractor), member: await read(readers.member) }
    }
    expect(await seen('cst', '2026-06-23')).toEqual({ contractor: 200, member: 200 })
    expect(await seen('cogouv', '2026-06-24')).toEqual({ contractor: 404, member: 200 })
  })
})
