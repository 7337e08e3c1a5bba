import type { Day } from '#kernel/time'
import { addDays, addMonths } from '../days.ts'
import type { Agreement, Body } from './agreement-schema.ts'

/** A meeting as the calendar sees it; cancelled ones, and those that had no quorum, are not given. */
export interface CalendarMeeting {
  id: string
  body: string
  title: string
  /** In the zone of the workspace, as `convenedOn`. */
  day: Day
  convenedOn: Day | null
  urgent: boolean
  held: boolean
}

/** A review that was done. */
export interface DoneReview {
  key: string
  /** First day of the period it is of. */
  periodFrom: Day
  doneOn: Day
}

/** First and last day, both included. */
export interface Period {
  from: Day
  until: Day
}

/**
 * - `done`: as the agreement asks.
 * - `planned`: will be, if the meetings that are set take place.
 * - `due`: still to be done, in time until `lastSafeDay`.
 * - `late`: the last safe day is past, or what is only wished for was not done.
 * - `missing`: it was to be done and cannot be any more.
 * - `upcoming`: its period has not begun.
 */
export type CalendarState = 'done' | 'planned' | 'due' | 'late' | 'missing' | 'upcoming'

/** One thing the agreement asks for in a school year, and how it stands. */
export interface CalendarEntry {
  /** Stable: the same thing asked for is found again on another day. */
  key: string
  /** A number of meetings, the notice or the preparation of one, a review, the impact dossier of a service, a deliverable. */
  kind: 'frequency' | 'notice' | 'preparation' | 'review' | 'dossier' | 'deliverable'
  /** Of which body; null for a review and for a deliverable. */
  body: string | null
  /** Of which party it is awaited; given for a deliverable alone. */
  party?: string | undefined
  /** Name of the review, of the service or of the deliverable, else of the body. */
  name: string
  article: string
  interpretation: string | null
  period: Period
  state: CalendarState
  /** Whether not doing it breaks the agreement, rather than what it wishes for. */
  strict: boolean
  /** Meetings asked for, held, and set for later. Null but for `frequency`. */
  count: { asked: number; held: number; set: number } | null
  /** The meeting it is about; null for `frequency` and `review`. */
  meeting: { id: string; title: string; day: Day } | null
  /** Body that must meet before; null but for `preparation`. */
  preparedBy: string | null
  /** When it was done: the convening, the preparatory meeting, the review. */
  doneOn: Day | null
  /** Last day on which the next step is in time; null for what is done or cannot be done any more. */
  lastSafeDay: Day | null
  /** What is left to do and the last day for each, in the order of their days. */
  steps: {
    act: 'convene' | 'meet' | 'review' | 'submit' | 'deliver' | 'record' | 'transfer'
    body: string | null
    by: Day
  }[]
}

/** When one looks, at which school year. */
export interface CalendarFrame {
  schoolYear: Period
  /** First day of the first version: nothing was asked for before. */
  beganOn: Day
  today: Day
}

/** The school year that holds a day, by the first day the agreement gives to school years. */
export function schoolYearOf(rules: Pick<Agreement, 'schoolYear'>, day: Day): Period {
  const year = Number(day.slice(0, 4))
  const begins = `${year}-${rules.schoolYear.beginsOn}`
  const from = day >= begins ? begins : `${year - 1}-${rules.schoolYear.beginsOn}`
  return { from, until: addDays(addMonths(from, 12), -1) }
}

type Per = NonNullable<Body['frequency']>['per']

const monthsOf = { month: 1, quarter: 3, halfYear: 6, schoolYear: 12 } as const

/**
 * The periods of a school year: half-years of six months, quarters of three and months, from its first day; of calendar
 * years, the one that ends in it.
 */
export function listPeriods(schoolYear: Period, per: Per): Period[] {
  if (per === 'calendarYear') {
    const year = schoolYear.until.slice(0, 4)
    const ends = schoolYear.from.endsWith('-01-01') ? year : String(Number(year) - 1)
    return [{ from: `${ends}-01-01`, until: `${ends}-12-31` }]
  }
  const months = monthsOf[per]
  return Array.from({ length: 12 / months }, (_, index) => ({
    from: addMonths(schoolYear.from, index * months),
    until: addDays(addMonths(schoolYear.from, (index + 1) * months), -1),
  }))
}

