import type { Day } from '#kernel/time'
import { addDays, addMonths } from '../days.ts'

export const dossierStates = ['draft', 'submitted', 'adopted', 'rejected', 'withdrawn'] as const
export type DossierState = (typeof dossierStates)[number]

/** Steps of the course of a service. A rejected dossier is none: the service stays as it is. */
export const stepKinds = ['begun', 'continued', 'changed', 'stopped'] as const
export type StepKind = (typeof stepKinds)[number]

export type PhaseFault = 'phase_unknown' | 'phase_skipped' | 'phase_back_unexplained'

/**
 * What is wrong with continuing in a phase: one goes on in the same or in the next, and back only by saying why.
 * @param phases keys, in the order of the agreement
 * @param from phase of today; one that the agreement does not know any more leaves every phase open
 */
export function findPhaseFault(phases: readonly string[], from: string, to: string, why: string): PhaseFault | null {
  const [now, next] = [phases.indexOf(from), phases.indexOf(to)]
  if (next === -1) return 'phase_unknown'
  if (now === -1 || next === now || next === now + 1) return null
  if (next > now) return 'phase_skipped'
  return why.trim() === '' ? 'phase_back_unexplained' : null
}

/**
 * Last day for the next dossier of a service to be decided: so many months after the last one was, adopted or not, or
 * after the service began.
 */
export function findDueDay(beganOn: Day, decidedOn: readonly Day[], everyMonths: number): Day {
  return addMonths(findLastDay(beganOn, decidedOn), everyMonths)
}

/** Day since which the next dossier is awaited. */
export const findLastDay = (beganOn: Day, decidedOn: readonly Day[]): Day =>
  decidedOn.reduce((last, day) => (day > last ? day : last), beganOn)

interface FollowMeeting {
  id: string
  title: string
  day: Day
  held: boolean
}

/** A month in which a body is to hear of a service. */
interface FollowMonth<Meeting> {
  /** `YYYY-MM` */
  month: string
  /** `open`: not over yet, or only begun when the last dossier was decided. */
  state: 'held' | 'planned' | 'missed' | 'open'
  meetings: Meeting[]
}

/** Most months told of: beyond, the lateness speaks for itself. */
const mostMonths = 24

/**
 * The months since the last dossier, the oldest first, each with the meetings in it of the body that follows the services.
 * @param since the day of that dossier; what came by then was before it
 */
export function listFollowMonths<Meeting extends FollowMeeting>(
  since: Day,
  today: Day,
  meetings: readonly Meeting[],
): FollowMonth<Meeting>[] {
  const months: FollowMonth<Meeting>[] = []
  for (let first = `${since.slice(0, 7)}-01`; first <= today; first = addMonths(first, 1)) {
    const last = addDays(addMonths(first, 1), -1)
    const own = meetings.filter(({ day }) => day > since && day >= first && day <= last)
    const whole = first > since && last < today
    const state = own.some(({ held }) => held)
      ? 'held'
      : own.some(({ held, day }) => !held && day >= today)
        ? 'planned'
        : whole
          ? 'missed'
          : 'open'
    months.push({ month: first.slice(0, 7), state, meetings: own })
  }
  return months.slice(-mostMonths)
}
