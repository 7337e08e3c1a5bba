import fc from 'fast-check'
import { expect, it } from 'vitest'
import { expectedMoments, median, toInstant, windowAround } from './schedule.ts'

const paris = 'Europe/Paris'

it.each([
  ['2026-01-15', '05:00', '2026-01-15T04:00:00.000Z'],
  ['2026-07-15', '05:00', '2026-07-15T03:00:00.000Z'],
  // The night clocks go forward, 02:30 does not exist; the night they go back, it comes twice.
  ['2026-03-29', '02:30', '2026-03-29T01:30:00.000Z'],
  ['2026-03-29', '05:00', '2026-03-29T03:00:00.000Z'],
  ['2026-10-25', '05:00', '2026-10-25T04:00:00.000Z'],
  ['2026-10-25', '00:30', '2026-10-24T22:30:00.000Z'],
])('%s at %s in Paris', (date, time, instant) => {
  expect(toInstant(date, time, paris).toISOString()).toBe(instant)
})

it('knows overseas zones', () => {
  expect(toInstant('2026-09-14', '05:00', 'Indian/Reunion').toISOString()).toBe('2026-09-14T01:00:00.000Z')
  expect(toInstant('2026-09-14', '05:00', 'America/Martinique').toISOString()).toBe('2026-09-14T09:00:00.000Z')
})

it('skips the days on which nothing is expected', () => {
  // Monday 14 September 2026, six in the morning in Paris.
  const schedule = { at: '05:00', days: [1, 2, 3, 4, 5], timeZone: paris }
  const moments = expectedMoments(schedule, new Date('2026-09-14T04:00:00Z'))
  expect(Object.values(moments).map((each) => each.toISOString())).toEqual([
    '2026-09-11T03:00:00.000Z',
    '2026-09-14T03:00:00.000Z',
    '2026-09-15T03:00:00.000Z',
  ])
})

it('a window is half a day around, less where the next one is nearer', () => {
  const [one, two, three] = ['2026-09-11T03:00Z', '2026-09-14T03:00Z', '2026-09-15T03:00Z'].map(
    (each) => new Date(each),
  )
  expect(windowAround(one!, two!, three!)).toEqual({
    from: new Date('2026-09-13T15:00Z'),
    to: new Date('2026-09-14T15:00Z'),
  })
})

it('the moments are in order around now, at the time asked for, on the days asked for', () => {
  const shownIn = (instant: Date) =>
    new Intl.DateTimeFormat('en-GB', { timeZone: paris, timeStyle: 'short', hourCycle: 'h23' }).format(instant)
  fc.assert(
    fc.property(
      fc.date({ min: new Date('2024-01-01'), max: new Date('2030-01-01'), noInvalidDate: true }),
      fc.integer({ min: 4, max: 23 }),
      fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
      (now, hour, days) => {
        const at = `${String(hour).padStart(2, '0')}:15`
        const { before, last, next } = expectedMoments({ at, days, timeZone: paris }, now)
        expect(before < last && last <= now && now < next).toBe(true)
        expect([before, last, next].map(shownIn)).toEqual([at, at, at])
        expect(next.getTime() - last.getTime()).toBeLessThanOrEqual(7 * 86_400_000 + 3_600_000)
      },
    ),
  )
})

it('a median is the middle', () => {
  expect([median([3]), median([1, 9]), median([9, 1, 2]), median([4, 1, 3, 2])]).toEqual([3, 5, 2, 2.5])
})
