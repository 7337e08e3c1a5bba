/** When a feed is expected: a time of the day in a zone, on some days of the week. */
export interface Schedule {
  /** 'HH:MM' */
  at: string
  /** 1 for Monday to 7 for Sunday; at least one. */
  days: readonly number[]
  /** IANA zone. */
  timeZone: string
}

const day = 86_400_000
const half = day / 2

/** The last two moments up to `now` at which a feed was expected, the earlier one first, and the next one. */
export function expectedMoments(schedule: Schedule, now: Date): { before: Date; last: Date; next: Date } {
  const moments: Date[] = []
  // Two weeks back hold at least two, the week ahead at least one.
  for (let offset = -15; offset <= 8; offset++) {
    const date = new Date(now.getTime() + offset * day).toISOString().slice(0, 10)
    const weekday = new Date(`${date}T00:00:00Z`).getUTCDay() || 7
    if (schedule.days.includes(weekday)) moments.push(toInstant(date, schedule.at, schedule.timeZone))
  }
  const following = moments.findIndex((moment) => moment > now)
  const [before, last, next] = moments.slice(following - 2, following + 1)
  if (!before || !last || !next) throw new RangeError('A schedule has at least one day of the week.')
  return { before, last, next }
}

/**
 * The time during which what comes counts for an expected moment: half a day before and after, or half the way to its
 * neighbours where they are nearer.
 */
export function windowAround(before: Date, expected: Date, after: Date): { from: Date; to: Date } {
  const middle = (one: Date, other: Date) => (one.getTime() + other.getTime()) / 2
  return {
    from: new Date(Math.max(expected.getTime() - half, middle(before, expected))),
    to: new Date(Math.min(expected.getTime() + half, middle(expected, after))),
  }
}

/** The instant at which clocks of a zone show a time; one that a change of hour skips is an hour later. */
export function toInstant(date: string, time: string, timeZone: string): Date {
  const shown = new Date(`${date}T${time}:00Z`).getTime()
  // The offset is asked for twice: the first guess may be on the other side of a change of hour.
  const guess = shown - offsetAt(new Date(shown), timeZone)
  return new Date(shown - offsetAt(new Date(guess), timeZone))
}

/** How far the clocks of a zone are ahead of UTC, in milliseconds. */
function offsetAt(instant: Date, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    dateStyle: 'short',
    timeStyle: 'medium',
    hourCycle: 'h23',
  }).formatToParts(instant)
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? ''
  const shown = `${part('year')}-${part('month')}-${part('day')}T${part('hour')}:${part('minute')}:${part('second')}Z`
  return new Date(shown).getTime() - Math.floor(instant.getTime() / 1000) * 1000
}

/** The value in the middle of an ordered list, or between the two in the middle; of at least one. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2
}
