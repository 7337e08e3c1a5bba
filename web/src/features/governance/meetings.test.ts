import { describe, expect, it } from 'vitest'
import { readMoment, writeMoment } from './meetings.ts'

describe('moments of fields', () => {
  it.each([
    ['2026-11-22T20:38', 'Europe/Paris', '2026-11-22T19:38:00.000Z'],
    ['2026-07-14T09:00', 'Europe/Paris', '2026-07-14T07:00:00.000Z'],
    // The nights the clocks change, on either side.
    ['2026-03-29T01:30', 'Europe/Paris', '2026-03-29T00:30:00.000Z'],
    ['2026-03-29T03:30', 'Europe/Paris', '2026-03-29T01:30:00.000Z'],
    ['2026-10-25T03:30', 'Europe/Paris', '2026-10-25T02:30:00.000Z'],
    ['2026-01-01T08:00', 'Indian/Reunion', '2026-01-01T04:00:00.000Z'],
  ])('%s in %s', (text, timeZone, instant) => {
    expect(readMoment(text, timeZone)).toBe(instant)
    expect(writeMoment(instant, timeZone)).toBe(text)
  })

  it('are none for what is not one', () => {
    expect(readMoment('', 'Europe/Paris')).toBeNull()
    expect(readMoment('demain', 'Europe/Paris')).toBeNull()
  })
})
