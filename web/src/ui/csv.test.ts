import { expect, test } from 'vitest'
import { toCsv } from './csv.ts'

const columns = [
  { head: 'Nom', value: (row: { name: string; pupils: number | null }) => row.name },
  { head: 'Élèves', value: (row: { name: string; pupils: number | null }) => row.pupils },
  { head: 'Lien' },
]

test('quotes what needs it, leaves out what has no value, writes numbers as the reader does', () => {
  const rows = [
    { name: 'Collège "Rosa"; annexe', pupils: 12.5 },
    { name: '=cmd|calc', pupils: null },
  ]
  expect(toCsv(columns, rows, ';')).toBe('\uFEFFNom;Élèves\r\n"Collège ""Rosa""; annexe";12,5\r\n\'=cmd|calc;\r\n')
  expect(toCsv(columns, [{ name: 'École', pupils: 12.5 }], ',')).toBe('\uFEFFNom,Élèves\r\nÉcole,12.5\r\n')
})
