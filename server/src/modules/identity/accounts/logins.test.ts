import { expect, test } from 'vitest'
import { makeLoginBase, nextLogin } from './logins.ts'

test.each([
  ['Marie', 'Dupont', 'marie.dupont'],
  ['Zoé', 'LEFÈVRE', 'zoe.lefevre'],
  ['Jean-Pierre', "d'Ormesson", 'jean-pierre.d-ormesson'],
  ['Anne Sophie', 'de La Fontaine', 'anne-sophie.de-la-fontaine'],
  ['Cœur', 'Dubœuf', 'coeur.duboeuf'],
  ['Łukasz', 'Øster', 'lukasz.oster'],
  ['Bo', 'Li', 'bo.li'],
  ['X', '', 'x.personne'],
  ['Мария', '王', 'personne'],
  ['-', '..', 'personne'],
])('%s %s signs in as %s', (givenName, familyName, login) => {
  expect(makeLoginBase(givenName, familyName)).toBe(login)
})

test('a long name leaves room for a number within 64 characters', () => {
  const base = makeLoginBase('Maximilienne-Apolline', 'de Castelbajac-Montesquiou-Fezensac-Rochechouart')
  expect(base.length).toBeLessThanOrEqual(58)
  expect(base).toMatch(/[a-z0-9]$/)
})

test.each([
  [[], 'marie.dupont'],
  [['marie.dupont'], 'marie.dupont2'],
  [['marie.dupont', 'marie.dupont2', 'marie.dupont10'], 'marie.dupont11'],
  [['marie.dupont2'], 'marie.dupont3'],
  [['marie.dupont-moretti', 'marie.duponts'], 'marie.dupont'],
])('with %j taken, the next is %s', (taken, login) => {
  expect(nextLogin('marie.dupont', taken)).toBe(login)
})
