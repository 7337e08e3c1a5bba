import { randomUUIDv7 } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestApp, type TestApp } from '../../../../test/app.ts'
import { type Consortium, makeConsortium, type Seat } from '../../../../test/make-governance.ts'
import { tables } from '../tables.ts'
import { tellOfCalendar } from './compliance.ts'

let server: TestApp
let consortium: Consortium
let seat: Seat
const now = new Date('2026-02-20T09:00:00Z')

beforeAll(async () => {
  server = await openTestApp({ now: () => now })
  consortium = await makeConsortium(server)
  seat = await consortium.seatOf('region', 'cogouv')
  await server.inTenant((tx) =>
    tables(tx)
      .insertInto('governance.meeting')
      .values({
        id: randomUUIDv7(),
        agreement_id: consortium.agreementId,
        body: 'ag',
        title: 'Assemblée de juin ; « été, 2026 »',
        starts_at: new Date('2026-06-10T08:00:00Z'),
        ends_at: new Date('2026-06-10T10:00:00Z'),
        place: 'Metz, hôtel de Région',
        state: 'convened',
        convened_at: now,
        created_at: now,
      })
      .execute(),
  )
})
afterAll(() => server?.close())

const base = '/api/governance/agreements/grand-est'
const read = (headers: { cookie: string }, query = '') =>
  server.app.inject({ url: `${base}/calendar${query}`, headers }).then((answer) => answer.json())

describe('the calendar of an agreement', () => {
  it('says the last safe day of what prepares a meeting', async () => {
    const { entries, schoolYear, schoolYears } = await read(seat.headers)
    expect(schoolYear).toEqual({ from: '2025-09-01', until: '2026-08-31' })
    expect(schoolYears.map(({ from }: { from: string }) => from)).toEqual(['2025-09-01', '2026-09-01'])
    expect(entries).toContainEqual(
      expect.objectContaining({
        kind: 'preparation',
        body: 'ag',
        lastSafeDay: '2026-05-20',
        state: 'due',
        article: '2',
      }),
    )
  })

  it('is of the school year asked for', async () => {
    const { schoolYear, entries, meetings } = await read(seat.headers, '?on=2026-10-01')
    expect(schoolYear.from).toBe('2026-09-01')
    expect(meetings).toEqual([])
    expect(new Set(entries.map(({ state }: { state: string }) => state))).toEqual(new Set(['upcoming']))
  })

  it('is nobody else’s', async () => {
    const stranger = await makeConsortium(server, { agreement: 'hauts-de-france' })
    const other = await stranger.seatOf('region', 'costrat')
    const answer = await server.app.inject({ url: `${base}/calendar`, headers: other.headers })
    expect(answer.statusCode).toBe(404)
  })
})

describe('those concerned', () => {
  it('are told of each matter once, and again only when it comes back', async () => {
    const tell = () => server.inTenant((tx) => tellOfCalendar(tx, 'grand-est', now))
    const first = await tell()
    expect(first).toBeGreaterThan(0)
    expect(await tell()).toBe(0)
    const both = await Promise.all([tell(), tell()])
    expect(both).toEqual([0, 0])

    const { notices } = await read(seat.headers)
    const matters = notices.map(({ entry }: { entry: { key: string; state: string } }) => `${entry.key} ${entry.state}`)
    expect(matters).toContain('cogouv halfYear 2025-09-01 late')
    // Those of other bodies are not theirs.
    expect(matters.every((matter: string) => matter.startsWith('cogouv'))).toBe(true)

    const listed = await server.app.inject({ url: '/api/governance/agreements', headers: seat.headers })
    expect(listed.json().agreements).toEqual([expect.objectContaining({ slug: 'grand-est', notices: notices.length })])

    const id = notices[0].id
    const aside = (headers: { cookie: string }) =>
      server.app.inject({ method: 'POST', url: `${base}/notices/${id}/reading`, headers })
    expect((await aside(consortium.manager.headers)).statusCode).toBe(404)
    expect((await aside(seat.headers)).statusCode).toBe(204)
    expect((await read(seat.headers)).notices).toHaveLength(notices.length - 1)
    expect(await tell()).toBe(0)
  })
})

describe('reviews', () => {
  const record = (headers: { cookie: string }, body: object) =>
    server.app.inject({ method: 'POST', url: `${base}/reviews`, headers, payload: body })
  const review = { review: 'observatoire', periodFrom: '2025-09-01', doneOn: '2026-02-01' }

  it('are recorded once, by who manages', async () => {
    expect((await record(seat.headers, review)).statusCode).toBe(403)
    const unknown = await record(consortium.manager.headers, { ...review, periodFrom: '2025-10-01' })
    expect(unknown.json()).toMatchObject({ code: 'review_not_found' })
    const early = await record(consortium.manager.headers, { ...review, doneOn: '2026-03-01' })
    expect(early.json()).toMatchObject({ code: 'review_to_come' })
    const answers = await Promise.all([1, 2].map(() => record(consortium.manager.headers, review)))
    expect(answers.map(({ statusCode }) => statusCode).toSorted()).toEqual([204, 409])
    const { entries } = await read(seat.headers)
    expect(entries.find(({ key }: { key: string }) => key === 'review observatoire 2025-09-01')).toMatchObject({
      state: 'done',
    })
  })
})

