import { toSearchKey } from '#modules/directory'
import { Problem } from '#kernel/problem'
import { commonPasswords } from './common-passwords.ts'

export const shortestPassword = 12
/** Beyond this a text is no password; it also bounds what is hashed. */
export const longestPassword = 200

/** Rows and orders a finger or a child follows. */
const sequences = [
  'azertyuiopqsdfghjklmwxcvbn',
  'qwertyuiopasdfghjklzxcvbnm',
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890123456789',
]

/**
 * Refuses a password that would be guessed: long matters, composition does not (CNIL deliberation 2022-100, NIST
 * SP 800-63B §5.1.1.2).
 * @throws Problem 422 `password_too_short`, `password_too_long`, `password_names_person` or `password_too_common`.
 */
export function checkPassword(
  password: string,
  holder: { login: string; givenName: string; familyName: string },
): void {
  const length = [...password].length
  if (length < shortestPassword) {
    throw new Problem(422, 'password_too_short', `A password has at least ${shortestPassword} characters.`, {
      shortest: shortestPassword,
    })
  }
  if (length > longestPassword) {
    throw new Problem(422, 'password_too_long', `A password has at most ${longestPassword} characters.`, {
      longest: longestPassword,
    })
  }
  const folded = toSearchKey(password).replaceAll(' ', '')
  if (namesPerson(folded, holder)) {
    throw new Problem(422, 'password_names_person', 'A password says more than its holder’s name or login.')
  }
  const letters = folded.replaceAll(/\d/g, '')
  if (commonPasswords.has(letters) || isRepetition(password.toLowerCase()) || isSequence(folded)) {
    throw new Problem(422, 'password_too_common', 'This password is among the first that would be tried.')
  }
}

/** Whether little is left of the password once the names are taken out of it. */
function namesPerson(folded: string, holder: { login: string; givenName: string; familyName: string }): boolean {
  const names = [holder.login, holder.givenName, holder.familyName]
    .flatMap((name) => [toSearchKey(name).replaceAll(' ', ''), ...toSearchKey(name).split(' ')])
    .filter((name) => name.length >= 3)
    .sort((one, other) => other.length - one.length)
  const rest = names.reduce((text, name) => text.replaceAll(name, ''), folded)
  return rest !== folded && rest.replaceAll(/\d/g, '').length < 6
}

/** `aaaaaaaaaaaa`, `abcabcabcabc`: a short pattern over and over. */
function isRepetition(text: string): boolean {
  return /^(.{1,4}?)\1{2,}.{0,3}$/u.test(text)
}

/** `azertyuiop123`, `987654321098`: runs along a keyboard row or an order, for at least two thirds of it. */
function isSequence(folded: string): boolean {
  const rows = sequences.flatMap((row) => [row, [...row].reverse().join('')])
  let covered = 0
  for (let start = 0; start < folded.length;) {
    let run = 1
    while (start + run < folded.length && rows.some((row) => row.includes(folded.slice(start, start + run + 1))))
      run += 1
    if (run >= 4) covered += run
    start += run
  }
  return covered > 0 && covered * 3 >= folded.length * 2
}
