const checkLetters = 'ABCDEFGHJKLMNPRSTUVWXYZ'

/**
 * Completes the seven digits of a UAI code (three for the département, four of order) with its check letter: the
 * remainder by 23 in an alphabet without I, O and Q.
 */
export function makeUai(department: string, order: number): string {
  const digits = department.padStart(3, '0') + String(order).padStart(4, '0')
  if (!/^\d{7}$/.test(digits)) throw new RangeError(`no UAI code for département ${department}, order ${order}`)
  return digits + checkLetters.charAt(Number(digits) % 23)
}

/** True when the code has seven digits and the right check letter. */
export function isUai(code: string): boolean {
  return /^\d{7}[A-Z]$/.test(code) && checkLetters.charAt(Number(code.slice(0, 7)) % 23) === code.charAt(7)
}
