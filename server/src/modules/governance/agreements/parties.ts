import type { Day } from '#kernel/time'
import type { Agreement, Party } from './agreement-schema.ts'

/** The parties to an agreement on a day: those that joined by then and have not left, in this membership or an earlier one. */
export function listPartiesOn(rules: Agreement, day: Day): Party[] {
  return rules.parties.filter(({ joinedOn, leavesOn, earlier = [] }) =>
    [...earlier, { joinedOn, leavesOn }].some(
      (membership) =>
        (membership.joinedOn === undefined || membership.joinedOn <= day) &&
        (membership.leavesOn === undefined || day < membership.leavesOn),
    ),
  )
}

/** Whether a party is none any more on a day, and is not yet to join again. */
export function hasLeft({ leavesOn }: Party, day: Day): boolean {
  return leavesOn !== undefined && leavesOn <= day
}
