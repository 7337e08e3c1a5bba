import type { Viewer } from '#kernel/access'
import type { Tx } from '#kernel/postgres'
import { Problem } from '#kernel/problem'
import { type Day, isDay } from '#kernel/time'
import type { Contents } from './catalogue.ts'
import type { Indicator, Scope, ScopeName } from './definition.ts'
import { listNamedActivities, listUnwanted } from './surroundings.queries.ts'

/** What a viewer asks of an indicator, before anything of it is believed. */
export interface Asked {
  indicator: string
  scope: ScopeName
  course: string | undefined
  from: Day | undefined
  until: Day | undefined
  /** By name. */
  parameters: Readonly<Record<string, string>>
}

/** What a viewer may be answered. */
export interface Question {
  indicator: Indicator
  scope: ScopeName
  defined: Scope
  /** The only course, when there is one. */
  course: string | null
  /** Courses of the answer; null for all of the tenant. */
  courses: string[] | null
  from: Day
  until: Day
  /** Values for the indicator's parameters; '0' for an activity that is not chosen. */
  parameters: Record<string, string | number>
}

/** A period is no longer, in days. */
const longestPeriod = 1100
const usualPeriod = 28

/**
 * Finds an indicator as this viewer may know it.
 * @throws Problem 404 `indicator_unknown`: there is none, it is broken, the institution does not want it, or another one
 *   was embedded.
 */
export async function getIndicator(tx: Tx, { indicators }: Contents, viewer: Viewer, name: string): Promise<Indicator> {
  const indicator = indicators.get(name)
  const isOther = viewer.indicator !== null && viewer.indicator !== name
  if (!indicator || isOther || (await listUnwanted(tx)).has(name))
    throw new Problem(404, 'indicator_unknown', 'There is no such indicator.')
  return indicator
}

/**
 * Decides what of a question a viewer may be answered: groups within their courses, themselves, or, for the teacher come
 * from a course, its learners by name.
 * @throws Problem 403 `indicator_scope_refused`, 404 `course_unknown` (also when it is out of reach), 400 for what makes no
 *   sense: `course_needed`, `period_invalid`, `parameter_invalid`.
 */
export async function settleQuestion(
  tx: Tx,
  { indicator, viewer, asked, today }: { indicator: Indicator; viewer: Viewer; asked: Asked; today: Day },
): Promise<Question> {
  const defined = indicator.scopes[asked.scope]
  if (!defined || !mayAsk(viewer, asked.scope, defined))
    throw new Problem(403, 'indicator_scope_refused', 'This indicator does not show you that.')
  const courses = chooseCourses(viewer, asked)
  const course = courses?.length === 1 ? courses[0]! : null
  if (asked.scope === 'named' && course === null)
    throw new Problem(400, 'course_needed', 'Choose one course: learners are named in their course only.')
  const period = readPeriod(asked, today)
  const parameters: Question['parameters'] = {}
  for (const name of Object.keys(asked.parameters)) {
    if (!indicator.parameters[name]) throw invalid(name, 'there is no such parameter')
  }
  for (const [name, parameter] of Object.entries(indicator.parameters)) {
    const given = asked.parameters[name]
    if (parameter.type === 'activity') {
      if (given === undefined && parameter.required) throw invalid(name, 'an activity is needed')
      if (given !== undefined) await requireActivity(tx, name, given, parameter.kinds, courses)
      parameters[name] = given ?? '0'
    } else if (parameter.type === 'choice') {
      if (given !== undefined && !parameter.values.includes(given)) throw invalid(name, parameter.values.join(', '))
      parameters[name] = given ?? parameter.default
    } else {
      const value = given === undefined ? parameter.default : Number(given)
      const isGood = /^-?\d{1,10}$/.test(given ?? '0') && value >= parameter.min && value <= parameter.max
      if (!isGood) throw invalid(name, `a whole number from ${parameter.min} to ${parameter.max}`)
      parameters[name] = value
    }
  }
  return { indicator, scope: asked.scope, defined, course, courses, ...period, parameters }
}

function mayAsk(viewer: Viewer, scope: ScopeName, { audiences }: Scope): boolean {
  if (!audiences.includes(viewer.audience)) return false
  if (scope === 'person') return viewer.learner !== null
  // Learners of a course are named to their teacher, come from the course itself.
  if (scope === 'named') return viewer.nominative && viewer.courses !== null
  // Who looks at what they did themselves, wherever it was, has no course of which to see the others.
  return viewer.courses !== null || viewer.audience !== 'student'
}

function chooseCourses({ courses }: Viewer, { course }: Asked): string[] | null {
  if (course === undefined) return courses
  if (courses !== null && !courses.includes(course))
    throw new Problem(404, 'course_unknown', 'There is no such course within your reach.')
  return [course]
}

function readPeriod(asked: Asked, today: Day): { from: Day; until: Day } {
  const until = asked.until ?? today
  const from = asked.from ?? addDays(until, 1 - usualPeriod)
  const isGood = isDay(from) && isDay(until) && from <= until && from >= '2000-01-01' && until < '2100-01-01'
  if (!isGood || addDays(from, longestPeriod) < until)
    throw new Problem(400, 'period_invalid', `Give a first and a last day, in order, ${longestPeriod} days at most.`)
  return { from, until }
}

function addDays(day: Day, days: number): Day {
  const date = new Date(`${isDay(day) ? day : '2000-01-01'}T00:00:00Z`)
  date.setUTCDate(date.getUTCDate() + days)
  return date.toISOString().slice(0, 10)
}

async function requireActivity(
  tx: Tx,
  parameter: string,
  key: string,
  kinds: readonly string[],
  courses: string[] | null,
): Promise<void> {
  const known = /^-?\d{1,19}$/.test(key) ? await findActivity(tx, key) : undefined
  const isWithin = known && (courses === null || courses.includes(known.course))
  if (!isWithin || (kinds.length > 0 && !kinds.includes(known.kind)))
    throw invalid(parameter, `an activity of these courses${kinds.length > 0 ? ` (${kinds.join(', ')})` : ''}`)
}

async function findActivity(tx: Tx, key: string) {
  const isKey = BigInt.asIntN(64, BigInt(key)).toString() === key
  return isKey ? (await listNamedActivities(tx, [key])).get(key) : undefined
}

const invalid = (name: string, expected: string) =>
  new Problem(400, 'parameter_invalid', `p.${name}: ${expected}.`, { parameter: name })
