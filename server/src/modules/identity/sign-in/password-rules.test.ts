import { expect, test } from 'vitest'
import { Problem } from '#kernel/problem'
import { checkPassword } from './password-rules.ts'

const holder = { login: 'zoe.marchand2', givenName: 'Zoé', familyName: 'Marchand' }

function judge(password: string): string {
  try {
    checkPassword(password, holder)
    return 'accepted'
  } catch (error) {
    if (error instanceof Problem) return error.code
    throw error
  }
}

test.each([
  ['', 'password_too_short'],
  ['elevenchars', 'password_too_short'],
  ['🦔🦔🦔🦔🦔🦔', 'password_too_short'],
  ['x1y'.repeat(67), 'password_too_long'],
  ['zoe.marchand2', 'password_names_person'],
  ['ZoéMarchand!!', 'password_names_person'],
  ['marchand-2014-zoe', 'password_names_person'],
  ['Motdepasse2026!', 'password_too_common'],
  ['m o t d e p a s s e 12', 'password_too_common'],
  ['Parissaintgermain', 'password_too_common'],
  ['Jetaimetropfort<3', 'password_too_common'],
  ['azertyuiop12345', 'password_too_common'],
  ['qsdfghjklm09876', 'password_too_common'],
  ['123456789012', 'password_too_common'],
  ['aaaaaaaaaaaaaaa', 'password_too_common'],
  ['abcabcabcabc', 'password_too_common'],
  ['!!!!!!!!!!!!', 'password_too_common'],
  ['le cartable bleu de mamie', 'accepted'],
  ['chouette-hulotte-pain', 'accepted'],
  ['Marchandise avariée en gros', 'accepted'],
  ['k7#Qv!mZ2w@L', 'accepted'],
  ['?£$%&*(/=+°{', 'accepted'],
  ['密碼是一個很長的句子而且難猜', 'accepted'],
])('“%s” is %s', (password, verdict) => {
  expect(judge(password)).toBe(verdict)
})