/**
 * What the agreement asks for in a school year and how it stands on a day: for each body what is done, due, late, missing,
 * convened or prepared too late, each with its article and its last safe day; then the reviews.
 * @param meetings of that school year and of the year before, which tells what a preparatory meeting belongs to
 */
export function buildCalendar(
  rules: Agreement,
  meetings: readonly CalendarMeeting[],
  reviews: readonly DoneReview[],
  { schoolYear, beganOn, today }: CalendarFrame,
): CalendarEntry[] {
  const periodsOf = (per: Per, rule: Rule) =>
    // What ends or begins within a period is not asked for in it.
    listPeriods(schoolYear, per).filter(
      ({ from, until }) =>
        holds(rule, until) && from >= beganOn && (rules.validUntil === null || until <= rules.validUntil),
    )
  const sorted = meetings.toSorted((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0))
  return [
    ...rules.bodies.flatMap((body) => [
      ...listFrequencies(rules, body, sorted, periodsOf, today),
      ...sorted
        .filter((meeting) => meeting.body === body.key && isWithin(meeting.day, schoolYear))
        .flatMap((meeting) => [
          ...listNotices(body, meeting, schoolYear, today),
          ...listPreparations(rules, body, meeting, sorted, schoolYear, today),
        ]),
    ]),
    ...rules.review.flatMap((review) =>
      periodsOf(review.per, review).map((period): CalendarEntry => {
        const doneOn =
          reviews.find((done) => done.key === review.key && done.periodFrom === period.from)?.doneOn ?? null
        const state = doneOn ? 'done' : today > period.until ? 'late' : today < period.from ? 'upcoming' : 'due'
        return {
          ...blank(review, period),
          key: `review ${review.key} ${period.from}`,
          kind: 'review',
          body: null,
          name: review.name,
          state,
          doneOn,
          lastSafeDay: doneOn ? null : period.until,
          steps: doneOn ? [] : [{ act: 'review', body: null, by: period.until }],
        }
      }),
    ),
  ]
}

function listFrequencies(
  rules: Agreement,
  body: Body,
  meetings: readonly CalendarMeeting[],
  periodsOf: (per: Per, rule: Rule) => Period[],
  today: Day,
): CalendarEntry[] {
  const rule = body.frequency
  if (!rule) return []
  const asked = [
    { per: rule.per, atLeast: rule.atLeast, strict: rule.strictly === null },
    ...(rule.strictly ? [{ ...rule.strictly, strict: true }] : []),
  ]
  return asked.flatMap(({ per, atLeast, strict }) =>
    periodsOf(per, rule).map((period): CalendarEntry => {
      // An urgent session is for what cannot wait: it does not stand for the ordinary one.
      const own = meetings.filter((each) => each.body === body.key && !each.urgent && isWithin(each.day, period))
      const held = own.filter((each) => each.held).length
      const set = own.filter((each) => !each.held && each.day >= today).length
      const steps = held + set >= atLeast ? [] : stepsTo(rules, body, period.until, meetings, period.from)
      const lastSafeDay = steps[0]?.by ?? null
      const over = today > period.until
      let state: CalendarState = 'due'
      if (held >= atLeast) state = 'done'
      else if (over) state = strict ? 'missing' : 'late'
      else if (held + set >= atLeast) state = 'planned'
      else if (today < period.from) state = 'upcoming'
      else if (lastSafeDay !== null && today > lastSafeDay) state = 'late'
      return {
        ...blank(rule, period),
        key: `${body.key} ${per} ${period.from}`,
        kind: 'frequency',
        body: body.key,
        name: body.name,
        strict,
        state,
        count: { asked: atLeast, held, set },
        lastSafeDay: over ? null : lastSafeDay,
        steps: over ? [] : steps,
      }
    }),
  )
}

