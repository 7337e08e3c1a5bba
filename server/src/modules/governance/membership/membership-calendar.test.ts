import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addDays, addMonths, shiftToWorkingDay } from '../days.ts'
import { planDeparture } from './membership-calendar.ts'

const leaving = { article: '20', noticeMonths: 3, effective: 'nextSchoolYear', shiftsToWorkingDay: false } as const
const termination = { article: '21', noticeMonths: 6, effective: 'endOfSchoolYear', shiftsToWorkingDay: false } as const

it.each([
  [leaving, '2026-05-31', '2026-08-31', '2026-09-01'],
  [leaving, '2026-06-02', '2026-09-02', '2027-09-01'],
  // The notice runs to the end of the first day of the year: it has not run out when the year begins.
  [leaving, '2026-06-01', '2026-09-01', '2027-09-01'],
  [leaving, '2025-11-30', '2026-02-28', '2026-09-01'],
  [termination, '2026-02-15', '2026-08-15', '2026-08-31'],
  [termination, '2026-03-15', '2026-09-15', '2027-08-31'],
  [termination, '2026-02-28', '2026-08-28', '2026-08-31'],
])('%o notified on %s: notice until %s, effective on %s', (rule, notifiedOn, noticeEndsOn, effectiveOn) => {
  expect(planDeparture(rule, '09-01', notifiedOn)).toMatchObject({ noticeEndsOn, effectiveOn, article: rule.article })
})

it('puts off a term that falls on a closed day, where the agreement says so', () => {
  // 15 August is a holiday, in 2026 a Saturday; then comes a Sunday.
  expect(planDeparture({ ...termination, shiftsToWorkingDay: true }, '09-01', '2026-02-15')).toMatchObject({
    noticeEndsOn: '2026-08-17',
    effectiveOn: '2026-08-31',
  })
  // 31 August 2025 is a Sunday: the term goes over into the next school year.
  expect(planDeparture({ ...leaving, shiftsToWorkingDay: true }, '09-01', '2025-05-31')).toMatchObject({
    noticeEndsOn: '2025-09-01',
    effectiveOn: '2026-09-01',
  })
})

const day = fc.integer({ min: 0, max: 20_000 }).map((count) => addDays('1990-01-01', count))

describe('a departure', () => {
  it('never takes effect before its notice has run, and at most a year after', () => {
    fc.assert(
      fc.property(day, fc.constantFrom(leaving, termination), (notifiedOn, rule) => {
        const { noticeEndsOn, lastDay } = planDeparture(rule, '09-01', notifiedOn)
        expect(lastDay >= noticeEndsOn).toBe(true)
        expect(lastDay < addMonths(noticeEndsOn, 12) || lastDay === addDays(addMonths(noticeEndsOn, 12), -1)).toBe(true)
        expect(lastDay.slice(5)).toBe('08-31')
      }),
    )
  })

  it('is never earlier for a later notice', () => {
    fc.assert(
      fc.property(day, day, (one, other) => {
        const [first = '', second = ''] = [one, other].sort()
        expect(
          planDeparture(leaving, '09-01', first).effectiveOn <= planDeparture(leaving, '09-01', second).effectiveOn,
        ).toBe(true)
      }),
    )
  })
})

it.each([
  ['2026-01-31', 1, '2026-02-28'],
  ['2028-01-31', 1, '2028-02-29'],
  ['2026-11-30', 3, '2027-02-28'],
  ['2026-12-15', 1, '2027-01-15'],
  ['2026-05-31', 0, '2026-05-31'],
])('%s and %d months: %s', (from, months, until) => expect(addMonths(from, months)).toBe(until))

it.each([
  ['2026-04-06', '2026-04-07'], // Easter Monday
  ['2026-05-14', '2026-05-15'], // Ascension
  ['2026-05-25', '2026-05-26'], // Whit Monday
  ['2026-05-08', '2026-05-11'],
  ['2026-06-02', '2026-06-02'],
])('%s is shifted to %s', (from, to) => expect(shiftToWorkingDay(from)).toBe(to))
