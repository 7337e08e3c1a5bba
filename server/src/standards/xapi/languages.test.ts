import { expect, test } from 'vitest'
import { readLanguages } from './languages.ts'

test.for([
  [undefined, []],
  ['fr', ['fr']],
  ['en-GB;q=0.5, fr-CA, fr;q=0.9 , *;q=0.1', ['fr-CA', 'fr', 'en-GB', '*']],
  ['fr;q=0, en;q=oops, es', ['es']],
])('%s', ([header, languages]) => {
  expect(readLanguages(header as string | undefined)).toEqual(languages)
})