/** What must come before a meeting of the body on a day, each with its last day; a preparatory meeting is not asked twice. */
function stepsTo(
  rules: Agreement,
  body: Body,
  day: Day,
  meetings: readonly CalendarMeeting[],
  since: Day,
  beyond: readonly string[] = [],
): CalendarEntry['steps'] {
  const steps: CalendarEntry['steps'] = [{ act: 'meet', body: body.key, by: day }]
  if (body.notice && holds(body.notice, day)) {
    steps.push({ act: 'convene', body: body.key, by: addDays(day, -body.notice.days) })
  }
  for (const preparation of body.preparedBy) {
    const by = addDays(day, -7 * preparation.weeks)
    const other = rules.bodies.find(({ key }) => key === preparation.body)
    if (!other || !holds(preparation, day) || beyond.includes(other.key)) continue
    const last = lastMeeting(meetings, body.key, since)
    const ready = meetings.some(
      (each) => each.body === other.key && each.day <= by && each.day >= (last?.day ?? addDays(day, -366)),
    )
    if (!ready) steps.push(...stepsTo(rules, other, by, meetings, since, [...beyond, body.key]))
  }
  return steps.toSorted((a, b) => (a.by < b.by ? -1 : a.by > b.by ? 1 : 0))
}

function listNotices(body: Body, meeting: CalendarMeeting, period: Period, today: Day): CalendarEntry[] {
  const { notice } = body
  if (!notice || !holds(notice, meeting.day)) return []
  const days = meeting.urgent && notice.urgentDays !== null ? notice.urgentDays : notice.days
  const limit = addDays(meeting.day, -days)
  const { convenedOn } = meeting
  const state = convenedOn === null ? (today > limit ? 'late' : 'due') : convenedOn > limit ? 'late' : 'done'
  return [
    {
      ...blank(notice, period),
      key: `notice ${meeting.id}`,
      kind: 'notice',
      body: body.key,
      name: body.name,
      state,
      meeting: { id: meeting.id, title: meeting.title, day: meeting.day },
      doneOn: convenedOn,
      lastSafeDay: limit,
      steps: convenedOn === null ? [{ act: 'convene', body: body.key, by: limit }] : [],
    },
  ]
}

function listPreparations(
  rules: Agreement,
  body: Body,
  meeting: CalendarMeeting,
  meetings: readonly CalendarMeeting[],
  period: Period,
  today: Day,
): CalendarEntry[] {
  return body.preparedBy
    .filter((rule) => holds(rule, meeting.day))
    .map((rule): CalendarEntry => {
      const limit = addDays(meeting.day, -7 * rule.weeks)
      // What was held before the body last met prepared that meeting, not this one.
      const last = lastMeeting(meetings, body.key, meeting.day)
      const since = last?.day ?? addDays(meeting.day, -366)
      const before = meetings.filter((each) => each.body === rule.body && each.day >= since && each.day <= meeting.day)
      const inTime = before.filter((each) => each.day <= limit).at(-1)
      const other = rules.bodies.find(({ key }) => key === rule.body)
      const steps = !inTime && other ? stepsTo(rules, other, limit, meetings, since) : []
      const lastSafeDay = steps[0]?.by ?? limit
      let state: CalendarState = today > limit ? 'missing' : today > lastSafeDay ? 'late' : 'due'
      if (inTime) state = inTime.held ? 'done' : inTime.day >= today ? 'planned' : 'missing'
      else if (before.length > 0) state = 'late'
      return {
        ...blank(rule, period),
        key: `preparation ${rule.body} ${meeting.id}`,
        kind: 'preparation',
        body: body.key,
        name: body.name,
        state,
        meeting: { id: meeting.id, title: meeting.title, day: meeting.day },
        preparedBy: rule.body,
        doneOn: (inTime ?? before.at(-1))?.day ?? null,
        lastSafeDay: limit,
        steps,
      }
    })
}

interface Rule {
  article: string
  interpretation?: string | undefined
  validFrom?: Day | undefined
  validUntil?: Day | undefined
}

function blank({ article, interpretation }: Rule, period: Period) {
  return {
    article,
    interpretation: interpretation ?? null,
    period,
    strict: true,
    count: null,
    meeting: null,
    preparedBy: null,
    doneOn: null,
  }
}

const isWithin = (day: Day, { from, until }: Period) => day >= from && day <= until

const holds = ({ validFrom, validUntil }: Rule, day: Day) =>
  (validFrom === undefined || validFrom <= day) && (validUntil === undefined || validUntil >= day)

const lastMeeting = (meetings: readonly CalendarMeeting[], body: string, before: Day) =>
  meetings.filter((each) => each.body === body && each.held && each.day < before).at(-1)
