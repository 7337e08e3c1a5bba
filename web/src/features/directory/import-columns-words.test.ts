import { expect, test } from 'vitest'
import { findMissing, findNameless, isUai, needsUai } from './import-columns-words.ts'

test('a file lacks what none of its columns holds', () => {
  expect(findMissing({ kind: 'pupil', columns: { Nom: 'familyName', Prénom: 'givenName' } })).toEqual([
    ['id', 'ine', 'bornOn'],
  ])
  expect(findMissing({ kind: 'class', columns: { Libellé: 'name' } })).toEqual([])
})

test('people without an identifier of their own get one', () => {
  expect(findNameless({ kind: 'pupil', columns: { INE: 'ine' } })).toBeUndefined()
  expect(findNameless({ kind: 'staff', columns: { Nom: 'familyName' } })).toBe('staff')
  expect(findNameless({ kind: 'class', columns: {} })).toBeUndefined()
})

test('the school is asked for when no column tells it', () => {
  const columns = { kind: 'csv' as const, source: 'x', uai: null, fields: {}, files: [] }
  const said = (uai: boolean) => ({
    source: 'x',
    files: { 'a.csv': { kind: 'pupil' as const, columns: uai ? { UAI: 'uai' as const } : {} } },
  })
  expect(needsUai(columns, said(false))).toBe(true)
  expect(needsUai(columns, said(true))).toBe(false)
  expect(needsUai({ ...columns, kind: 'onde' }, said(true))).toBe(true)
})

test.each([
  ['0750001U', true],
  ['0750001A', false],
  ['750001U', false],
])('%s is a UAI: %s', (code, expected) => {
  expect(isUai(code)).toBe(expected)
})
