import {
  type Config as VegaConfig,
  Error as onlyErrors,
  expressionFunction,
  logger,
  parse,
  type TooltipHandler,
  View,
} from 'vega'
import { expressionInterpreter } from 'vega-interpreter'
import { compile, type Config, type TopLevelSpec } from 'vega-lite'

// Formats of our own that specifications may name; `format` is the language.
expressionFunction('duration', (seconds: number, language: unknown) => tellDuration(seconds, String(language)))

/** What is drawn, and where. */
export interface Drawing {
  container: HTMLElement
  /** Vega-Lite, whole: with its data and its size. */
  spec: object
  config: object
  language: string
  /** What it shows, in words. */
  label: string
  onPoint: (told: { x: number; y: number; facts: [name: string, value: string][] } | undefined) => void
}

/**
 * Draws a chart as SVG. Expressions are interpreted, never made into code, and nothing is fetched, so that a chart may come
 * from anybody. @returns what takes it away.
 * @throws whatever Vega says of a specification that it cannot draw.
 */
export async function draw({ container, spec, config, language, label, onPoint }: Drawing): Promise<() => void> {
  // Specifications are files of plug-ins: nothing but Vega-Lite itself knows whether they are right.
  const locale = locales[language === 'en' ? 'en' : 'fr']
  const compiled = compile(spec as TopLevelSpec, {
    config: { ...config, locale } as Config,
    logger: logger(onlyErrors),
  })
  const view = new View(parse(compiled.spec, {} as VegaConfig, { ast: true }), {
    expr: expressionInterpreter,
    renderer: 'svg',
    logLevel: onlyErrors,
    container,
    hover: false,
    loader: { load: refuse, sanitize: refuse, http: refuse, file: refuse },
    tooltip: tellTooltip(container, onPoint),
  })
  await view.runAsync()
  const picture = container.querySelector('svg')
  // One picture: its parts are no pictures of their own.
  for (const part of picture?.querySelectorAll('[role]') ?? []) {
    for (const name of ['role', 'aria-roledescription', 'aria-label']) part.removeAttribute(name)
  }
  picture?.setAttribute('role', 'img')
  picture?.setAttribute('aria-label', label)
  return () => view.finalize()
}

const refuse = (): Promise<never> => Promise.reject(new Error('Charts fetch nothing.'))

function tellTooltip(container: HTMLElement, onPoint: Drawing['onPoint']): TooltipHandler {
  return (_handler, event: MouseEvent, _item, value: unknown) => {
    if (typeof value !== 'object' || value === null) {
      onPoint(undefined)
      return
    }
    const { left, top } = container.getBoundingClientRect()
    onPoint({
      x: event.clientX - left,
      y: event.clientY - top,
      facts: Object.entries(value).map(([name, told]) => [name, String(told)]),
    })
  }
}

function tellDuration(seconds: number, language: string): string {
  const [value, unit] =
    seconds < 60 ? [seconds, 'second'] : seconds < 3_600 ? [seconds / 60, 'minute'] : [seconds / 3_600, 'hour']
  const style = { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 1 } as const
  return new Intl.NumberFormat(language === 'en' ? 'en-GB' : 'fr-FR', style).format(value)
}

const locales = {
  fr: makeLocale('fr-FR', { decimal: ',', thousands: '\u202F', percent: '\u202F%' }),
  en: makeLocale('en-GB', { decimal: '.', thousands: ',', percent: '%' }),
}

/** Numbers and days as a language writes them, in the form Vega reads (d3-format, d3-time-format). */
function makeLocale(tag: string, signs: { decimal: string; thousands: string; percent: string }): object {
  const name = (options: Intl.DateTimeFormatOptions, dates: Date[]) => {
    const format = new Intl.DateTimeFormat(tag, { ...options, timeZone: 'UTC' })
    return dates.map((date) => format.format(date))
  }
  // 2 January 2000 was a Sunday.
  const days = Array.from({ length: 7 }, (_, day) => new Date(Date.UTC(2000, 0, 2 + day)))
  const months = Array.from({ length: 12 }, (_, month) => new Date(Date.UTC(2000, month, 1)))
  return {
    number: { ...signs, grouping: [3], currency: ['', '\u00A0€'] },
    time: {
      dateTime: '%A %-d %B %Y, %H:%M',
      date: '%d/%m/%Y',
      time: '%H:%M:%S',
      periods: ['AM', 'PM'],
      days: name({ weekday: 'long' }, days),
      shortDays: name({ weekday: 'short' }, days),
      months: name({ month: 'long' }, months),
      shortMonths: name({ month: 'short' }, months),
    },
  }
}
