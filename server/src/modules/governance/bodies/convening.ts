import type { Day } from '#kernel/time'

/** One thing the agreement asks before a body meets, and whether it was met. */
export interface ConveningCheck {
  kind: 'notice' | 'urgentNotice' | 'preparation' | 'secondConvening'
  article: string
  interpretation: string | null
  met: boolean
  /** Not met, it forbids the convening; otherwise it is only said. */
  blocking: boolean
  /** Body that must have met before; null but for `preparation`. */
  body: string | null
  /** Days asked for between the two dates. */
  days: number
  /** Last day on which it would have been met; first one for a second convening. */
  limit: Day
  /** Day on which it was done: the convening, the preparatory meeting; null when it was not. */
  doneOn: Day | null
}
