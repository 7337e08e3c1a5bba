import { beforeAll, describe, expect, it } from 'vitest'
import { addDays, addMonths } from '../days.ts'
import type { Agreement } from './agreement-schema.ts'
import { readShippedAgreement } from './agreement-versions.ts'
import { buildCalendar, type CalendarMeeting, listPeriods, schoolYearOf } from './calendar.ts'
import { readAgreement } from './read-agreement.ts'

let rules: Agreement

beforeAll(async () => {
  rules = readAgreement(await readShippedAgreement('grand-est'))
})

const schoolYear = { from: '2025-09-01', until: '2026-08-31' }

function meet(body: string, day: string, more: Partial<CalendarMeeting> = {}): CalendarMeeting {
  return { id: `${body} ${day}`, body, title: body, day, convenedOn: '2025-09-01', urgent: false, held: true, ...more }
}

function look(
  meetings: CalendarMeeting[],
  today: string,
  reviews: { key: string; periodFrom: string; doneOn: string }[] = [],
) {
  return buildCalendar(rules, meetings, reviews, { schoolYear, beganOn: '2025-09-01', today })
}

const find = (entries: ReturnType<typeof look>, key: string) => entries.find((entry) => entry.key === key)

describe('school years', () => {
  it('run from 1 September to 31 August, in half-years and quarters', () => {
    expect(schoolYearOf(rules, '2026-08-31')).toEqual(schoolYear)
    expect(schoolYearOf(rules, '2026-09-01').from).toBe('2026-09-01')
    expect(listPeriods(schoolYear, 'halfYear')).toEqual([
      { from: '2025-09-01', until: '2026-02-28' },
      { from: '2026-03-01', until: '2026-08-31' },
    ])
    expect(listPeriods(schoolYear, 'quarter').map(({ until }) => until)).toEqual([
      '2025-11-30',
      '2026-02-28',
      '2026-05-31',
      '2026-08-31',
    ])
    expect(listPeriods(schoolYear, 'calendarYear')).toEqual([{ from: '2025-01-01', until: '2025-12-31' }])
    const months = listPeriods(schoolYear, 'month')
    expect(months).toHaveLength(12)
    expect([months[0], months[5], months[11]]).toEqual([
      { from: '2025-09-01', until: '2025-09-30' },
      { from: '2026-02-01', until: '2026-02-28' },
      { from: '2026-08-01', until: '2026-08-31' },
    ])
  })

  it.each(['2023-09-01', '2024-08-31', '2025-01-30', '2025-12-15'])(
    'are cut into months that follow one another, from %s',
    (from) => {
      const year = { from, until: addDays(addMonths(from, 12), -1) }
      const months = listPeriods(year, 'month')
      expect(months.slice(1).map((each) => each.from)).toEqual(
        months.slice(0, -1).map(({ until }) => addDays(until, 1)),
      )
      expect([months[0]?.from, months[11]?.until]).toEqual([year.from, year.until])
    },
  )
})

describe('the assembly of 10 June 2026', () => {
  const assembly = meet('ag', '2026-06-10', { held: false, convenedOn: null })
  const key = 'preparation costrat ag 2026-06-10'

  it.each([
    ['has its strategic committee no later than 20 May', [], '2026-01-15', 'due'],
    ['can no longer convene it in time', [], '2026-05-06', 'late'],
    ['cannot be prepared any more', [], '2026-05-21', 'missing'],
    ['is prepared on the last day', [meet('costrat', '2026-05-20')], '2026-05-21', 'done'],
    ['is prepared a day too late', [meet('costrat', '2026-05-21')], '2026-05-22', 'late'],
    ['will be prepared', [meet('costrat', '2026-05-12', { held: false })], '2026-05-01', 'planned'],
    [
      'was to be prepared by a meeting that did not take place',
      [meet('costrat', '2026-05-12', { held: false })],
      '2026-05-13',
      'missing',
    ],
  ])('%s', (_, meetings, today, state) => {
    expect(find(look([assembly, ...meetings], today), key)).toMatchObject({
      state,
      article: '2',
      preparedBy: 'costrat',
      lastSafeDay: '2026-05-20',
    })
  })

  it('is not prepared by what prepared the one before', () => {
    const entries = look([meet('costrat', '2025-09-10'), meet('ag', '2025-10-15'), assembly], '2026-05-21')
    expect(find(entries, 'preparation costrat ag 2025-10-15')?.state).toBe('done')
    expect(find(entries, key)?.state).toBe('missing')
  })

  it('leads back to the day on which the committee is convened', () => {
    expect(find(look([assembly], '2026-01-15'), key)?.steps).toEqual([
      { act: 'convene', body: 'costrat', by: '2026-05-05' },
      { act: 'meet', body: 'costrat', by: '2026-05-20' },
    ])
  })
})

