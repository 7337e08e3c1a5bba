import { expect, test } from 'vitest'
import { readReferences } from './references.ts'

test('one value, several values, other families of references', () => {
  const mother = { academyCode: '20', externalId: '4521' }
  expect(readReferences('{AAF}20|x|4521')).toEqual([mother])
  expect(readReferences(['{AAF}20||4521', '{ECT}20|x|9', '{AAF}09|1d|77'])).toEqual([
    mother,
    { academyCode: '09', externalId: '77' },
  ])
})

test.each([[undefined], [null], [12], [''], ['20||4521'], ['{AAF}20|4521'], ['{AAF}||'], ['{AAF}20|a|b|c'], [[{}, 3]]])(
  '%j holds none',
  (claim) => {
    expect(readReferences(claim)).toEqual([])
  },
)
