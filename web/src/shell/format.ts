import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { appearanceQuery } from '../api/queries.ts'

/** Writers of numbers, dates and names for one reader. Instants are ISO 8601, days `YYYY-MM-DD`. */
export function createFormat(language: string, timeZone: string) {
  const locale = language === 'en' ? 'en-GB' : 'fr-FR'
  const number = new Intl.NumberFormat(locale)
  const compact = new Intl.NumberFormat(locale, { notation: 'compact', maximumSignificantDigits: 3 })
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 })
  const oneDigit = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 })
  const euro = new Intl.NumberFormat(locale, { style: 'currency', currency: 'EUR' })
  const dateTime = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short', timeZone })
  const dayLong = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' })
  const monthLong = new Intl.DateTimeFormat(locale, { month: 'long', year: 'numeric', timeZone: 'UTC' })
  const dayMedium = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' })
  const dayShort = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'numeric', timeZone: 'UTC' })
  const dayOf = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeZone })
  const midnight = (day: string) => new Date(`${day.length > 10 ? dayOf.format(new Date(day)) : day}T00:00:00Z`)
  const today = new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long', timeZone })
  // French says the first of a month as an ordinal, which Intl does not.
  const ordinal = (text: string) => (language === 'en' ? text : text.replace(/(?<=^(?:\p{L}+ )?)1(?= )/u, '1er'))
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  const list = new Intl.ListFormat(locale, { type: 'conjunction' })
  const collator = new Intl.Collator(locale, { numeric: true, sensitivity: 'base' })
  const unit = (name: string, style: 'short' | 'long') =>
    new Intl.NumberFormat(locale, { style: 'unit', unit: name, unitDisplay: style, maximumFractionDigits: 1 })
  return {
    number: (value: number) => number.format(value),
    /** Three digits or so: 12 k, 1.2 M. */
    compact: (value: number) => compact.format(value),
    /** @param cents whole cents as a text, exact whatever their size */
    euros: (cents: string) => {
      const digits = cents.replace('-', '').padStart(3, '0')
      const text = `${cents.startsWith('-') ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
      return euro.format(text as `${number}`)
    },
    oneDigit: (value: number) => oneDigit.format(value),
    /** @param share between 0 and 1 */
    percent: (share: number) => percent.format(share),
    dateTime: (instant: string) => ordinal(dateTime.format(new Date(instant))),
    /** @param day or an instant, whose day is told where the workspace is */
    day: (day: string) => ordinal(dayLong.format(midnight(day))),
    /** The same in a table, or within a sentence: 2 nov. 2026. */
    dayMedium: (day: string) => ordinal(dayMedium.format(midnight(day))),
    /** @param month `YYYY-MM` */
    month: (month: string) => monthLong.format(new Date(`${month}-01T00:00:00Z`)),
    dayShort: (day: string) => dayShort.format(midnight(day)),
    today: (now: Date) => ordinal(today.format(now)),
    /** Time since an instant, in its largest unit. */
    since: (instant: string, now: Date) => {
      const minutes = Math.round((new Date(instant).getTime() - now.getTime()) / 60_000)
      if (Math.abs(minutes) < 60) return relative.format(minutes, 'minute')
      if (Math.abs(minutes) < 1_440) return relative.format(Math.round(minutes / 60), 'hour')
      return relative.format(Math.round(minutes / 1_440), 'day')
    },
    /** A length of time, in its largest unit. */
    /** @param look `short` for a figure, `long` within a sentence. */
    duration: (seconds: number, look: 'short' | 'long' = 'long') => {
      if (seconds < 60) return unit('second', look).format(Math.max(1, Math.round(seconds)))
      if (seconds < 3_600) return unit('minute', look).format(Math.round(seconds / 60))
      return unit('hour', look).format(Math.round(seconds / 360) / 10)
    },
    bytes: (bytes: number) => {
      if (bytes < 1_000) return unit('byte', 'short').format(bytes)
      if (bytes < 1_000_000) return unit('kilobyte', 'short').format(bytes / 1_000)
      if (bytes < 1_000_000_000) return unit('megabyte', 'short').format(bytes / 1_000_000)
      return unit('gigabyte', 'short').format(bytes / 1_000_000_000)
    },
    list: (items: string[]) => list.format(items),
    name: (person: { givenName: string; familyName: string }) => `${person.givenName} ${person.familyName}`,
    schoolYear: (startYear: number) => `${startYear}–${startYear + 1}`,
    compare: (one: string, other: string) => collator.compare(one, other),
  }
}

export type Format = ReturnType<typeof createFormat>

/** Writers for whoever reads, in the workspace's time zone. */
export function useFormat(): Format {
  const { i18n } = useTranslation()
  const { data: appearance } = useQuery(appearanceQuery)
  const timeZone = appearance?.timeZone ?? 'Europe/Paris'
  return useMemo(() => createFormat(i18n.language, timeZone), [i18n.language, timeZone])
}

const profiles = ['pupil', 'guardian', 'teacher', 'head', 'schoolLife', 'documentation', 'staff', 'localAuthority']

/** The order in which head-counts are read: pupils and families, then who teaches, then the others. */
export function compareProfiles(one: { profile: string }, other: { profile: string }): number {
  return profiles.indexOf(one.profile) - profiles.indexOf(other.profile)
}
