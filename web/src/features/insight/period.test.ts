import { expect, test } from 'vitest'
import { comparedPeriod, findToday, formerPeriod, readPeriod } from './period.ts'

const read = (query: string, today = '2026-11-22') => readPeriod(new URLSearchParams(query), today)

test('a period is whole weeks to the present one, since September, or as it is told', () => {
  expect(read('')).toEqual({ name: '8w', from: '2026-09-28', until: '2026-11-22' })
  expect(read('period=4w', '2026-11-23')).toEqual({ name: '4w', from: '2026-11-02', until: '2026-11-23' })
  expect(read('period=year')).toMatchObject({ from: '2026-09-01' })
  expect(read('period=year', '2026-08-31')).toMatchObject({ from: '2025-09-01' })
  expect(read('period=custom&from=2026-10-01&until=2026-10-31')).toMatchObject({
    from: '2026-10-01',
    until: '2026-10-31',
  })
  expect(read('period=custom&from=2026-02-30&until=x')).toMatchObject({ from: '2026-09-28', until: '2026-11-22' })
})

test('it is compared with the weeks just before, or those of a year earlier, which begin on the same day', () => {
  const period = { from: '2026-09-28', until: '2026-11-20' }
  expect(comparedPeriod('none', period)).toBeUndefined()
  expect(comparedPeriod('previous', period)).toEqual({ from: '2026-08-03', until: '2026-09-25' })
  expect(comparedPeriod('year', period)).toEqual({ from: '2025-09-29', until: '2025-11-21' })
})

test('the day is that of the zone', () => {
  expect(findToday(new Date('2026-11-22T23:30:00Z'), 'Europe/Paris')).toBe('2026-11-23')
})

test('a course that lived before the period is proposed the weeks when it did', () => {
  const period = { from: '2026-09-28', until: '2026-11-22' }
  expect(formerPeriod('2021-11-29', period)).toEqual({ from: '2021-10-11', until: '2021-12-05' })
  expect(formerPeriod('2026-09-21', period)).toEqual({ from: '2026-08-03', until: '2026-09-27' })
  expect(formerPeriod('2026-09-28', period)).toBeUndefined()
  expect(formerPeriod(null, period)).toBeUndefined()
})
