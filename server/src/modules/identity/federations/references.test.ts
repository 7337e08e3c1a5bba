import { expect, test } from 'vitest'
import { describeAgent, readAgentFunctions, readReferences } from './references.ts'

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

test('the establishments of an agent', () => {
  expect(readAgentFunctions(['0750001A$UAJ$PU$DIR$UAJ$T3$LYC$3000', '0750002B$UAJ$PU$$UAJ', 'X$UAJ', 7])).toEqual([
    { uai: '0750001A', code: 'DIR' },
    { uai: '0750002B', code: null },
  ])
  expect(readAgentFunctions(undefined)).toEqual([])
})

test('an agent recognises themselves by name and establishments', () => {
  const claim = ['0750001A$UAJ$PU$DIR', '0750001A$UAJ$PU$ENS', '0750002B$UAJ']
  expect(describeAgent('Hélène Roussel', claim)).toBe('Hélène Roussel (0750001A, 0750002B)')
  expect(describeAgent(null, claim)).toBe('(0750001A, 0750002B)')
  expect(describeAgent('Hélène Roussel', undefined)).toBe('Hélène Roussel')
})
