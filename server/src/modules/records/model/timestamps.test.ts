import fc from 'fast-check'
import { expect, it } from 'vitest'
import { areSameMoment, isTimestamp, toUtc } from './timestamps.ts'

it.each<[string, boolean, boolean]>([
  ['2026-11-22T10:00:00Z', true, true],
  ['2026-11-22T10:00:00.123456789Z', true, true],
  ['2021-11-29T23:09:00.867219+00:00', true, true],
  ['2026-11-22T10:00:00.1+05:30', true, true],
  ['2024-02-29T10:00:00Z', true, true],
  ['2016-12-31T23:59:60Z', true, true],
  ['2026-11-22t10:00:00z', true, true],
  ['2026-11-22T10:00:00+01', true, false],
  ['2026-11-22T10:00:00+0100', true, false],
  ['2026-11-22T10:00:00', true, false],
  ['2026-11-22T10:00', true, false],
  ['2026-11-22', true, false],
  ['20261122T100000Z', true, false],
  ['20261122', true, false],
  ['2026-11-22T10:00:00,5Z', true, false],
  ['2023-02-29T10:00:00Z', false, false],
  ['2026-02-30', false, false],
  ['2026-13-01T10:00:00Z', false, false],
  ['2026-04-31T10:00:00Z', false, false],
  ['2026-11-22T24:00:00Z', false, false],
  ['2026-11-22T10:60:00Z', false, false],
  ['2026-11-22T10:00:00.Z', false, false],
  ['2026-11-22T10:00:00-00:00', false, false],
  ['2026-11-22T10:00:00-0000', false, false],
  ['2026-11-22T10:00:00-00', false, false],
  ['2026-11-22T10:00:00+24:00', false, false],
  ['2026-11-22 10:00:00Z', false, false],
  ['2026-1-2', false, false],
  ['01/011/2015', false, false],
  ['should fail', false, false],
  ['', false, false],
])('%s: %s in 1.0.3, %s in 2.0', (text, first, second) => {
  expect(isTimestamp(text, '1.0.3')).toBe(first)
  expect(isTimestamp(text, '2.0.0')).toBe(second)
})

it.each([
  ['2023-05-04T12:00:00-05:00', '2023-05-04T17:00:00Z'],
  ['2026-11-22T10:00:00.123456+00:00', '2026-11-22T10:00:00.123456Z'],
  ['2026-01-01T00:30:00.5+01:00', '2025-12-31T23:30:00.5Z'],
  ['2026-11-22T10:00:00Z', '2026-11-22T10:00:00Z'],
  ['2026-11-22t10:00:00z', '2026-11-22T10:00:00Z'],
  ['2017-01-01T00:59:60+01:00', '2016-12-31T23:59:60Z'],
  ['0001-01-01T00:00:00+00:00', '0001-01-01T00:00:00Z'],
  ['9999-12-31T23:59:59-01:00', '9999-12-31T23:59:59-01:00'],
  ['20261122T1100+01', '2026-11-22T10:00:00Z'],
])('%s is %s', (text, utc) => {
  expect(toUtc(text)).toBe(utc)
})

it('any moment stays the same in UTC, and is a timestamp of both versions', () => {
  const parts = fc.tuple(
    fc.date({ min: new Date('0002-01-01'), max: new Date('9998-01-01'), noInvalidDate: true }),
    fc.integer({ min: -14 * 60, max: 14 * 60 }),
  )
  fc.assert(
    fc.property(parts, ([date, offset]) => {
      const local = new Date(date.getTime() + offset * 60_000).toISOString().slice(0, -1)
      const size = Math.abs(offset)
      const zone = `${offset < 0 ? '-' : '+'}${`${Math.floor(size / 60)}`.padStart(2, '0')}:${`${size % 60}`.padStart(2, '0')}`
      const text = `${local}${zone}`
      expect(isTimestamp(text, '2.0.0')).toBe(true)
      expect(toUtc(text)).toBe(date.toISOString())
      expect(areSameMoment(text, date.toISOString())).toBe(true)
      expect(areSameMoment(text, new Date(date.getTime() + 1).toISOString())).toBe(false)
    }),
  )
})

it('the same moment may be written with more or fewer zeros', () => {
  expect(areSameMoment('2026-11-22T10:00:00.120Z', '2026-11-22T11:00:00.12+01:00')).toBe(true)
  expect(areSameMoment('2026-11-22T10:00:00.000Z', '2026-11-22T10:00:00Z')).toBe(true)
  expect(areSameMoment('2026-11-22T10:00:00Z', '2026-11-22T10:00:10Z')).toBe(false)
})
