/** Days are `YYYY-MM-DD`; both ends are within. */
export interface Period {
  from: string
  until: string
}

export const periodNames = ['4w', '8w', '16w', 'year', 'custom'] as const
export type PeriodName = (typeof periodNames)[number]

export const comparisonNames = ['none', 'previous', 'year'] as const
export type ComparisonName = (typeof comparisonNames)[number]

const day = 86_400_000
const toTime = (date: string) => Date.parse(`${date}T00:00:00Z`)
const toDay = (time: number) => new Date(time).toISOString().slice(0, 10)
const isDay = (text: string | null): text is string =>
  text !== null && /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(toTime(text)) && toDay(toTime(text)) === text

/** The day it is in a zone. */
export function findToday(now: Date, timeZone: string): string {
  // Sweden writes days as ISO 8601 does.
  return new Intl.DateTimeFormat('sv-SE', { timeZone }).format(now)
}

/** Reads a period of the address; eight weeks when it tells none. */
export function readPeriod(parameters: URLSearchParams, today: string): { name: PeriodName } & Period {
  const name = periodNames.find((each) => each === parameters.get('period')) ?? '8w'
  if (name !== 'custom') return { name, ...presetPeriod(name, today) }
  const [from, until] = [parameters.get('from'), parameters.get('until')]
  const preset = presetPeriod('8w', today)
  return { name, from: isDay(from) ? from : preset.from, until: isDay(until) ? until : preset.until }
}

/** Whole weeks, the present one included, from a Monday; or since the first of September. */
function presetPeriod(name: Exclude<PeriodName, 'custom'>, today: string): Period {
  if (name === 'year') {
    const year = Number(today.slice(0, 4)) - (today.slice(5) < '09-01' ? 1 : 0)
    return { from: `${year}-09-01`, until: today }
  }
  const weeks = Number.parseInt(name, 10)
  const monday = toTime(today) - ((new Date(toTime(today)).getUTCDay() + 6) % 7) * day
  return { from: toDay(monday - (weeks - 1) * 7 * day), until: today }
}

/**
 * Eight weeks until the last in which a course lived, when that is over before a period begins; undefined otherwise.
 * @param lastWeek its Monday.
 */
export function formerPeriod(lastWeek: string | null | undefined, { from }: Period): Period | undefined {
  if (lastWeek === null || lastWeek === undefined) return undefined
  const until = toTime(lastWeek) + 6 * day
  return until < toTime(from) ? { from: toDay(until - (8 * 7 - 1) * day), until: toDay(until) } : undefined
}

/** The period that another is compared with: as many whole weeks just before, or the same weeks a year earlier. */
export function comparedPeriod(name: ComparisonName, { from, until }: Period): Period | undefined {
  if (name === 'none') return undefined
  const days = Math.round((toTime(until) - toTime(from)) / day) + 1
  const back = (name === 'year' ? 364 : Math.ceil(days / 7) * 7) * day
  return { from: toDay(toTime(from) - back), until: toDay(toTime(until) - back) }
}
