import type { Day } from '#kernel/time'
import { addDays } from '../days.ts'
import { type Course, type DeliverableRules, findState, findTrial } from './course.ts'
import type { Definition } from './list-schema.ts'

export const deadlineKinds = ['deliver', 'record', 'transfer'] as const

/** Something that is awaited about a deliverable. */
export interface Deadline {
  /** Delivering it, recording how a trial ended, passing skills on. */
  kind: (typeof deadlineKinds)[number]
  /** Of whom it is awaited. */
  party: string
  /** Last day. */
  by: Day
  late: boolean
  article: string
  interpretation: string | null
}

/**
 * What is awaited about a deliverable, each with its last day: its delivery, by the day of the list; the record of each
 * trial that goes on, on the day from which it can be called satisfactory; the transfer, within the term of the agreement.
 */
export function listDeadlines(definition: Definition, rules: DeliverableRules, course: Course, today: Day): Deadline[] {
  const awaited = (
    kind: Deadline['kind'],
    party: string,
    by: Day,
    rule: { article: string; interpretation?: string | undefined },
  ): Deadline => ({
    kind,
    party,
    by,
    late: today > by,
    article: rule.article,
    interpretation: rule.interpretation ?? null,
  })
  const state = findState(definition, rules, course)
  if (state === 'accepted') {
    const within = rules.transfer?.withinDays ?? null
    if (!rules.transfer || within === null || course.acceptedOn === null) return []
    return [awaited('transfer', definition.owner, addDays(course.acceptedOn, within), rules.transfer)]
  }
  if (state === 'transferred') return []
  if (state === 'expected' || state === 'refused') {
    return definition.dueOn === null ? [] : [awaited('deliver', definition.owner, definition.dueOn, rules.validation)]
  }
  return definition.pilots.flatMap((pilot) => {
    const trial = findTrial(course, pilot)
    if (!trial || trial.endedOn !== null) return []
    return [awaited('record', pilot, addDays(trial.begunOn, rules.acceptance.trialDays), rules.acceptance)]
  })
}
