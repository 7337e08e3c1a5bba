import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { type Consortium, makeConsortium } from '../../../../test/make-governance.ts'
import { callGovernance, makeMeeting } from '../../../../test/make-meeting.ts'
import { createAgreementVersion, readShippedAgreement } from '../agreements/agreement-versions.ts'
import { findAgreementInForce } from '../agreements/agreements.queries.ts'
import { listPresence, type Presence } from './presence.ts'

let server: TestApp
let consortium: Consortium
let clock = new Date('2026-05-04T09:00:00Z')

beforeAll(async () => {
  server = await openTestApp({ now: () => clock })
  consortium = await makeConsortium(server)
  // Proxies in the governance committee and a second convening of the assembly, which the shipped text does not know.
  const shipped = await readShippedAgreement('grand-est')
  const from = shipped.indexOf('key: cogouv')
  const source = `${shipped.slice(0, from).replace('secondConvening: null', 'secondConvening: { afterDays: 8, quorum: none }')}${shipped
    .slice(from)
    .replace('proxies: null', 'proxies: { mostReceived: 1 }')}`
  await server.inTenant((tx) =>
    createAgreementVersion(tx, { source, reason: 'Pouvoirs', recordedBy: null }, new Date('2026-05-04T08:00:00Z')),
  )
})
afterAll(() => server.close())

const call = (
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  payload?: object,
  headers?: { cookie: string },
) => callGovernance(server, consortium, method, path, payload, headers)
const pass = (minutes: number) => (clock = new Date(clock.getTime() + minutes * 60_000))
const discussion = { title: 'Débat', kind: 'discussion' }

async function presenceOf(
  party: string,
  meetingId: string,
  itemId: string | null = null,
): Promise<Presence | undefined> {
  return server.inTenant(async (tx) => {
    const agreement = await findAgreementInForce(tx, 'grand-est', '2026-05-04')
    if (!agreement) throw new Error('No agreement in force')
    const presence = await listPresence(tx, agreement.rules, meetingId, itemId, clock)
    return presence.find((each) => each.party === party)
  })
}

