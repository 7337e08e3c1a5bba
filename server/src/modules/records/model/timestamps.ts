import type { XapiVersion } from './statement.ts'

interface Moment {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
  /** Digits after the seconds' point, or ''. */
  fraction: string
  /** Minutes east of Greenwich; undefined when nothing is said. */
  offset: number | undefined
}

const extended = /^(\d{4})-(\d\d)-(\d\d)(?:[Tt](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?([Zz]|[+-]\d\d(?::?\d\d)?)?)?$/
const basic = /^(\d{4})(\d\d)(\d\d)(?:[Tt](\d\d)(\d\d)(?:(\d\d)(?:[.,](\d+))?)?([Zz]|[+-]\d\d(?:\d\d)?)?)?$/
const internet = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)$/

function readMoment(text: string, version: XapiVersion): Moment | undefined {
  const parts = version === '2.0.0' ? internet.exec(text) : (extended.exec(text) ?? basic.exec(text))
  if (parts === null) return undefined
  const zone = parts[8]
  // -00:00 is no offset of ISO 8601 (2004, 4.2.5.1).
  if (zone !== undefined && /^-00:?(?:00)?$/.test(zone)) return undefined
  const moment: Moment = {
    year: Number(parts[1]),
    month: Number(parts[2]),
    day: Number(parts[3]),
    hour: Number(parts[4] ?? 0),
    minute: Number(parts[5] ?? 0),
    second: Number(parts[6] ?? 0),
    fraction: parts[7] ?? '',
    offset: zone === undefined ? undefined : 0,
  }
  if (zone !== undefined && zone.length > 1) {
    const minutes = Number(zone.slice(3).replace(':', '') || 0)
    const hours = Number(zone.slice(1, 3))
    if (hours > 23 || minutes > 59) return undefined
    moment.offset = (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
  }
  const { year, month, day, hour, minute, second } = moment
  // 60: a leap second
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 60) return undefined
  if (day > 28 && day > daysOf(year, month)) return undefined
  return moment
}

function daysOf(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Two digits at a place, or 99 where there are none. */
function pairAt(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 0x30
  const ones = text.charCodeAt(at + 1) - 0x30
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : 99
}

/** Whether a text is 2026-11-22T10:00:00 with or without a fraction, then Z or +00:00, as nearly all are but on some days. */
function isPlainUtc(text: string): boolean {
  const length = text.length
  if (length < 20 || text.charCodeAt(4) !== 0x2d || text.charCodeAt(7) !== 0x2d || text.charCodeAt(10) !== 0x54)
    return false
  if (text.charCodeAt(13) !== 0x3a || text.charCodeAt(16) !== 0x3a) return false
  if (pairAt(text, 0) > 98 || pairAt(text, 2) > 98 || pairAt(text, 11) > 23) return false
  if (pairAt(text, 14) > 59 || pairAt(text, 17) > 59) return false
  const month = pairAt(text, 5)
  const day = pairAt(text, 8)
  if (month < 1 || month > 12 || day < 1 || (day > 28 && (month === 2 || day > 30))) return false
  let at = 19
  if (text.charCodeAt(at) === 0x2e) {
    const start = ++at
    for (; at < length; at++) {
      const code = text.charCodeAt(at)
      if (code < 0x30 || code > 0x39) break
    }
    if (at === start) return false
  }
  return (at === length - 1 && text.charCodeAt(at) === 0x5a) || (at === length - 6 && text.endsWith('+00:00'))
}

/**
 * Whether a text is a timestamp: ISO 8601 in 1.0.3 (Data 4.5), where time, zone and separators may lack; RFC 3339 in 2.0.
 * A day that is not in the calendar is none.
 */
export function isTimestamp(text: string, version: XapiVersion): boolean {
  return isPlainUtc(text) || readMoment(text, version) !== undefined
}

/**
 * A timestamp at the same moment in UTC, ending in Z, all digits of its fraction kept; without zone, it is taken for UTC.
 * @param text a valid one.
 */
export function toUtc(text: string): string {
  if (isPlainUtc(text)) return text.endsWith('Z') ? text : `${text.slice(0, -6)}Z`
  const moment = readMoment(text, '1.0.3')
  if (moment === undefined) return text
  const { year, month, day, hour, minute, second, fraction, offset = 0 } = moment
  // A leap second has no place in the count of a Date: it is put back at the end.
  const at = new Date(0)
  at.setUTCFullYear(year, month - 1, day)
  at.setUTCHours(hour, minute - offset, Math.min(second, 59))
  // Four digits hold no other year.
  if (at.getUTCFullYear() < 0 || at.getUTCFullYear() > 9999) return text
  const whole = at.toISOString().slice(0, -5)
  return `${second === 60 ? `${whole.slice(0, -2)}60` : whole}${fraction === '' ? '' : `.${fraction}`}Z`
}

/** Whether two timestamps tell the same moment. */
export function areSameMoment(one: string, other: string): boolean {
  return one === other || withoutEndingZeros(toUtc(one)) === withoutEndingZeros(toUtc(other))
}

function withoutEndingZeros(utc: string): string {
  return utc.includes('.') ? utc.replace(/\.?0*Z$/, 'Z') : utc
}
