import { expect, test } from 'vitest'
import { toReturnPath } from './return-path.ts'

test.each([
  ['/', '/'],
  ['/imports?view=changes', '/imports?view=changes'],
  ['/a/../b', '/b'],
])('%s is a page to come back to', (asked, path) => {
  expect(toReturnPath(asked)).toBe(path)
})

test.each([
  null,
  '',
  'home',
  'https://evil.example',
  '//evil.example',
  '/\\evil.example',
  '/\t/evil.example',
  '/.//evil.example',
  '/..//evil.example',
  '/%2e%2e//evil.example',
  '/.\\\\evil.example',
  'javascript:alert(1)',
])('%j leads home, not to another site', (asked) => {
  expect(toReturnPath(asked)).toBe('/')
})
