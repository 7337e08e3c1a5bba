import { expect, test } from 'vitest'
import { parseJson } from './exact-json.ts'

test.for([
  '{"a":12345678901234567890123}',
  '[-9007199254740993]',
  '{"a": [1, 9007199254740993]}',
  '{"a":1e999}',
  '{"text":"a,1234567890123456789"}',
])('%s is written as it was read', (text) => {
  expect(JSON.stringify(parseJson(text))).toBe(text.replaceAll(' ', ''))
})

test('what a double holds is a number', () => {
  expect(parseJson('{"a":9007199254740992,"b":0.3333333333333333333333,"c":10000000000000000000}')).toEqual({
    a: 9007199254740992,
    b: 1 / 3,
    c: 1e19,
  })
})

test('an integer of a million digits takes no longer than another text', () => {
  const text = `[${'7'.repeat(1_000_000)}]`
  const begun = performance.now()
  expect(JSON.stringify(parseJson(text))).toBe(text)
  expect(performance.now() - begun).toBeLessThan(500)
})

test('what is no JSON is refused', () => {
  expect(() => parseJson('{"a":12345678901234567890123')).toThrow(SyntaxError)
})