describe('frequencies', () => {
  it.each([
    // body and period, meetings, today, state, last safe day
    ['cogouv halfYear 2025-09-01', [], '2025-10-01', 'due', '2026-02-13'],
    ['cogouv halfYear 2025-09-01', [], '2026-02-13', 'due', '2026-02-13'],
    ['cogouv halfYear 2025-09-01', [], '2026-02-14', 'late', '2026-02-13'],
    ['cogouv halfYear 2025-09-01', [], '2026-03-01', 'missing', null],
    ['cogouv halfYear 2025-09-01', [meet('cogouv', '2025-12-01')], '2025-12-02', 'done', null],
    ['cogouv halfYear 2025-09-01', [meet('cogouv', '2025-12-01', { held: false })], '2025-11-02', 'planned', null],
    ['cogouv halfYear 2025-09-01', [meet('cogouv', '2025-12-01', { held: false })], '2025-12-02', 'due', '2026-02-13'],
    ['cogouv halfYear 2025-09-01', [meet('cogouv', '2025-12-01', { urgent: true })], '2025-12-02', 'due', '2026-02-13'],
    ['cogouv halfYear 2026-03-01', [], '2025-10-01', 'upcoming', '2026-08-16'],
    // Wished for each half-year, owed once a year.
    ['costrat halfYear 2025-09-01', [], '2026-03-01', 'late', null],
    ['costrat schoolYear 2025-09-01', [], '2026-03-01', 'due', '2026-08-16'],
    ['costrat schoolYear 2025-09-01', [], '2026-09-01', 'missing', null],
    ['costrat schoolYear 2025-09-01', [meet('costrat', '2026-04-01')], '2026-09-01', 'done', null],
    ['cst quarter 2025-09-01', [], '2025-10-01', 'due', '2025-11-22'],
    // The committee that prepares it comes three weeks before, its convening a fortnight before that.
    ['ag schoolYear 2025-09-01', [], '2026-01-01', 'due', '2026-07-26'],
    ['ag schoolYear 2025-09-01', [meet('costrat', '2026-04-01')], '2026-05-01', 'due', '2026-08-16'],
  ])('%s, on %s', (key, meetings, today, state, lastSafeDay) => {
    expect(find(look(meetings, today), key)).toMatchObject({ state, lastSafeDay })
  })

  it('count several meetings of a period, each once', async () => {
    rules = readAgreement(await readShippedAgreement('hauts-de-france'))
    const meetings = [
      meet('coordination', '2025-10-01'),
      meet('coordination', '2026-01-15'),
      meet('observatoire', '2026-01-20'),
    ]
    const entries = look(meetings, '2026-02-01')
    expect(find(entries, 'coordination schoolYear 2025-09-01')).toMatchObject({
      state: 'due',
      count: { asked: 3, held: 2, set: 0 },
      lastSafeDay: '2026-08-23',
    })
    expect(find(entries, 'observatoire schoolYear 2025-09-01')?.count).toEqual({ asked: 2, held: 1, set: 0 })
    rules = readAgreement(await readShippedAgreement('grand-est'))
  })

  it.each([
    // meetings, month, today, state, last safe day
    [[], '2025-10-01', '2025-10-02', 'due', '2025-10-26'],
    [[], '2025-10-01', '2025-10-27', 'late', '2025-10-26'],
    [[], '2025-10-01', '2025-11-01', 'missing', null],
    [[], '2025-11-01', '2025-10-02', 'upcoming', '2025-11-25'],
    [[meet('strategique', '2025-10-31')], '2025-10-01', '2025-11-01', 'done', null],
    [[meet('strategique', '2025-11-01')], '2025-10-01', '2025-11-02', 'missing', null],
  ])('are kept month by month: %#', async (meetings, month, today, state, lastSafeDay) => {
    const monthly = readAgreement(await readShippedAgreement('service-numerique'))
    const entries = buildCalendar(monthly, meetings, [], { schoolYear, beganOn: '2025-09-01', today })
    expect(entries.filter(({ body, kind }) => body === 'strategique' && kind === 'frequency')).toHaveLength(12)
    expect(find(entries, `strategique month ${month}`)).toMatchObject({ state, lastSafeDay, article: '3' })
  })

  it('ask for nothing before the agreement began', () => {
    const entries = buildCalendar(rules, [], [], { schoolYear, beganOn: '2025-12-01', today: '2026-01-01' })
    expect(find(entries, 'cst quarter 2025-09-01')).toBeUndefined()
    expect(find(entries, 'cst quarter 2025-12-01')).toBeDefined()
  })
})

describe('notices', () => {
  it.each([
    ['cogouv', '2025-11-15', false, '2025-11-16', 'done', '2025-11-15'],
    ['cogouv', '2025-11-16', false, '2025-11-16', 'late', '2025-11-15'],
    ['cogouv', '2025-11-28', true, '2025-11-29', 'done', '2025-11-28'],
    ['cogouv', '2025-11-29', true, '2025-11-29', 'late', '2025-11-28'],
    ['cogouv', null, false, '2025-11-15', 'due', '2025-11-15'],
    ['cogouv', null, false, '2025-11-16', 'late', '2025-11-15'],
  ])('of %s on 30 November, convened on %s, urgent: %s', (body, convenedOn, urgent, today, state, lastSafeDay) => {
    const entries = look([meet(body, '2025-11-30', { convenedOn, urgent, held: false })], today)
    expect(find(entries, `notice ${body} 2025-11-30`)).toMatchObject({ state, lastSafeDay, article: '5' })
  })

  it('are not asked of bodies called on demand', () => {
    expect(
      find(look([meet('cotec', '2025-11-30', { convenedOn: '2025-11-30' })], '2025-12-01'), 'notice cotec 2025-11-30'),
    ).toBeUndefined()
  })
})

describe('reviews', () => {
  it('are due within their period', () => {
    const key = 'review observatoire 2025-09-01'
    expect(find(look([], '2026-08-31'), key)).toMatchObject({ state: 'due', article: '17', lastSafeDay: '2026-08-31' })
    expect(find(look([], '2026-09-01'), key)?.state).toBe('late')
    const done = [{ key: 'observatoire', periodFrom: '2025-09-01', doneOn: '2026-06-01' }]
    expect(find(look([], '2026-09-01', done), key)).toMatchObject({
      state: 'done',
      doneOn: '2026-06-01',
      lastSafeDay: null,
    })
  })
})
