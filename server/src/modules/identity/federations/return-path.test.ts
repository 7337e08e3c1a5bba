import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toReturnPath } from './return-path.ts'

test.each([
  ['/', '/'],
  ['/directory?q=zo%C3%A9#top', '/directory?q=zo%C3%A9#top'],
  ['/a/../b', '/b'],
])('%s leads to %s', (asked, path) => {
  expect(toReturnPath(asked)).toBe(path)
})

test.each([
  undefined,
  '',
  'home',
  'https://evil.example',
  '//evil.example',
  '///evil.example',
  '/\\evil.example',
  '/\t/evil.example',
  '/\n/evil.example',
  '/..//evil.example',
  '/.//evil.example',
  '/%2e%2e//evil.example',
  'javascript:alert(1)',
  '/api/federation/providers/x/start',
])('%j leads home', (asked) => {
  expect(toReturnPath(asked)).toBe('/')
})

test('whatever is asked, a browser stays on this site', () => {
  const sign = fc.constantFrom('/', '\\', '.', '%2f', '\t', '\n', ':', '@', '?', '#', 'evil.example', 'http:')
  fc.assert(
    fc.property(fc.array(sign, { maxLength: 8 }), (signs) => {
      const path = toReturnPath(`/${signs.join('')}`)
      expect(new URL(path, 'https://preau.example').origin).toBe('https://preau.example')
    }),
  )
})