describe('the register', () => {
  it('refuses a deputy beside the holder, and lets one take the place of the other', async () => {
    const holder = await consortium.seatOf('moselle', 'cogouv')
    const deputy = await consortium.seatOf('moselle', 'cogouv', 'deputy')
    const { id } = await makeMeeting(server, consortium, { body: 'cogouv', items: [discussion] })
    const arrive = (representativeId: string, more: object = {}) =>
      call('POST', `/meetings/${id}/attendance`, { representativeId, ...more })

    const came = await arrive(holder.representativeId)
    expect(came.status).toBe(201)
    expect(await arrive(deputy.representativeId)).toMatchObject({
      status: 409,
      json: { code: 'deputy_beside_holder', article: '5' },
    })
    expect((await arrive(holder.representativeId)).json.code).toBe('already_present')
    pass(10)
    const replacing = await arrive(deputy.representativeId, { replaces: came.json.id })
    expect(replacing.status).toBe(201)
    expect(await presenceOf('moselle', id)).toMatchObject({
      status: 'present',
      sitting: [{ representativeId: deputy.representativeId, rank: 'deputy' }],
    })
    // The holder comes back: the deputy must leave first.
    expect((await arrive(holder.representativeId)).json).toMatchObject({
      code: 'seat_taken',
      taken: [replacing.json.id],
    })
    pass(5)
    expect((await call('POST', `/attendance/${replacing.json.id}/departure`, {})).status).toBe(204)
    expect((await call('POST', `/attendance/${replacing.json.id}/departure`, {})).json.code).toBe('already_left')
    expect((await presenceOf('moselle', id))?.status).toBe('absent')
  })

  it('lets nobody but who leads put a deputy in the place of a holder who is there', async () => {
    const holder = await consortium.seatOf('haute-marne', 'cogouv')
    const deputy = await consortium.seatOf('haute-marne', 'cogouv', 'deputy')
    const { id } = await makeMeeting(server, consortium, { body: 'cogouv', items: [discussion] })
    const sign = ({ representativeId, headers }: typeof holder, replaces: string | null) =>
      call('POST', `/meetings/${id}/attendance`, { representativeId, replaces }, headers)
    const came = await sign(holder, null)
    expect((await sign(deputy, came.json.id)).json.code).toBe('deputy_beside_holder')
    expect((await presenceOf('haute-marne', id))?.sitting).toMatchObject([{ rank: 'holder' }])
    await call('POST', `/attendance/${came.json.id}/departure`, {}, holder.headers)
    const sits = await sign(deputy, null)
    expect(sits.status).toBe(201)
    pass(1)
    // The holder takes the place back alone.
    expect((await sign(holder, sits.json.id)).status).toBe(201)
    expect((await presenceOf('haute-marne', id))?.sitting).toMatchObject([{ rank: 'holder' }])
  })

  it('lets one of two through when holder and deputy arrive at the same time', async () => {
    const holder = await consortium.seatOf('meuse', 'cogouv')
    const deputy = await consortium.seatOf('meuse', 'cogouv', 'deputy')
    const { id } = await makeMeeting(server, consortium, { body: 'cogouv', items: [discussion] })
    const answers = await Promise.all(
      [deputy, holder, deputy, holder].map(({ representativeId }) =>
        call('POST', `/meetings/${id}/attendance`, { representativeId }),
      ),
    )
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect((await presenceOf('meuse', id))?.sitting).toHaveLength(1)
  })

  it('is signed by each for themselves, and kept by who leads', async () => {
    const { id } = await makeMeeting(server, consortium, { body: 'cogouv', items: [discussion] })
    const member = await consortium.seatOf('aube', 'cogouv')
    const other = await consortium.seatOf('marne', 'cogouv')
    const sign = (representativeId: string, headers: { cookie: string }) =>
      call('POST', `/meetings/${id}/attendance`, { representativeId }, headers)
    expect((await sign(other.representativeId, member.headers)).status).toBe(403)
    const signed = await sign(member.representativeId, member.headers)
    expect(signed.status).toBe(201)
    expect((await call('DELETE', `/attendance/${signed.json.id}`, undefined, member.headers)).status).toBe(403)
    expect((await call('DELETE', `/attendance/${signed.json.id}`)).status).toBe(204)
    expect((await presenceOf('aube', id))?.status).toBe('absent')
    const elsewhere = await consortium.seatOf('aube', 'costrat')
    expect((await sign(elsewhere.representativeId, elsewhere.headers)).json.code).toBe('not_in_office')
    const at = new Date(clock.getTime() - 86_400_000).toISOString()
    const early = await call('POST', `/meetings/${id}/attendance`, { representativeId: member.representativeId, at })
    expect(early.json.code).toBe('time_refused')
  })

  it('shows a proxy while the one is away and the other there, one at most', async () => {
    const { id } = await makeMeeting(server, consortium, { body: 'cogouv', items: [discussion] })
    const vosges = await consortium.seatOf('vosges', 'cogouv')
    const alsace = await consortium.seatOf('alsace', 'cogouv')
    const give = (fromParty: string, toParty: string, headers?: { cookie: string }) =>
      call('POST', `/meetings/${id}/proxies`, { fromParty, toParty }, headers)
    expect((await give('vosges', 'alsace', vosges.headers)).status).toBe(201)
    expect((await give('vosges', 'marne')).json.code).toBe('proxy_given')
    expect((await give('ardennes', 'alsace')).json).toMatchObject({ code: 'proxies_too_many', most: 1 })
    expect((await give('ardennes', 'marne', vosges.headers)).status).toBe(403)
    expect((await presenceOf('vosges', id))?.status).toBe('absent')
    await call('POST', `/meetings/${id}/attendance`, { representativeId: alsace.representativeId })
    expect(await presenceOf('vosges', id)).toMatchObject({ status: 'represented', representedBy: 'alsace' })
    pass(1)
    await call('POST', `/meetings/${id}/attendance`, { representativeId: vosges.representativeId })
    expect((await presenceOf('vosges', id))?.status).toBe('present')
    expect((await call('DELETE', `/meetings/${id}/proxies/vosges`)).json.code).toBe('proxy_not_found')
    const assembly = await makeMeeting(server, consortium, { body: 'cst', items: [discussion] })
    expect(
      (await call('POST', `/meetings/${assembly.id}/proxies`, { fromParty: 'aube', toParty: 'marne' })).json,
    ).toMatchObject({ code: 'proxies_unknown', article: '6' })
  })

  it('shows a recused party for its item alone', async () => {
    const { id, itemIds } = await makeMeeting(server, consortium, {
      body: 'cogouv',
      items: [discussion, { ...discussion, title: 'Autre' }],
    })
    const seat = await consortium.seatOf('marne', 'cogouv')
    await call('POST', `/meetings/${id}/attendance`, { representativeId: seat.representativeId })
    const url = `/agenda-items/${itemIds[0]}/recusals/marne`
    expect((await call('PUT', url, undefined, seat.headers)).status).toBe(204)
    expect((await call('PUT', url)).status).toBe(204)
    expect((await presenceOf('marne', id, itemIds[0] ?? null))?.status).toBe('recused')
    expect((await presenceOf('marne', id, itemIds[1] ?? null))?.status).toBe('present')
    expect((await call('DELETE', url)).status).toBe(204)
    expect((await presenceOf('marne', id, itemIds[0] ?? null))?.status).toBe('present')
    expect((await call('PUT', `/agenda-items/${itemIds[0]}/recusals/academie-reims`)).json.code).toBe('not_a_voter')
  })
})

