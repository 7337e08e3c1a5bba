import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { type Consortium, makeConsortium } from '../../../../test/make-governance.ts'
import { callGovernance, makeMeeting } from '../../../../test/make-meeting.ts'

let server: TestApp
let consortium: Consortium

beforeAll(async () => {
  server = await openTestApp({ now: () => new Date('2026-05-04T09:00:00Z') })
  consortium = await makeConsortium(server)
})
afterAll(() => server.close())

interface Property {
  name: string
  parameters: Record<string, string>
  value: string
}

/** Reads iCalendar strictly (RFC 5545 §3.1): CRLF, lines of at most 75 octets, folds, quoted parameters. */
function parseCalendar(text: string): Property[] {
  expect(text.endsWith('\r\n')).toBe(true)
  const physical = text.slice(0, -2).split('\r\n')
  for (const each of physical) {
    expect(each).not.toMatch(/[\r\n]/)
    expect(Buffer.byteLength(each)).toBeLessThanOrEqual(75)
  }
  const lines = physical
    .join('\r\n')
    .replaceAll(/\r\n[ \t]/g, '')
    .split('\r\n')
  return lines.map((each) => {
    const found = /^([A-Z-]+)((?:;[A-Z-]+=(?:"[^"]*"|[^";:,]*))*):(.*)$/.exec(each)
    if (!found) throw new Error(`Not a content line: ${each}`)
    const [, name = '', parameters = '', value = ''] = found
    const pairs = [...parameters.matchAll(/;([A-Z-]+)=("[^"]*"|[^";:,]*)/g)]
    return {
      name,
      parameters: Object.fromEntries(pairs.map(([, key = '', text_ = '']) => [key, text_.replaceAll('"', '')])),
      value,
    }
  })
}

const call = (method: 'GET' | 'POST' | 'PUT' | 'PATCH', path: string, payload?: object, headers?: { cookie: string }) =>
  callGovernance(server, consortium, method, path, payload, headers)

async function readInvitation(id: string, headers: { cookie: string }, query = '') {
  const url = `/api/governance/agreements/grand-est/meetings/${id}/invitation.ics${query}`
  const response = await server.app.inject({ url, headers })
  expect(response.statusCode).toBe(200)
  expect(response.headers['content-type']).toBe('text/calendar; charset=utf-8')
  const properties = parseCalendar(response.body)
  const one = (name: string) => properties.find((each) => each.name === name)?.value
  const attendees = properties.filter(({ name }) => name === 'ATTENDEE')
  return { one, attendees, of: (id_: string) => attendees.find(({ value }) => value.includes(id_)) }
}

it('invites each under one UID, in versions, and tells who sits for whom', async () => {
  const holder = await consortium.seatOf('alsace', 'cogouv')
  const deputy = await consortium.seatOf('alsace', 'cogouv', 'deputy')
  const second = await consortium.seatOf('alsace', 'cogouv')
  const { id, chairId } = await makeMeeting(server, consortium, {
    body: 'cogouv',
    state: 'convened',
    items: [
      {
        title: 'Évolution n° 3 ; suites, « à débattre » et autres points dont le titre est fort long',
        kind: 'discussion',
      },
    ],
  })
  const first = await readInvitation(id, holder.headers)
  expect([first.one('METHOD'), first.one('SEQUENCE'), first.one('STATUS')]).toEqual(['REQUEST', '0', 'CONFIRMED'])
  expect(first.one('UID')).toBe(`${id}@localhost`)
  expect(first.one('DTSTART')).toBe('20260504T090000Z')
  expect(first.one('DESCRIPTION')).toContain('n° 3 \\; suites\\, «')
  expect(first.attendees).toHaveLength(4)
  expect(first.of(chairId)?.parameters).toMatchObject({ ROLE: 'CHAIR', PARTSTAT: 'NEEDS-ACTION', RSVP: 'FALSE' })
  expect(first.of(holder.representativeId)?.parameters).toMatchObject({ ROLE: 'REQ-PARTICIPANT', RSVP: 'TRUE' })
  expect(first.of(deputy.representativeId)?.parameters).toMatchObject({ ROLE: 'NON-PARTICIPANT' })

  const answer = (payload: object, headers: { cookie: string }) =>
    call('PUT', `/meetings/${id}/answer`, payload, headers)
  const delegation = { answer: 'delegated', delegatedTo: deputy.representativeId }
  expect((await answer(delegation, holder.headers)).status).toBe(204)
  expect((await answer(delegation, second.headers)).json.code).toBe('deputy_taken')
  expect((await answer({ answer: 'delegated', delegatedTo: chairId }, second.headers)).json).toMatchObject({
    code: 'delegate_refused',
    article: '5',
  })
  expect((await answer({ answer: 'accepted' }, deputy.headers)).status).toBe(204)
  const stranger = await consortium.seatOf('marne', 'ag')
  expect((await answer({ answer: 'accepted' }, stranger.headers)).json.code).toBe('invitation_not_found')

  const delegated = await readInvitation(id, deputy.headers)
  expect(delegated.one('SEQUENCE')).toBe('1')
  const mailto = (seat: { representativeId: string }) => `mailto:${seat.representativeId}@sans-adresse.invalid`
  expect(delegated.of(holder.representativeId)?.parameters).toMatchObject({
    PARTSTAT: 'DELEGATED',
    'DELEGATED-TO': mailto(deputy),
  })
  const sitting = delegated.attendees.find(({ parameters }) => 'DELEGATED-FROM' in parameters)
  expect(sitting).toMatchObject({
    parameters: { ROLE: 'REQ-PARTICIPANT', PARTSTAT: 'ACCEPTED', 'DELEGATED-FROM': mailto(holder) },
    value: mailto(deputy).replace('mailto', 'MAILTO'),
  })
  // Who comes after all takes the place back.
  expect((await answer({ answer: 'accepted' }, holder.headers)).status).toBe(204)

  await call('PATCH', `/meetings/${id}`, { place: 'Nancy', acknowledged: true })
  const late = await consortium.seatOf('vosges', 'cogouv')
  expect((await call('GET', `/meetings/${id}`)).json).toMatchObject({ sequence: 3, place: 'Nancy' })
  await call('POST', `/meetings/${id}/cancellation`, { reason: 'Reportée' })
  const cancelled = await readInvitation(id, consortium.manager.headers, `?for=${holder.representativeId}`)
  expect([cancelled.one('METHOD'), cancelled.one('STATUS'), cancelled.one('SEQUENCE')]).toEqual([
    'CANCEL',
    'CANCELLED',
    '4',
  ])
  expect((await answer({ answer: 'accepted' }, late.headers)).json.code).toBe('meeting_state')
})
