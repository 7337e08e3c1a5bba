import { toUtc } from './timestamps.ts'

// A moment is a number of microseconds since 1970: `seq` of `records.statement`, and `stored` as statements write it.

/** A moment as a timestamp in UTC, to the microsecond. */
export function writeMoment(moment: number): string {
  const milliseconds = Math.floor(moment / 1000)
  return `${isoOf(milliseconds).slice(0, -1)}${String(moment - milliseconds * 1000).padStart(3, '0')}Z`
}

// A thousand moments in a row share their milliseconds.
let last = { milliseconds: 0, text: new Date(0).toISOString() }

function isoOf(milliseconds: number): string {
  if (last.milliseconds !== milliseconds) last = { milliseconds, text: new Date(milliseconds).toISOString() }
  return last.text
}

/**
 * The moment a timestamp tells; what is below the microsecond is left out.
 * @param timestamp a valid one.
 */
export function readMoment(timestamp: string): number {
  const utc = toUtc(timestamp)
  // Its zone leads out of the years of four digits.
  if (!utc.endsWith('Z')) return Date.parse(`${utc.startsWith('0') ? '0000-01-01' : '9999-12-31'}T00:00:00Z`) * 1000
  const [whole = '', fraction = ''] = utc.slice(0, -1).split('.')
  return Date.parse(`${whole.replace(/:60$/, ':59')}Z`) * 1000 + Number(fraction.slice(0, 6).padEnd(6, '0'))
}