describe('the address of a calendar', () => {
  const make = () => server.app.inject({ method: 'POST', url: `${base}/calendar-feed`, headers: seat.headers })
  const fetch = (address: string) => server.app.inject({ url: new URL(address).pathname })

  it('shows meetings and last safe days to programs that cannot sign in (RFC 5545)', async () => {
    const { address } = (await make()).json()
    const answer = await fetch(address)
    expect(answer.headers['content-type']).toBe('text/calendar; charset=utf-8')
    const lines = answer.body.split('\r\n')
    expect(lines[0]).toBe('BEGIN:VCALENDAR')
    expect(lines.at(-1) === '' ? lines.at(-2) : lines.at(-1)).toBe('END:VCALENDAR')
    expect(lines.every((line) => Buffer.byteLength(line) <= 75)).toBe(true)
    const text = answer.body.replaceAll('\r\n ', '')
    expect(text).toContain('DTSTART:20260610T080000Z')
    expect(text).toContain(String.raw`SUMMARY:AG : Assemblée de juin \; « été\, 2026 »`)
    expect(text).toMatch(/DTSTART;VALUE=DATE:20260520\r\n(?:(?!END:VEVENT)[^])*SUMMARY:Dernier jour : réunir COSTRAT/)
    const uids = text.match(/^UID:.*$/gm) ?? []
    expect(new Set(uids).size).toBe(uids.length)
    expect(text.match(/^BEGIN:VEVENT/gm)).toHaveLength(uids.length)
    expect((await fetch(address)).body).toBe(answer.body)
  })

  it('is told once, replaced by the next, and withdrawn', async () => {
    const former = (await make()).json().address
    const newer = (await make()).json().address
    expect((await fetch(former)).json()).toMatchObject({ code: 'calendar_feed_not_found' })
    expect((await fetch(newer)).statusCode).toBe(200)
    expect((await read(seat.headers)).feedSince).toBe(now.toISOString())
    await server.app.inject({ method: 'DELETE', url: `${base}/calendar-feed`, headers: seat.headers })
    expect((await fetch(newer)).statusCode).toBe(404)
    expect((await read(seat.headers)).feedSince).toBeNull()
  })

  it('answers no more to who sits no more', async () => {
    const { address } = (await make()).json()
    await server.inTenant((tx) =>
      tables(tx)
        .updateTable('governance.representative')
        .set({ ends_on: '2026-01-31' })
        .where('id', '=', seat.representativeId)
        .execute(),
    )
    expect((await fetch(address)).statusCode).toBe(404)
  })
})

describe('what is prepared', () => {
  it('shows its title to who could open it: a draft to who leads it, a body of others to no contractor', async () => {
    const meeting = (body: string, title: string, state: 'draft' | 'convened') => ({
      id: randomUUIDv7(),
      agreement_id: consortium.agreementId,
      body,
      title,
      starts_at: new Date('2026-07-02T08:00:00Z'),
      ends_at: new Date('2026-07-02T10:00:00Z'),
      state,
      created_at: now,
    })
    await server.inTenant((tx) =>
      tables(tx)
        .insertInto('governance.meeting')
        .values([meeting('cst', 'Projet tenu secret', 'draft'), meeting('cogouv', 'Séance des autres', 'convened')])
        .execute(),
    )
    const titles = async (headers: { cookie: string }) => {
      const feed = await server.app.inject({ method: 'POST', url: `${base}/calendar-feed`, headers })
      const texts: string[] = []
      for (const url of [
        `${base}/calendar`,
        new URL(feed.json().address).pathname,
        `${base}/bodies`,
        `${base}/bodies/cst`,
        `${base}/bodies/cogouv`,
      ]) {
        const answer = await server.app.inject({ url, headers })
        expect(answer.statusCode).toBe(200)
        texts.push(answer.body)
      }
      return ['Projet tenu secret', 'Séance des autres'].filter((title) => texts.join().includes(title))
    }
    expect(await titles(consortium.manager.headers)).toEqual(['Projet tenu secret', 'Séance des autres'])
    expect(await titles((await consortium.seatOf('aube', 'cst', 'deputy')).headers)).toEqual(['Séance des autres'])
    expect(await titles((await consortium.seatOf('titulaire', 'cst')).headers)).toEqual([])
  })
})
