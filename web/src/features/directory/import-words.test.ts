import { expect, test } from 'vitest'
import { secondsLeft } from './import-words.ts'

const at = (seconds: number) => new Date(Date.UTC(2026, 8, 1, 0, 0, seconds))
const progress = { phase: 'reading', total: 100, unit: 'bytes', startedAt: at(0).toISOString() } as const

test('the time left is that of the pace so far', () => {
  expect(secondsLeft({ ...progress, done: 25 }, at(10))).toBe(30)
  expect(secondsLeft({ ...progress, done: 100 }, at(10))).toBe(0)
})

test('nothing is promised before there is a pace', () => {
  expect(secondsLeft({ ...progress, done: 25 }, at(1))).toBeUndefined()
  expect(secondsLeft({ ...progress, done: 0 }, at(10))).toBeUndefined()
})
