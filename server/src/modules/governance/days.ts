import type { Day } from '#kernel/time'

const instantOf = (day: Day) => new Date(`${day}T00:00:00Z`)
const dayOf = (instant: Date): Day => instant.toISOString().slice(0, 10)

/** The day so many days later, or earlier for a negative count. */
export function addDays(day: Day, count: number): Day {
  const instant = instantOf(day)
  instant.setUTCDate(instant.getUTCDate() + count)
  return dayOf(instant)
}

/**
 * The day on which a delay of so many months expires: that of the same number, or the last of a month that has none
 * (code de procédure civile, article 641).
 */
export function addMonths(day: Day, count: number): Day {
  const instant = instantOf(day)
  const number = instant.getUTCDate()
  instant.setUTCDate(1)
  instant.setUTCMonth(instant.getUTCMonth() + count + 1, 0)
  instant.setUTCDate(Math.min(number, instant.getUTCDate()))
  return dayOf(instant)
}

/** The day itself, or the first after it that is no Saturday, Sunday or national public holiday (same code, article 642). */
export function shiftToWorkingDay(day: Day): Day {
  let shifted = day
  while ([0, 6].includes(instantOf(shifted).getUTCDay()) || isHoliday(shifted)) shifted = addDays(shifted, 1)
  return shifted
}

const fixedHolidays = ['01-01', '05-01', '05-08', '07-14', '08-15', '11-01', '11-11', '12-25']

/** Whether a day is one of the eleven holidays of article L3133-1 of the code du travail. */
function isHoliday(day: Day): boolean {
  const easter = findEaster(Number(day.slice(0, 4)))
  return fixedHolidays.includes(day.slice(5)) || [1, 39, 50].some((after) => addDays(easter, after) === day)
}

/** Easter Sunday of a year of the Gregorian calendar (Meeus, Jones and Butcher). */
function findEaster(year: number): Day {
  const golden = year % 19
  const century = Math.floor(year / 100)
  const rest = year % 100
  const moon =
    (19 * golden +
      century -
      Math.floor(century / 4) -
      Math.floor((century - Math.floor((century + 8) / 25) + 1) / 3) +
      15) %
    30
  const week = (32 + 2 * (century % 4) + 2 * Math.floor(rest / 4) - moon - (rest % 4)) % 7
  const shift = Math.floor((golden + 11 * moon + 22 * week) / 451)
  const sum = moon + week - 7 * shift + 114
  return dayOf(new Date(Date.UTC(year, Math.floor(sum / 31) - 1, (sum % 31) + 1)))
}
