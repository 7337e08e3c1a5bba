import { expect, test } from 'vitest'
import { toCsv } from './csv.ts'

test('cells keep what they hold, and none is a formula', () => {
  expect(
    toCsv([
      ['Nom', 'Classe'],
      ['D’Arc; Jeanne', 'dite "la Pucelle"'],
      ['=1+1', '-2,5'],
      ['-2+3', '+2'],
      ['@a\nb', ''],
    ]),
  ).toBe('\uFEFFNom;Classe\r\n"D’Arc; Jeanne";"dite ""la Pucelle"""\r\n\'=1+1;-2,5\r\n\'-2+3;\'+2\r\n"\'@a\nb";\r\n')
})
