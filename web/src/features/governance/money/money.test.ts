import { expect, test } from 'vitest'
import { createFormat } from '../../../shell/format.ts'
import { parseEuros, sumCents } from './money.ts'

test.each([
  ['1 234,56', '123456'],
  ['1234.5', '123450'],
  ['12 €', '1200'],
  ['0,01', '1'],
  ['12,345', undefined],
  ['-1', undefined],
  ['', undefined],
])('%j is %s cents', (text, cents) => {
  expect(parseEuros(text)).toBe(cents)
})

test('amounts are told to the cent, however large', () => {
  const plain = (text: string) => text.replaceAll(/[\u00a0\u202f]/g, ' ')
  const { euros } = createFormat('fr', 'Europe/Paris')
  expect(plain(euros('900719925474099301'))).toBe('9 007 199 254 740 993,01 €')
  expect(plain(euros('-5'))).toBe('-0,05 €')
  expect(sumCents(['900719925474099301', null, '-1'])).toBe('900719925474099300')
})
