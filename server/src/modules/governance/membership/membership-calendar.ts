import type { Day } from '#kernel/time'
import type { Agreement } from '../agreements/agreement-schema.ts'
import { addDays, addMonths, shiftToWorkingDay } from '../days.ts'

type NoticeRule = Agreement['membership']['leaving'] | Agreement['membership']['termination']

/** When somebody who leaves, or is made to, is no member any more, and by which reckoning. */
export interface DepartureCalendar {
  notifiedOn: Day
  noticeMonths: number
  /** Last day of the notice. */
  noticeEndsOn: Day
  /** Last day as a member: the end of a school year. */
  lastDay: Day
  /** As the agreement says it: the first day out for who leaves, the last day in for who is made to. */
  effectiveOn: Day
  article: string
  interpretation: string | null
}

/**
 * When a departure takes effect: the notice runs in months, and the party stays until the end of the school year in
 * which the last day of the notice falls. A notice whose last day is the first of a school year has not run out before
 * it, so it leads to the next.
 * @param beginsOn first day of school years, MM-DD.
 */
export function planDeparture(rule: NoticeRule, beginsOn: string, notifiedOn: Day): DepartureCalendar {
  const exact = addMonths(notifiedOn, rule.noticeMonths)
  const noticeEndsOn = rule.shiftsToWorkingDay ? shiftToWorkingDay(exact) : exact
  const year = Number(noticeEndsOn.slice(0, 4))
  const thisYear = addDays(`${year}-${beginsOn}`, -1)
  const lastDay = noticeEndsOn <= thisYear ? thisYear : addDays(`${year + 1}-${beginsOn}`, -1)
  return {
    notifiedOn,
    noticeMonths: rule.noticeMonths,
    noticeEndsOn,
    lastDay,
    effectiveOn: rule.effective === 'nextSchoolYear' ? addDays(lastDay, 1) : lastDay,
    article: rule.article,
    interpretation: rule.interpretation ?? null,
  }
}
