import { Problem } from '#kernel/problem'
import type { Day } from '#kernel/time'
import { addDays } from '../days.ts'
import type { TakenAct } from './act-schema.ts'
import { type Course, type DeliverableRules, findTrial, isOnCriteria, type Trial } from './course.ts'
import type { Definition } from './list-schema.ts'

/**
 * Sees that an act may follow those before.
 * @throws Problem 422 `act_to_come` for a day after today, `day_out_of_order` with the day it cannot precede; by kind of
 *   act, 409 `deliverable_accepted`, `not_delivered`, `trial_open`, `trial_ended`, `trial_not_open`, `list_moved`,
 *   `reservation_lifted`, `transfer_not_agreed`, `not_accepted`, `deliverable_transferred`, `hand_over_confirmed`; 422
 *   `not_pilot_of`, `trial_too_short`, `criterion_unmet`, `reservation_unexpected`, `reservation_missing`,
 *   `criterion_without_reservation`, `reason_missing`, `not_receiver`; 404 `reservation_not_found`, `hand_over_not_found`.
 */
export function checkAct(
  definition: Definition,
  rules: DeliverableRules,
  course: Course,
  act: TakenAct,
  today: Day,
): void {
  if (act.on > today) throw new Problem(422, 'act_to_come', 'What is recorded has happened.')
  switch (act.act) {
    case 'deliver':
      if (course.acceptedOn !== null) throw new Problem(409, 'deliverable_accepted', 'It was accepted.')
      requireAfter(act.on, course.deliveries.at(-1)?.on)
      break
    case 'beginTrial':
      checkBeginning(definition, course, act)
      break
    case 'endTrial':
      checkRecord(definition, rules, course, act)
      break
    case 'liftReservation': {
      requirePilot(definition, act.institution)
      const trial = findTrial(course, act.institution)
      const reservation = trial?.reservations[act.reservation]
      if (!reservation) throw new Problem(404, 'reservation_not_found', 'This institution made no such reservation.')
      if (reservation.liftedOn !== null) throw new Problem(409, 'reservation_lifted', 'It was lifted before.')
      requireAfter(act.on, trial?.endedOn)
      break
    }
    case 'handOver':
      if (rules.transfer === null) {
        const { article } = rules
        throw new Problem(409, 'transfer_not_agreed', 'The agreement asks for no transfer of skills.', { article })
      }
      if (course.acceptedOn === null) throw new Problem(409, 'not_accepted', 'Skills are passed on after acceptance.')
      if (course.transferredOn !== null) throw new Problem(409, 'deliverable_transferred', 'All was passed on.')
      if (!definition.receivers.includes(act.to)) {
        throw new Problem(422, 'not_receiver', 'The list does not name this party among those that receive.')
      }
      requireAfter(act.on, course.acceptedOn)
      break
    case 'confirmHandOver': {
      const handOver = course.handOvers[act.handOver]
      if (!handOver) throw new Problem(404, 'hand_over_not_found', 'There is no such hand-over.')
      if (handOver.confirmedOn !== null) throw new Problem(409, 'hand_over_confirmed', 'It was confirmed before.')
      requireAfter(act.on, handOver.on)
    }
  }
}

function checkBeginning(
  definition: Definition,
  course: Course,
  { on, institution }: Extract<TakenAct, { act: 'beginTrial' }>,
): void {
  requirePilot(definition, institution)
  const delivery = course.deliveries.at(-1)
  if (!delivery) throw new Problem(409, 'not_delivered', 'Nothing was delivered that could be tried.')
  const trial = findTrial(course, institution)
  if (trial?.endedOn === null) throw new Problem(409, 'trial_open', 'This institution is trying it already.')
  if (trial && isOnCriteria(trial, definition)) {
    throw new Problem(409, 'trial_ended', 'This institution has tried this delivery; another is tried anew.')
  }
  requireAfter(on, trial?.endedOn ?? delivery.on)
}

function checkRecord(
  definition: Definition,
  rules: DeliverableRules,
  course: Course,
  act: Extract<TakenAct, { act: 'endTrial' }>,
): void {
  requirePilot(definition, act.institution)
  const trial = findTrial(course, act.institution)
  if (!trial || trial.endedOn !== null) throw new Problem(409, 'trial_not_open', 'This institution is not trying it.')
  requireAfter(act.on, trial.begunOn)
  if (!isOnCriteria(act, definition)) {
    throw new Problem(409, 'list_moved', 'The criteria of the list in force are others: read them again.')
  }
  const unmet = act.criteria.flatMap(({ met }, index) => (met ? [] : [index]))
  if (act.verdict === 'unsatisfactory') {
    if (act.note === '') throw new Problem(422, 'reason_missing', 'Say what is not satisfactory.')
    if (act.reservations.length > 0) throw unexpectedReservation()
    return
  }
  requireTerm(rules, trial, act.on)
  if (act.verdict === 'satisfactory') {
    if (unmet.length > 0)
      throw new Problem(422, 'criterion_unmet', 'A criterion is not met.', { number: unmet[0]! + 1 })
    if (act.reservations.length > 0) throw unexpectedReservation()
    return
  }
  if (act.reservations.length === 0) throw new Problem(422, 'reservation_missing', 'Name each reservation.')
  const named = act.reservations.map(({ criterion }) => criterion)
  const silent = unmet.find((index) => !named.includes(index))
  if (silent !== undefined || named.some((index) => index !== null && index >= act.criteria.length)) {
    const detail = 'Each criterion that is not met is named by a reservation, which names none but a criterion.'
    throw new Problem(422, 'criterion_without_reservation', detail, { number: (silent ?? 0) + 1 })
  }
}

const unexpectedReservation = () =>
  new Problem(422, 'reservation_unexpected', 'Reservations go with a record that says so.')

/** Operation is called satisfactory, with or without reservations, only once the trial has lasted as the agreement asks. */
function requireTerm({ acceptance }: DeliverableRules, trial: Trial, on: Day): void {
  const { article, trialDays: days } = acceptance
  const from = addDays(trial.begunOn, days)
  if (on >= from) return
  throw new Problem(422, 'trial_too_short', `A trial lasts ${days} days (article ${article}): until ${from}.`, {
    article,
    days,
    from,
  })
}

function requirePilot({ pilots }: Definition, institution: string): void {
  if (pilots.includes(institution)) return
  throw new Problem(422, 'not_pilot_of', 'The list does not name this institution among those that try it.')
}

function requireAfter(on: Day, day: Day | null | undefined): void {
  if (!day || on >= day) return
  throw new Problem(422, 'day_out_of_order', `This cannot have happened before ${day}.`, { day })
}
