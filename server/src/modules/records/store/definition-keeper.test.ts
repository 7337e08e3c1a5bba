import { expect, test } from 'vitest'
import { makeLongTexts, measureKept } from '../../../../test/kept-memory.ts'
import { createDefinitionKeeper } from './definition-keeper.ts'

test('definitions as long as requests may be are not remembered: a few would fill the memory', () => {
  const keeper = createDefinitionKeeper()
  const kept = measureKept(() => keeper.remember(new Map(makeLongTexts(50).map((text, key) => [String(key), text]))))
  expect(kept).toBeLessThan(10_000_000)
  // What is kept until it is measured.
  keeper.remember(new Map())
})
