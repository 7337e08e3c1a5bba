import { expect, test } from 'vitest'
import { compareProfiles, createFormat } from './format.ts'

// Intl writes narrow and ordinary no-break spaces; which one is its own business.
const plain = (text: string) => text.replaceAll(/[\u00a0\u202f]/g, ' ')
const fr = createFormat('fr', 'Europe/Paris')
const en = createFormat('en', 'Europe/Paris')

test('instants are told in the zone of the workspace, days as they are written', () => {
  expect(plain(fr.dateTime('2026-09-01T22:30:00Z'))).toBe('2 septembre 2026 à 00:30')
  expect(createFormat('fr', 'Indian/Reunion').dateTime('2026-09-01T22:30:00Z')).toContain('02:30')
  expect(fr.day('2026-09-01')).toBe('1er septembre 2026')
  expect(fr.dayMedium('2026-10-01')).toBe('1er oct. 2026')
  expect(fr.day('2026-09-01T22:30:00Z')).toBe('2 septembre 2026')
  expect(fr.dayMedium('2026-10-01T21:30:00.000Z')).toBe('1er oct. 2026')
  expect(fr.dayShort('2026-09-01T22:30:00Z')).toBe('02/09')
  expect(fr.day('2026-09-11')).toBe('11 septembre 2026')
  expect(fr.today(new Date('2026-09-01T10:00:00Z'))).toBe('mardi 1er septembre')
  expect(en.day('2026-09-01')).toBe('1 September 2026')
})

test('numbers, shares and sizes follow the language', () => {
  expect(plain(fr.number(12_765))).toBe('12 765')
  expect(en.number(12_765)).toBe('12,765')
  expect(plain(fr.percent(0.111))).toBe('11,1 %')
  expect(plain(fr.bytes(21_900_000))).toBe('21,9 Mo')
  expect(plain(en.bytes(999))).toBe('999 byte')
})

test('lengths of time are told in their largest unit', () => {
  expect([0, 59, 60, 3_599, 5_400].map((seconds) => plain(en.duration(seconds)))).toEqual([
    '1 second',
    '59 seconds',
    '1 minute',
    '60 minutes',
    '1.5 hours',
  ])
  expect(plain(fr.duration(58, 'short'))).toBe('58 s')
  const now = new Date('2026-11-22T10:00:00Z')
  expect(fr.since('2026-11-22T09:57:00Z', now)).toBe('il y a 3 minutes')
  expect(fr.since('2026-11-21T09:00:00Z', now)).toBe('hier')
})

test('pupils and families are counted first', () => {
  const counts = ['staff', 'head', 'pupil', 'guardian'].map((profile) => ({ profile }))
  expect(counts.toSorted(compareProfiles).map(({ profile }) => profile)).toEqual(['pupil', 'guardian', 'head', 'staff'])
})