it('convenes again, with the same agenda and after its delay, a meeting that had no quorum', async () => {
  const chair = await consortium.seatOf('region', 'ag')
  const strategic = await makeMeeting(server, consortium, { body: 'costrat', items: [discussion] })
  await call('POST', `/meetings/${strategic.id}/closing`, {})
  clock = new Date(clock.getTime() + 21 * 86_400_000)
  const manager = consortium.manager.personId
  consortium = { ...consortium, manager: { personId: manager, headers: await signInAgain(manager) } }
  const { id } = await makeMeeting(server, consortium, {
    body: 'ag',
    items: [discussion],
    chairId: chair.representativeId,
  })
  const shown = await call('GET', `/meetings/${id}`)
  expect(shown.json['quorum']).toMatchObject({ reached: false })
  await call('POST', `/meetings/${id}/closing`, { withoutQuorum: true })
  const day = (count: number) => new Date(clock.getTime() + count * 86_400_000)
  const again = (on: Date) =>
    call('POST', `/meetings/${id}/second-convening`, {
      startsAt: on.toISOString(),
      endsAt: new Date(on.getTime() + 3_600_000).toISOString(),
    })
  const [first, second] = await Promise.all([again(day(7)), again(day(8))])
  expect([first.status, second.status].toSorted((a, b) => a - b)).toEqual([201, 409])
  const kept = first.status === 201 ? first : second
  const draft = await call('GET', `/meetings/${kept.json.id}`)
  expect(draft.json).toMatchObject({ secondOf: id, agenda: [{ title: 'Débat' }], agendaOpen: false })
  const convened = await call('POST', `/meetings/${kept.json.id}/convening`, { acknowledged: true })
  const early = kept === first
  expect(convened.status).toBe(early ? 422 : 200)
  expect(
    (await call('POST', `/meetings/${kept.json.id}/agenda`, { requestKey: randomUUID(), ...discussion })).json.code,
  ).toBe('agenda_closed')
})

/** Sessions end within the weeks that pass here. */
async function signInAgain(personId: string): Promise<{ cookie: string }> {
  return server.signIn(personId)
}
