import type { Day } from '#kernel/time'
import type { Agreement } from '../agreements/agreement-schema.ts'
import type { Act, Criterion, Verdict } from './act-schema.ts'
import type { Definition } from './list-schema.ts'

/** The chapter of an agreement about deliverables. */
export type DeliverableRules = NonNullable<Agreement['deliverables']>

/** A trial of one delivery in one pilot institution. */
export interface Trial {
  institution: string
  begunOn: Day
  /** Null while it lasts. */
  endedOn: Day | null
  verdict: Verdict | null
  criteria: Criterion[]
  reservations: { text: string; criterion: number | null; liftedOn: Day | null; note: string }[]
  note: string
}

export interface Delivery {
  on: Day
  version: string
  link: string | null
  notes: string
  trials: Trial[]
}

export interface HandOver {
  on: Day
  what: 'training' | 'documentation' | 'sourceCode' | 'access'
  title: string
  to: string
  materials: string
  link: string | null
  /** Null until who receives it says so. */
  confirmedOn: Day | null
  note: string
}

/** What was done about a deliverable so far. */
export interface Course {
  deliveries: Delivery[]
  acceptedOn: Day | null
  /** Pilot institutions whose satisfaction the acceptance rests on. */
  acceptedBy: string[]
  handOvers: HandOver[]
  transferredOn: Day | null
}

/** The course that acts make, in the order they were recorded. */
export function readCourse(acts: readonly Act[]): Course {
  const course: Course = { deliveries: [], acceptedOn: null, acceptedBy: [], handOvers: [], transferredOn: null }
  for (const act of acts) addAct(course, act)
  return course
}

function addAct(course: Course, act: Act): void {
  switch (act.act) {
    case 'deliver': {
      const { on, version, link, notes } = act
      course.deliveries.push({ on, version, link, notes, trials: [] })
      break
    }
    case 'beginTrial':
      course.deliveries.at(-1)?.trials.push({
        institution: act.institution,
        begunOn: act.on,
        endedOn: null,
        verdict: null,
        criteria: [],
        reservations: [],
        note: '',
      })
      break
    case 'endTrial': {
      const trial = findTrial(course, act.institution)
      if (!trial) break
      const { on: endedOn, verdict, criteria, note } = act
      const reservations = act.reservations.map((each) => ({ ...each, liftedOn: null, note: '' }))
      Object.assign(trial, { endedOn, verdict, criteria, note, reservations })
      break
    }
    case 'liftReservation': {
      const reservation = findTrial(course, act.institution)?.reservations[act.reservation]
      if (reservation) Object.assign(reservation, { liftedOn: act.on, note: act.note })
      break
    }
    case 'accept':
      course.acceptedOn = act.on
      course.acceptedBy = act.institutions
      break
    case 'handOver': {
      const { on, what, title, to, materials, link } = act
      course.handOvers.push({ on, what, title, to, materials, link, confirmedOn: null, note: '' })
      break
    }
    case 'confirmHandOver': {
      const handOver = course.handOvers[act.handOver]
      if (handOver) Object.assign(handOver, { confirmedOn: act.on, note: act.note })
      break
    }
    case 'transfer':
      course.transferredOn = act.on
  }
}

/** The last trial of an institution, of what was last delivered: a new delivery is tried anew. */
export function findTrial({ deliveries }: Pick<Course, 'deliveries'>, institution: string): Trial | undefined {
  return deliveries.at(-1)?.trials.findLast((trial) => trial.institution === institution)
}

/** Whether a record was made on the criteria of a list: on others, it says nothing of these. */
export function isOnCriteria({ criteria }: Pick<Trial, 'criteria'>, definition: Pick<Definition, 'criteria'>): boolean {
  return (
    criteria.length === definition.criteria.length &&
    criteria.every(({ what, measure }, index) => {
      const asked = definition.criteria[index]
      return asked?.what === what && asked.measure === measure
    })
  )
}

/**
 * Whether an institution has recorded satisfactory operation: on the criteria of the list, every reservation lifted.
 */
export function isSatisfied(definition: Definition, course: Course, institution: string): boolean {
  const trial = findTrial(course, institution)
  if (!trial || trial.verdict === null || trial.verdict === 'unsatisfactory') return false
  return isOnCriteria(trial, definition) && trial.reservations.every(({ liftedOn }) => liftedOn !== null)
}

export const deliverableStates = ['expected', 'delivered', 'onTrial', 'refused', 'accepted', 'transferred'] as const
export type DeliverableState = (typeof deliverableStates)[number]

/** Where a deliverable is: `refused` once too few institutions are left that could still be satisfied by what was delivered. */
export function findState(definition: Definition, rules: DeliverableRules, course: Course): DeliverableState {
  if (course.transferredOn !== null) return 'transferred'
  if (course.acceptedOn !== null) return 'accepted'
  const last = course.deliveries.at(-1)
  if (!last) return 'expected'
  const hopeful = definition.pilots.filter((pilot) => findTrial(course, pilot)?.verdict !== 'unsatisfactory')
  if (hopeful.length < rules.acceptance.atLeast) return 'refused'
  return last.trials.length > 0 ? 'onTrial' : 'delivered'
}

/**
 * What follows by itself from what was done: the acceptance, once as many pilot institutions as the agreement asks have
 * recorded satisfactory operation; the transfer, once each who receives has confirmed all that was handed over to it.
 * @returns undefined when nothing follows.
 */
export function findConsequence(
  definition: Definition,
  rules: DeliverableRules,
  course: Course,
  today: Day,
): Extract<Act, { act: 'accept' | 'transfer' }> | undefined {
  if (course.acceptedOn === null) {
    const institutions = definition.pilots.filter((pilot) => isSatisfied(definition, course, pilot))
    return institutions.length >= rules.acceptance.atLeast ? { act: 'accept', on: today, institutions } : undefined
  }
  if (rules.transfer === null || course.transferredOn !== null || definition.receivers.length === 0) return undefined
  const received = definition.receivers.every((party) => hasReceived(course, party))
  return received ? { act: 'transfer', on: today } : undefined
}

/** Whether a party was handed something over, and confirmed all of it. */
export function hasReceived({ handOvers }: Course, party: string): boolean {
  const own = handOvers.filter(({ to }) => to === party)
  return own.length > 0 && own.every(({ confirmedOn }) => confirmedOn !== null)
}
