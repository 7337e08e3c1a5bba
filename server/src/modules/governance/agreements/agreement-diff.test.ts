import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareTexts } from './agreement-diff.ts'

const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 }).map((lines) => lines.join('\n'))

test('what comes and what goes, with three lines around, each by its number', () => {
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = compareTexts(before, after)
      const [old, fresh] = [before.split('\n'), after.split('\n')]
      for (const { kind, line, text: words } of lines) expect((kind === 'removed' ? old : fresh)[line - 1]).toBe(words)
      const count = (kind: string) => lines.filter((each) => each.kind === kind).length
      expect(old.length - count('removed')).toBe(fresh.length - count('added'))
      expect(lines.length === 0).toBe(before === after)
    }),
  )
})

test('two files of a hundred thousand lines, all others, are compared in a moment', () => {
  const file = (word: string) => `même début\n${`${word}\n`.repeat(100_000)}même fin`
  const lines = compareTexts(file('a'), file('b'))
  expect(lines).toHaveLength(200_002)
  expect([lines[0], lines.at(-1)]).toEqual([
    { kind: 'same', line: 1, text: 'même début' },
    { kind: 'same', line: 100_002, text: 'même fin' },
  ])
})
